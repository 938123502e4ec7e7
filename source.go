package kiveileder

import "strings"

// A Source is a document that the service quotes.
type Source struct {
	ID        string   `json:"id" yaml:"id"`               // stable, for addresses: "formal-2024"
	Doc       string   `json:"doc,omitempty" yaml:"doc"`   // number in the evaluation sets: "004"
	Title     string   `json:"title" yaml:"title"`         // as the document gives it
	Kind      string   `json:"kind" yaml:"kind"`           // web page, report, slides, guidance, law, answer
	Publisher []string `json:"publisher" yaml:"publisher"` // names as they were then; empty when the document names none
	Published string   `json:"published" yaml:"published"` // ISO date, empty when unknown
	Updated   string   `json:"updated" yaml:"updated"`     // ISO date of the last change, empty when never or unknown
	Language  string   `json:"language" yaml:"language"`   // nb, nn, en
	URL       string   `json:"url,omitempty" yaml:"url"`   // where the original stands; empty when unknown
	Note      string   `json:"note,omitempty" yaml:"note"`
}

// Date gives the day that a reader should judge the source's age by: its last
// change, else its publication. Empty when neither is known.
func (s Source) Date() string {
	if s.Updated != "" {
		return s.Updated
	}
	return s.Published
}

// KindAnswer is the Kind of a source that stands for an answer which
// ki.veiledning has published. It is quoted like any other, and is no law.
const KindAnswer = "answer"

// Place gives the address of a passage of the source: on the page of the
// source, or of the published answer that it stands for.
func (s Source) Place(p Passage) string {
	if s.Kind == KindAnswer && strings.HasPrefix(s.URL, "/svar/") {
		return s.URL + "#" + p.Anchor()
	}
	return "/kilder/" + p.Source + "#" + p.Anchor()
}

// A Passage is the unit that is found and quoted: a self-contained part of a
// source under its headings.
type Passage struct {
	ID       string   `json:"id"`                 // "formal-2024/helseforskning-k3f9"; survives a re-ingest
	Source   string   `json:"source"`             // Source.ID
	Section  []string `json:"section"`            // headings from the highest to the nearest
	Restored bool     `json:"restored,omitempty"` // the nearest heading was lost in the source and put back
	Lead     string   `json:"lead,omitempty"`     // lead-in of the list that this passage goes on with
	Text     string   `json:"text"`               // verbatim, at most 900 characters, blocks parted by line breaks
	Box      bool     `json:"box,omitempty"`      // a definition box beside the text
	Open     bool     `json:"open,omitempty"`     // it only asks what others asked, and answers nothing
	Notes    []string `json:"notes,omitempty"`    // footnotes of the passage: "62: FAIR er ..."
}

// Anchor gives the part of the id behind the source: the place on the
// source's page.
func (p Passage) Anchor() string {
	_, a, _ := strings.Cut(p.ID, "/")
	return a
}

// Heading gives the headings in one line.
func (p Passage) Heading() string { return strings.Join(p.Section, " › ") }
