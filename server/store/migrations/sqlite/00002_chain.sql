-- The log that can be checked: each entry's hash covers the one before it.

-- +goose Up

-- hash is empty until the entry is chained, which Open does with those that an
-- older program wrote. What was erased has no event, detail and salt.
ALTER TABLE entry ADD COLUMN target TEXT NOT NULL DEFAULT '';
ALTER TABLE entry ADD COLUMN salt BLOB NOT NULL DEFAULT x'';
ALTER TABLE entry ADD COLUMN content_hash BLOB NOT NULL DEFAULT x'';
ALTER TABLE entry ADD COLUMN content_length BIGINT NOT NULL DEFAULT 0;
ALTER TABLE entry ADD COLUMN hash BLOB NOT NULL DEFAULT x'';

-- hash is that of the entry with the number hashed; seq is ahead of it only
-- while entries wait to be chained.
ALTER TABLE log_head ADD COLUMN hashed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE log_head ADD COLUMN hash BLOB NOT NULL DEFAULT x'';

-- The log by what it is filtered by, newest first. A row's seq stands at the end
-- of each of these by itself. One entry in 64 is enough to find a time.
CREATE INDEX entry_kind ON entry (kind);
CREATE INDEX entry_actor ON entry (actor) WHERE actor <> '';
CREATE INDEX entry_did ON entry (actor, kind) WHERE actor <> '';
CREATE INDEX entry_target ON entry (target) WHERE target <> '';
CREATE INDEX entry_conversation ON entry (conversation) WHERE conversation <> 0;
CREATE INDEX entry_at ON entry (at) WHERE seq % 64 = 0;

CREATE TABLE checkpoint (
  seq  INTEGER PRIMARY KEY,
  at   BIGINT NOT NULL,
  note TEXT NOT NULL
);
CREATE TABLE secret (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
);
