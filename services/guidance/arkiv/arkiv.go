// Package arkiv makes of a case what an archive takes in and what a person
// prints: a Noark 5 arkivmelding with its files in a zip, a page of HTML, and
// JSON.
//
// It knows nothing of the queue. Its [Case] is a plain value that somebody
// else fills, and what stands in it goes out. Internal notes (notat) may stand
// in it and never go out, in no format: they are dropped before anything is
// written.
//
// The same case at the same instant always gives the same bytes, and ids are
// made of the case's number, so that an archive that gets a case twice can see
// that it has it.
package arkiv

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"kiveileder"
)

// A Case is a case as it goes to the archive (saksmappe).
type Case struct {
	Number      string // KI-2026-0042
	Title       string
	PublicTitle string // for the public journal; must be given where Screening is
	Description string
	Keywords    []string
	Language    kiveileder.Language // of the page; bokmål when empty
	Opened      time.Time
	OpenedBy    string
	Changed     time.Time // when something last happened in it; zero when that is not told
	Closed      time.Time // zero while it is open
	ClosedBy    string
	Unit        string // the agency that leads it (administrativEnhet)
	Responsible string // who answers for it (saksansvarlig)
	Screening   *Screening
	Entries     []Entry
}

// An Entry is one document in or out with its enclosures (journalpost).
type Entry struct {
	ID          string // stable and its own within the case, such as the number of its event
	Kind        Kind
	Title       string
	PublicTitle string
	At          time.Time // received or sent
	By          string    // who registered it
	Parties     []Party
	Documents   []Document // the first is the main one
	Screening   *Screening
}

// Kind says which way an entry went.
type Kind string

const (
	Incoming Kind = "incoming"
	Outgoing Kind = "outgoing"
	Note     Kind = "note" // internal: never goes out
)

// A Party is a sender or a receiver (korrespondansepart).
type Party struct {
	Role         Role
	Internal     bool // one of the agencies, not the asker
	Name         string
	Organisation string // nine digits, if known
	Email        string
	Unit         string
	Handler      string
}

// Role is a party's part in an entry.
type Role string

const (
	Sender   Role = "sender"
	Receiver Role = "receiver"
	Copy     Role = "copy"
)

// A Document is a file.
type Document struct {
	Title   string
	Name    string // of the file, as it was given; in the zip it gets a safe one
	Type    string // media type
	Format  string // PRONOM id; found from the type and the content when empty
	Content []byte

	// Parts are what stands in it, for those who read the case and not its
	// files. A plain text needs none.
	Parts []Part

	// Screening of the document alone, such as an internal enclosure.
	Screening *Screening
}

// A Part is a piece of a document.
type Part struct {
	Kind     PartKind            `json:"kind"`
	Label    string              `json:"label,omitempty"` // of an item
	Text     string              `json:"text"`
	Language kiveileder.Language `json:"language,omitempty"` // when it is another than the case's
}

// PartKind says how a part is shown.
type PartKind string

const (
	Heading   PartKind = "heading"
	Paragraph PartKind = "paragraph" // line breaks stay
	Quote     PartKind = "quote"
	Item      PartKind = "item" // a label with what belongs to it
	Mark      PartKind = "mark" // what must be seen first, such as that it is internal
)

// Screening keeps something from the public (skjerming).
type Screening struct {
	Restriction string // such as UO, of the archive's own list
	Legal       string // such as offentleglova § 13
	Until       time.Time
}

// outgoing gives the entries that go out: all but the notes.
func (c Case) outgoing() []Entry {
	var out []Entry
	for _, e := range c.Entries {
		if e.Kind == Incoming || e.Kind == Outgoing { // an allow-list: a new kind stays in
			out = append(out, e)
		}
	}
	return out
}

// Check says everything that an archive would refuse, or that must not go out
// as it is. The error names fields and entries, never what stands in them.
func (c Case) Check() error {
	var problems []error
	need := func(where, field, value string) {
		if strings.TrimSpace(value) == "" {
			problems = append(problems, fmt.Errorf("%s: %s is missing", where, field))
		}
	}
	screened := func(where string, s *Screening, public string) {
		if s == nil {
			return
		}
		need(where, "screening: restriction", s.Restriction)
		need(where, "screening: legal", s.Legal)
		need(where, "public title, which a screened title needs", public)
	}
	need("case", "number", c.Number)
	need("case", "title", c.Title)
	need("case", "opened by", c.OpenedBy)
	need("case", "unit", c.Unit)
	need("case", "responsible", c.Responsible)
	if _, _, err := number(c.Number); err != nil {
		problems = append(problems, fmt.Errorf("case: %w", err))
	}
	if c.Opened.IsZero() {
		problems = append(problems, errors.New("case: opened is missing"))
	}
	if !c.Closed.IsZero() {
		need("case", "closed by", c.ClosedBy)
		if c.Closed.Before(c.Opened) {
			problems = append(problems, errors.New("case: closed before it was opened"))
		}
	}
	screened("case", c.Screening, c.PublicTitle)
	seen := map[string]bool{}
	for i, e := range c.outgoing() {
		where := fmt.Sprintf("entry %d", i+1)
		need(where, "id", e.ID)
		need(where, "title", e.Title)
		need(where, "by", e.By)
		screened(where, e.Screening, e.PublicTitle)
		if seen[e.ID] {
			problems = append(problems, fmt.Errorf("%s: its id is there twice", where))
		}
		seen[e.ID] = true
		if e.At.IsZero() {
			problems = append(problems, fmt.Errorf("%s: at is missing", where))
		}
		if len(e.Documents) == 0 {
			problems = append(problems, fmt.Errorf("%s: has no document", where))
		}
		if len(e.Parties) == 0 {
			problems = append(problems, fmt.Errorf("%s: has no party", where))
		}
		for j, p := range e.Parties {
			place := fmt.Sprintf("%s: party %d", where, j+1)
			need(place, "name", p.Name)
			if _, ok := partyCodes[partyKind{p.Role, p.Internal}]; !ok {
				problems = append(problems, fmt.Errorf("%s: no such role", place))
			}
		}
		for j, d := range e.Documents {
			place := fmt.Sprintf("%s: document %d", where, j+1)
			need(place, "title", d.Title)
			if d.Screening != nil {
				need(place, "screening: restriction", d.Screening.Restriction)
				need(place, "screening: legal", d.Screening.Legal)
			}
			if _, ok := d.format(); !ok {
				problems = append(problems, fmt.Errorf("%s: no format is known for its type: give one", place))
			}
		}
	}
	return errors.Join(problems...)
}

// number takes KI-2026-0042 apart.
func number(s string) (year, n int, err error) {
	var rest string
	if k, _ := fmt.Sscanf(s, "KI-%4d-%d%s", &year, &n, &rest); k != 2 || n < 1 || s != fmt.Sprintf("KI-%04d-%04d", year, n) {
		return 0, 0, errors.New("number is not of the form KI-2026-0042")
	}
	return year, n, nil
}
