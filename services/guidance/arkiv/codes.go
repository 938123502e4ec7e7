package arkiv

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"mime"
)

// A code of Noark 5 with its words.
type code struct {
	Code string `xml:"n5mdk:kode"`
	Text string `xml:"n5mdk:beskrivelse"`
}

var (
	incomingType = code{"I", "Inngående dokument"}
	outgoingType = code{"U", "Utgående dokument"}

	registered = code{"M", "Midlertidig registrering av innkommet dokument"} // the archive journals it
	dispatched = code{"E", "Ekspedert"}

	underWay = code{"B", "Under behandling"}
	finished = code{"A", "Avsluttet"}

	letter           = code{"B", "Brev"}
	documentFinished = code{"F", "Dokumentet er ferdigstilt"}
	electronic       = code{"E", "Elektronisk arkiv"}

	mainDocument = code{"H", "Hoveddokument"}
	enclosure    = code{"V", "Vedlegg"}

	production = code{"P", "Produksjonsformat"}
	archival   = code{"A", "Arkivformat"}
)

type partyKind struct {
	role     Role
	internal bool
}

var partyCodes = map[partyKind]code{
	{Sender, false}:   {"EA", "Avsender"},
	{Receiver, false}: {"EM", "Mottaker"},
	{Copy, false}:     {"EK", "Kopimottaker"},
	{Sender, true}:    {"IA", "Intern avsender"},
	{Receiver, true}:  {"IM", "Intern mottaker"},
	{Copy, true}:      {"IK", "Intern kopimottaker"},
}

// a format by its id in PRONOM, as Noark 5 names formats
type format struct {
	id, name, ext string
	archival      bool
}

var formats = map[string]format{
	"text/plain":       {"x-fmt/111", "Plain Text File", ".txt", true},
	"text/html":        {"fmt/471", "Hypertext Markup Language 5", ".html", false},
	"application/xml":  {"fmt/101", "Extensible Markup Language 1.0", ".xml", true},
	"application/json": {"fmt/817", "JSON Data Interchange Format", ".json", false},
	"message/rfc822":   {"fmt/278", "Internet Message Format", ".eml", false},
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document": {"fmt/412", "Microsoft Word for Windows 2007 onwards", ".docx", false},
}

// versions of PDF by what the file begins with
var pdfs = map[string]string{"1.0": "fmt/14", "1.1": "fmt/15", "1.2": "fmt/16", "1.3": "fmt/17", "1.4": "fmt/18",
	"1.5": "fmt/19", "1.6": "fmt/20", "1.7": "fmt/276", "2.0": "fmt/1129"}

// format says what the document is; false when neither its type nor its
// content tells and nobody said it.
func (d Document) format() (format, bool) {
	media, _, err := mime.ParseMediaType(d.Type)
	if err != nil {
		return format{}, false
	}
	f, ok := formats[media]
	if media == "application/pdf" {
		f = format{name: "Portable Document Format", ext: ".pdf"}
		if v, found := bytes.CutPrefix(d.Content, []byte("%PDF-")); found && len(v) >= 3 {
			f.id, ok = pdfs[string(v[:3])]
			f.name += " " + string(v[:3])
		}
	}
	if d.Format != "" {
		f.id, ok = d.Format, true
	}
	if f.ext == "" {
		f.ext = ".bin"
	}
	return f, ok && f.id != ""
}

// ours is the namespace of the ids made here.
var ours = [16]byte{0x6b, 0x69, 0x76, 0x65, 0x69, 0x6c, 0x4e, 0x6f, 0xa1, 0x72, 0x6b, 0x35, 0x61, 0x72, 0x6b, 0x76}

// id makes a UUID (version 5) of parts: the same parts, the same id.
func id(parts ...string) string {
	h := sha1.New()
	h.Write(ours[:])
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	u := h.Sum(nil)[:16]
	u[6] = u[6]&0x0f | 0x50
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[0:4], u[4:6], u[6:8], u[8:10], u[10:])
}
