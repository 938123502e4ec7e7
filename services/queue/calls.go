package queue

import (
	"context"
	"encoding/json"

	"kiveileder"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/register"
)

// Calls is all that the queue answers, near (Queue) or far (Client). Who asks
// is the gateway's to know: actors come from the login, keys from ids of
// conversations that somebody showed.
type Calls interface {
	// Form gives what a hand-over of a conversation begins with.
	Form(ctx context.Context, key string, l kiveileder.Language) (Form, error)
	// HandOver makes a case of a conversation, or gives the one that the same
	// hand-over made before. Error: CodeInvalid, for the asker to read.
	HandOver(ctx context.Context, key string, h HandOver) (AskerCase, error)
	// Mine gives the cases of a conversation, the newest first.
	Mine(ctx context.Context, key string) ([]AskerCase, error)
	// Tell carries out an asker's command. Error: CodeNotFound for a case that
	// is another conversation's.
	Tell(ctx context.Context, key, id string, c guidance.Command) (AskerResult, error)

	// Desk gives what the desk's pages need besides cases.
	Desk(ctx context.Context) (Desk, error)
	// List gives cases that somebody may see.
	List(ctx context.Context, who guidance.Actor, q DeskQuery) (DeskPage, error)
	// Find gives the cases whose asker left an e-mail address, to an
	// administrator: it opens every contact. Error: CodeInvalid for what is no
	// address; CodeConflict without a key for contacts.
	Find(ctx context.Context, who guidance.Actor, email string) (Found, error)
	// About says whose business a case is, for the gateway to judge by.
	About(ctx context.Context, id string) (About, error)
	// Case gives a case; seen notes that this person has seen it so far.
	Case(ctx context.Context, who guidance.Actor, id string, seen bool) (DeskCase, error)
	// Earlier gives what a case leaves out: the newest events before one, by its
	// Seq. Error: as Case.
	Earlier(ctx context.Context, who guidance.Actor, id string, before int64) (DeskPast, error)
	// Do carries out a command of Command.Actor.
	Do(ctx context.Context, id string, c guidance.Command) (DeskResult, error)
	// Beat holds a case for another while.
	Beat(ctx context.Context, who guidance.Actor, id string) (BeatResult, error)
	// Contact gives who asked. Error: CodeNotFound when nobody left a name.
	Contact(ctx context.Context, who guidance.Actor, id string) (guidance.Contact, error)
	// Similar gives earlier cases and answers that are near.
	Similar(ctx context.Context, who guidance.Actor, id string) (Similar, error)
	// Proposal gives a publication to begin with. Error: CodeConflict when
	// there is no answer yet.
	Proposal(ctx context.Context, who guidance.Actor, id string) (Proposal, error)
	// Export gives a case as pdf, html, json or noark.
	Export(ctx context.Context, who guidance.Actor, id, format string, l kiveileder.Language) (File, error)
	// Reassign puts these agencies on a case, and takes the others off.
	Reassign(ctx context.Context, who guidance.Actor, id string, agencies []string, reason string) (DeskResult, error)
	// Anonymise takes away all that is known of who asked, and all texts. Error:
	// CodeConflict, in words, for a case that is not at an end: then its texts stay.
	Anonymise(ctx context.Context, who guidance.Actor, id, reason string) error
	// Kept and Keep hold what is a person's own: what is being typed, views.
	// A null value takes one away.
	Kept(ctx context.Context, person, prefix string) (map[string]json.RawMessage, error)
	Keep(ctx context.Context, person, key string, value json.RawMessage) error
	// DeadMails gives mails that were given up, and Again sends one again.
	DeadMails(ctx context.Context) ([]guidance.Mail, error)
	Again(ctx context.Context, mail string) error
	// Inbound takes a mail that a mail server hands over, signed. Error:
	// CodeInvalid for one that is not taken.
	Inbound(ctx context.Context, signature string, raw []byte) error

	// Answers gives published answers.
	Answers(ctx context.Context, w AnswersQuery) (AnswersPage, error)
	// Answer gives one, also when it is withdrawn. Error: CodeNotFound.
	Answer(ctx context.Context, number string) (register.Entry, error)
}

// A BeatResult is a lease that goes on, or why it does not.
type BeatResult struct {
	Lease   guidance.Lease `json:"lease,omitzero"`
	Refused *Refusal       `json:"refused,omitempty"`
}
