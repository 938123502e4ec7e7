package ingest

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A wordReader reads the running text of a Word file.
type wordReader struct {
	*builder
	styles map[string]wordStyle
	lists  wordLists

	paras   []*wordPara    // open paragraphs; the inner ones stand in text boxes
	tables  []*wordTable   // open tables
	counts  map[string]int // entries so far, by list and level
	numbers map[string]int // footnote numbers by "footnote" or "endnote" and id
	titled  bool
}

// A wordPara is a paragraph while it is read.
type wordPara struct {
	text  strings.Builder
	style wordStyle
	list  string
	level int
	boxed bool
}

// A wordTable is a table while it is read.
type wordTable struct {
	cells []string
	cell  strings.Builder
}

// read goes through the elements of document.xml.
func (r *wordReader) read(f io.Reader) error {
	r.counts = map[string]int{}
	d := xml.NewDecoder(f)
	boxes := 0
	for {
		t, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		switch e := t.(type) {
		case xml.StartElement:
			switch e.Name.Local {
			case "Fallback", "moveFrom", "del", "pPrChange", "numberingChange": // said twice, or no longer so
				if err := d.Skip(); err != nil {
					return err
				}
			case "txbxContent":
				boxes++
			case "t":
				var s string
				if err := d.DecodeElement(&s, &e); err != nil {
					return err
				}
				r.write(clean.Replace(s))
			default:
				r.start(e, boxes > 0)
			}
		case xml.EndElement:
			if e.Name.Local == "txbxContent" {
				boxes--
			}
			r.end(e.Name.Local)
		}
	}
}

func (r *wordReader) write(s string) {
	if n := len(r.paras); n > 0 {
		r.paras[n-1].text.WriteString(s)
	}
}

func (r *wordReader) start(e xml.StartElement, boxed bool) {
	var p *wordPara
	if n := len(r.paras); n > 0 {
		p = r.paras[n-1]
	}
	switch e.Name.Local {
	case "p":
		r.paras = append(r.paras, &wordPara{boxed: boxed})
	case "tbl":
		r.tables = append(r.tables, &wordTable{})
	case "tab", "br", "cr", "ptab":
		r.write(" ")
	case "noBreakHyphen":
		r.write("-")
	case "footnoteReference", "endnoteReference":
		key := strings.TrimSuffix(e.Name.Local, "Reference") + " " + xmlAttr(e, "id")
		if r.numbers[key] == 0 {
			r.numbers[key] = len(r.numbers) + 1
		}
		r.write(sign(r.numbers[key]))
	}
	if p == nil {
		return
	}
	switch e.Name.Local {
	case "pStyle":
		id := xmlAttr(e, "val")
		s, ok := r.styles[id]
		if !ok {
			s = styleByName(id)
		}
		p.style = s
		if p.list == "" {
			p.list = s.list
		}
	case "outlineLvl":
		p.style.heading = outline(e)
	case "ilvl":
		n, _ := strconv.Atoi(xmlAttr(e, "val"))
		p.level = max(0, min(8, n))
	case "numId":
		p.list = xmlAttr(e, "val")
	}
}

func (r *wordReader) end(name string) {
	n := len(r.tables)
	switch {
	case name == "p" && len(r.paras) > 0:
		p := r.paras[len(r.paras)-1]
		r.paragraph(p)
		r.paras = r.paras[:len(r.paras)-1]
	case name == "tc" && n > 0:
		t := r.tables[n-1]
		t.cells = append(t.cells, t.cell.String())
		t.cell.Reset()
	case name == "tr" && n > 0:
		t := r.tables[n-1]
		if n > 1 { // a table in a cell belongs to the cell's text
			r.tables[n-2].cell.WriteString(" " + strings.Join(t.cells, " "))
		} else {
			r.row(t.cells)
		}
		t.cells = nil
	case name == "tbl" && n > 0:
		r.tables = r.tables[:n-1]
	}
}

// paragraph writes a paragraph that has ended as what its style makes it.
func (r *wordReader) paragraph(p *wordPara) {
	text := p.text.String()
	switch {
	case p.style.toc || collapse(text) == "":
		return
	case p.boxed:
		r.block(Box, "", text)
	case len(r.tables) > 0:
		r.tables[len(r.tables)-1].cell.WriteString(" " + text)
	case p.style.title:
		r.heading(1, text)
		r.titled = true
	case p.style.heading > 0:
		level := p.style.heading
		if r.titled { // the title is above the first level
			level++
		}
		r.heading(level, text)
	case p.list != "" && p.list != "0" || p.style.bullet:
		r.block(Item, r.next(p), text)
	default:
		r.block(Paragraph, "", text)
	}
}

// next counts an entry of a list and gives its marker; an entry begins the
// count of the levels under it anew.
func (r *wordReader) next(p *wordPara) string {
	formats, ok := r.lists[p.list]
	if !ok {
		return "•"
	}
	r.counts[fmt.Sprint(p.list, " ", p.level)]++
	for deeper := p.level + 1; deeper < 9; deeper++ {
		delete(r.counts, fmt.Sprint(p.list, " ", deeper))
	}
	return marker(formats[p.level], r.counts[fmt.Sprint(p.list, " ", p.level)])
}

// readNotes reads footnotes.xml or endnotes.xml, which may be missing, and
// keeps the notes whose marks stand in the text.
func (r *wordReader) readNotes(p *parts, name, kind string) error {
	if !p.has(name) {
		return nil
	}
	f, err := p.open(name)
	if err != nil {
		return err
	}
	d := xml.NewDecoder(f)
	no := 0
	for {
		t, err := d.Token()
		if err == io.EOF {
			for no, text := range r.doc.Notes {
				r.doc.Notes[no] = collapse(text)
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("read Word file: %s: %w", name, p.cause(err))
		}
		e, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		switch e.Name.Local {
		case kind:
			no = r.numbers[kind+" "+xmlAttr(e, "id")]
		case "t":
			var s string
			if err := d.DecodeElement(&s, &e); err != nil {
				return fmt.Errorf("read Word file: %s: %w", name, p.cause(err))
			}
			if no > 0 {
				r.doc.Notes[no] += clean.Replace(s)
			}
		case "p", "tab", "br":
			if no > 0 {
				r.doc.Notes[no] = collapse(r.doc.Notes[no]) + " "
			}
		}
	}
}
