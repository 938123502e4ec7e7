-- +goose Up
CREATE TABLE meta (
	name  text PRIMARY KEY,
	value text NOT NULL
);
-- names this store, see docs/protocol.md
INSERT INTO meta (name, value) VALUES ('epoch', substr(replace(gen_random_uuid()::text, '-', ''), 1, 12));

-- A conversation is known by its key, a hash of the id that its people hold.
-- Keys and ids are bytes: they may hold what text may not, and are compared
-- and ordered alike whatever the locale of the database.
CREATE TABLE conversation (
	key     bytea   PRIMARY KEY,
	top     bigint  NOT NULL DEFAULT 0,    -- offset of its newest entry
	used    bigint  NOT NULL,              -- when it was last written to, microseconds since 1970
	deleted boolean NOT NULL DEFAULT false -- its entries are gone and none may come
);
CREATE INDEX conversation_used ON conversation (used);

CREATE TABLE entry (
	conversation bytea    NOT NULL REFERENCES conversation (key) ON DELETE CASCADE,
	"offset"     bigint   NOT NULL,
	id           bytea    NOT NULL,               -- the client's, of the message
	at           bigint   NOT NULL,               -- microseconds since 1970
	reply_to     bigint   NOT NULL DEFAULT 0,     -- 0: a message
	thread       bigint   NOT NULL DEFAULT 0,
	answered     bigint   NOT NULL DEFAULT 0,     -- of a message: the offset of its answer
	replies      boolean  NOT NULL DEFAULT false, -- of a message: it replied to a question back
	body         text     NOT NULL,               -- the rest, as JSON; no jsonb, which holds no \u0000 and forgets the order
	PRIMARY KEY (conversation, "offset")
);
CREATE UNIQUE INDEX entry_message ON entry (conversation, id) WHERE reply_to = 0;
CREATE UNIQUE INDEX entry_answer ON entry (conversation, reply_to) WHERE reply_to > 0;
CREATE INDEX entry_open ON entry (at) WHERE reply_to = 0 AND answered = 0;

-- what was deleted shall not lie about for long
ALTER TABLE entry SET (autovacuum_vacuum_scale_factor = 0.02);

-- +goose Down
DROP TABLE entry;
DROP TABLE conversation;
DROP TABLE meta;
