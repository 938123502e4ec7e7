-- +goose Up
-- What the desk's list asks and counts is found by indexes alone: rows are
-- read of the cases that are shown.
ALTER TABLE guidance_case ADD COLUMN unsigned TEXT NOT NULL DEFAULT 'null'; -- agencies that have yet to sign, as in body

UPDATE guidance_case SET unsigned = json_extract(body, '$.unsigned') WHERE json_extract(body, '$.unsigned') IS NOT NULL;

CREATE INDEX guidance_case_count ON guidance_case (state, agencies, holder, due, unsigned, changed);
CREATE INDEX guidance_case_review ON guidance_case (changed DESC, id) WHERE published = 'review';
DROP INDEX guidance_case_changed;
CREATE INDEX guidance_case_changed ON guidance_case (changed DESC, id, state, agencies, holder, due, unsigned, seq, words);

-- +goose Down
DROP INDEX guidance_case_changed;
CREATE INDEX guidance_case_changed ON guidance_case (changed DESC, id);
DROP INDEX guidance_case_review;
DROP INDEX guidance_case_count;
ALTER TABLE guidance_case DROP COLUMN unsigned;
