package register

import (
	"cmp"
	"crypto/sha256"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"time"

	"kiveileder/services/guidance"
)

// A Site is where a register stands.
type Site struct {
	Origin string                  // https://ki.example.no, without a slash at the end
	Title  string                  // of the feed; "Svar fra ki.veiledning" when empty
	Began  time.Time               // of a register without entries; the feed's updated
	Name   func(key string) string // of an agency; nil: the key
	Page   int                     // of the feed, from 1; 0 is 1
	Pages  int                     // how many there are; 0 is 1
}

// links gives those of a page of the feed, with those to the others (RFC 5005,
// section 3). Entries move to later pages as others change: who reads them all
// looks at what they had before.
func (s Site) links() []atomLink {
	const kind = "application/atom+xml"
	page, pages := max(s.Page, 1), max(s.Pages, 1)
	at := func(rel string, n int) atomLink {
		href := s.Origin + "/svar/feed.atom"
		if n > 1 {
			href += "?side=" + strconv.Itoa(n)
		}
		return atomLink{Rel: rel, Type: kind, Href: href}
	}
	links := []atomLink{at("self", page), {Rel: "alternate", Type: "text/html", Href: s.Origin + "/svar"}}
	if pages > 1 {
		links = append(links, at("first", 1), at("last", pages))
	}
	if page > 1 {
		links = append(links, at("previous", page-1))
	}
	if page < pages {
		links = append(links, at("next", page+1))
	}
	return links
}

// id names an entry for ever: by its number and when it was first published,
// without an address, so that a register that moves keeps its names. It is a
// UUID of version 8, made of a hash.
func (e Entry) id() string { return uuid(e.Number + "\n" + stamp(e.Published)) }

func uuid(what string) string {
	b := sha256.Sum256([]byte("ki.veiledning svar\n" + what))
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

type (
	atomFeed struct {
		XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
		Lang    string      `xml:"xml:lang,attr"`
		ID      string      `xml:"id"`
		Title   string      `xml:"title"`
		Updated string      `xml:"updated"`
		Links   []atomLink  `xml:"link"`
		Author  []atomName  `xml:"author"`
		Entries []atomEntry `xml:"entry"`
	}
	atomLink struct {
		Rel  string `xml:"rel,attr"`
		Type string `xml:"type,attr,omitempty"`
		Href string `xml:"href,attr"`
	}
	atomName struct {
		Name string `xml:"name"`
	}
	atomTerm struct {
		Term string `xml:"term,attr"`
	}
	atomText struct {
		Type string `xml:"type,attr"`
		Text string `xml:",chardata"`
	}
	atomEntry struct {
		ID         string     `xml:"id"`
		Title      string     `xml:"title"`
		Published  string     `xml:"published"`
		Updated    string     `xml:"updated"`
		Link       atomLink   `xml:"link"`
		Author     []atomName `xml:"author"`
		Categories []atomTerm `xml:"category"`
		Summary    atomText   `xml:"summary"`
		Content    atomText   `xml:"content"`
	}
)

// MaxFeed is how many entries a page of a feed has at most, the last changed
// first.
const MaxFeed = 100

// Feed gives a page of the register as Atom (RFC 4287): entries by their last change, so
// that a reader hears of a review and a withdrawal too. A withdrawn entry says
// that, and no longer what it answered. All texts are text, never markup.
func Feed(s Site, entries []Entry) ([]byte, error) {
	name := s.Name
	if name == nil {
		name = func(key string) string { return key }
	}
	f := atomFeed{
		Lang: "nb", ID: uuid("feed " + s.Origin), Title: cmp.Or(s.Title, "Svar fra ki.veiledning"), Updated: stamp(s.Began),
		Links:  s.links(),
		Author: []atomName{{"ki.veiledning"}},
	}
	es := ByChange(entries)
	if len(es) > 0 {
		f.Updated = stamp(es[0].Updated)
	}
	for _, e := range es[:min(len(es), MaxFeed)] {
		a := atomEntry{
			ID: e.id(), Title: clean(e.Title), Published: stamp(e.Published), Updated: stamp(e.Updated),
			Link: atomLink{Rel: "alternate", Type: "text/html", Href: s.Origin + e.URL}, Summary: atomText{"text", clean(e.Question)},
		}
		for _, key := range e.Agencies {
			a.Author = append(a.Author, atomName{clean(name(key))})
		}
		for _, t := range append([]string{string(e.Status)}, e.Topics...) {
			a.Categories = append(a.Categories, atomTerm{clean(t)})
		}
		a.Content = atomText{"text", clean(e.text())}
		switch e.Status {
		case guidance.Retracted:
			a.Title = "Trukket tilbake: " + a.Title
			a.Content.Text = clean("Svaret er trukket tilbake. " + e.Reason)
		case guidance.UnderReview:
			a.Title = "Til ny vurdering: " + a.Title
			a.Content.Text = clean("Svaret er til ny vurdering. "+e.Reason) + "\n\n" + a.Content.Text
		}
		f.Entries = append(f.Entries, a)
	}
	b, err := xml.MarshalIndent(f, "", " ")
	if err != nil {
		return nil, err
	}
	return append([]byte(xml.Header), append(b, '\n')...), nil
}

// text gives an answer as text: each question with what is said to it.
func (e Entry) text() string {
	var parts []string
	say := func(s string) {
		if s = strings.TrimSpace(s); s != "" {
			parts = append(parts, s)
		}
	}
	say(e.Answer)
	for _, s := range e.Sections {
		say(s.Question)
		say(s.Text)
	}
	for _, q := range e.Quotes {
		say("«" + q.Text + "»")
	}
	return strings.Join(parts, "\n\n")
}

// stamp writes a time as RFC 3339.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// clean leaves out what XML 1.0 has no sign for.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xd7ff || r >= 0xe000 && r <= 0xfffd || r >= 0x10000:
			return r
		}
		return -1
	}, strings.ToValidUTF8(s, " "))
}
