package corpus

import (
	"regexp"
	"strconv"
	"strings"
)

// originalText is the original by its lines, while its furniture is marked.
type originalText struct {
	raw, words []string // words: the line reduced
	skips      [][2]int // lines [from, to) that may be passed over
	notes      []map[string]bool
}

func newOriginalText(m Meta, text string) *originalText {
	t := &originalText{}
	text = ligatures.Replace(text)
	for raw := range strings.SplitSeq(text, "\n") {
		if strings.TrimSpace(raw) == "" {
			continue
		}
		if m.Format == "markdown" {
			raw = linkTarget.ReplaceAllString(raw, "]")
			raw = tag.ReplaceAllString(raw, "")
		}
		words, _ := reduce(raw)
		t.raw, t.words = append(t.raw, raw), append(t.words, string(words))
	}
	t.notes = make([]map[string]bool, len(t.raw))
	return t
}

// ligatures are one sign for several letters.
var ligatures = strings.NewReplacer("ﬀ", "ff", "ﬁ", "fi", "ﬂ", "fl", "ﬃ", "ffi", "ﬄ", "ffl")

var (
	linkTarget   = regexp.MustCompile(`\]\([^)\s]*\)`)
	tag          = regexp.MustCompile(`</?(i|b|em|strong|u|br|span|div|p)( [^>]*)?>`)
	superscript  = regexp.MustCompile(`<sup>[^<]*</sup>`)
	markdownNote = regexp.MustCompile(`^\s*(<sup>\d+</sup>|\[\^\d+\]:?)\s`)
	bareAddress  = regexp.MustCompile(`^\s*(https?://|mailto:)\S+\s*$`)
	pageNumber   = regexp.MustCompile(`^\s*\d+ av \d+\s*$`)
	footnote     = regexp.MustCompile(`^\s*(\d{1,3})\s?(\D.*)$`)
	pageOpening  = regexp.MustCompile(`^( {1,8}\S|\d+ av \d+\s*$)`)
	year         = regexp.MustCompile(`^(19[89]|20[0-4])\d$`)
	digits       = regexp.MustCompile(`\d+`)
)

// lineByLine marks every line that the pattern fits as furniture.
func (t *originalText) lineByLine(pattern *regexp.Regexp) {
	for i, raw := range t.raw {
		if pattern.MatchString(raw) {
			t.skips = append(t.skips, [2]int{i, i + 1})
		}
	}
}

// dropped marks what the drop hints cover, each at the first place behind the
// one before it.
func (t *originalText) dropped(m Meta) {
	next := 0
	for _, h := range m.Hints {
		if h.Drop == "" {
			continue
		}
		from := next
		if h.Repeat {
			from = 0
		}
		for i := from; i < len(t.raw); i++ {
			to := t.covers(i, h.Drop, h.Until)
			if to == i {
				continue
			}
			t.skips = append(t.skips, [2]int{i, to})
			if !h.Repeat {
				next = to
				break
			}
		}
	}
}

// boxes marks the boxes of the hints; they stand where the page had room.
func (t *originalText) boxes(m Meta) {
	for _, h := range m.Hints {
		if h.Box == "" {
			continue
		}
		for i := range t.raw {
			if to := t.covers(i, h.Box, h.Until); to > i {
				t.skips = append(t.skips, [2]int{i, to})
			}
		}
	}
}

// covers reports behind which line the stretch from line i ends: exactly the
// lines that make up text, or when until is given, from a line that begins
// with text to the first that ends with until.
func (t *originalText) covers(i int, text, until string) int {
	want, _ := reduce(text)
	end, _ := reduce(until)
	got := ""
	for k := i; k < min(i+6, len(t.words)); k++ {
		got += t.words[k]
		if until == "" && got == string(want) {
			return k + 1
		}
		if until != "" && strings.HasPrefix(got, string(want)) {
			for ; k < len(t.words); k++ {
				if strings.HasSuffix(t.words[k], string(end)) {
					return k + 1
				}
			}
			return i
		}
		if !strings.HasPrefix(string(want), got) {
			return i
		}
	}
	return i
}

// pages marks the foot of every page, from its first footnote to its end, and
// keeps the footnotes' numbers for the page's lines. Footnotes are counted
// through the document, and the first of a page is one only when its mark
// stands above it.
func (t *originalText) pages() {
	last := 0
	for from := 0; from < len(t.raw); {
		to := from + 1
		for to < len(t.raw) && !pageOpening.MatchString(t.raw[to]) {
			to++
		}
		notes := map[string]bool{}
		foot := to
		for i := from; i < to; i++ {
			f := footnote.FindStringSubmatch(t.raw[i])
			if f == nil {
				continue
			}
			no, _ := strconv.Atoi(f[1])
			if no <= last || no > last+2 || foot == to && !t.marked(from, i, f[1]) {
				continue
			}
			last, notes[f[1]] = no, true
			foot = min(foot, i)
		}
		if foot < to {
			t.skips = append(t.skips, [2]int{foot, to})
		}
		for i := from; i < to; i++ {
			t.notes[i] = notes
		}
		from = to
	}
}

// marked reports whether the footnote's number stands as a mark in the lines.
func (t *originalText) marked(from, to int, no string) bool {
	for _, raw := range t.raw[from:to] {
		for _, m := range digits.FindAllStringIndex(raw, -1) {
			if isMark(raw, m[0], m[1], no) {
				return true
			}
		}
	}
	return false
}

// isMark reports whether the number raw[from:to] ends in a footnote's mark: no
// glued to what stands before it, or alone between two spaces ("sky. 79 I",
// "ingeniørfag» 19 og"). A year is none.
func isMark(raw string, from, to int, no string) bool {
	if from == 0 || raw[from-1] == '%' || !strings.HasSuffix(raw[from:to], no) || year.MatchString(raw[from:to]) {
		return false
	}
	if to-from > len(no) {
		return true
	}
	if strings.ContainsAny(raw[from-1:from], " \t(-/") {
		behind := strings.HasSuffix(raw[:from], ". ") || strings.HasSuffix(raw[:from], "» ")
		return behind && strings.HasPrefix(raw[to:], " ")
	}
	return true
}

// flatten makes one run of runes of the lines, with the jumps over furniture
// and marks.
func (t *originalText) flatten(m Meta) *Original {
	o := &Original{jumps: map[int][]int{}}
	begin := make([]int, len(t.raw)+1)
	for i, raw := range t.raw {
		begin[i] = len(o.runes)
		at := map[int]int{} // byte in raw → place in runes
		edge := true        // at the line's start or behind a sentence's end
		for k, r := range raw {
			at[k] = len(o.runes)
			switch {
			case carries(r):
				o.runes, o.opens, o.ends = append(o.runes, r), append(o.opens, edge), append(o.ends, false)
				edge = false
			case strings.ContainsRune(".:?!;", r):
				o.endHere(begin[i])
				edge = true
			}
		}
		at[len(raw)] = len(o.runes)
		o.endHere(begin[i])
		for _, mark := range marks(m, raw, t.notes[i]) {
			o.jump(at[mark[0]], at[mark[1]])
			o.bare(at[mark[0]], at[mark[1]])
		}
	}
	begin[len(t.raw)] = len(o.runes)
	for _, s := range t.skips {
		o.jump(begin[s[0]], begin[s[1]])
	}
	return o
}

// endHere notes that a quote may end with the last rune, when the line has one.
func (o *Original) endHere(begin int) {
	if n := len(o.runes); n > begin {
		o.ends[n-1] = true
	}
}

// bare gives a mark's neighbours the edges that the mark itself has.
func (o *Original) bare(from, to int) {
	if to < len(o.runes) && o.opens[from] {
		o.opens[to] = true
	}
	if from > 0 && from < to && o.ends[to-1] {
		o.ends[from-1] = true
	}
}

func (o *Original) jump(from, to int) {
	if from < to {
		o.jumps[from] = append(o.jumps[from], to)
	}
}

// marks gives the marks of footnotes in a line, as bytes [from, to).
func marks(m Meta, raw string, notes map[string]bool) [][2]int {
	var out [][2]int
	for _, s := range superscript.FindAllStringIndex(raw, -1) {
		out = append(out, [2]int{s[0], s[1]})
	}
	for _, w := range m.NoteMarks {
		if i := strings.Index(raw, w); i >= 0 {
			out = append(out, [2]int{i + len(strings.TrimRight(w, "0123456789")), i + len(w)})
		}
	}
	for _, d := range digits.FindAllStringIndex(raw, -1) {
		for no := range notes {
			if d[0] == 0 && raw[:d[1]] == no { // opens the footnote itself
				out = append(out, [2]int{0, d[1]})
			}
			if isMark(raw, d[0], d[1], no) {
				out = append(out, [2]int{d[1] - len(no), d[1]})
			}
		}
	}
	return out
}
