package ingest

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A line is one line of the source on its way to a block.
type line struct {
	text  string // without the white space around it
	no    int    // in the original, from 1
	blank int    // empty lines before it
	hard  bool   // ended in two or more spaces: the writer's mark of a paragraph's end
	soft  bool   // ended in one space: wrapped inside a text box
	box   bool   // belongs to a box at the foot of a page
	page  int
	size  int  // of its letters in tenths of a point, 0 when unknown
	rim   bool // stands in the upper or lower margin of its page
}

// A Hint tells the reader what the text itself does not show. Hints stand in
// the order of the document; each is used at the first place after the one
// before it, except those with Repeat, which hold everywhere.
type Hint struct {
	H        int    `yaml:"h,omitempty"`        // Text is a heading of this level
	Text     string `yaml:"text,omitempty"`     // the heading, lead-in, box or template text; may run over several lines
	Restored string `yaml:"restored,omitempty"` // a heading that the source lost; it goes before the line that starts with Before
	Before   string `yaml:"before,omitempty"`
	Lead     string `yaml:"lead,omitempty"`  // a lead-in or row label that is a paragraph of its own
	Para     string `yaml:"para,omitempty"`  // a new paragraph begins here
	Box      string `yaml:"box,omitempty"`   // a box begins with this text ...
	Until    string `yaml:"until,omitempty"` // ... and ends with this; also for Drop
	Drop     string `yaml:"drop,omitempty"`  // page furniture or template text: no content
	Repeat   bool   `yaml:"repeat,omitempty"`
	Inline   bool   `yaml:"inline,omitempty"` // the rest of the line goes on behind the text
}

func (h Hint) text() string {
	for _, s := range []string{h.Text, h.Before, h.Lead, h.Para, h.Box, h.Drop} {
		if s != "" {
			return collapse(s)
		}
	}
	return ""
}

// prefix reports whether the hint is found by the start of a line rather than
// by whole lines.
func (h Hint) prefix() bool {
	return h.Restored != "" || h.Para != "" || h.Box != "" || h.Inline || (h.Drop != "" && h.Until != "")
}

// match reports how many lines from ls the hint's text covers, 0 for none, and
// what is left of the last of them.
func (h Hint) match(ls []line) (n int, rest string) {
	want := h.text()
	got := ""
	for i, l := range ls {
		if i > 5 {
			break
		}
		got = joinLines(got, l.text)
		switch {
		case got == want:
			return i + 1, ""
		case len(got) > len(want) && strings.HasPrefix(got, want) && h.prefix():
			return i + 1, strings.TrimSpace(got[len(want):])
		case !strings.HasPrefix(want, got):
			return 0, ""
		}
	}
	return 0, ""
}

// splitLines gives the non-empty lines of text with what surrounds them.
func splitLines(text string) []line {
	var out []line
	blank := 0
	for i, raw := range strings.Split(text, "\n") {
		raw = strings.TrimRight(raw, "\r")
		t := collapse(strings.ReplaceAll(raw, string(noteSign), ""))
		if t == "" {
			blank++
			continue
		}
		out = append(out, line{text: t, no: i + 1, blank: blank, hard: strings.HasSuffix(raw, "  "), soft: strings.HasSuffix(raw, " ")})
		blank = 0
	}
	return out
}

var (
	bulletRE = regexp.MustCompile(`^([•▪●◦‣·–-]|\*)\s+`)
	numberRE = regexp.MustCompile(`^(\d{1,2}[.)]|[a-f]\.)\s+`)
	inlineRE = regexp.MustCompile(`^(.{3,60}:)\s+([•▪]\s.*)$`)
)

// item splits a list entry into its marker and its text.
func item(s string) (marker, rest string, ok bool) {
	if m := bulletRE.FindString(s); m != "" {
		return "•", s[len(m):], true
	}
	if m := numberRE.FindString(s); m != "" {
		return strings.TrimSpace(m), s[len(m):], true
	}
	return "", s, false
}

func startsLower(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsLower(r)
}

func endsSentence(s string) bool {
	s = strings.TrimRight(s, `"”»)`)
	return strings.HasSuffix(s, ".") || strings.HasSuffix(s, "?") || strings.HasSuffix(s, "!") || strings.HasSuffix(s, ":")
}

// A flow decides whether a line goes on with the block before it.
type flow func(prev, next line, cur *Block, width int) bool

// assemble makes blocks of lines, following the hints. It fails when a hint is
// not found: then the document or the hints have changed, and a person looks.
func assemble(ls []line, hints []Hint, goesOn flow) ([]Block, error) {
	var (
		out    []Block
		boxes  []Block // waiting for the end of the paragraph that runs over the page
		cur    *Block
		next   int
		width  int
		repeat []Hint
		order  []Hint
	)
	for _, h := range hints {
		if h.Repeat && h.Restored != "" {
			return nil, fmt.Errorf("hint %q: a restored heading cannot repeat", h.text())
		}
		if h.Repeat {
			repeat = append(repeat, h)
		} else {
			order = append(order, h)
		}
	}
	flush := func() {
		if cur != nil && cur.Text != "" {
			out = append(out, *cur)
		}
		cur = nil
		out = append(out, boxes...)
		boxes = nil
	}
	for i := 0; i < len(ls); {
		l := ls[i]
		if l.box {
			var b Block
			for b = (Block{Kind: Box}); i < len(ls) && ls[i].box; i++ {
				if _, _, isItem := item(ls[i].text); isItem && b.Text != "" {
					b.Text += "\n" + ls[i].text
					continue
				}
				b.Text = joinLines(b.Text, ls[i].text)
				if ls[i].hard {
					break
				}
			}
			if i < len(ls) && ls[i].box {
				i++
			}
			if n := len(boxes); n > 0 && !endsSentence(boxes[n-1].Text) {
				boxes[n-1].Text = joinLines(boxes[n-1].Text, b.Text)
				continue
			}
			boxes = append(boxes, b)
			continue
		}
		h, n, rest := find(ls[i:], order, next, repeat)
		if n > 0 && !h.Repeat {
			next++
		}
		switch {
		case n == 0:
		case h.Restored != "":
			flush()
			out = append(out, Block{Kind: Heading, Level: h.H, Text: h.Restored, Restored: true})
			width = 0
			continue
		case h.Para != "":
			flush()
		case h.H > 0:
			flush()
			out = append(out, Block{Kind: Heading, Level: h.H, Text: h.text()})
			width = 0
			i += n
			continue
		case h.Lead != "":
			flush()
			out = append(out, Block{Kind: Paragraph, Text: h.text(), Lead: true})
			i += n
			if rest != "" {
				i--
				ls[i].text = rest
			}
			continue
		case h.Drop != "":
			i = skip(ls, i, n, h.Until)
			continue
		case h.Box != "":
			flush()
			end := skip(ls, i, n, h.Until)
			bs, err := assemble(ls[i:end], nil, goesOn)
			if err != nil {
				return nil, err
			}
			b := Block{Kind: Box}
			for k, x := range bs {
				if k > 0 {
					b.Text += "\n"
				}
				if x.Marker != "" {
					b.Text += x.Marker + " "
				}
				b.Text += x.Text
			}
			out = append(out, b)
			i = end
			continue
		}
		if m := inlineRE.FindStringSubmatch(l.text); m != nil {
			flush()
			out = append(out, Block{Kind: Paragraph, Text: m[1], Lead: true})
			l.text = m[2]
			ls[i].text = m[2]
		}
		width = max(width, utf8.RuneCountInString(l.text))
		marker, text, isItem := item(l.text)
		switch {
		case isItem:
			flush()
			cur = &Block{Kind: Item, Marker: marker, Text: text}
		case cur != nil && h.Para == "" && goesOn(ls[i-1], l, cur, width):
			cur.Text = joinLines(cur.Text, l.text)
		default:
			flush()
			cur = &Block{Kind: Paragraph, Text: l.text}
		}
		i++
	}
	flush()
	if next < len(order) {
		return nil, fmt.Errorf("hint %d %q: not found in the text after the hint before it", next+1, order[next].text())
	}
	return markLeads(out), nil
}

func find(ls []line, order []Hint, next int, repeat []Hint) (Hint, int, string) {
	if next < len(order) {
		if n, rest := order[next].match(ls); n > 0 {
			return order[next], n, rest
		}
	}
	for _, h := range repeat {
		if n, rest := h.match(ls); n > 0 {
			return h, n, rest
		}
	}
	return Hint{}, 0, ""
}

// skip gives the index behind the lines that a hint covers: n lines, or all up
// to the first that ends with until.
func skip(ls []line, i, n int, until string) int {
	if until == "" {
		return i + n
	}
	until = collapse(until)
	for k := i; k < len(ls); k++ {
		if strings.HasSuffix(ls[k].text, until) {
			return k + 1
		}
	}
	return i + n
}

// markLeads marks each paragraph that introduces the list behind it: one that
// ends in a colon, or a short one directly before an item.
func markLeads(bs []Block) []Block {
	for i := 0; i+1 < len(bs); i++ {
		if bs[i].Kind == Paragraph && bs[i+1].Kind == Item && (strings.HasSuffix(bs[i].Text, ":") || len(bs[i].Text) < 320) {
			bs[i].Lead = true
		}
	}
	return bs
}
