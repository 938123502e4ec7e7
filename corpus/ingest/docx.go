package ingest

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// maxUnpacked is the most that the parts of a Word file may unpack to, in
// bytes. The largest report of the sector is a tenth of it.
const maxUnpacked = 64 << 20

// DOCX reads a Word file: headings by paragraph style or outline level, in
// English and Norwegian ("Heading 1", "Overskrift 1", "Title"), numbered and
// bulleted lists, a table's rows as paragraphs, text boxes as boxes, footnotes
// and endnotes attached to their marks. Deleted text and the table of contents
// are left out. Files that are no Word file, that unpack to more than 64 MB or
// that hold no text are errors.
func DOCX(b []byte) (Document, error) {
	zr, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return Document{}, fmt.Errorf("not a Word file: it cannot be unpacked (%w); save it as .docx again", err)
	}
	p := &parts{files: zr.File, left: maxUnpacked}
	main, err := p.main()
	if err != nil {
		return Document{}, err
	}
	r := &wordReader{builder: newBuilder(), numbers: map[string]int{}}
	if r.styles, err = readStyles(p, main); err != nil {
		return Document{}, err
	}
	if r.lists, err = readLists(p, main); err != nil {
		return Document{}, err
	}
	f, err := p.open(main)
	if err != nil {
		return Document{}, err
	}
	if err := r.read(f); err != nil {
		return Document{}, fmt.Errorf("read Word file: %s: %w", main, p.cause(err))
	}
	for _, kind := range []string{"footnote", "endnote"} {
		if err := r.readNotes(p, path.Join(path.Dir(main), kind+"s.xml"), kind); err != nil {
			return Document{}, err
		}
	}
	if len(r.doc.Blocks) == 0 {
		return Document{}, errors.New("the Word file holds no text; if it holds pictures of pages, run text recognition first")
	}
	return r.document(), nil
}

// parts are the files inside a Word file. What is unpacked from all of them
// together is counted while it is read, because the sizes that the archive
// itself states may be false.
type parts struct {
	files []*zip.File
	left  int64
	full  bool
}

var errTooLarge = errors.New("the file unpacks to more than 64 MB; split it, or take out what is not text")

// main gives the name of the main document's part.
func (p *parts) main() (string, error) {
	var stated uint64
	for _, f := range p.files {
		if !isXML(f.Name) { // a picture is not unpacked
			continue
		}
		if stated += min(f.UncompressedSize64, maxUnpacked+1); stated > maxUnpacked {
			return "", errTooLarge
		}
	}
	name := "word/document.xml"
	if f, err := p.open("_rels/.rels"); err == nil {
		err := eachElement(f, func(e xml.StartElement) {
			if e.Name.Local == "Relationship" && strings.HasSuffix(xmlAttr(e, "Type"), "/officeDocument") {
				name = strings.TrimPrefix(path.Clean(xmlAttr(e, "Target")), "/")
			}
		})
		if err != nil {
			return "", fmt.Errorf("read Word file: _rels/.rels: %w", p.cause(err))
		}
	}
	if !p.has(name) || path.Ext(name) != ".xml" {
		return "", errors.New("not a Word file: its part word/document.xml is missing; save it as .docx again")
	}
	return name, nil
}

func isXML(name string) bool {
	return strings.HasSuffix(name, ".xml") || strings.HasSuffix(name, ".rels")
}

func (p *parts) has(name string) bool {
	for _, f := range p.files {
		if f.Name == name {
			return true
		}
	}
	return false
}

// open gives a part's content. Reading
// beyond the limit of all parts together ends it.
func (p *parts) open(name string) (io.Reader, error) {
	for _, f := range p.files {
		if f.Name == name {
			r, err := f.Open()
			if err != nil {
				return nil, fmt.Errorf("read Word file: %s: %w", name, err)
			}
			return &limited{r, p}, nil
		}
	}
	return nil, fmt.Errorf("read Word file: %s: missing", name)
}

// cause gives the reason why reading ended when the limit was it.
func (p *parts) cause(err error) error {
	if p.full {
		return errTooLarge
	}
	return err
}

type limited struct {
	r io.Reader
	p *parts
}

func (l *limited) Read(b []byte) (int, error) {
	n, err := l.r.Read(b)
	if l.p.left -= int64(n); l.p.left < 0 {
		l.p.full = true
		return 0, errTooLarge
	}
	return n, err
}

// eachElement calls f for every element's start.
func eachElement(r io.Reader, f func(xml.StartElement)) error {
	d := xml.NewDecoder(r)
	for {
		t, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if e, ok := t.(xml.StartElement); ok {
			f(e)
		}
	}
}

// xmlAttr gives an attribute's value by its local name.
func xmlAttr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
