package ingest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// HTML reads a web page: its main part when it names one, without menus,
// heads, feet, forms and scripts. Nested lists become one list, a table's rows
// paragraphs, an aside with words of its own a box. When the page has no h1,
// its title becomes the heading of level 1. A page without text is an error.
func HTML(b []byte) (Document, error) {
	if !utf8.Valid(b) {
		var err error
		if b, err = toUTF8(b); err != nil {
			return Document{}, fmt.Errorf("read HTML: %w", err)
		}
	}
	root, err := html.Parse(strings.NewReader(clean.Replace(string(b))))
	if err != nil {
		return Document{}, fmt.Errorf("read HTML: %w", err)
	}
	main := mainPart(root)
	w := &pageWalker{builder: newBuilder(), notes: noteTargets(main)}
	if t := first(root, func(n *html.Node) bool { return n.DataAtom == atom.Title && n.Namespace == "" }); t != nil {
		if first(main, func(n *html.Node) bool { return n.DataAtom == atom.H1 && w.isRead(n) }) == nil {
			w.heading(1, words(t))
		}
	}
	start := len(w.doc.Blocks)
	w.walk(main)
	w.flush()
	if len(w.doc.Blocks) == start {
		return Document{}, fmt.Errorf("the web page holds no text outside its menus; save the page as it looks in the browser and try again")
	}
	return w.document(), nil
}

// mainPart finds the part of the page that is its content: <main>, the only
// <article>, else all.
func mainPart(root *html.Node) *html.Node {
	if m := first(root, func(n *html.Node) bool { return n.DataAtom == atom.Main || attr(n, "role") == "main" }); m != nil && collapse(words(m)) != "" {
		return m
	}
	var articles []*html.Node
	each(root, func(n *html.Node) {
		if n.DataAtom == atom.Article {
			articles = append(articles, n)
		}
	})
	if len(articles) == 1 && collapse(words(articles[0])) != "" {
		return articles[0]
	}
	return root
}

// A pageWalker goes through a page in its order and builds blocks.
type pageWalker struct {
	*builder
	text  strings.Builder // of the block that is being read
	lists []listState     // the lists we are in, outermost first
	inBox bool
	notes map[string]int // footnote numbers by the id of the element that holds the footnote
}

type listState struct {
	ordered bool
	next    int
	item    bool // inside an <li> whose own text is not yet written
}

func (w *pageWalker) walk(n *html.Node) {
	switch {
	case n.Type == html.TextNode:
		w.text.WriteString(n.Data)
		return
	case n.Type != html.ElementNode && n.Type != html.DocumentNode || w.dropped(n):
		return
	}
	if no, ok := w.notes[attr(n, "id")]; ok && holdsNote(n) {
		if text := noteText(n); text != "" && len(text) <= maxNote && w.doc.Notes[no] == "" {
			w.doc.Notes[no] = text
			return
		}
	}
	switch n.DataAtom {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		w.flush()
		w.heading(int(n.Data[1]-'0'), words(n))
	case atom.Br:
		w.text.WriteString(" ")
	case atom.Sup:
		if no, ok := noteRef(n); ok {
			w.text.WriteString(sign(no))
			return
		}
		w.children(n)
	case atom.Ul, atom.Ol, atom.Menu:
		w.list(n)
	case atom.Li:
		w.item(n)
	case atom.Table:
		w.table(n)
	case atom.Aside:
		w.flush()
		w.inBox = true
		w.children(n)
		w.flush()
		w.inBox = false
	default:
		if !blockLevel[n.DataAtom] {
			w.children(n)
			return
		}
		// the paragraphs of one list entry stay one entry
		if len(w.lists) > 0 && w.lists[len(w.lists)-1].item {
			w.text.WriteString(" ")
			w.children(n)
			w.text.WriteString(" ")
			return
		}
		w.flush()
		w.children(n)
		w.flush()
	}
}

func (w *pageWalker) children(n *html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		w.walk(c)
	}
}

func (w *pageWalker) list(n *html.Node) {
	w.flush()
	start := 1
	if s, err := strconv.Atoi(attr(n, "start")); err == nil {
		start = s
	}
	w.lists = append(w.lists, listState{ordered: n.DataAtom == atom.Ol, next: start})
	w.children(n)
	w.flush()
	w.lists = w.lists[:len(w.lists)-1]
}

func (w *pageWalker) item(n *html.Node) {
	w.flush()
	if len(w.lists) == 0 { // an entry without its list
		w.lists = append(w.lists, listState{})
		defer func() { w.lists = w.lists[:0] }()
	}
	w.lists[len(w.lists)-1].item = true
	w.children(n)
	w.flush()
	w.lists[len(w.lists)-1].item = false
}

// flush writes the text read so far as an entry, a box or a paragraph.
func (w *pageWalker) flush() {
	text := w.text.String()
	w.text.Reset()
	if collapse(text) == "" {
		return
	}
	if k := len(w.lists) - 1; k >= 0 && w.lists[k].item {
		l := &w.lists[k]
		marker := "•"
		if l.ordered {
			marker = strconv.Itoa(l.next) + "."
			l.next++
		}
		l.item = false
		w.block(Item, marker, text)
		return
	}
	if w.inBox {
		w.block(Box, "", text)
		return
	}
	w.block(Paragraph, "", text)
}

// table writes each row as a paragraph. A table that only lays out the page,
// with headings or tables inside, is read as if it were not there.
func (w *pageWalker) table(n *html.Node) {
	w.flush()
	if first(n, func(c *html.Node) bool { return c != n && laysOut[c.DataAtom] }) != nil {
		each(n, func(c *html.Node) {
			if (c.DataAtom == atom.Td || c.DataAtom == atom.Th || c.DataAtom == atom.Caption) && nearest(c, atom.Table) == n {
				w.flush()
				w.children(c)
				w.flush()
			}
		})
		return
	}
	each(n, func(c *html.Node) {
		switch c.DataAtom {
		case atom.Caption:
			w.block(Paragraph, "", words(c))
		case atom.Tr:
			var cells []string
			for d := c.FirstChild; d != nil; d = d.NextSibling {
				if d.DataAtom == atom.Td || d.DataAtom == atom.Th {
					cells = append(cells, words(d))
				}
			}
			w.row(cells)
		}
	})
}

// laysOut holds what stands in a table only when the table is no table but the
// page's layout.
var laysOut = map[atom.Atom]bool{
	atom.Table: true, atom.H1: true, atom.H2: true, atom.H3: true, atom.H4: true, atom.H5: true, atom.H6: true,
}

// maxNote is the most bytes that a footnote has; a mark that points to more
// points to a part of the page.
const maxNote = 2000

// holdsNote reports whether an element that a mark points to can be the
// footnote itself rather than an anchor in it.
func holdsNote(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Li, atom.P, atom.Div, atom.Dd, atom.Aside:
		return true
	}
	return false
}

var (
	backLink   = regexp.MustCompile(`[↩↑⏎^]\x{FE0E}?`)
	leadNumber = regexp.MustCompile(`^\d{1,3}[.:]?\s+`)
)

// noteText gives a footnote's words without its number and the link back.
func noteText(n *html.Node) string {
	text, _ := takeNotes(words(n))
	return leadNumber.ReplaceAllString(collapse(backLink.ReplaceAllString(text, "")), "")
}
