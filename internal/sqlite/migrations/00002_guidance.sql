-- +goose Up
-- A case of the ki.veiledning queue. Its log is the truth; what stands here
-- beside it is folded from that, but for number, lease and contact.
CREATE TABLE guidance_case (
	id           TEXT    NOT NULL PRIMARY KEY,
	number       TEXT    NOT NULL UNIQUE,      -- KI-2026-0042
	seq          INTEGER NOT NULL,             -- of its newest event
	state        TEXT    NOT NULL,
	holder       TEXT    NOT NULL DEFAULT '',  -- id of who claimed it last
	agencies     TEXT    NOT NULL,             -- as a JSON list
	words        TEXT    NOT NULL,             -- what a search looks through, in small letters
	changed      INTEGER NOT NULL,             -- microseconds since 1970
	due          INTEGER NOT NULL DEFAULT 0,   -- likewise; 0: nothing is due
	body         TEXT    NOT NULL,             -- the row of a list, as JSON
	lease_id     TEXT    NOT NULL DEFAULT '',  -- id of who holds it; '' for nobody
	lease_holder TEXT    NOT NULL DEFAULT '{}',
	lease_until  INTEGER NOT NULL DEFAULT 0,
	sealed       BLOB                          -- the contact, encrypted; null: there is none
) STRICT;
CREATE INDEX guidance_case_changed ON guidance_case (changed DESC, id);

CREATE TABLE guidance_event (
	case_id TEXT    NOT NULL REFERENCES guidance_case (id),
	seq     INTEGER NOT NULL, -- 1, 2, 3 … without gaps
	body    TEXT    NOT NULL, -- the event, as JSON
	PRIMARY KEY (case_id, seq)
) STRICT;

-- Case numbers are counted by year, without gaps.
CREATE TABLE guidance_number (
	year INTEGER PRIMARY KEY,
	last INTEGER NOT NULL
) STRICT;

-- Mails that are to be sent: put there together with the event that they tell of.
CREATE TABLE guidance_mail (
	id         TEXT    NOT NULL PRIMARY KEY,
	case_id    TEXT    NOT NULL REFERENCES guidance_case (id),
	seq        INTEGER NOT NULL,
	kind       TEXT    NOT NULL,
	at         INTEGER NOT NULL,
	attempt    INTEGER NOT NULL DEFAULT 0,
	status     TEXT    NOT NULL,            -- queued, sent, kept, dead
	next       INTEGER NOT NULL,            -- when it is due
	leased     INTEGER NOT NULL DEFAULT 0,  -- until when somebody has it; 0: nobody
	reason     TEXT    NOT NULL DEFAULT '', -- of the last failure
	message_id TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX guidance_mail_due ON guidance_mail (next, id) WHERE status = 'queued';
CREATE INDEX guidance_mail_case ON guidance_mail (case_id, seq);

-- +goose Down
DROP TABLE guidance_mail;
DROP TABLE guidance_number;
DROP TABLE guidance_event;
DROP TABLE guidance_case;
