package ingest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

var anyURL = regexp.MustCompile(`https?://\S*`)

// noteCuts gives the footnotes that say something, and do not only give an
// address, as passages of their own under the heading where their mark stood.
func noteCuts(d Document) []Cut {
	var (
		out  []Cut
		path []Block
	)
	for _, b := range d.Blocks {
		if b.Kind == Heading {
			for len(path) > 0 && path[len(path)-1].Level >= b.Level {
				path = path[:len(path)-1]
			}
			path = append(slices.Clone(path), b)
			continue
		}
		for _, n := range b.Notes {
			text := d.Notes[n]
			if words := strings.TrimSpace(anyURL.ReplaceAllString(text, "")); utf8.RuneCountInString(words) < 60 {
				continue
			}
			var section []string
			for _, h := range path {
				section = append(section, h.Text)
			}
			section = append(section, fmt.Sprintf("Fotnote %d", n))
			for _, t := range splitLong(text) {
				out = append(out, Cut{Section: section, Text: t})
			}
		}
	}
	return out
}
