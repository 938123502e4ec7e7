package ingest

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text reads plain text without hints: it puts wrapped lines together and
// guesses the headings from their form. Text without words is an error.
func Text(b []byte) (Document, error) {
	bs := guess(splitLines(clean.Replace(string(b))))
	if len(bs) == 0 {
		return Document{}, errors.New("the text holds no words")
	}
	return Document{Blocks: bs}, nil
}

// guess makes blocks of lines by their form alone.
func guess(ls []line) []Block {
	g := guesser{ls: ls, width: usualWidth(ls)}
	g.measure()
	g.numbered = g.countNumbered() >= 3
	var out []Block
	for i := 0; i < len(ls); i++ {
		l := ls[i]
		if level := g.heading(i); level > 0 {
			if g.sized() && g.before && l.blank == 0 && l.size == ls[i-1].size && depth(l.text) == 0 {
				cur := &out[len(out)-1] // a heading of several lines
				cur.Text = joinLines(cur.Text, l.text)
				continue
			}
			out = append(out, Block{Kind: Heading, Level: level, Text: l.text})
			g.before = true
			continue
		}
		if g.goesOn(i) && len(out) > 0 && !g.before {
			cur := &out[len(out)-1]
			cur.Text = joinLines(cur.Text, l.text)
			continue
		}
		g.before = false
		if marker, text, ok := item(l.text); ok {
			out = append(out, Block{Kind: Item, Marker: marker, Text: text})
			continue
		}
		out = append(out, Block{Kind: Paragraph, Text: l.text})
	}
	return markLeads(out)
}

// usualWidth gives how long a full line is: nine of ten are not longer.
func usualWidth(ls []line) int {
	var ns []int
	for _, l := range ls {
		ns = append(ns, utf8.RuneCountInString(l.text))
	}
	if len(ns) == 0 {
		return 0
	}
	slices.Sort(ns)
	return ns[len(ns)*9/10]
}

// A guesser goes through the lines of a text that has no marks of structure.
type guesser struct {
	ls       []line
	width    int
	numbered bool  // the text numbers its headings
	before   bool  // the line before was a heading
	title    bool  // the text opened with a heading without a number
	level    int   // of the last numbered heading
	sizes    []int // of headings, the largest first; empty when sizes tell nothing
}

// measure finds the sizes of headings: those larger by a seventh than the size
// that most of the text has, when at least two lines have them.
func (g *guesser) measure() {
	runes := map[int]int{}
	for _, l := range g.ls {
		runes[l.size] += utf8.RuneCountInString(l.text)
	}
	body := 0
	for size, n := range runes {
		if n > runes[body] || n == runes[body] && size < body {
			body = size
		}
	}
	if body == 0 {
		return
	}
	large := 0
	for _, l := range g.ls {
		if l.size*7 >= body*8 && largeForm(l.text) {
			large++
			if !slices.Contains(g.sizes, l.size) {
				g.sizes = append(g.sizes, l.size)
			}
		}
	}
	if large < 2 {
		g.sizes = nil
	}
	slices.Sort(g.sizes)
	slices.Reverse(g.sizes)
}

// sized reports whether the sizes of letters tell which lines are headings.
func (g *guesser) sized() bool { return len(g.sizes) > 0 }

// largeForm reports whether a line in large letters is a heading, and not an
// ornament or an entry of a list.
func largeForm(s string) bool {
	marker, _, ok := item(s)
	return !(ok && marker == "•") && utf8.RuneCountInString(s) <= 150 && strings.IndexFunc(s, unicode.IsLetter) >= 0
}

// unwrapped is the width from which on each line is a paragraph: nobody breaks
// lines that late.
const unwrapped = 130

// goesOn reports whether line i goes on with the block of the line before it.
func (g *guesser) goesOn(i int) bool {
	if i == 0 {
		return false
	}
	l, prev := g.ls[i], g.ls[i-1]
	if _, _, isItem := item(l.text); isItem {
		return false
	}
	if l.blank > 0 || l.page != prev.page { // torn apart by the end of the page
		return l.page != prev.page && startsLower(l.text) && !endsSentence(prev.text)
	}
	short := utf8.RuneCountInString(prev.text)*100 < g.width*72
	switch {
	case g.width > unwrapped && !startsLower(l.text):
		return false
	case short && strings.HasSuffix(prev.text, ":"):
		return false
	case startsLower(l.text):
		return true
	case endsSentence(prev.text) && strings.HasSuffix(l.text, ":"): // introduces a list
		return false
	}
	return !short || !endsSentence(prev.text)
}

var (
	numberedHead = regexp.MustCompile(`^(\d{1,2}(?:\.\d{1,2})*)\.?\s+["«(]?\p{Lu}`)
	namedHead    = regexp.MustCompile(`^(?i:(kapittel|kap\.|del|vedlegg|chapter|part|annex|appendix)\s+(\d{1,3}|[A-ZIVX]{1,4})\b|§\s*\d+(-\d+)?\b)`)
	dotLeader    = regexp.MustCompile(`\.{4,}|…{2,}|(\. ){3,}`)
)

// depth gives the level that a heading's own number tells, 0 for none.
func depth(text string) int {
	if m := numberedHead.FindStringSubmatch(text); m != nil {
		return 1 + strings.Count(m[1], ".")
	}
	if namedHead.MatchString(text) {
		return 1
	}
	return 0
}

func (g *guesser) countNumbered() int {
	n := 0
	for i := range g.ls {
		if depth(g.ls[i].text) > 0 && g.looksLikeHeading(i) {
			n++
		}
	}
	return n
}

// heading gives the level of line i as a heading, 0 when it is none.
func (g *guesser) heading(i int) int {
	if !g.looksLikeHeading(i) {
		return 0
	}
	d := depth(g.ls[i].text)
	above := 0
	if g.title {
		above = 1
	}
	rank := slices.Index(g.sizes, g.ls[i].size) + 1
	switch {
	case d > 0:
		g.level = min(d+above, 6)
		return g.level
	case rank > 0:
		g.title = g.title || i == 0
		return min(rank, 6)
	case i == 0:
		g.title = true
		return 1
	case g.numbered && g.level > 0:
		return min(g.level+1, 6)
	}
	return 1 + above
}

// looksLikeHeading reports whether line i is short, without final punctuation,
// set off from what stands before it and followed by text.
func (g *guesser) looksLikeHeading(i int) bool {
	l := g.ls[i]
	if g.sized() && largeForm(l.text) && slices.Contains(g.sizes, l.size) {
		return true
	}
	if !headingForm(l.text) || i+1 >= len(g.ls) || g.sized() && depth(l.text) == 0 {
		return false
	}
	next := g.ls[i+1]
	if i > 0 {
		prev := g.ls[i-1]
		if l.blank == 0 && l.page == prev.page && !endsSentence(prev.text) && !headingForm(prev.text) {
			return false
		}
		if strings.HasSuffix(prev.text, ":") && l.blank == 0 { // an entry of a list
			return false
		}
	}
	if startsLower(next.text) {
		return false
	}
	if d := depth(l.text); d > 0 {
		return d > 1 || namedHead.MatchString(l.text) || !g.inList(i)
	}
	if next.blank == 0 && utf8.RuneCountInString(l.text)*100 >= g.width*72 && g.width <= unwrapped {
		return false // a full line: the first of a paragraph
	}
	return g.textFollows(i + 1)
}

// headingForm reports whether a line's words could be a heading.
func headingForm(s string) bool {
	if utf8.RuneCountInString(s) > 110 || len(strings.Fields(s)) > 16 || dotLeader.MatchString(s) {
		return false
	}
	if marker, _, ok := item(s); ok && (marker == "•" || depth(s) == 0) {
		return false
	}
	if strings.Contains(s, "://") || strings.ContainsRune(s, '@') || strings.IndexFunc(s, unicode.IsLetter) < 0 {
		return false
	}
	r, _ := utf8.DecodeRuneInString(strings.TrimLeft(s, `"«(`))
	if !unicode.IsUpper(r) && !unicode.IsDigit(r) && r != '§' {
		return false
	}
	if unicode.IsDigit(r) && depth(s) == 0 {
		return false
	}
	last, _ := utf8.DecodeLastRuneInString(s)
	return !strings.ContainsRune(`.,;:!-–|…/`, last)
}

// inList reports whether the numbered line i stands beside another entry of
// the same list: one with the number before or after it.
func (g *guesser) inList(i int) bool {
	number := func(k int) int {
		if k < 0 || k >= len(g.ls) {
			return -9
		}
		m := numberedHead.FindStringSubmatch(g.ls[k].text)
		if m == nil || strings.Contains(m[1], ".") {
			return -9
		}
		n, _ := strconv.Atoi(m[1])
		return n
	}
	n := number(i)
	return number(i-1) == n-1 || number(i+1) == n+1
}

// textFollows reports whether what begins at line i is text: a paragraph, or
// after an empty line a list or another heading.
func (g *guesser) textFollows(i int) bool {
	if depth(g.ls[i].text) > 0 && headingForm(g.ls[i].text) && !g.inList(i) {
		return true
	}
	if _, _, ok := item(g.ls[i].text); ok {
		return g.ls[i].blank > 0
	}
	n := 0
	for k := i; k < min(i+4, len(g.ls)); k++ {
		if k > i && (g.ls[k].blank > 0 || g.ls[k].page != g.ls[i].page) {
			break
		}
		if n += utf8.RuneCountInString(g.ls[k].text); n >= 60 || endsSentence(g.ls[k].text) {
			return true
		}
	}
	// a heading under a heading
	return g.ls[i].blank > 0 && i+1 < len(g.ls) && headingForm(g.ls[i].text) && !headingForm(g.ls[i+1].text)
}
