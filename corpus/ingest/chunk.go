package ingest

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// Limits of a passage's text in characters. MaxChars is also the most that an
// answer quotes; MinChars is a wish that short sections cannot fulfil.
const (
	MinChars = 200
	MaxChars = 900
	// goodChars is where a passage is long enough that another paragraph of
	// the same section begins a new one.
	goodChars = 620
)

// A Cut is a passage without its id: the smallest part of a document that
// stands for itself. Its Text is verbatim: paragraphs and items one under the
// other, each item with its marker.
type Cut struct {
	Section  []string // headings from the document's highest to the nearest
	Restored bool     // the nearest heading was lost in the source
	Lead     string   // the lead-in, when it stands in the passage before this one
	Text     string
	Box      bool
	Notes    []int
}

// unit is what must not be torn apart: a paragraph, or a lead-in with its
// list (in parts, each with the lead-in, when it is too long for one passage).
type unit struct {
	lead  string
	text  string
	notes []int
	box   bool
	glue  bool // goes on in the middle of the sentence of the unit before
}

// Chunk cuts a document into passages along its structure: never over a
// heading, never between a lead-in and its list's first item, paragraphs
// together up to MaxChars.
func Chunk(d Document) []Cut {
	var (
		out  []Cut
		path []Block
		sec  []Block
	)
	flush := func() {
		if len(sec) > 0 {
			out = append(out, cutSection(path, sec, d.Titled)...)
		}
		sec = nil
	}
	for _, b := range d.Blocks {
		if b.Kind != Heading {
			sec = append(sec, b)
			continue
		}
		flush()
		for len(path) > 0 && path[len(path)-1].Level >= b.Level {
			path = path[:len(path)-1]
		}
		path = append(path, b)
	}
	flush()
	return append(out, noteCuts(d)...)
}

func cutSection(path, sec []Block, titled bool) []Cut {
	var section []string
	restored := false
	for _, h := range path {
		section = append(section, h.Text)
		restored = h.Restored
	}
	us := units(sec)
	if titled && len(path) > 0 && !restored && len(us) > 0 {
		if t := joinBlocks(path[len(path)-1].Text, us[0].text); utf8.RuneCountInString(t) <= MaxChars {
			us[0].text = t
		}
	}
	var out []Cut
	for _, u := range pack(us) {
		out = append(out, Cut{Section: section, Restored: restored, Lead: u.lead, Text: u.text, Notes: u.notes, Box: u.box})
	}
	return out
}

// units gathers each lead-in with its list and splits what is too long.
func units(sec []Block) []unit {
	var out []unit
	for i := 0; i < len(sec); {
		b := sec[i]
		if b.Kind == Box {
			glue := i > 0 && i+1 < len(sec) && !endsSentence(sec[i-1].Text) && startsLower(sec[i+1].Text)
			for _, t := range splitLong(b.Text) {
				out = append(out, unit{text: t, notes: b.Notes, box: !glue, glue: glue})
			}
			i++
			continue
		}
		if b.Kind == Paragraph && !b.Lead {
			glue := i > 0 && sec[i-1].Kind == Box && startsLower(b.Text)
			for _, t := range splitLong(b.Text) {
				out = append(out, unit{text: t, notes: b.Notes, glue: glue})
			}
			i++
			continue
		}
		lead, notes := "", []int(nil)
		for ; i < len(sec) && sec[i].Kind == Paragraph && sec[i].Lead; i++ {
			lead = joinBlocks(lead, sec[i].Text)
			notes = append(notes, sec[i].Notes...)
		}
		text := lead
		first := true
		for ; i < len(sec) && sec[i].Kind == Item; i++ {
			entry := sec[i].Marker + " " + sec[i].Text
			if utf8.RuneCountInString(text)+utf8.RuneCountInString(entry) > MaxChars && text != "" {
				u := unit{text: text, notes: notes}
				if !first {
					u.lead = lead
				}
				out = append(out, u)
				text, notes, first = "", nil, false
			}
			text = joinBlocks(text, entry)
			notes = append(notes, sec[i].Notes...)
		}
		u := unit{text: text, notes: notes}
		if !first {
			u.lead = lead
		}
		if text != "" {
			out = append(out, u)
		}
	}
	return out
}

// pack puts neighbouring units of a section together until the passage is long
// enough; a box stays alone.
func pack(us []unit) []unit {
	var out []unit
	for _, u := range us {
		if n := len(out); n > 0 && fits(out[n-1], u) {
			out[n-1].text = joinBlocks(out[n-1].text, u.text)
			out[n-1].notes = append(out[n-1].notes, u.notes...)
			continue
		}
		out = append(out, u)
	}
	return out
}

func fits(a, b unit) bool {
	la, lb := utf8.RuneCountInString(a.text), utf8.RuneCountInString(b.text)
	switch {
	case la+lb+1 > MaxChars:
		return false
	case b.glue:
		return true
	case a.box || b.box || b.lead != "":
		return false
	case la < MinChars || lb < MinChars*2/3:
		return true
	}
	return la < goodChars && la+lb <= MaxChars-100
}

var sentenceEnd = regexp.MustCompile(`[.!?:]["”»)]?\s+`)

// splitLong cuts a text longer than MaxChars at sentence ends into parts of
// about the same length.
func splitLong(text string) []string {
	n := utf8.RuneCountInString(text)
	if n <= MaxChars {
		return []string{text}
	}
	parts := (n + MaxChars - 1) / MaxChars
	goal := len(text) / parts
	best := -1
	for _, m := range sentenceEnd.FindAllStringIndex(text, -1) {
		if utf8.RuneCountInString(text[:m[1]]) > MaxChars || abbreviation(text[:m[0]+1]) {
			continue
		}
		if best < 0 || abs(m[1]-goal) < abs(best-goal) {
			best = m[1]
		}
	}
	if best <= 0 {
		best = strings.LastIndexAny(text[:min(len(text), MaxChars)], " \n")
		if best <= 0 {
			return []string{text}
		}
	}
	return append([]string{strings.TrimSpace(text[:best])}, splitLong(strings.TrimSpace(text[best:]))...)
}

var abbrRE = regexp.MustCompile(`(?i)(^|[\s(])(jf|f\.eks|bl\.a|m\.m|ca|evt|inkl|nr|mv|art|dvs|pr|min|st|\d{1,2})\.$`)

func abbreviation(s string) bool { return abbrRE.MatchString(s) }

func abs(n int) int { return max(n, -n) }

func joinBlocks(a, b string) string {
	if a == "" {
		return b
	}
	return a + "\n" + b
}
