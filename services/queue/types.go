package queue

import (
	"time"

	"kiveileder"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/register"
	"kiveileder/services/guidance/timing"
	"kiveileder/services/rules"
)

// A Form is what a hand-over begins with: filled in from the conversation as
// far as that goes, for the asker to change.
type Form struct {
	Question string    `json:"question"`
	Project  string    `json:"project,omitempty"` // what is known of the project, in words
	Agency   string    `json:"agency,omitempty"`  // that is likely to lead; a key of Agencies
	Agencies []Agency  `json:"agencies"`          // that answer in ki.veiledning
	Topics   []string  `json:"topics,omitempty"`  // that it seems to be about
	Contact  bool      `json:"contact"`           // an e-mail address can be left
	Mail     bool      `json:"mail"`              // mails are sent; else they are kept and the answer comes in the conversation alone
	Expected time.Time `json:"expected,omitzero"` // when an answer can be expected
	Near     []Near    `json:"near"`              // published answers to questions like this one
	Limits   Limits    `json:"limits"`
}

// Limits of what an asker writes, in characters.
type Limits struct {
	Text  int `json:"text"`
	Short int `json:"short"`
}

// An Agency is one that may be on a case.
type Agency struct {
	Key   string     `json:"key"`
	Name  rules.Text `json:"name"`
	Short string     `json:"short"`
	Remit rules.Text `json:"remit,omitempty"`
}

// Near is a published answer near to a question.
type Near struct {
	Number    string       `json:"number"`
	Title     string       `json:"title"`
	Question  string       `json:"question"`
	Published string       `json:"published"` // ISO date
	Agencies  []string     `json:"agencies"`  // keys
	URL       string       `json:"url"`       // /svar/KI-2026-0042
	Why       []rules.Text `json:"why,omitempty"`
}

// A HandOver is what an asker sends to the lawyers.
type HandOver struct {
	ID       string              `json:"id"` // chosen by the sender: sent twice it is one case
	Question string              `json:"question"`
	Project  string              `json:"project,omitempty"`
	Agency   string              `json:"agency,omitempty"` // a key; the one that the asker thinks of
	Contact  guidance.Contact    `json:"contact,omitzero"`
	Publish  bool                `json:"publish,omitempty"`
	Language kiveileder.Language `json:"language,omitempty"`

	// Conversation is the conversation's id, for the link in mails. The gateway
	// sets it; it is kept encrypted with the contact.
	Conversation string `json:"-"`
}

// An AskerCase is a case as its asker sees it.
type AskerCase struct {
	ID string `json:"id"`
	guidance.AskerView
	Answers  []AskerAnswer         `json:"answers,omitempty"`  // with their quotes' sources
	Tasks    []AskerTask           `json:"tasks,omitempty"`    // with quick replies
	Names    map[string]rules.Text `json:"names,omitempty"`    // of the agencies, by key
	Expected time.Time             `json:"expected,omitzero"`  // when an answer can be expected; none when it is answered, or waits for the asker
	Address  string                `json:"address,omitempty"`  // of the published answer
	HasMail  bool                  `json:"has_mail,omitempty"` // an address was left
	NotSent  bool                  `json:"not_sent,omitempty"` // mails of it are kept here, for want of a mail server
	May      []guidance.Kind       `json:"may,omitempty"`      // what the asker can do now
}

// An AskerAnswer is what the agencies wrote.
type AskerAnswer struct {
	Seq      int64      `json:"seq"`
	At       time.Time  `json:"at"`
	Draft    AskerDraft `json:"answer"`
	Agencies []string   `json:"agencies"`
}

// An AskerDraft is the text of an answer.
type AskerDraft struct {
	Sections   []guidance.Section `json:"sections,omitempty"`
	Quotes     []AskerQuote       `json:"quotes,omitempty"`
	References []string           `json:"references,omitempty"`
}

// An AskerQuote is a quote with where it stands. A source that is gone since
// leaves the words alone.
type AskerQuote struct {
	rules.Quote
	Title     string `json:"title,omitempty"`
	Publisher string `json:"publisher,omitempty"`
	Date      string `json:"date,omitempty"`
	URL       string `json:"url,omitempty"`
}

// An AskerTask is a question to the asker.
type AskerTask struct {
	guidance.AskerTask
	Options []kiveileder.Option `json:"options,omitempty"` // quick replies, where a fact is asked for
}

// An AskerResult is what became of an asker's command.
type AskerResult struct {
	Case    AskerCase `json:"case"`
	Refused *Refusal  `json:"refused,omitempty"` // nil when it was carried out
}

// A DeskRow is a case in the list.
type DeskRow struct {
	guidance.Row
	Held   bool `json:"held,omitempty"`   // somebody has claimed it
	Unread bool `json:"unread,omitempty"` // something came that this person has not seen
	Late   bool `json:"late,omitempty"`   // a target is missed
}

// A DeskQuery says which cases are wanted. What is empty lets all through.
type DeskQuery struct {
	States []guidance.State `json:"states,omitempty"`
	Agency string           `json:"agency,omitempty"`
	Holder string           `json:"holder,omitempty"` // "me", or an ID
	Text   string           `json:"text,omitempty"`
	Late   bool             `json:"late,omitempty"`
	Unread bool             `json:"unread,omitempty"`
	Review bool             `json:"review,omitempty"` // whose published answer is looked at again
	Sign   bool             `json:"sign,omitempty"`   // that wait for the sign-off of this person's agency
	After  string           `json:"after,omitempty"`  // of the page before
	Limit  int              `json:"limit,omitempty"`  // 1 to 200; 0 is 50
}

// A DeskPage is a part of the list, the newest change first.
type DeskPage struct {
	Cases []DeskRow      `json:"cases"`
	Next  string         `json:"next,omitempty"` // for After; empty at the end
	Count map[string]int `json:"count"`          // of the cases that this person may see: open, mine, agency, unread, late, sign, review
}

// A DeskCase is a case as somebody at an agency sees it.
type DeskCase struct {
	ID     string `json:"id"`
	Number string `json:"number"`
	guidance.Case
	Lease    guidance.Lease     `json:"lease,omitzero"`
	Held     bool               `json:"held,omitempty"`
	Hash     string             `json:"hash,omitempty"`     // of the newest draft
	Signed   []guidance.SignOff `json:"signed,omitempty"`   // that hold
	Unsigned []string           `json:"unsigned,omitempty"` // agencies that have yet to
	Targets  []timing.Standing  `json:"targets,omitempty"`
	Told     []timing.Reminder  `json:"told,omitempty"` // what should be thought of now, what is urgent first
	Due      time.Time          `json:"due,omitzero"`
	Log      []guidance.Event   `json:"log"`     // the newest; a draft's text stands in Drafts
	Earlier  int64              `json:"earlier"` // how many events are older than those in Log, see Calls.Earlier
	Mails    []guidance.Mail    `json:"mails,omitempty"`
	Address  string             `json:"address,omitempty"` // of the published answer
	Seen     int64              `json:"seen"`              // what this person had seen before
	May      []guidance.Kind    `json:"may"`               // what this person can do now; a form may still be refused
}

// A DeskPast is a piece of what a DeskCase leaves out.
type DeskPast struct {
	Log     []guidance.Event   `json:"log"`
	Drafts  []guidance.Version `json:"drafts"`  // that were saved by these events
	Earlier int64              `json:"earlier"` // how many events are older still
}

// A DeskResult is what became of a command.
type DeskResult struct {
	Case    DeskCase        `json:"case"`
	Event   *guidance.Event `json:"event,omitempty"`   // that it made
	Refused *Refusal        `json:"refused,omitempty"` // nil when it was carried out
}

// A Refusal says why a command was not carried out, and what to look at. It is
// no error: nothing went wrong.
type Refusal struct {
	Code      kiveileder.Code  `json:"code"`
	Guard     string           `json:"guard,omitempty"` // of transitions.yaml; "moved", "held", "full" or "reused" for what is none
	Text      rules.Text       `json:"text,omitempty"`  // for people
	Forbidden bool             `json:"forbidden,omitempty"`
	Lease     guidance.Lease   `json:"lease,omitzero"`   // who has it
	Events    []guidance.Event `json:"events,omitempty"` // what came meanwhile
}

// A Desk is what the desk's pages need besides cases.
type Desk struct {
	Agencies []Agency        `json:"agencies"`
	Targets  []timing.Target `json:"targets"` // that may be extended
	Facts    []Fact          `json:"facts"`   // that can be asked about
	Modules  []Module        `json:"modules"` // pieces of text to write with
	Limits   Limits          `json:"limits"`
}

// A Fact is what can be known of a project, and asked for unless it is never
// asked.
type Fact struct {
	Key      string     `json:"key"`
	Name     rules.Text `json:"name"`
	Question rules.Text `json:"question"`

	Values     map[string]rules.Text `json:"values,omitempty"` // in words, by key
	NeverAsked bool                  `json:"never_asked,omitempty"`
}

// A Module is a piece of text that is often written.
type Module struct {
	Key   string     `json:"key"`
	Title rules.Text `json:"title"`
	Text  rules.Text `json:"text"`
}

// An AnswersQuery says which published answers are wanted, and in what order.
type AnswersQuery struct {
	Words   string `json:"words,omitempty"`   // that find them; all when empty
	Changed bool   `json:"changed,omitempty"` // the last changed first; else the best, or without words the newest
	From    int    `json:"from,omitempty"`    // how many are passed over
	Most    int    `json:"most,omitempty"`    // how many are given; all of them when it is not positive
}

// An AnswersPage is a part of those that were asked for.
type AnswersPage struct {
	Answers []register.Entry `json:"answers"`
	Total   int              `json:"total"`
}

// Similar is what is near to a case.
type Similar struct {
	Cases   []register.Match `json:"cases"`   // that this person may see
	Answers []Near           `json:"answers"` // published ones
}

// A Proposal is a publication to begin with, and what a person should look at
// before everybody may read it.
type Proposal struct {
	Publication guidance.PublishedData `json:"publication"`
	Marks       []register.Mark        `json:"marks"`
}

// A Found is the cases whose asker left an address.
type Found struct {
	Cases  []DeskRow `json:"cases"`            // the newest change first
	Sealed []string  `json:"sealed,omitempty"` // numbers of cases whose contact does not open: the key is another one
}

// A File is something to keep.
type File struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Content []byte `json:"content"`
}

// About says whose business a case is.
type About struct {
	Number   string   `json:"number"`
	Agencies []string `json:"agencies,omitempty"`
	Members  []string `json:"members,omitempty"` // who hold it or have worked on it
}
