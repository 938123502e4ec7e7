-- +goose Up
-- A case of the ki.veiledning queue. Its log is the truth; what stands here
-- beside it is folded from that, but for number, lease and contact.
CREATE TABLE guidance_case (
	id           text   COLLATE "C" PRIMARY KEY,
	number       text   NOT NULL UNIQUE,       -- KI-2026-0042
	seq          bigint NOT NULL,              -- of its newest event
	state        text   NOT NULL,
	holder       text   NOT NULL DEFAULT '',   -- id of who claimed it last
	agencies     text   NOT NULL,              -- as a JSON list
	words        text   NOT NULL,              -- what a search looks through, in small letters
	changed      bigint NOT NULL,              -- microseconds since 1970
	due          bigint NOT NULL DEFAULT 0,    -- likewise; 0: nothing is due
	body         text   NOT NULL,              -- the row of a list, as JSON
	lease_id     text   NOT NULL DEFAULT '',   -- id of who holds it; '' for nobody
	lease_holder text   NOT NULL DEFAULT '{}',
	lease_until  bigint NOT NULL DEFAULT 0,
	sealed       bytea                         -- the contact, encrypted; null: there is none
);
CREATE INDEX guidance_case_changed ON guidance_case (changed DESC, id);

CREATE TABLE guidance_event (
	case_id text   COLLATE "C" NOT NULL REFERENCES guidance_case (id),
	seq     bigint NOT NULL, -- 1, 2, 3 … without gaps
	body    text   NOT NULL, -- the event, as JSON
	PRIMARY KEY (case_id, seq)
);

-- Case numbers are counted by year, without gaps: a sequence would leave one
-- for every transaction that did not end well.
CREATE TABLE guidance_number (
	year integer PRIMARY KEY,
	last bigint  NOT NULL
);

-- Mails that are to be sent: put there together with the event that they tell of.
CREATE TABLE guidance_mail (
	id         text    COLLATE "C" PRIMARY KEY,
	case_id    text    COLLATE "C" NOT NULL REFERENCES guidance_case (id),
	seq        bigint  NOT NULL,
	kind       text    NOT NULL,
	at         bigint  NOT NULL,
	attempt    integer NOT NULL DEFAULT 0,
	status     text    NOT NULL,            -- queued, sent, kept, dead
	next       bigint  NOT NULL,            -- when it is due
	leased     bigint  NOT NULL DEFAULT 0,  -- until when somebody has it; 0: nobody
	reason     text    NOT NULL DEFAULT '', -- of the last failure
	message_id text    NOT NULL DEFAULT ''
);
CREATE INDEX guidance_mail_due ON guidance_mail (next, id) WHERE status = 'queued';
CREATE INDEX guidance_mail_case ON guidance_mail (case_id, seq);

-- what was taken away shall not lie about for long
ALTER TABLE guidance_case SET (autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE guidance_event SET (autovacuum_vacuum_scale_factor = 0.02);

-- +goose Down
DROP TABLE guidance_mail;
DROP TABLE guidance_number;
DROP TABLE guidance_event;
DROP TABLE guidance_case;
