-- +goose Up
-- Who is signed in. A session's key is a hash of the id that the browser alone
-- has. One that has ended stays for some minutes, so that a call whose answer
-- was lost can be made again and its session can't be.
CREATE TABLE login_session (
	key      text   COLLATE "C" PRIMARY KEY,
	name     text   NOT NULL,             -- what its owner knows it by
	owner    text   NOT NULL,             -- the person's id
	person   text   NOT NULL,             -- the person, as JSON
	provider text   NOT NULL,
	subject  text   NOT NULL,             -- hashes of what the provider says
	sid      text   NOT NULL,
	device   text   NOT NULL,
	sealed   bytea,                       -- the ID token, which the id opens
	began    bigint NOT NULL,             -- microseconds since 1970
	used     bigint NOT NULL,             -- in no index: a use changes no more than its own row
	ended    bigint NOT NULL DEFAULT 0,   -- 0: it lives
	ended_by text   NOT NULL DEFAULT ''   -- the call that ended it
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX login_session_owner ON login_session (owner);
CREATE INDEX login_session_subject ON login_session (subject);
CREATE INDEX login_session_sid ON login_session (sid);
CREATE INDEX login_session_ended_by ON login_session (ended_by) WHERE ended_by <> '';

-- Tokens that were used, and calls that were made.
CREATE TABLE login_token (
	token   text   COLLATE "C" PRIMARY KEY,
	until   bigint NOT NULL,
	used_by text   NOT NULL -- the call that was the first
);

-- +goose Down
DROP TABLE login_token;
DROP TABLE login_session;
