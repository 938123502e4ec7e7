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

// cutSection cuts what stands under one heading. A slide's title opens its first
// passage.
func cutSection(path, sec []Block, titled bool) []Cut {
	section := []string{} // a document may begin without a heading
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
		n := listEnd(sec[i:])
		if k := i + n; sec[k-1].Kind != Item && k < len(sec) && sec[k].Kind == Paragraph {
			// what introduces a paragraph, and no list, goes with that
			text, notes := "", []int(nil)
			for _, b := range sec[i : k+1] {
				text, notes = joinBlocks(text, b.Text), append(notes, b.Notes...)
			}
			for _, t := range splitLong(text) {
				out = append(out, unit{text: t, notes: notes})
			}
			i = k + 1
			continue
		}
		out = append(out, listUnits(sec[i:i+n])...)
		i += n
	}
	return out
}

// listEnd gives how many blocks from the first on are lead-ins and, behind
// them, the entries of their list.
func listEnd(sec []Block) int {
	n := 0
	for n < len(sec) && sec[n].Kind == Paragraph && sec[n].Lead {
		n++
	}
	for n < len(sec) && sec[n].Kind == Item {
		n++
	}
	return n
}

// listUnits makes units of lead-ins and their list: one when all of it fits,
// else several that each know the lead-in.
func listUnits(sec []Block) []unit {
	var out []unit
	lead, notes := "", []int(nil)
	for len(sec) > 0 && sec[0].Kind == Paragraph {
		lead = joinBlocks(lead, sec[0].Text)
		notes = append(notes, sec[0].Notes...)
		sec = sec[1:]
	}
	// what stands before the last part of a very long lead-in introduces nothing
	if parts := splitLong(lead); len(parts) > 1 {
		for _, t := range parts[:len(parts)-1] {
			out = append(out, unit{text: t})
		}
		lead = parts[len(parts)-1]
	}
	text, first := lead, true
	flush := func() {
		if text == "" {
			return
		}
		u := unit{text: text, notes: notes}
		if !first {
			u.lead = lead
		}
		out = append(out, u)
		text, notes, first = "", nil, false
	}
	for _, b := range sec {
		for _, entry := range splitLong(b.Marker + " " + b.Text) {
			if utf8.RuneCountInString(text)+utf8.RuneCountInString(entry) >= MaxChars {
				flush()
			}
			text = joinBlocks(text, entry)
		}
		notes = append(notes, b.Notes...)
	}
	flush()
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

// fits reports whether the unit b belongs into the passage that holds a.
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
// about the same length; a text without sentence ends between words.
func splitLong(text string) []string {
	var out []string
	for n := utf8.RuneCountInString(text); n > MaxChars; {
		// only what can be in the first part is searched: texts can be long
		window := text[:byteAt(text, MaxChars)]
		cut := cutAt(window, len(text)/((n+MaxChars-1)/MaxChars))
		if cut <= 0 {
			cut = strings.LastIndexAny(window[:min(len(window), MaxChars)], " \n")
		}
		if cut <= 0 { // one endless word
			cut = len(window)
		}
		out = append(out, strings.TrimSpace(text[:cut]))
		rest := strings.TrimSpace(text[cut:])
		n -= utf8.RuneCountInString(text[:len(text)-len(rest)])
		text = rest
	}
	if text != "" {
		out = append(out, text)
	}
	return out
}

// byteAt gives the place in text behind its first n characters.
func byteAt(text string, n int) int {
	for i := range text {
		if n == 0 {
			return i
		}
		n--
	}
	return len(text)
}

// cutAt gives the sentence's end in text that is nearest to goal, -1 for none.
func cutAt(text string, goal int) int {
	best := -1
	for _, m := range sentenceEnd.FindAllStringIndex(text, -1) {
		if abbreviation(text[:m[0]+1]) {
			continue
		}
		if best < 0 || abs(m[1]-goal) < abs(best-goal) {
			best = m[1]
		}
	}
	return best
}

var abbrRE = regexp.MustCompile(`(?i)(^|[\s(])(jf|f\.eks|bl\.a|m\.m|ca|evt|inkl|nr|mv|art|dvs|pr|min|st|\d{1,2})\.$`)

// abbreviation reports whether s ends in one, so that no sentence ends there.
func abbreviation(s string) bool { return abbrRE.MatchString(s) }

func abs(n int) int { return max(n, -n) }

func joinBlocks(a, b string) string {
	if a == "" {
		return b
	}
	return a + "\n" + b
}
