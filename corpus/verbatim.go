package corpus

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"kiveileder"
)

// An Original is a source as it was received, made ready to prove that what is
// quoted from it stands in it word for word. It shares no code with package
// ingest, so that a fault there shows here.
//
// Both sides are reduced to what carries words: letters, digits, § and %, case
// kept. A quote must be found as one run of the original, from the start of a
// line or sentence to the end of one. Only this may be passed over in between: whole lines of page furniture, and marks of
// footnotes. What counts as furniture is said at [NewOriginal].
type Original struct {
	runes []rune
	opens []bool        // a quote may begin with the rune: it opens a line or stands behind a sentence's end
	ends  []bool        // a quote may end with the rune: it ends a line or a sentence
	jumps map[int][]int // from a place in runes to the places behind what may be passed over there
}

// ErrNotText says that an original is no text that a quote could be compared
// with, but markup or binary.
var ErrNotText = errors.New("quotes can be checked only against text")

// NewOriginal prepares an original. Furniture is, in every format, a line that
// is nothing but an address and what the drop hints of m cover; in Markdown
// also the lines of footnotes; in text from a PDF also the line "41 av 74",
// the boxes of the hints, and the foot of each page from its first footnote or
// address on. Marks of footnotes are numbers in <sup>, the note_marks of m,
// and in text from a PDF the numbers of the same page's footnotes where they
// are glued to a word.
//
// The error for formats that are not text (html, docx, pdf) is [ErrNotText].
func NewOriginal(m Meta, original []byte) (*Original, error) {
	switch m.Format {
	case "plain", "text", "slides", "markdown", "pdftext":
	default:
		return nil, fmt.Errorf("format %q: %w", m.Format, ErrNotText)
	}
	t := newOriginalText(m, string(original))
	t.dropped(m)
	switch m.Format {
	case "markdown":
		t.lineByLine(markdownNote)
	case "pdftext":
		t.lineByLine(pageNumber)
		t.boxes(m)
		t.pages()
	}
	t.lineByLine(bareAddress)
	return t.flatten(m), nil
}

// Verbatim reports whether the passage's text stands in the original, and with
// it the lead-in and the footnotes that are shown beside it. The error quotes
// the first words that were not found.
func (o *Original) Verbatim(p kiveileder.Passage) error {
	if err := o.find(p.Text); err != nil {
		return fmt.Errorf("%s: text: %w", p.ID, err)
	}
	if p.Lead != "" {
		if err := o.find(p.Lead); err != nil {
			return fmt.Errorf("%s: lead: %w", p.ID, err)
		}
	}
	for _, n := range p.Notes {
		no, text, _ := strings.Cut(n, ": ")
		if err := o.find(text); err != nil {
			return fmt.Errorf("%s: note %s: %w", p.ID, no, err)
		}
	}
	return nil
}

// find walks the original from every place where the quote could begin, over
// all ways to pass over furniture at once.
func (o *Original) find(quote string) error {
	want, at := reduce(quote)
	if len(want) == 0 {
		return fmt.Errorf("holds no words")
	}
	best := 0
	for start, r := range o.runes {
		if r != want[0] || !o.opens[start] {
			continue
		}
		n := o.walk(start, want)
		if n == len(want) {
			return nil
		}
		best = max(best, n)
	}
	return fmt.Errorf("not in the original: %q", wordsAt(quote, at[best]))
}

// walk gives how much of want stands in the original from start on.
func (o *Original) walk(start int, want []rune) int {
	here := []int{start}
	for n, r := range want {
		var next []int
		for i := 0; i < len(here); i++ {
			p := here[i]
			for _, to := range o.jumps[p] {
				if n > 0 && !slices.Contains(here, to) {
					here = append(here, to)
				}
			}
			if p < len(o.runes) && o.runes[p] == r {
				next = append(next, p+1)
			}
		}
		if len(next) == 0 {
			return n
		}
		here = next
	}
	for _, p := range here {
		if o.ends[p-1] {
			return len(want)
		}
	}
	return len(want) - 1 // stops in the middle of a sentence
}

// reduce gives the runes that carry words, and for each its place in s.
func reduce(s string) (runes []rune, at []int) {
	for i, r := range s {
		if carries(r) {
			runes, at = append(runes, r), append(at, i)
		}
	}
	return runes, at
}

func carries(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '§' || r == '%'
}

// wordsAt gives a few words of s around the place, from the start of its word.
func wordsAt(s string, at int) string {
	from := strings.LastIndexAny(s[:at], " \n") + 1
	words := strings.Fields(s[from:])
	return strings.Join(words[:min(len(words), 6)], " ")
}
