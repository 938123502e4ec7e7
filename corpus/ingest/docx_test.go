package ingest

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// wordFile makes a Word file of its parts by name.
func wordFile(t testing.TB, parts map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	zw := zip.NewWriter(&b)
	for name, content := range parts {
		w, err := zw.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const wordSpace = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:mc="m"`

func wordBody(body string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><w:document ` + wordSpace + `><w:body>` + body + `<w:sectPr/></w:body></w:document>`
}

func wordP(style, text string) string {
	return `<w:p><w:pPr><w:pStyle w:val="` + style + `"/></w:pPr><w:r><w:t xml:space="preserve">` + text + `</w:t></w:r></w:p>`
}

func TestDOCX(t *testing.T) {
	num := func(id, level, text string) string {
		return `<w:p><w:pPr><w:numPr><w:ilvl w:val="` + level + `"/><w:numId w:val="` + id + `"/></w:numPr></w:pPr><w:r><w:t>` + text + `</w:t></w:r></w:p>`
	}
	tests := []struct {
		name, body string
		want       []Block
	}{
		{"headings in both languages", wordP("Overskrift1", "En") + wordP("Heading2", "To") + wordP("Normal", "Tekst."),
			[]Block{{Kind: Heading, Level: 1, Text: "En"}, {Kind: Heading, Level: 2, Text: "To"}, {Kind: Paragraph, Text: "Tekst."}}},
		{"title above the headings", wordP("Title", "Plan") + wordP("Heading1", "En"),
			[]Block{{Kind: Heading, Level: 1, Text: "Plan"}, {Kind: Heading, Level: 2, Text: "En"}}},
		{"style by its name and by what it is based on", wordP("a1", "En") + wordP("a2", "To"),
			[]Block{{Kind: Heading, Level: 3, Text: "En"}, {Kind: Heading, Level: 3, Text: "To"}}},
		{"table of contents", wordP("TOC1", "Innledning 3") + wordP("INNH2", "Bakgrunn 4") + wordP("Normal", "Tekst."),
			[]Block{{Kind: Paragraph, Text: "Tekst."}}},
		{"lists", wordP("Normal", "Det kreves:") + num("1", "0", "a") + num("1", "1", "b") + num("1", "1", "c") + num("1", "0", "d") + num("1", "1", "e") + num("2", "0", "f"),
			[]Block{
				{Kind: Paragraph, Text: "Det kreves:", Lead: true},
				{Kind: Item, Marker: "1.", Text: "a"},
				{Kind: Item, Marker: "a.", Text: "b"},
				{Kind: Item, Marker: "b.", Text: "c"},
				{Kind: Item, Marker: "2.", Text: "d"},
				{Kind: Item, Marker: "a.", Text: "e"},
				{Kind: Item, Marker: "•", Text: "f"},
			}},
		{"table", `<w:tbl><w:tr><w:tc>` + wordP("", "Formål") + `</w:tc><w:tc>` + wordP("", "Hvem") + `</w:tc></w:tr><w:tr><w:tc>` +
			wordP("", "Forskning") + wordP("", "på helse") + `</w:tc><w:tc>` + wordP("", "REK") + `</w:tc></w:tr></w:tbl>`,
			[]Block{{Kind: Paragraph, Text: "Formål | Hvem"}, {Kind: Paragraph, Text: "Forskning på helse | REK"}}},
		{"runs, breaks, what was deleted", `<w:p><w:r><w:t>helse</w:t></w:r><w:r><w:t>- og</w:t><w:br/><w:t>omsorg</w:t></w:r><w:del><w:r><w:delText>x</w:delText><w:t>y</w:t></w:r></w:del><w:r><w:tab/><w:t>A</w:t><w:noBreakHyphen/><w:t>4</w:t></w:r></w:p>`,
			[]Block{{Kind: Paragraph, Text: "helse- og omsorg A-4"}}},
		{"text box, said twice in the file", `<w:p><w:r><mc:AlternateContent><mc:Choice><w:txbxContent>` + wordP("", "Boks.") + `</w:txbxContent></mc:Choice><mc:Fallback><w:txbxContent>` +
			wordP("", "Boks.") + `</w:txbxContent></mc:Fallback></mc:AlternateContent><w:t>Tekst.</w:t></w:r></w:p>`,
			[]Block{{Kind: Box, Text: "Boks."}, {Kind: Paragraph, Text: "Tekst."}}},
	}
	styles := `<w:styles ` + wordSpace + `><w:style w:styleId="a1"><w:name w:val="heading 3"/></w:style><w:style w:styleId="a2"><w:name w:val="Min stil"/><w:basedOn w:val="a1"/></w:style></w:styles>`
	numbering := `<w:numbering ` + wordSpace + `><w:abstractNum w:abstractNumId="7"><w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/></w:lvl><w:lvl w:ilvl="1"><w:numFmt w:val="lowerLetter"/></w:lvl></w:abstractNum>` +
		`<w:abstractNum w:abstractNumId="8"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/></w:lvl></w:abstractNum>` +
		`<w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="8"/></w:num></w:numbering>`
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc, err := DOCX(wordFile(t, map[string]string{"word/document.xml": wordBody(tt.body), "word/styles.xml": styles, "word/numbering.xml": numbering}))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, doc.Blocks); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDOCXFootnotes(t *testing.T) {
	doc, err := DOCX(wordFile(t, map[string]string{
		"word/document.xml": wordBody(`<w:p><w:r><w:t>Loven</w:t></w:r><w:r><w:footnoteReference w:id="5"/></w:r><w:r><w:t> gjelder.</w:t></w:r><w:r><w:endnoteReference w:id="5"/></w:r></w:p>`),
		"word/footnotes.xml": `<w:footnotes ` + wordSpace + `><w:footnote w:id="-1" w:type="separator">` + wordP("", "x") + `</w:footnote><w:footnote w:id="5">` +
			wordP("", " Lov om helseregistre.") + wordP("", "Fra 2014.") + `</w:footnote></w:footnotes>`,
		"word/endnotes.xml": `<w:endnotes ` + wordSpace + `><w:endnote w:id="5">` + wordP("", "Slutt.") + `</w:endnote></w:endnotes>`,
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := Document{
		Blocks: []Block{{Kind: Paragraph, Text: "Loven gjelder.", Notes: []int{1, 2}}},
		Notes:  map[int]string{1: "Lov om helseregistre. Fra 2014.", 2: "Slutt."},
	}
	if diff := cmp.Diff(want, doc); diff != "" {
		t.Error(diff)
	}
}

func TestDOCXErrors(t *testing.T) {
	tests := []struct {
		name string
		in   []byte
		want string
	}{
		{"no archive", []byte("PK\x03\x04 tull"), "cannot be unpacked"},
		{"no document.xml", wordFile(t, map[string]string{"word/styles.xml": "<a/>"}), "word/document.xml is missing"},
		{"broken XML", wordFile(t, map[string]string{"word/document.xml": "<w:document><w:p>"}), "word/document.xml"},
		{"no text", wordFile(t, map[string]string{"word/document.xml": wordBody("<w:p/>")}), "holds no text"},
		{"bomb", wordFile(t, map[string]string{"word/document.xml": wordBody(strings.Repeat(" ", maxUnpacked) + wordP("", "x"))}), "more than 64 MB"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := DOCX(tt.in); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("err = %v, want one with %q", err, tt.want)
			}
		})
	}
}

// TestDOCXLimitCountsWhatIsRead proves that the limit does not trust the sizes
// that the archive states.
func TestDOCXLimitCountsWhatIsRead(t *testing.T) {
	p := &parts{left: 10}
	if _, err := io.ReadAll(&limited{strings.NewReader(strings.Repeat("x", 100)), p}); err == nil || !p.full {
		t.Errorf("err = %v, full = %v", err, p.full)
	}
}
