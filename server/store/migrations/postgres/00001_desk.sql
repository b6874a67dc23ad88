-- Times are unix milliseconds (0: none), booleans 0 or 1, JSON is text.
-- The SQLite folder has the same tables and columns; a test compares them.

-- +goose Up

-- The log. Its numbers are given by log_head, gap-free and in commit order.
CREATE TABLE entry (
  seq          BIGINT PRIMARY KEY,
  at           BIGINT NOT NULL,
  kind         TEXT COLLATE "C" NOT NULL,
  actor        TEXT COLLATE "C" NOT NULL,
  conversation BIGINT NOT NULL,
  session      TEXT COLLATE "C" NOT NULL,
  addr         TEXT COLLATE "C" NOT NULL,
  event        TEXT COLLATE "C" NOT NULL,
  detail       TEXT COLLATE "C" NOT NULL
);
CREATE TABLE log_head (
  id    SMALLINT PRIMARY KEY CHECK (id = 1),
  seq   BIGINT NOT NULL,
  epoch TEXT COLLATE "C" NOT NULL
);
-- The epoch is given when the database is first opened.
INSERT INTO log_head (id, seq, epoch) VALUES (1, 0, '');

CREATE TABLE role (
  id          TEXT COLLATE "C" PRIMARY KEY,
  name        TEXT COLLATE "C" NOT NULL,
  description TEXT COLLATE "C" NOT NULL,
  built_in    SMALLINT NOT NULL,
  rank        BIGINT NOT NULL,
  grants      TEXT COLLATE "C" NOT NULL
);
CREATE TABLE team (
  id   TEXT COLLATE "C" PRIMARY KEY,
  name TEXT COLLATE "C" NOT NULL
);
CREATE TABLE member (
  id        TEXT COLLATE "C" PRIMARY KEY,
  name      TEXT COLLATE "C" NOT NULL,
  email     TEXT COLLATE "C" NOT NULL,
  email_key TEXT COLLATE "C" NOT NULL,
  role      TEXT COLLATE "C" NOT NULL REFERENCES role (id),
  teams     TEXT COLLATE "C" NOT NULL,
  suspended SMALLINT NOT NULL
);
CREATE UNIQUE INDEX member_email ON member (email_key) WHERE email_key <> '';
CREATE TABLE credential (
  member TEXT COLLATE "C" PRIMARY KEY REFERENCES member (id),
  hash   TEXT COLLATE "C" NOT NULL
);
CREATE TABLE session (
  id         TEXT COLLATE "C" PRIMARY KEY,
  member     TEXT COLLATE "C" NOT NULL REFERENCES member (id),
  token_hash BYTEA NOT NULL UNIQUE,
  program    TEXT COLLATE "C" NOT NULL,
  addr       TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL,
  seen_at    BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX session_member ON session (member, created_at);

CREATE TABLE contact (
  id       TEXT COLLATE "C" PRIMARY KEY,
  name     TEXT COLLATE "C" NOT NULL,
  phone    TEXT COLLATE "C" NOT NULL,
  username TEXT COLLATE "C" NOT NULL,
  user_id  TEXT COLLATE "C" NOT NULL
);
-- ord says which identity of a kind is the newest of its contact.
CREATE TABLE identity (
  channel TEXT COLLATE "C" NOT NULL,
  kind    TEXT COLLATE "C" NOT NULL,
  value   TEXT COLLATE "C" NOT NULL,
  contact TEXT COLLATE "C" NOT NULL REFERENCES contact (id),
  ord     BIGINT NOT NULL,
  PRIMARY KEY (channel, kind, value)
);
CREATE INDEX identity_contact ON identity (contact, channel, ord);

CREATE TABLE conversation (
  id            BIGINT PRIMARY KEY,
  seq           BIGINT NOT NULL,
  channel       TEXT COLLATE "C" NOT NULL,
  contact       TEXT COLLATE "C" NOT NULL REFERENCES contact (id),
  status        TEXT COLLATE "C" NOT NULL,
  assignee      TEXT COLLATE "C" NOT NULL,
  team          TEXT COLLATE "C" NOT NULL,
  labels        TEXT COLLATE "C" NOT NULL,
  last_at       BIGINT NOT NULL,
  last_message  TEXT COLLATE "C" NOT NULL,
  last_side     TEXT COLLATE "C" NOT NULL,
  last_type     TEXT COLLATE "C" NOT NULL,
  last_author   TEXT COLLATE "C" NOT NULL,
  last_text     TEXT COLLATE "C" NOT NULL,
  last_delivery TEXT COLLATE "C" NOT NULL,
  unread        BIGINT NOT NULL,
  waiting_since BIGINT NOT NULL,
  window_until  BIGINT NOT NULL
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX conversation_contact ON conversation (contact, channel);
-- One index for each shape that visible.go makes lists of.
CREATE INDEX conversation_by_status ON conversation (status, last_at DESC, id DESC);
CREATE INDEX conversation_by_assignee ON conversation (status, assignee, last_at DESC, id DESC);
CREATE INDEX conversation_by_team ON conversation (status, team, last_at DESC, id DESC);
CREATE INDEX conversation_by_both ON conversation (status, assignee, team, last_at DESC, id DESC);
CREATE TABLE counter (
  status   TEXT COLLATE "C" NOT NULL,
  assignee TEXT COLLATE "C" NOT NULL,
  team     TEXT COLLATE "C" NOT NULL,
  n        BIGINT NOT NULL,
  unread   BIGINT NOT NULL,
  PRIMARY KEY (status, assignee, team)
);

CREATE TABLE message (
  id           TEXT COLLATE "C" PRIMARY KEY,
  conversation BIGINT NOT NULL,
  seq          BIGINT NOT NULL,
  at           BIGINT NOT NULL,
  ord          BIGINT NOT NULL,
  side         TEXT COLLATE "C" NOT NULL,
  type         TEXT COLLATE "C" NOT NULL,
  author       TEXT COLLATE "C" NOT NULL,
  body         TEXT COLLATE "C" NOT NULL,
  media        TEXT COLLATE "C" NOT NULL,
  quote        TEXT COLLATE "C" NOT NULL,
  to_member    TEXT COLLATE "C" NOT NULL,
  to_team      TEXT COLLATE "C" NOT NULL,
  ref          TEXT COLLATE "C" NOT NULL,
  delivery     TEXT COLLATE "C" NOT NULL,
  sent_at      BIGINT NOT NULL,
  delivered_at BIGINT NOT NULL,
  read_at      BIGINT NOT NULL,
  problem      TEXT COLLATE "C" NOT NULL,
  silent       SMALLINT NOT NULL,
  attempts     BIGINT NOT NULL,
  next_try     BIGINT NOT NULL,
  raw          TEXT COLLATE "C" NOT NULL
);
CREATE INDEX message_thread ON message (conversation, at, ord);
CREATE INDEX message_order ON message (conversation, ord);
CREATE INDEX message_outbox ON message (conversation, ord)
  WHERE side = 'team' AND delivery IN ('queued', 'sending');
-- ord says which provider id of a message is the newest.
CREATE TABLE external (
  channel  TEXT COLLATE "C" NOT NULL,
  external TEXT COLLATE "C" NOT NULL,
  message  TEXT COLLATE "C" NOT NULL,
  ord      BIGINT NOT NULL,
  PRIMARY KEY (channel, external)
);
CREATE INDEX external_message ON external (message, ord);

CREATE TABLE answer (
  member  TEXT COLLATE "C" NOT NULL,
  ref     TEXT COLLATE "C" NOT NULL,
  command TEXT COLLATE "C" NOT NULL,
  result  TEXT COLLATE "C" NOT NULL,
  at      BIGINT NOT NULL,
  PRIMARY KEY (member, ref)
);
CREATE INDEX answer_at ON answer (at);
CREATE TABLE parked (
  ord      BIGINT PRIMARY KEY,
  channel  TEXT COLLATE "C" NOT NULL,
  external TEXT COLLATE "C" NOT NULL,
  callback TEXT COLLATE "C" NOT NULL,
  report   TEXT COLLATE "C" NOT NULL,
  at       BIGINT NOT NULL
);
CREATE INDEX parked_external ON parked (channel, external);
CREATE INDEX parked_callback ON parked (channel, callback);
CREATE TABLE unhandled (
  ord BIGINT PRIMARY KEY,
  at  BIGINT NOT NULL,
  why TEXT COLLATE "C" NOT NULL,
  raw BYTEA NOT NULL
);
