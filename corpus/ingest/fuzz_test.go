package ingest

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

// check holds what is true of every document that a reader gives, whatever it
// was given.
func check(t *testing.T, d Document, err error) {
	t.Helper()
	if err != nil {
		if err.Error() == "" || len(d.Blocks) > 0 {
			t.Errorf("error %q with %d blocks", err, len(d.Blocks))
		}
		return
	}
	for _, b := range d.Blocks {
		switch {
		case strings.TrimSpace(b.Text) == "":
			t.Errorf("an empty block: %+v", b)
		case strings.ContainsRune(b.Text, noteSign):
			t.Errorf("the sign of a mark was left: %q", b.Text)
		case b.Kind == Heading && (b.Level < 1 || b.Level > 6):
			t.Errorf("a heading of level %d", b.Level)
		}
	}
	_ = d.Markdown()
	cuts := Chunk(d)
	for _, c := range cuts {
		if n := utf8.RuneCountInString(c.Text); n == 0 || n > MaxChars {
			t.Errorf("a passage of %d characters: %q", n, c.Text)
		}
	}
	seen := map[string]bool{}
	for _, id := range AssignIDs("kilde", cuts, nil) {
		if seen[id] {
			t.Errorf("id %s twice", id)
		}
		seen[id] = true
	}
}

func FuzzHTML(f *testing.F) {
	for _, s := range []string{
		"", "<p>x", "<title>T</title><ul><li>a<ul><li>b</ul>c</ul>", "<li>a<li>b", "<table><tr><td>a<td><table><tr><td>b</table></table>",
		`<p>a<sup><a href="#f">1</a></sup><div id=f>n</div>`, "<aside><ol start=-3><li>a</ol></aside>", "<main><h1>\ue000</h1>", "<sup><a href='#'>1", "\xff<p>\xe5",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := HTML(b)
		check(t, d, err)
	})
}

func FuzzDOCX(f *testing.F) {
	for _, s := range []string{
		"", wordBody("<w:p/>"), wordBody(wordP("Heading1", "A") + wordP("ListBullet", "b")),
		wordBody("<w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p><w:tbl><w:tr><w:tc/></w:tr></w:tbl></w:tc></w:tr></w:tbl>"),
		wordBody(`<w:p><w:pPr><w:numPr><w:ilvl w:val="99"/><w:numId w:val="1"/></w:numPr></w:pPr><w:r><w:t>a</w:t><w:footnoteReference w:id="1"/></w:r></w:p>`),
		"</w:p></w:tbl></w:txbxContent>", "<txbxContent><p><p><t>a<t>b</t></t></p>",
	} {
		f.Add(s, "<w:styles/>", `<footnotes><footnote id="1"><p><t>n</t></p></footnote></footnotes>`)
	}
	f.Fuzz(func(t *testing.T, main, styles, notes string) {
		d, err := DOCX(wordFile(t, map[string]string{"word/document.xml": main, "word/styles.xml": styles, "word/numbering.xml": styles, "word/footnotes.xml": notes}))
		check(t, d, err)
		d, err = DOCX([]byte(main)) // not packed at all
		check(t, d, err)
	})
}

func FuzzMarkdown(f *testing.F) {
	for _, s := range []string{
		"", "# A\n\ntekst\n\n- a\n- b", "#\n##  \n# A #", "a\n\nA\n\n# A\n\n## A\n# 1. A", "[^1]: n\n\na[^1]<sup>2</sup>\n\n<sup>2</sup> m",
		"| a | b |\n|---|---|\n| c | d |", "**a*b**", "# A\n•\n# •", "1. a\n2. b:", "a:  • b",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := Markdown(s, nil)
		check(t, d, err)
	})
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"", "A", "Tittel\n\nTekst som er lang nok til å være et avsnitt her.", "1. A\nTekst.\n1.1 B\nTekst.", "§ 1\n•\n•\n• a", "A\n\fb\n\n\u00ad\n-", "\ufeff\u200b"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := Text(b)
		check(t, d, err)
		if _, err := Detect("a.txt", b); err == nil && !utf8.Valid(b) {
			t.Error("broken UTF-8 passed")
		}
	})
}

func FuzzPDFText(f *testing.F) {
	for _, s := range []string{
		"", " A \n\ntekst1 og\n1 Note her http://a.no\nhttp://a.no\n B", "a\fb\f", "Topp\na\n1\fTopp\nb\n2\fTopp\nc\n3", "1 av 2\n2 av 2\n",
		"a1\n1 b\n2 c", "• a\n\f• b", `<doc><page height="9"><block><line yMin="1" yMax="2"><word yMin="1" yMax="2">a</word></line></block></page></doc>`, "</line><page><line><word>",
	} {
		f.Add(s)
	}
	hints := []Hint{{Box: "Boks", Until: "slutt."}, {Repeat: true, H: 2, Text: "Innspill"}, {Repeat: true, Lead: "Tiltak:", Inline: true}}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := PDFText(s, nil)
		check(t, d, err)
		d, err = PDFText(s, hints)
		check(t, d, err)
		d, err = Pages(s)
		check(t, d, err)
		if pages, err := boxPages([]byte(s)); err == nil {
			d, err = readPages(pages)
			check(t, d, err)
		}
	})
}

func FuzzSlides(f *testing.F) {
	for _, s := range []string{"", "A\n\n• b\n\n\n\nA\n\n• b", "a-\n\nb \nc", "http://a.no\na:\nhttp://b.no", "a\n\n\n\n▪ b: • c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := Slides(s, nil)
		check(t, d, err)
		d, err = Plain(s, []Hint{{Repeat: true, Restored: "R", H: 1, Before: "x"}})
		if err == nil && len(d.Blocks) > 0 {
			check(t, d, nil)
		}
	})
}

func FuzzDetect(f *testing.F) {
	var empty bytes.Buffer
	if err := zip.NewWriter(&empty).Close(); err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{"", " ", "%PDF-", "PK\x03\x04", empty.String(), "<html>", "{\\rtf", "\xff\xfe"} {
		f.Add("a.docx", []byte(s))
		f.Add(s, []byte(s))
	}
	f.Fuzz(func(t *testing.T, name string, b []byte) {
		if format, err := Detect(name, b); (format == "") == (err == nil) {
			t.Errorf("format %q, error %v", format, err)
		}
	})
}
