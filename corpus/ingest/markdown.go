package ingest

import (
	"regexp"
	"strconv"
	"strings"
)

var (
	mdHeading  = regexp.MustCompile(`^(#{1,6})(?:\s+(.*?))?\s*#*$`)
	mdSup      = regexp.MustCompile(`<sup>(\d+)</sup>`)
	mdNote     = regexp.MustCompile(`^(?:<sup>(\d+)</sup>|\[\^(\d+)\]:?)\s+(.*)$`)
	mdRef      = regexp.MustCompile(`\[\^(\d{1,3})\]`)
	mdRule     = regexp.MustCompile(`^(-{3,}|\|?(\s*:?-+:?\s*\|)+(\s*:?-+:?)?)$`)
	mdEmphasis = regexp.MustCompile(`\*{1,3}([^*\n]+?)\*{1,3}`)
	mdTag      = regexp.MustCompile(`</?(i|b|em|strong|u|br|span|div|p)[^>]*>`)
	mdLink     = regexp.MustCompile(`!?\[([^\]]+)\]\([^)]*\)`)
	mdAuto     = regexp.MustCompile(`<(https?://[^>]+)>`)
)

// Markdown reads Markdown: its headings, lists, emphasis, footnotes. Hints add
// what it lacks, for example text to drop. A line that a page break tore from
// its sentence is put back.
func Markdown(text string, hints []Hint) (Document, error) {
	doc := Document{Notes: map[int]string{}}
	var kept []string
	for _, raw := range strings.Split(text, "\n") {
		t := strings.TrimSpace(raw)
		if m := mdNote.FindStringSubmatch(t); m != nil {
			no, _ := strconv.Atoi(m[1] + m[2])
			doc.Notes[no], _ = takeNotes(stripMarkdown(m[3]))
			continue
		}
		kept = append(kept, raw)
	}
	var ls []line
	blank := 0
	for _, l := range splitLines(strings.Join(kept, "\n")) {
		if m := mdHeading.FindStringSubmatch(l.text); m != nil {
			l.text = m[2]
			l.page = len(m[1]) // its level, until the hint below is made
		}
		l.text = stripMarkdown(l.text)
		if l.text == "" { // nothing but marks
			blank += l.blank + 1
			continue
		}
		l.blank += blank
		blank = 0
		ls = append(ls, l)
	}
	bs, err := assembleMarkdown(ls, hints)
	if err != nil {
		return Document{}, err
	}
	for i := range bs {
		if bs[i].Kind == Paragraph {
			bs[i].Text = strings.TrimSuffix(strings.TrimPrefix(bs[i].Text, "| "), " |")
		}
	}
	doc.Blocks = takeAllNotes(bs)
	return doc, nil
}

// assembleMarkdown assembles the stretches between headings; the headings
// themselves are known from their marks.
func assembleMarkdown(ls []line, hints []Hint) ([]Block, error) {
	all := hints
	var order []Hint
	k, until := 0, ""
	for _, l := range ls {
		if k < len(all) && !all[k].Repeat {
			if n, _ := all[k].match([]line{l}); n > 0 {
				order = append(order, all[k])
				until = collapse(all[k].Until)
				k++
			}
		}
		if l.page > 0 && until == "" && (len(order) == 0 || order[len(order)-1].text() != l.text) {
			order = append(order, Hint{H: l.page, Text: l.text})
		}
		if until != "" && strings.HasSuffix(l.text, until) {
			until = ""
		}
	}
	order = append(order, all[k:]...)
	for i := range ls {
		ls[i].page = 0
	}
	return assemble(ls, order, func(prev, next line, cur *Block, _ int) bool {
		if strings.HasPrefix(next.text, "| ") { // a table's row
			return false
		}
		if next.blank == 0 {
			return true
		}
		// a page break in the middle of a sentence leaves an empty line
		return startsLower(next.text) && !endsSentence(prev.text) && cur.Kind == Paragraph
	})
}

// stripMarkdown takes the marks of emphasis, links and tags off a line and
// keeps its words; a footnote's mark becomes a sign.
func stripMarkdown(s string) string {
	s = mdSup.ReplaceAllString(s, string(noteSign)+"$1"+string(noteSign))
	s = mdRef.ReplaceAllString(s, string(noteSign)+"$1"+string(noteSign))
	if mdRule.MatchString(s) {
		return ""
	}
	s = mdTag.ReplaceAllString(s, "")
	s = mdAuto.ReplaceAllString(s, "$1")
	s = mdLink.ReplaceAllString(s, "$1")
	for range 2 {
		s = mdEmphasis.ReplaceAllString(s, "$1")
	}
	return collapse(s)
}
