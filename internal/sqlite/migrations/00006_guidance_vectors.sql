-- +goose Up
-- What the question of a case means, as a model has it: made again when lost.
CREATE TABLE guidance_vector (
	case_id TEXT NOT NULL PRIMARY KEY,
	model   TEXT NOT NULL,
	vector  BLOB NOT NULL -- empty: there is no question
) STRICT;

-- +goose Down
DROP TABLE guidance_vector;
