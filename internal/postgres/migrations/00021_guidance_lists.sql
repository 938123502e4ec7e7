-- +goose Up
-- Whose case it is, and how its publication stands: what the log says of both.
ALTER TABLE guidance_case
	ADD COLUMN asker     text COLLATE "C" NOT NULL DEFAULT '', -- the conversation's key; '' for none
	ADD COLUMN published text             NOT NULL DEFAULT ''; -- valid, review, withdrawn; '' for not at all

UPDATE guidance_case c SET asker = coalesce(e.body::json -> 'data' ->> 'asker', '')
FROM guidance_event e WHERE e.case_id = c.id AND e.seq = 1;

UPDATE guidance_case c SET published = coalesce((
	SELECT CASE kind WHEN 'unpublished' THEN 'withdrawn' WHEN 'review_began' THEN 'review' ELSE 'valid' END
	FROM (SELECT seq, body::json ->> 'kind' AS kind FROM guidance_event WHERE case_id = c.id) e
	WHERE kind IN ('published', 'review_began', 'review_ended', 'unpublished')
	ORDER BY seq DESC LIMIT 1), '');

-- an answer that was sent after it puts what is published under review
UPDATE guidance_case c SET published = 'review' WHERE published = 'valid' AND 'sent' = (
	SELECT kind FROM (SELECT seq, body::json ->> 'kind' AS kind FROM guidance_event WHERE case_id = c.id) e
	WHERE kind IN ('published', 'review_ended', 'sent')
	ORDER BY seq DESC LIMIT 1);

CREATE INDEX guidance_case_asker ON guidance_case (asker, changed DESC, id);
CREATE INDEX guidance_case_register ON guidance_case (changed DESC, id) WHERE published <> '';

-- What people at the desk have for themselves; the last one holds.
CREATE TABLE guidance_kept (
	person text  COLLATE "C" NOT NULL,
	key    text  COLLATE "C" NOT NULL,
	value  bytea NOT NULL,
	PRIMARY KEY (person, key)
);
CREATE INDEX guidance_kept_key ON guidance_kept (key);

-- what was typed over or taken away shall not lie about for long
ALTER TABLE guidance_kept SET (autovacuum_vacuum_scale_factor = 0.02, toast.autovacuum_vacuum_scale_factor = 0.02);

-- +goose Down
DROP TABLE guidance_kept;
DROP INDEX guidance_case_register;
DROP INDEX guidance_case_asker;
ALTER TABLE guidance_case DROP COLUMN published, DROP COLUMN asker;
