-- +goose Up
-- The files of documents that an installation has taken in, as they would
-- stand in the data folder of an embedded store.
CREATE TABLE document (
	path    text COLLATE "C" PRIMARY KEY, -- with slashes, relative
	body    bytea NOT NULL,
	sum     bytea NOT NULL GENERATED ALWAYS AS (sha256(body)) STORED,
	changed timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- +goose Down
DROP TABLE document;
