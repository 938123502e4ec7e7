package web

import (
	"fmt"
	"regexp"
	"slices"

	"kiveileder"
)

// A document is a source laid out for reading.
type document struct {
	kiveileder.Source
	OriginKey string // text that says what kind of document it is
	Contents  []tocEntry
	Parts     []part
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
	Notes    []string
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
	for _, p := range d.Passages {
		section := p.Section[min(skip, len(p.Section)):]
		pt := part{Anchor: p.Anchor(), Box: p.Box, Notes: p.Notes}
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
	return doc
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
