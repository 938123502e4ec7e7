-- +goose Up
-- Whose case it is, and how its publication stands: what the log says of both.
ALTER TABLE guidance_case ADD COLUMN asker     TEXT NOT NULL DEFAULT ''; -- the conversation's key; '' for none
ALTER TABLE guidance_case ADD COLUMN published TEXT NOT NULL DEFAULT ''; -- valid, review, withdrawn; '' for not at all

UPDATE guidance_case SET asker = coalesce((
	SELECT json_extract(body, '$.data.asker') FROM guidance_event WHERE case_id = guidance_case.id AND seq = 1), '');

UPDATE guidance_case SET published = coalesce((
	SELECT CASE json_extract(body, '$.kind') WHEN 'unpublished' THEN 'withdrawn' WHEN 'review_began' THEN 'review' ELSE 'valid' END
	FROM guidance_event WHERE case_id = guidance_case.id AND json_extract(body, '$.kind') IN ('published', 'review_began', 'review_ended', 'unpublished')
	ORDER BY seq DESC LIMIT 1), '');

-- an answer that was sent after it puts what is published under review
UPDATE guidance_case SET published = 'review' WHERE published = 'valid' AND 'sent' = (
	SELECT json_extract(body, '$.kind') FROM guidance_event
	WHERE case_id = guidance_case.id AND json_extract(body, '$.kind') IN ('published', 'review_ended', 'sent')
	ORDER BY seq DESC LIMIT 1);

CREATE INDEX guidance_case_asker ON guidance_case (asker, changed DESC, id);
CREATE INDEX guidance_case_register ON guidance_case (changed DESC, id) WHERE published <> '';

-- What people at the desk have for themselves; the last one holds.
CREATE TABLE guidance_kept (
	person TEXT NOT NULL,
	key    TEXT NOT NULL,
	value  BLOB NOT NULL,
	PRIMARY KEY (person, key)
) STRICT;
CREATE INDEX guidance_kept_key ON guidance_kept (key);

-- +goose Down
DROP TABLE guidance_kept;
DROP INDEX guidance_case_register;
DROP INDEX guidance_case_asker;
ALTER TABLE guidance_case DROP COLUMN published;
ALTER TABLE guidance_case DROP COLUMN asker;
