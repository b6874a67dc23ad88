-- Custom roles, access for a time, invitations, and what people use.

-- +goose Up

ALTER TABLE role ADD COLUMN base TEXT NOT NULL DEFAULT '';
ALTER TABLE role ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE member ADD COLUMN removed SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE member ADD COLUMN invited SMALLINT NOT NULL DEFAULT 0;
-- Grants with an end, as JSON: they are read whenever the member is.
ALTER TABLE member ADD COLUMN grants TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN host TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN proof TEXT NOT NULL DEFAULT '';

-- What a custom role was at each version.
CREATE TABLE role_version (
  role    TEXT NOT NULL,
  version BIGINT NOT NULL,
  at      BIGINT NOT NULL,
  author  TEXT NOT NULL,
  value   TEXT NOT NULL,
  PRIMARY KEY (role, version)
);
CREATE TABLE access_request (
  id         TEXT PRIMARY KEY,
  member     TEXT NOT NULL REFERENCES member (id),
  state      TEXT NOT NULL,
  decided_at BIGINT NOT NULL,
  value      TEXT NOT NULL
);
CREATE INDEX access_request_state ON access_request (state, decided_at);
CREATE TABLE invitation (
  member    TEXT PRIMARY KEY REFERENCES member (id),
  code_hash BLOB NOT NULL UNIQUE,
  until     BIGINT NOT NULL,
  author    TEXT NOT NULL
);
-- One row a day for each permission that a member used: day is days since 1970.
CREATE TABLE key_use (
  member TEXT NOT NULL,
  perm   TEXT NOT NULL,
  day    BIGINT NOT NULL,
  scope  TEXT NOT NULL,
  at     BIGINT NOT NULL,
  PRIMARY KEY (member, perm, day)
);
CREATE INDEX key_use_day ON key_use (day);
