-- +goose Up
-- Who is signed in. A session's key is a hash of the id that the browser alone
-- has. One that has ended stays for some minutes, so that a call whose answer
-- was lost can be made again and its session can't be.
CREATE TABLE login_session (
	key      TEXT    NOT NULL PRIMARY KEY,
	name     TEXT    NOT NULL,             -- what its owner knows it by
	owner    TEXT    NOT NULL,             -- the person's id
	person   TEXT    NOT NULL,             -- the person, as JSON
	provider TEXT    NOT NULL,
	subject  TEXT    NOT NULL,             -- hashes of what the provider says
	sid      TEXT    NOT NULL,
	device   TEXT    NOT NULL,
	sealed   BLOB,                         -- the ID token, which the id opens
	began    INTEGER NOT NULL,             -- microseconds since 1970
	used     INTEGER NOT NULL,
	ended    INTEGER NOT NULL DEFAULT 0,   -- 0: it lives
	ended_by TEXT    NOT NULL DEFAULT ''   -- the call that ended it
) STRICT;
CREATE INDEX login_session_owner ON login_session (owner);
CREATE INDEX login_session_ended_by ON login_session (ended_by) WHERE ended_by <> '';

-- Tokens that were used, and calls that were made.
CREATE TABLE login_token (
	token   TEXT    NOT NULL PRIMARY KEY,
	until   INTEGER NOT NULL,
	used_by TEXT    NOT NULL -- the call that was the first
) STRICT;

-- +goose Down
DROP TABLE login_token;
DROP TABLE login_session;
