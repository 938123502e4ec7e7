-- +goose Up
CREATE TABLE meta (
	name  TEXT PRIMARY KEY,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- A conversation is known by its key, a hash of the id that its people hold.
CREATE TABLE conversation (
	key     TEXT    PRIMARY KEY,
	top     INTEGER NOT NULL DEFAULT 0, -- offset of its newest entry
	used    INTEGER NOT NULL,           -- when it was last written to, microseconds since 1970
	deleted INTEGER NOT NULL DEFAULT 0  -- 1: its entries are gone and none may come
) STRICT, WITHOUT ROWID;
CREATE INDEX conversation_used ON conversation (used);

CREATE TABLE entry (
	conversation TEXT    NOT NULL REFERENCES conversation (key) ON DELETE CASCADE,
	"offset"     INTEGER NOT NULL,
	id           TEXT    NOT NULL,           -- the client's, of the message
	at           INTEGER NOT NULL,           -- microseconds since 1970
	reply_to     INTEGER NOT NULL DEFAULT 0, -- 0: a message
	thread       INTEGER NOT NULL DEFAULT 0,
	answered     INTEGER NOT NULL DEFAULT 0, -- of a message: the offset of its answer
	replies      INTEGER NOT NULL DEFAULT 0, -- of a message: 1 when it replied to a question back
	body         TEXT    NOT NULL,           -- the rest, as JSON
	PRIMARY KEY (conversation, "offset")
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX entry_message ON entry (conversation, id) WHERE reply_to = 0;
CREATE UNIQUE INDEX entry_answer ON entry (conversation, reply_to) WHERE reply_to > 0;
CREATE INDEX entry_open ON entry (at) WHERE reply_to = 0 AND answered = 0;

-- +goose Down
DROP TABLE entry;
DROP TABLE conversation;
DROP TABLE meta;
