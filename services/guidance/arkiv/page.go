package arkiv

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"mime"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml"

	"kiveileder"
	"kiveileder/services/guidance/deadline"
)

//go:embed words.yaml
var wordsFile []byte

//go:embed page.html
var pageFile string

//go:embed document.html
var documentFile string

//go:embed part.html
var partFile string

var words = func() map[string]map[kiveileder.Language]string {
	var m map[string]map[kiveileder.Language]string
	if err := yaml.UnmarshalWithOptions(wordsFile, &m, yaml.Strict()); err != nil {
		panic(fmt.Sprintf("arkiv: words.yaml: %v", err))
	}
	return m
}()

// page is parsed once; its functions are set for each language.
var page = template.Must(template.New("page").Funcs(functions(kiveileder.Bokmal)).Parse(pageFile + partFile))

var document = template.Must(template.New("document").Parse(documentFile + partFile))

// View is a case as people and programs read it: without notes, texts in
// their place, other files by name and checksum.
type View struct {
	Number      string              `json:"number"`
	Title       string              `json:"title"`
	Description string              `json:"description,omitempty"`
	Keywords    []string            `json:"keywords,omitempty"`
	Language    kiveileder.Language `json:"language"`
	Opened      time.Time           `json:"opened"`
	Changed     *time.Time          `json:"changed,omitempty"`
	Closed      *time.Time          `json:"closed,omitempty"`
	Unit        string              `json:"unit"`
	Responsible string              `json:"responsible"`
	Screening   *ScreeningView      `json:"screening,omitempty"`
	Entries     []EntryView         `json:"entries"`
}

// EntryView is an entry of a [View].
type EntryView struct {
	ID        string         `json:"id"`
	Kind      Kind           `json:"kind"`
	Title     string         `json:"title"`
	At        time.Time      `json:"at"`
	Parties   []PartyView    `json:"parties"`
	Screening *ScreeningView `json:"screening,omitempty"`
	Documents []DocumentView `json:"documents"`
}

// PartyView is a party of a [View].
type PartyView struct {
	Role     Role   `json:"role"`
	Internal bool   `json:"internal,omitempty"`
	Name     string `json:"name"`
	Email    string `json:"email,omitempty"`
	Unit     string `json:"unit,omitempty"`
	Handler  string `json:"handler,omitempty"`
}

// DocumentView is a document of a [View].
type DocumentView struct {
	Title     string         `json:"title"`
	File      string         `json:"file"` // its name in the archive's package
	Type      string         `json:"type"`
	Size      int            `json:"size"`
	SHA256    string         `json:"sha256"`
	Text      string         `json:"text,omitempty"` // of plain text
	Parts     []Part         `json:"parts,omitempty"`
	Screening *ScreeningView `json:"screening,omitempty"`
}

// ScreeningView is the screening of a [View].
type ScreeningView struct {
	Restriction string `json:"restriction"`
	Legal       string `json:"legal"`
}

// NewView makes the view of a case. It does not check the case: one that the
// archive would refuse can still be read.
func NewView(c Case) View {
	v := View{Number: c.Number, Title: line(c.Title), Description: c.Description, Keywords: c.Keywords,
		Language: cmp.Or(c.Language, kiveileder.Bokmal), Opened: c.Opened.In(deadline.Oslo), Unit: line(c.Unit),
		Responsible: line(c.Responsible), Screening: viewScreening(c.Screening), Entries: []EntryView{}}
	v.Closed, v.Changed = instant(c.Closed), instant(c.Changed)
	for i, e := range c.outgoing() {
		ev := EntryView{ID: e.ID, Kind: e.Kind, Title: line(e.Title), At: e.At.In(deadline.Oslo), Screening: viewScreening(e.Screening),
			Parties: []PartyView{}, Documents: []DocumentView{}}
		for _, p := range e.Parties {
			ev.Parties = append(ev.Parties, PartyView{p.Role, p.Internal, line(p.Name), p.Email, line(p.Unit), line(p.Handler)})
		}
		for j, d := range e.Documents {
			dv := DocumentView{Title: line(d.Title), File: d.file(i, j), Type: d.Type, Size: len(d.Content), SHA256: d.sum(),
				Parts: d.Parts, Screening: viewScreening(d.Screening)}
			if media, _, err := mime.ParseMediaType(d.Type); err == nil && media == "text/plain" && utf8.Valid(d.Content) {
				dv.Text = string(d.Content)
			}
			ev.Documents = append(ev.Documents, dv)
		}
		v.Entries = append(v.Entries, ev)
	}
	return v
}

// instant gives a time that may not be there.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.In(deadline.Oslo)
	return &t
}

func viewScreening(s *Screening) *ScreeningView {
	if s == nil {
		return nil
	}
	return &ScreeningView{s.Restriction, line(s.Legal)}
}

// WriteJSON writes the view of a case.
func WriteJSON(w io.Writer, c Case) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	if err := enc.Encode(NewView(c)); err != nil {
		return fmt.Errorf("case %s as JSON: %w", c.Number, err)
	}
	return nil
}

// WriteHTML writes a page that is ready to print, in the case's language, and
// needs nothing beside it: no script, no font, no picture. at is when it was
// printed; with the zero time the page does not say, and the same case gives
// the same bytes.
func WriteHTML(w io.Writer, c Case, at time.Time) error {
	v := NewView(c)
	t, err := page.Clone()
	if err == nil {
		err = t.Funcs(functions(v.Language)).Execute(w, struct {
			Case View
			Made time.Time
		}{v, at})
	}
	if err != nil {
		return fmt.Errorf("case %s as HTML: %w", c.Number, err)
	}
	return nil
}

// NewDocument gives a file of HTML that says what the parts say, for a case in
// a language.
func NewDocument(title, name string, lang kiveileder.Language, parts []Part) (Document, error) {
	lang = cmp.Or(lang, kiveileder.Bokmal)
	var b bytes.Buffer
	err := document.Execute(&b, struct {
		Title    string
		Language kiveileder.Language
		Parts    []Part
	}{line(title), lang, parts})
	if err != nil {
		return Document{}, fmt.Errorf("document as HTML: %w", err)
	}
	return Document{Title: title, Name: name, Type: "text/html; charset=utf-8", Content: b.Bytes(), Parts: parts}, nil
}

// Word gives a word of the printed case in a language.
func Word(lang kiveileder.Language, key string) string {
	w := words[key]
	return cmp.Or(w[lang], w[kiveileder.Bokmal], key)
}

// When writes an instant by Norwegian time as the printed case does.
func When(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.In(deadline.Oslo).Format("02.01.2006 15:04")
}

func functions(lang kiveileder.Language) template.FuncMap {
	return template.FuncMap{
		"word": func(key any) string { return Word(lang, fmt.Sprint(key)) },
		"when": func(at any) string {
			switch t := at.(type) {
			case time.Time:
				return When(t)
			case *time.Time:
				return When(*t)
			}
			return When(time.Time{})
		},
	}
}
