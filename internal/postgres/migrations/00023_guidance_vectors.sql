-- +goose Up
-- What the question of a case means, as a model has it: made again when lost.
CREATE TABLE guidance_vector (
	case_id text  COLLATE "C" PRIMARY KEY,
	model   text  NOT NULL,
	vector  bytea NOT NULL -- empty: there is no question
);

-- what was taken away shall not lie about for long
ALTER TABLE guidance_vector SET (autovacuum_vacuum_scale_factor = 0.02, toast.autovacuum_vacuum_scale_factor = 0.02);

-- +goose Down
DROP TABLE guidance_vector;
