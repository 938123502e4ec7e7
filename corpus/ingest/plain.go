package ingest

import (
	"strings"
	"unicode/utf8"
)

// Plain reads text whose paragraphs are parted by empty lines, such as a web
// page copied out, with headings from the hints.
func Plain(text string, hints []Hint) (Document, error) {
	bs, err := assemble(splitLines(text), hints, func(prev, next line, cur *Block, _ int) bool {
		return next.blank == 0
	})
	return Document{Blocks: bs}, err
}

// Slides reads the text of a presentation: single empty lines part the lines
// of a slide, so a paragraph goes on where the next line begins small or the
// one before ends in the middle of a sentence.
func Slides(text string, hints []Hint) (Document, error) {
	var ls []line
	for _, l := range splitLines(text) {
		if bareURL.MatchString(l.text) && (len(ls) == 0 || !strings.HasSuffix(ls[len(ls)-1].text, ":")) {
			continue // the address behind a link's words, put at the slide's foot
		}
		ls = append(ls, l)
	}
	bs, err := assemble(ls, hints, func(prev, next line, cur *Block, _ int) bool {
		if next.blank > 2 {
			return false
		}
		return startsLower(next.text) || prev.soft || len(prev.text) > 0 && prev.text[len(prev.text)-1] == '-'
	})
	return Document{Blocks: mergeTwice(bs), Titled: true}, err
}

// mergeTwice drops a slide that came before, word for word.
func mergeTwice(bs []Block) []Block {
	var out []Block
	seen := map[string]bool{}
	for i := 0; i < len(bs); {
		end := i + 1
		for end < len(bs) && bs[end].Kind != Heading {
			end++
		}
		key := ""
		for _, b := range bs[i:end] {
			key += collapse(b.Text) + "\n"
		}
		if bs[i].Kind != Heading || end-i < 2 || !seen[key] {
			out = append(out, bs[i:end]...)
		}
		seen[key] = true
		i = end
	}
	return out
}

// pdfFlow decides for text taken out of a PDF, where every line stands alone:
// two spaces at the end, or a sentence's end on a short line, end a paragraph.
func pdfFlow(prev, next line, cur *Block, width int) bool {
	switch short := utf8.RuneCountInString(prev.text)*100 < width*72; {
	case startsLower(next.text):
		return true
	case prev.hard:
		return false
	case short && endsSentence(prev.text):
		return false
	case cur.Kind == Item && endsSentence(next.text) && next.text[len(next.text)-1] == ':':
		return false
	case cur.Kind == Item && endsSentence(prev.text):
		return !short
	}
	return true
}
