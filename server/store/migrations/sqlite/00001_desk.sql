-- Times are unix milliseconds (0: none), booleans 0 or 1, JSON is text.
-- The Postgres folder has the same tables and columns; a test compares them.

-- +goose Up

-- The log. Its numbers are given by log_head, gap-free and in commit order.
CREATE TABLE entry (
  seq          INTEGER PRIMARY KEY,
  at           BIGINT NOT NULL,
  kind         TEXT NOT NULL,
  actor        TEXT NOT NULL,
  conversation BIGINT NOT NULL,
  session      TEXT NOT NULL,
  addr         TEXT NOT NULL,
  event        TEXT NOT NULL,
  detail       TEXT NOT NULL
);
CREATE TABLE log_head (
  id    SMALLINT PRIMARY KEY CHECK (id = 1),
  seq   BIGINT NOT NULL,
  epoch TEXT NOT NULL
);
-- The epoch is given when the database is first opened.
INSERT INTO log_head (id, seq, epoch) VALUES (1, 0, '');

CREATE TABLE role (
  id          TEXT PRIMARY KEY,
  name        TEXT NOT NULL,
  description TEXT NOT NULL,
  built_in    SMALLINT NOT NULL,
  rank        BIGINT NOT NULL,
  grants      TEXT NOT NULL
);
CREATE TABLE team (
  id   TEXT PRIMARY KEY,
  name TEXT NOT NULL
);
CREATE TABLE member (
  id        TEXT PRIMARY KEY,
  name      TEXT NOT NULL,
  email     TEXT NOT NULL,
  email_key TEXT NOT NULL,
  role      TEXT NOT NULL REFERENCES role (id),
  teams     TEXT NOT NULL,
  suspended SMALLINT NOT NULL
);
CREATE UNIQUE INDEX member_email ON member (email_key) WHERE email_key <> '';
CREATE TABLE credential (
  member TEXT PRIMARY KEY REFERENCES member (id),
  hash   TEXT NOT NULL
);
CREATE TABLE session (
  id         TEXT PRIMARY KEY,
  member     TEXT NOT NULL REFERENCES member (id),
  token_hash BLOB NOT NULL UNIQUE,
  program    TEXT NOT NULL,
  addr       TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  seen_at    BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX session_member ON session (member, created_at);

CREATE TABLE contact (
  id       TEXT PRIMARY KEY,
  name     TEXT NOT NULL,
  phone    TEXT NOT NULL,
  username TEXT NOT NULL,
  user_id  TEXT NOT NULL
);
-- ord says which identity of a kind is the newest of its contact.
CREATE TABLE identity (
  channel TEXT NOT NULL,
  kind    TEXT NOT NULL,
  value   TEXT NOT NULL,
  contact TEXT NOT NULL REFERENCES contact (id),
  ord     BIGINT NOT NULL,
  PRIMARY KEY (channel, kind, value)
);
CREATE INDEX identity_contact ON identity (contact, channel, ord);

CREATE TABLE conversation (
  id            INTEGER PRIMARY KEY,
  seq           BIGINT NOT NULL,
  channel       TEXT NOT NULL,
  contact       TEXT NOT NULL REFERENCES contact (id),
  status        TEXT NOT NULL,
  assignee      TEXT NOT NULL,
  team          TEXT NOT NULL,
  labels        TEXT NOT NULL,
  last_at       BIGINT NOT NULL,
  last_message  TEXT NOT NULL,
  last_side     TEXT NOT NULL,
  last_type     TEXT NOT NULL,
  last_author   TEXT NOT NULL,
  last_text     TEXT NOT NULL,
  last_delivery TEXT NOT NULL,
  unread        BIGINT NOT NULL,
  waiting_since BIGINT NOT NULL,
  window_until  BIGINT NOT NULL
);
CREATE UNIQUE INDEX conversation_contact ON conversation (contact, channel);
-- One index for each shape that visible.go makes lists of.
CREATE INDEX conversation_by_status ON conversation (status, last_at DESC, id DESC);
CREATE INDEX conversation_by_assignee ON conversation (status, assignee, last_at DESC, id DESC);
CREATE INDEX conversation_by_team ON conversation (status, team, last_at DESC, id DESC);
CREATE INDEX conversation_by_both ON conversation (status, assignee, team, last_at DESC, id DESC);
CREATE TABLE counter (
  status   TEXT NOT NULL,
  assignee TEXT NOT NULL,
  team     TEXT NOT NULL,
  n        BIGINT NOT NULL,
  unread   BIGINT NOT NULL,
  PRIMARY KEY (status, assignee, team)
);

CREATE TABLE message (
  id           TEXT PRIMARY KEY,
  conversation BIGINT NOT NULL,
  seq          BIGINT NOT NULL,
  at           BIGINT NOT NULL,
  ord          BIGINT NOT NULL,
  side         TEXT NOT NULL,
  type         TEXT NOT NULL,
  author       TEXT NOT NULL,
  body         TEXT NOT NULL,
  media        TEXT NOT NULL,
  quote        TEXT NOT NULL,
  to_member    TEXT NOT NULL,
  to_team      TEXT NOT NULL,
  ref          TEXT NOT NULL,
  delivery     TEXT NOT NULL,
  sent_at      BIGINT NOT NULL,
  delivered_at BIGINT NOT NULL,
  read_at      BIGINT NOT NULL,
  problem      TEXT NOT NULL,
  silent       SMALLINT NOT NULL,
  attempts     BIGINT NOT NULL,
  next_try     BIGINT NOT NULL,
  raw          TEXT NOT NULL
);
CREATE INDEX message_thread ON message (conversation, at, ord);
CREATE INDEX message_order ON message (conversation, ord);
CREATE INDEX message_outbox ON message (conversation, ord)
  WHERE side = 'team' AND delivery IN ('queued', 'sending');
-- ord says which provider id of a message is the newest.
CREATE TABLE external (
  channel  TEXT NOT NULL,
  external TEXT NOT NULL,
  message  TEXT NOT NULL,
  ord      BIGINT NOT NULL,
  PRIMARY KEY (channel, external)
);
CREATE INDEX external_message ON external (message, ord);

CREATE TABLE answer (
  member  TEXT NOT NULL,
  ref     TEXT NOT NULL,
  command TEXT NOT NULL,
  result  TEXT NOT NULL,
  at      BIGINT NOT NULL,
  PRIMARY KEY (member, ref)
);
CREATE INDEX answer_at ON answer (at);
CREATE TABLE parked (
  ord      INTEGER PRIMARY KEY,
  channel  TEXT NOT NULL,
  external TEXT NOT NULL,
  callback TEXT NOT NULL,
  report   TEXT NOT NULL,
  at       BIGINT NOT NULL
);
CREATE INDEX parked_external ON parked (channel, external);
CREATE INDEX parked_callback ON parked (channel, callback);
CREATE TABLE unhandled (
  ord INTEGER PRIMARY KEY,
  at  BIGINT NOT NULL,
  why TEXT NOT NULL,
  raw BLOB NOT NULL
);
