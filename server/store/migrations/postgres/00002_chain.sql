-- The log that can be checked: each entry's hash covers the one before it.

-- +goose Up

-- hash is empty until the entry is chained, which Open does with those that an
-- older program wrote. What was erased has no event, detail and salt.
ALTER TABLE entry ADD COLUMN target TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE entry ADD COLUMN salt BYTEA NOT NULL DEFAULT '';
ALTER TABLE entry ADD COLUMN content_hash BYTEA NOT NULL DEFAULT '';
ALTER TABLE entry ADD COLUMN content_length BIGINT NOT NULL DEFAULT 0;
ALTER TABLE entry ADD COLUMN hash BYTEA NOT NULL DEFAULT '';

-- hash is that of the entry with the number hashed; seq is ahead of it only
-- while entries wait to be chained.
ALTER TABLE log_head ADD COLUMN hashed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE log_head ADD COLUMN hash BYTEA NOT NULL DEFAULT '';

-- The log by what it is filtered by, newest first. One entry in 64 is enough to
-- find a time.
CREATE INDEX entry_kind ON entry (kind, seq);
CREATE INDEX entry_actor ON entry (actor, seq) WHERE actor <> '';
CREATE INDEX entry_did ON entry (actor, kind, seq) WHERE actor <> '';
CREATE INDEX entry_target ON entry (target, seq) WHERE target <> '';
CREATE INDEX entry_conversation ON entry (conversation, seq) WHERE conversation <> 0;
CREATE INDEX entry_at ON entry (at, seq) WHERE seq % 64 = 0;

CREATE TABLE checkpoint (
  seq  BIGINT PRIMARY KEY,
  at   BIGINT NOT NULL,
  note TEXT COLLATE "C" NOT NULL
);
CREATE TABLE secret (
  name  TEXT COLLATE "C" PRIMARY KEY,
  value TEXT COLLATE "C" NOT NULL
);
