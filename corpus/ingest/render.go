package ingest

import (
	"fmt"
	"slices"
	"strings"
)

// Markdown writes the document readably: headings, lists, boxes as block
// quotes, footnotes. A restored heading carries the mark {restored}.
func (d Document) Markdown() string {
	var b strings.Builder
	last := Kind("")
	for _, x := range d.Blocks {
		if last != "" && !(x.Kind == Item && last == Item) {
			b.WriteString("\n")
		}
		last = x.Kind
		refs := ""
		for _, n := range x.Notes {
			refs += fmt.Sprintf("[^%d]", n)
		}
		switch x.Kind {
		case Heading:
			b.WriteString(strings.Repeat("#", x.Level) + " " + x.Text)
			if x.Restored {
				b.WriteString(" {restored}")
			}
		case Item:
			marker := x.Marker
			if marker == "•" {
				marker = "-"
			}
			b.WriteString(marker + " " + x.Text)
		case Box:
			b.WriteString("> " + strings.ReplaceAll(x.Text, "\n", "\n> "))
		default:
			b.WriteString(x.Text)
		}
		b.WriteString(refs + "\n")
	}
	if len(d.Notes) > 0 {
		var nos []int
		for n := range d.Notes {
			nos = append(nos, n)
		}
		slices.Sort(nos)
		b.WriteString("\n")
		for _, n := range nos {
			fmt.Fprintf(&b, "[^%d]: %s\n", n, d.Notes[n])
		}
	}
	return b.String()
}
