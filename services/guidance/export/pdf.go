package export

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf16"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/text/unicode/norm"

	"kiveileder"
	"kiveileder/services/guidance/arkiv"
)

// Sizes in millimetres and points.
const (
	margin   = 20.0
	indent   = 6.0
	textSize = 10.5
	lineHigh = 5.0
)

// pagesAlias stands for the number of pages until it is known. No text holds
// it: control characters are made visible.
const pagesAlias = "\x01\x02"

// writePDF writes a case for print: text with headings, bookmarks and page
// numbers. It has the fonts that every reader has, which know the letters of
// Western Europe; any other stands there by its number.
func writePDF(w io.Writer, c arkiv.Case) error {
	v := arkiv.NewView(c)
	p := &printer{Fpdf: fpdf.New("P", "mm", "A4", ""), lang: v.Language}
	p.head(c, v)
	for _, e := range v.Entries {
		p.entry(e)
	}
	p.rule()
	p.text("", 9, 0, arkiv.Word(v.Language, "no_notes"))
	var b bytes.Buffer
	if err := p.Output(&b); err != nil {
		return fmt.Errorf("case %s as PDF: %w", c.Number, err)
	}
	_, err := w.Write(b.Bytes())
	return err
}

type printer struct {
	*fpdf.Fpdf
	lang kiveileder.Language
}

// head sets up the document and writes what stands above the entries.
func (p *printer) head(c arkiv.Case, v arkiv.View) {
	at := cmp.Or(c.Changed, c.Opened)
	if at.IsZero() { // else the library would take the machine's time
		at = time.Unix(0, 0)
	}
	p.SetCatalogSort(true) // the same case, the same bytes
	p.SetCreationDate(at.UTC())
	p.SetModificationDate(at.UTC())
	p.SetProducer("KI-veileder", false)
	p.SetCreator("KI-veileder", false)
	p.SetTitle(utf16Text(v.Number+" – "+visible(v.Title)), false)
	p.SetLang(map[kiveileder.Language]string{kiveileder.Nynorsk: "nn-NO", kiveileder.English: "en"}[p.lang])
	if p.GetLang() == "" {
		p.SetLang("nb-NO")
	}
	p.SetMargins(margin, margin, margin)
	p.SetAutoPageBreak(true, margin)
	p.AliasNbPages(pagesAlias)
	p.SetFooterFunc(func() {
		p.SetY(-margin + 6)
		p.SetFont("Helvetica", "", 8.5)
		p.CellFormat(0, 4, cp1252(v.Number), "", 0, "L", false, 0, "")
		p.SetX(margin)
		number := fmt.Sprintf("%s %d %s ", label(p.lang, "page"), p.PageNo(), label(p.lang, "of"))
		p.CellFormat(0, 4, cp1252(number)+pagesAlias, "", 0, "R", false, 0, "")
	})
	p.AddPage()
	p.heading(0, 16, v.Title)
	fields := [][2]string{{"case", v.Number}, {"opened", arkiv.When(v.Opened)}}
	if v.Changed != nil {
		fields = append(fields, [2]string{"changed", arkiv.When(*v.Changed)})
	}
	closed := arkiv.Word(p.lang, "open")
	if v.Closed != nil {
		closed = arkiv.When(*v.Closed)
	}
	fields = append(fields, [2]string{"closed", closed}, [2]string{"unit", v.Unit}, [2]string{"responsible", v.Responsible})
	if v.Screening != nil {
		fields = append(fields, [2]string{"screened", v.Screening.Legal})
	}
	for _, f := range fields {
		p.field(arkiv.Word(p.lang, f[0]), f[1], 0)
	}
	p.text("", textSize, 0, v.Description)
}

func (p *printer) entry(e arkiv.EntryView) {
	p.room(6 * lineHigh)
	p.rule()
	p.heading(1, 13, arkiv.Word(p.lang, string(e.Kind))+": "+e.Title)
	p.field(arkiv.Word(p.lang, string(e.Kind)), arkiv.When(e.At), 0)
	for _, q := range e.Parties {
		var known []string
		for _, s := range []string{q.Name, q.Unit, q.Handler, q.Email} {
			if s != "" {
				known = append(known, s)
			}
		}
		p.field(arkiv.Word(p.lang, string(q.Role)), strings.Join(known, ", "), 0)
	}
	if e.Screening != nil {
		p.field(arkiv.Word(p.lang, "screened"), e.Screening.Legal, 0)
	}
	for _, d := range e.Documents {
		p.document(d)
	}
}

func (p *printer) document(d arkiv.DocumentView) {
	p.heading(2, 11, d.Title)
	if d.Screening != nil {
		p.field(arkiv.Word(p.lang, "screened"), d.Screening.Legal, 0)
	}
	for _, part := range d.Parts {
		switch part.Kind {
		case arkiv.Heading:
			p.Ln(1)
			p.text("BI", textSize, 0, part.Text)
		case arkiv.Quote:
			p.text("I", textSize, indent, part.Text)
		case arkiv.Item:
			p.field(part.Label, part.Text, 0)
		case arkiv.Mark:
			p.text("B", textSize, 0, part.Text)
		default:
			p.text("", textSize, 0, part.Text)
		}
	}
	if len(d.Parts) == 0 {
		p.text("", textSize, 0, d.Text)
	}
	p.text("", 8, 0, fmt.Sprintf("%s: %s, %d %s, SHA-256 %s", arkiv.Word(p.lang, "file"), d.File, d.Size, arkiv.Word(p.lang, "bytes"), d.SHA256))
}

// room begins a new page where the rest of this one is less than that, so that
// nothing stands alone at its foot.
func (p *printer) room(need float64) {
	if _, high := p.GetPageSize(); p.GetY() > high-margin-need {
		p.AddPage()
	}
}

// heading writes one that stands among the bookmarks.
func (p *printer) heading(level int, size float64, s string) {
	p.room(4 * lineHigh)
	p.Ln(2)
	p.Bookmark(utf16Text(visible(s)), level, -1)
	p.text("B", size, 0, s)
}

// field writes a label with its value.
func (p *printer) field(name, value string, in float64) {
	p.SetLeftMargin(margin + in)
	p.SetX(margin + in)
	p.SetFont("Helvetica", "B", textSize)
	p.Write(lineHigh, cp1252(name)+": ")
	p.SetFont("Helvetica", "", textSize)
	p.Write(lineHigh, cp1252(value))
	p.Ln(lineHigh + 1)
	p.SetLeftMargin(margin)
	p.SetX(margin)
}

// text writes a paragraph; nothing for no text.
func (p *printer) text(style string, size, in float64, s string) {
	if s == "" {
		return
	}
	p.SetFont("Helvetica", style, size)
	p.SetLeftMargin(margin + in)
	p.SetX(margin + in)
	p.MultiCell(0, size*lineHigh/textSize, cp1252(s), "", "L", false)
	p.SetLeftMargin(margin)
	p.Ln(1.5)
}

// rule draws a line across the page.
func (p *printer) rule() {
	p.Ln(2)
	wide, _ := p.GetPageSize()
	p.Line(margin, p.GetY(), wide-margin, p.GetY())
	p.Ln(1)
}

// The characters of Windows-1252 that are not where Unicode has them.
var windows = func() map[rune]byte {
	m := map[rune]byte{}
	for i, r := range []rune("€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ") {
		if r > 0xff {
			m[r] = byte(0x80 + i)
		}
	}
	return m
}()

// cp1252 gives text as the fonts of a PDF have it. A character that they lack
// stands there by its number, as does one that hides.
func cp1252(s string) string {
	var b strings.Builder
	for _, r := range norm.NFC.String(visible(s)) {
		c, special := windows[r]
		switch {
		case r == '\t':
			b.WriteString("    ")
		case special:
			b.WriteByte(c)
		case r < 0x80 || r >= 0xa0 && r <= 0xff:
			b.WriteByte(byte(r))
		default:
			b.WriteString(codePoint(r))
		}
	}
	return b.String()
}

// utf16Text gives text as titles and bookmarks of a PDF have it.
func utf16Text(s string) string {
	b := []byte{0xfe, 0xff}
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u>>8), byte(u))
	}
	return string(b)
}
