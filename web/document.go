package web

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"kiveileder"
)

// A document is a source laid out for reading.
type document struct {
	kiveileder.Source
	OriginKey string // text that says what kind of document it is
	Contents  []tocEntry
	Parts     []part
	Footnotes []note
	Noted     bool // the heading of footnotes is among the parts
}

// A tocEntry is a heading of the two highest levels, with those below it.
type tocEntry struct {
	heading
	Sub []tocEntry
}

// A part is a passage with the headings that come new before it.
type part struct {
	Headings []heading
	Anchor   string
	Where    string // all headings in one line, for a reader who was led here
	Box      bool
	Blocks   []block
	Refs     []ref
	Back     []string // ids of the references to it, when it is a footnote
	Asked    []string
}

// A ref leads from a passage to a footnote of its. Where in the passage the
// footnote's mark stood is not kept.
type ref struct {
	ID, Note, Number string
}

// A note is a footnote, with the ways back to where it is referred to.
type note struct {
	ID, Number string
	Words      []words
	Back       []string
}

// Words are a piece of a note; URL says that it is an address on the web.
type words struct {
	Text string
	URL  bool
}

type heading struct {
	Level    int // 2 to 6: 1 is the title
	ID, Text string
	Key      string // of the text, when it is one of ours
	Restored bool   // ours, the source lost it
}

// footnote matches the heading of a footnote that is a passage of its own.
// These stand last, out of the order of the headings.
var footnote = regexp.MustCompile(`^Fotnote \d+$`)

// newDocument lays a source out: a heading is written when it changes, and not
// when it only repeats the title.
func newDocument(d SourceData) document {
	doc := document{Source: d.Source, OriginKey: originKey(d.Source.Kind)}
	skip := 0
	if len(d.Passages) > 0 && !slices.ContainsFunc(d.Passages, func(p kiveileder.Passage) bool {
		return len(p.Section) == 0 || p.Section[0] != d.Source.Title
	}) {
		skip = 1
	}
	var before []string
	n, noted := 0, false
	notes := heading{Level: 2, ID: "fotnoter", Text: text("footnotes"), Key: "footnotes", Restored: true}
	anchors := map[string]string{} // of footnotes that are passages, by number
	for _, p := range d.Passages {
		if k := len(p.Section); k > 0 && footnote.MatchString(p.Section[k-1]) {
			anchors[strings.TrimPrefix(p.Section[k-1], "Fotnote ")] = p.Anchor()
		}
	}
	back := map[string][]string{} // ways back from those, by anchor
	for _, p := range d.Passages {
		section := p.Section[min(skip, len(p.Section)):]
		pt := part{Anchor: p.Anchor(), Box: p.Box, Asked: d.Asked[p.ID]}
		pt.Asked = pt.Asked[:min(len(pt.Asked), MaxAsked)]
		for _, s := range p.Notes {
			number, _, _ := strings.Cut(s, ": ")
			if a := anchors[number]; a != "" {
				r := ref{ID: fmt.Sprintf("ref-%s-%d", a, len(back[a])+1), Note: a, Number: number}
				back[a] = append(back[a], r.ID)
				pt.Refs = append(pt.Refs, r)
				continue
			}
			pt.Refs = append(pt.Refs, doc.refer(s))
		}
		if len(section) > 1 {
			pt.Where = p.Heading()
		}
		same := 0
		if k := len(section); k > 0 && footnote.MatchString(section[k-1]) {
			if !noted {
				noted = true
				pt.Headings = append(pt.Headings, notes)
				doc.enter(0, notes)
			}
			section = []string{notes.Text, section[k-1]} // under one heading, rather than the whole path for each
			same = 1
		}
		for same < len(before) && same < len(section) && before[same] == section[same] {
			same++
		}
		for depth := same; depth < len(section); depth++ {
			n++
			h := heading{
				Level:    min(depth+2, 6),
				ID:       fmt.Sprintf("del-%d", n),
				Text:     section[depth],
				Restored: p.Restored && depth == len(section)-1,
			}
			pt.Headings = append(pt.Headings, h)
			doc.enter(depth, h)
		}
		pt.Blocks = blocks(p.Text, p.Lead != "")
		if b := pt.Blocks; len(b) > 1 && len(section) > 0 && b[0].Kind == "p" && b[0].Text == section[len(section)-1] {
			pt.Blocks = b[1:] // a slide's text begins with its title, which stands above as the heading
		}
		before = section
		doc.Parts = append(doc.Parts, pt)
	}
	for i := range doc.Parts {
		doc.Parts[i].Back = back[doc.Parts[i].Anchor]
	}
	doc.Noted = noted
	if len(doc.Footnotes) > 0 && !noted {
		doc.enter(0, notes)
	}
	return doc
}

// refer enters a footnote ("62: FAIR er ...") and gives the reference to it. A
// note that several passages have is entered once.
func (d *document) refer(text string) ref {
	number, rest, ok := strings.Cut(text, ": ")
	if _, err := strconv.Atoi(number); !ok || err != nil {
		number, rest = "*", text
	}
	i := slices.IndexFunc(d.Footnotes, func(n note) bool { return n.Number == number && joined(n.Words) == rest })
	if i < 0 {
		i = len(d.Footnotes)
		d.Footnotes = append(d.Footnotes, note{ID: fmt.Sprintf("note-%d", i+1), Number: number, Words: parted(rest)})
	}
	n := &d.Footnotes[i]
	r := ref{ID: fmt.Sprintf("ref-%d-%d", i+1, len(n.Back)+1), Note: n.ID, Number: number}
	n.Back = append(n.Back, r.ID)
	return r
}

var address = regexp.MustCompile(`https?://[^\s<>"]+[^\s<>".,;:)]`)

// parted finds the addresses on the web in a text.
func parted(text string) []words {
	var out []words
	at := 0
	for _, m := range address.FindAllStringIndex(text, -1) {
		if m[0] > at {
			out = append(out, words{Text: text[at:m[0]]})
		}
		out = append(out, words{Text: text[m[0]:m[1]], URL: true})
		at = m[1]
	}
	if at < len(text) {
		out = append(out, words{Text: text[at:]})
	}
	return out
}

func joined(list []words) string {
	var b strings.Builder
	for _, w := range list {
		b.WriteString(w.Text)
	}
	return b.String()
}

// enter puts a heading of the two highest levels into the table of contents.
func (d *document) enter(depth int, h heading) {
	e := tocEntry{heading: h}
	switch n := len(d.Contents); {
	case depth == 0:
		d.Contents = append(d.Contents, e)
	case depth == 1 && n > 0 && d.Contents[n-1].Key == "":
		d.Contents[n-1].Sub = append(d.Contents[n-1].Sub, e)
	}
}

func originKey(kind string) string {
	switch kind {
	case "web page":
		return "origin_web"
	case "report":
		return "origin_report"
	case "slides":
		return "origin_slides"
	case "guidance":
		return "origin_guidance"
	case "law":
		return "origin_law"
	}
	return "origin_other"
}
