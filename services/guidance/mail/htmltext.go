package mail

import (
	"strings"
	"unicode"

	"golang.org/x/net/html"
)

// Elements that part lines, and those whose content is no text to read.
var (
	breaks = map[string]bool{
		"p": true, "div": true, "br": true, "li": true, "tr": true, "table": true, "ul": true, "ol": true, "h1": true, "h2": true,
		"h3": true, "h4": true, "h5": true, "h6": true, "hr": true, "blockquote": true, "pre": true, "section": true, "article": true,
	}
	silent = map[string]bool{"script": true, "style": true, "head": true, "title": true, "template": true, "noscript": true, "svg": true}
)

// htmlText gives what HTML says, line by line. Quoted mails (blockquote)
// are marked with > as in plain text, so that one rule cuts both.
func htmlText(s string) string {
	var b strings.Builder
	depth, quoted, atStart, spaced := 0, 0, true, false
	line := func() {
		if !atStart {
			b.WriteByte('\n')
			atStart = true
		}
	}
	z := html.NewTokenizer(strings.NewReader(s))
	for {
		switch kind := z.Next(); kind {
		case html.ErrorToken: // the end
			return b.String()
		case html.TextToken:
			raw := string(z.Text())
			words := strings.Join(strings.Fields(raw), " ")
			if depth > 0 {
				continue
			}
			spaced = spaced || strings.TrimLeftFunc(raw, unicode.IsSpace) != raw
			if words == "" {
				continue
			}
			switch {
			case atStart:
				b.WriteString(strings.Repeat("> ", min(quoted, 3)))
			case spaced:
				b.WriteByte(' ')
			}
			b.WriteString(words)
			atStart, spaced = false, strings.TrimRightFunc(raw, unicode.IsSpace) != raw
		case html.StartTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			switch n := string(name); {
			case n == "body":
				depth = 0 // a head that was not closed ends here
			case silent[n] && kind == html.StartTagToken:
				depth++
			case breaks[n]:
				line()
				if n == "blockquote" {
					quoted++
				}
				if n == "p" || n == "hr" {
					b.WriteByte('\n')
				}
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			switch n := string(name); {
			case silent[n]:
				depth = max(depth-1, 0)
			case breaks[n]:
				line()
				if n == "blockquote" {
					quoted = max(quoted-1, 0)
				}
			}
		}
	}
}
