package ingest

import (
	"strconv"
	"strings"
)

// A builder collects a document's blocks for the readers whose format tells
// what a block is. Empty blocks are left out.
type builder struct{ doc Document }

func newBuilder() *builder { return &builder{Document{Notes: map[int]string{}}} }

func (b *builder) heading(level int, text string) {
	text, notes := takeNotes(collapse(text))
	if text == "" {
		return
	}
	b.doc.Blocks = append(b.doc.Blocks, Block{Kind: Heading, Level: min(max(level, 1), 6), Text: text, Notes: notes})
}

func (b *builder) block(kind Kind, marker, text string) {
	text, notes := takeNotes(collapse(text))
	if text == "" {
		return
	}
	b.doc.Blocks = append(b.doc.Blocks, Block{Kind: kind, Marker: marker, Text: text, Notes: notes})
}

// row writes a table's row as a paragraph, cells parted by bars. A row without
// words is left out.
func (b *builder) row(cells []string) {
	filled := false
	for i := range cells {
		cells[i] = collapse(cells[i])
		filled = filled || cells[i] != ""
	}
	if filled {
		b.block(Paragraph, "", strings.Trim(strings.Join(cells, " | "), " |"))
	}
}

// document gives what was collected, with the lead-ins of lists marked.
func (b *builder) document() Document {
	b.doc.Blocks = markLeads(b.doc.Blocks)
	return b.doc
}

// sign gives the sign that stands for a footnote's mark until [takeNotes].
func sign(no int) string {
	return string(noteSign) + strconv.Itoa(no) + string(noteSign)
}

// clean takes out of text that comes from outside what the readers use
// themselves or what no reader should see: the note sign, zero-width
// characters, soft hyphens inside a line. Ligatures become their letters.
var clean = strings.NewReplacer(
	string(noteSign), "", "\u200b", "", "\u200c", "", "\u200d", "", "\u2060", "", "\ufeff", "",
	"\u00ad\n", "-\n", "\u00ad", "",
	"ﬀ", "ff", "ﬁ", "fi", "ﬂ", "fl", "ﬃ", "ffi", "ﬄ", "ffl",
	"\r\n", "\n", "\r", "\n",
)
