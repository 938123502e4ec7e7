// Package ingest turns a source document as it was received into structured
// text: headings with levels, paragraphs put together again, lists with their
// items, definition boxes, footnotes attached to their marks. The same input
// and hints always give the same output, so that a re-ingest can be compared.
//
// The stages are: a reader for the format gives a [Document];
// [Document.Markdown] writes it readably; [Chunk] cuts it into passages, and
// [AssignIDs] names them. [Plain], [Slides], [Markdown] and [PDFText] follow
// the hints that a person wrote for a source. [Open] reads a new document
// without hints, whatever its format: [HTML], [DOCX], [PDF], [Text].
package ingest

import "strings"

// Kind says what a block is in the document.
type Kind string

const (
	Heading   Kind = "heading"   // Level and Text; Restored when the source lost it
	Paragraph Kind = "paragraph" // running text
	Item      Kind = "item"      // one entry of a list; Marker is "•", "1." ...
	Box       Kind = "box"       // a box beside the text: a definition, a remark
)

// A Block is the smallest unit of a document's structure.
type Block struct {
	Kind     Kind
	Level    int    // of a heading: 1 is the highest
	Text     string // white space collapsed, hyphenation joined, footnote marks dropped
	Marker   string // of an item
	Restored bool   // a heading that the source lost and the hints gave back
	Notes    []int  // numbers of the footnotes whose marks stood in Text
	Lead     bool   // a paragraph that introduces the list after it
}

// A Document is a source in structured form.
type Document struct {
	Blocks []Block
	Notes  map[int]string // footnotes by number
	// Titled is set for slides: a slide's title is part of what it says, and
	// so of its passage.
	Titled bool
}

// collapse makes every run of white space, also no-break spaces and form
// feeds, one space.
func collapse(s string) string { return strings.Join(strings.Fields(s), " ") }

// joinLines puts a line behind the text so far, undoing hyphenation at the
// line's end: "personopplysnings-" + "loven" is one word, but a hyphen that
// belongs to the word stays ("e-helse", "KI-systemer", "helse- og omsorg").
func joinLines(text, next string) string {
	next = strings.TrimSpace(next)
	text = strings.TrimRight(text, " ")
	switch {
	case text == "":
		return next
	case next == "":
		return text
	case strings.HasSuffix(text, " -") && startsLower(next):
		return text + next
	case strings.HasSuffix(text, " -"):
		return text + " " + next
	case !strings.HasSuffix(text, "-"):
		return text + " " + next
	}
	if first := strings.Fields(next)[0]; first == "og" || first == "eller" || first == "/" {
		return text + " " + next
	}
	word := text[strings.LastIndexAny(text, " (/\"«")+1 : len(text)-1]
	if !startsLower(next) || keepsHyphen(word) {
		return text + next
	}
	return text[:len(text)-1] + next
}

// keepsHyphen reports whether a hyphen after word belongs to the word:
// abbreviations (KI-, RHF-), single letters (e-) and words that Norwegian
// texts write with a hyphen before the next (in vitro-, kunstig intelligens-).
func keepsHyphen(word string) bool {
	return len([]rune(word)) <= 2 || word == strings.ToUpper(word) || strings.Contains(word, "-") ||
		word == "vitro" || word == "intelligens" || strings.HasPrefix(word, "http")
}
