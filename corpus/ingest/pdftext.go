package ingest

import (
	"regexp"
	"strconv"
	"strings"
)

var (
	bareURL  = regexp.MustCompile(`^(https?://\S+|mailto:\S+)$`)
	pageNo   = regexp.MustCompile(`^\d+ av \d+$`)
	noteLine = regexp.MustCompile(`^(\d{1,3}) ?(\S.*)$`)
)

// PDFText reads text taken out of a PDF line by line, where a line that begins
// with one space opens a page and the foot of a page holds footnotes, boxes
// and the bare addresses of its links.
func PDFText(text string, hints []Hint) (Document, error) {
	pages := splitPages(text)
	doc := Document{Notes: map[int]string{}}
	var body []line
	last := 0
	for p, ls := range pages {
		main, boxes, notes := splitPage(ls, hints, last)
		var page []line
		for _, l := range main {
			l.page = p
			page = append(page, l)
		}
		for _, n := range notes {
			doc.Notes[n.no] = n.text
			last = max(last, n.no)
		}
		for i := range boxes {
			boxes[i].page, boxes[i].box = p, true
		}
		all := append(page, boxes...)
		dropNoteMarks(all, notes)
		body = append(body, all...)
	}
	var rest []Hint // the boxes are taken out by now
	for _, h := range hints {
		if h.Box == "" {
			rest = append(rest, h)
		}
	}
	bs, err := assemble(body, rest, pdfFlow)
	if err != nil {
		return Document{}, err
	}
	doc.Blocks = takeAllNotes(bs)
	return doc, nil
}

func splitPages(text string) [][]line {
	var pages [][]line
	for i, raw := range strings.Split(text, "\n") {
		raw = strings.TrimRight(raw, "\r")
		t := collapse(strings.ReplaceAll(raw, string(noteSign), ""))
		if t == "" {
			continue
		}
		if len(pages) == 0 || pageNo.MatchString(t) || strings.HasPrefix(raw, " ") && !strings.HasPrefix(raw, "         ") {
			pages = append(pages, nil)
		}
		l := line{text: t, no: i + 1, hard: strings.HasSuffix(raw, "  ")}
		pages[len(pages)-1] = append(pages[len(pages)-1], l)
	}
	return pages
}

type note struct {
	no   int
	text string
}

// splitPage parts a page into its text, its boxes and its footnotes; bare
// addresses and page numbers are dropped. Footnotes are counted through the
// document, so the first is last+1; a gap of one is a note that was lost.
func splitPage(ls []line, hints []Hint, last int) (main, boxes []line, notes []note) {
	var cur *note
	foot := false
	for i := 0; i < len(ls); i++ {
		l := ls[i]
		if n, until := boxAt(ls[i:], hints); n {
			end := skip(ls, i, 1, until)
			boxes = append(boxes, ls[i:end]...)
			boxes[len(boxes)-1].hard = true
			i, cur = end-1, nil
			continue
		}
		if bareURL.MatchString(l.text) || pageNo.MatchString(l.text) {
			if foot && cur != nil && !strings.Contains(cur.text, "://") {
				cur.text = joinLines(cur.text, l.text)
			}
			continue
		}
		if m := noteLine.FindStringSubmatch(l.text); m != nil {
			no, _ := strconv.Atoi(m[1])
			if no > last && no <= last+2 && !strings.HasPrefix(m[2], ".") && footLike(ls[i:], m[2]) {
				notes = append(notes, note{no, m[2]})
				cur, foot, last = &notes[len(notes)-1], true, no
				continue
			}
		}
		if foot {
			if cur != nil {
				cur.text = joinNote(cur.text, l.text)
			}
			continue
		}
		main = append(main, l)
	}
	return main, boxes, notes
}

// footLike reports whether a line that begins with the next footnote's number
// is the footnote, and not a line of the text that happens to begin with it:
// it holds an address, or nothing but the foot of the page follows.
func footLike(rest []line, text string) bool {
	if strings.Contains(text, "http") {
		return true
	}
	for i, l := range rest {
		if strings.Contains(l.text, "http") || i == len(rest)-1 {
			return true
		}
		if i > 8 {
			break
		}
	}
	return false
}

func boxAt(ls []line, hints []Hint) (bool, string) {
	for _, h := range hints {
		if h.Box == "" {
			continue
		}
		if n, _ := h.match(ls); n > 0 {
			return true, h.Until
		}
	}
	return false, ""
}

// joinNote puts a footnote's next line behind it; an address broken at the
// line's end goes on without a space.
func joinNote(text, next string) string {
	words := strings.Fields(text)
	if n := len(words); n > 0 && strings.Contains(words[n-1], "://") && !strings.Contains(next, " ") {
		return text + next
	}
	return joinLines(text, next)
}

const noteSign = '\uE000' // stands for a footnote mark until the blocks are made

// dropNoteMarks finds in the lines of a page the marks of its footnotes, in
// their order, and puts a sign in their place. A mark is the footnote's number
// glued to a word ("helse3.", "HelseOmsorg2139", "3-428"): behind a letter or
// a punctuation mark first, behind a digit or a space only when there is no
// better place, and never the end of a year.
func dropNoteMarks(ls []line, notes []note) {
	at := 0
	for _, n := range notes {
		mark := strconv.Itoa(n.no)
		bestLine, bestPos, bestRank := -1, 0, 9
		for i := at; i < len(ls); i++ {
			if pos, rank := findMark(ls[i].text, mark); rank < bestRank {
				bestLine, bestPos, bestRank = i, pos, rank
			}
		}
		if bestLine < 0 {
			continue
		}
		t := ls[bestLine].text
		ls[bestLine].text = t[:bestPos] + string(noteSign) + mark + string(noteSign) + t[bestPos+len(mark):]
		at = bestLine
	}
}

// findMark gives the best place for a mark in a line and how good it is: 0 is
// best, 9 is no place.
func findMark(text, mark string) (pos, rank int) {
	rank = 9
	for from := 0; ; {
		i := strings.Index(text[from:], mark)
		if i < 0 {
			return pos, rank
		}
		i += from
		from = i + 1
		end := i + len(mark)
		if i == 0 || end < len(text) && (isDigit(text[end]) || text[end] >= 'a' && text[end] <= 'z' || text[end] == '-') {
			continue
		}
		r := 0
		switch c := text[i-1]; {
		case yearRE.MatchString(text[:end]):
			continue // "(National Health Service, 2019)"
		case c == ' ' && strings.HasSuffix(text[:i], "» "):
			r = 0 // behind a name in quotes: "ingeniørfag» 19 og"
		case c == ' ' && end < len(text) && text[end] == ' ':
			r = 3
		case c == ' ' || c == '-' || c == '/' || c == '(':
			continue
		case isDigit(c):
			r = 1
		}
		if r < rank {
			pos, rank = i, r
		}
	}
}

var yearRE = regexp.MustCompile(`(^|\D)(19[89]|20[0-4])\d$`)

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

var signRE = regexp.MustCompile(" ?\uE000(\\d+)\uE000")

// takeNotes takes the signs of footnotes out of a text and gives their numbers.
func takeNotes(text string) (string, []int) {
	var nos []int
	for _, m := range signRE.FindAllStringSubmatch(text, -1) {
		n, _ := strconv.Atoi(m[1])
		nos = append(nos, n)
	}
	return collapseLines(signRE.ReplaceAllString(text, "")), nos
}

// takeAllNotes takes the signs out of all blocks. What was nothing but a mark
// is no block; its mark goes to the block before it.
func takeAllNotes(bs []Block) []Block {
	var out []Block
	for _, b := range bs {
		b.Text, b.Notes = takeNotes(b.Text)
		if b.Text != "" {
			out = append(out, b)
		} else if n := len(out); n > 0 {
			out[n-1].Notes = append(out[n-1].Notes, b.Notes...)
		}
	}
	return out
}

// collapseLines collapses white space but keeps line breaks.
func collapseLines(s string) string {
	parts := strings.Split(s, "\n")
	for i := range parts {
		parts[i] = collapse(parts[i])
	}
	return strings.Join(parts, "\n")
}
