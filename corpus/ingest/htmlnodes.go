package ingest

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// blockLevel holds the elements that end the paragraph before them.
var blockLevel = map[atom.Atom]bool{
	atom.P: true, atom.Div: true, atom.Section: true, atom.Article: true, atom.Main: true, atom.Body: true,
	atom.Blockquote: true, atom.Pre: true, atom.Dl: true, atom.Dt: true, atom.Dd: true, atom.Figure: true,
	atom.Figcaption: true, atom.Details: true, atom.Summary: true, atom.Address: true, atom.Hr: true,
	atom.Header: true, atom.Footer: true, atom.Fieldset: true, atom.Legend: true, atom.Hgroup: true, atom.Center: true,
	atom.Ul: true, atom.Ol: true, atom.Menu: true, atom.Li: true, atom.Table: true, atom.Tr: true, atom.Td: true, atom.Th: true,
}

// unread holds the elements whose words are not the page's text.
var unread = map[atom.Atom]bool{
	atom.Head: true, atom.Script: true, atom.Style: true, atom.Noscript: true, atom.Template: true, atom.Nav: true,
	atom.Form: true, atom.Button: true, atom.Select: true, atom.Textarea: true, atom.Input: true, atom.Svg: true,
	atom.Math: true, atom.Iframe: true, atom.Object: true, atom.Dialog: true, atom.Canvas: true, atom.Video: true, atom.Audio: true,
}

var unreadRoles = map[string]bool{
	"navigation": true, "banner": true, "contentinfo": true, "search": true, "menu": true, "menubar": true, "dialog": true,
}

// dropped reports whether the element is no part of the page's text: a script,
// a menu, the site's head or foot. Head and foot of an article are its own.
func (w *pageWalker) dropped(n *html.Node) bool {
	if n.Type != html.ElementNode {
		return false
	}
	if unread[n.DataAtom] || unreadRoles[attr(n, "role")] || attr(n, "aria-hidden") == "true" || has(n, "hidden") {
		return true
	}
	switch n.DataAtom {
	case atom.Header, atom.Footer:
		return nearest(n, atom.Article) == nil && nearest(n, atom.Main) == nil
	case atom.Aside:
		return isMenu(n)
	}
	return false
}

// isRead reports whether nothing around the element is dropped.
func (w *pageWalker) isRead(n *html.Node) bool {
	for ; n != nil; n = n.Parent {
		if w.dropped(n) {
			return false
		}
	}
	return true
}

// isMenu reports whether most of an element's words are links.
func isMenu(n *html.Node) bool {
	linked := 0
	each(n, func(c *html.Node) {
		if c.DataAtom == atom.A {
			linked += utf8.RuneCountInString(collapse(words(c)))
		}
	})
	return linked*2 > utf8.RuneCountInString(collapse(words(n)))
}

// words gives the text inside a node, a space between blocks, marks of
// footnotes as signs.
func words(n *html.Node) string {
	var b strings.Builder
	var visit func(*html.Node)
	visit = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
			return
		}
		if n.Type == html.ElementNode && (unread[n.DataAtom] || has(n, "hidden")) {
			return
		}
		if n.DataAtom == atom.Sup {
			if no, ok := noteRef(n); ok {
				b.WriteString(sign(no))
				return
			}
		}
		gap := n.Type == html.ElementNode && (blockLevel[n.DataAtom] || n.DataAtom == atom.Br)
		if gap {
			b.WriteString(" ")
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			visit(c)
		}
		if gap {
			b.WriteString(" ")
		}
	}
	visit(n)
	return b.String()
}

var noteNumber = regexp.MustCompile(`^\[?(\d{1,3})\]?$`)

// noteRef gives the number of a footnote's mark: a superscript number that
// links to a place on the page. A superscript without a link, as in m², is text.
func noteRef(sup *html.Node) (int, bool) {
	a := first(sup, func(n *html.Node) bool { return n.DataAtom == atom.A && strings.HasPrefix(attr(n, "href"), "#") })
	if a == nil && sup.Parent != nil && sup.Parent.DataAtom == atom.A && strings.HasPrefix(attr(sup.Parent, "href"), "#") {
		a = sup.Parent
	}
	var text strings.Builder
	each(sup, func(n *html.Node) {
		if n.Type == html.TextNode {
			text.WriteString(n.Data)
		}
	})
	m := noteNumber.FindStringSubmatch(strings.TrimSpace(text.String()))
	if a == nil || m == nil {
		return 0, false
	}
	no, _ := strconv.Atoi(m[1])
	return no, true
}

// noteTargets gives the footnotes' numbers by the ids that their marks point to.
func noteTargets(root *html.Node) map[string]int {
	out := map[string]int{}
	each(root, func(n *html.Node) {
		if n.DataAtom != atom.Sup {
			return
		}
		no, ok := noteRef(n)
		if !ok {
			return
		}
		target := func(c *html.Node) bool { return c.DataAtom == atom.A && len(attr(c, "href")) > 1 }
		a := first(n, target)
		if a == nil {
			a = n.Parent
		}
		if id := strings.TrimPrefix(attr(a, "href"), "#"); id != "" {
			out[id] = no
		}
	})
	return out
}

// each calls f for n and all nodes under it, in the page's order.
func each(n *html.Node, f func(*html.Node)) {
	f(n)
	for c := range n.Descendants() {
		f(c)
	}
}

// first gives the first node from n on that f accepts, nil for none.
func first(n *html.Node, f func(*html.Node) bool) *html.Node {
	if f(n) {
		return n
	}
	for c := range n.Descendants() {
		if f(c) {
			return c
		}
	}
	return nil
}

// nearest gives the closest node above n that is such an element, nil for none.
func nearest(n *html.Node, a atom.Atom) *html.Node {
	for p := n.Parent; p != nil; p = p.Parent {
		if p.DataAtom == a {
			return p
		}
	}
	return nil
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, key string) bool {
	for _, a := range n.Attr {
		if a.Key == key {
			return true
		}
	}
	return false
}
