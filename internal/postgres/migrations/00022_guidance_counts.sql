-- +goose Up
-- What the desk's list asks and counts stands in columns: rows are decoded of
-- the cases that are shown.
ALTER TABLE guidance_case ADD COLUMN unsigned text NOT NULL -- agencies that have yet to sign, as a JSON list
	GENERATED ALWAYS AS (coalesce(body::json ->> 'unsigned', 'null')) STORED;

CREATE INDEX guidance_case_count ON guidance_case (state, agencies, holder, due, unsigned, changed);
CREATE INDEX guidance_case_review ON guidance_case (changed DESC, id) WHERE published = 'review';

-- +goose Down
DROP INDEX guidance_case_review;
DROP INDEX guidance_case_count;
ALTER TABLE guidance_case DROP COLUMN unsigned;
