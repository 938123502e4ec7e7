package arkiv

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"
)

// Namespaces of the arkivmelding of Noark 5, version 5.
const (
	Namespace = "http://www.arkivverket.no/standarder/noark5/arkivmelding/v2"
	Catalogue = "http://www.arkivverket.no/standarder/noark5/metadatakatalog/v2"
)

const system = "KI-veileder"

// the elements in the order that the schema asks for
type (
	melding struct {
		XMLName   xml.Name `xml:"arkivmelding"`
		Namespace string   `xml:"xmlns,attr"`
		Catalogue string   `xml:"xmlns:n5mdk,attr"`
		Instance  string   `xml:"xmlns:xsi,attr"`
		System    string   `xml:"system"`
		ID        string   `xml:"meldingId"`
		At        string   `xml:"tidspunkt"`
		Files     int      `xml:"antallFiler"`
		Folder    folder   `xml:"mappe"`
	}
	folder struct {
		Type        string     `xml:"xsi:type,attr"`
		ID          string     `xml:"systemID"`
		Number      string     `xml:"mappeID"`
		Title       string     `xml:"tittel"`
		PublicTitle string     `xml:"offentligTittel,omitempty"`
		Description string     `xml:"beskrivelse,omitempty"`
		Keywords    []string   `xml:"noekkelord"`
		Medium      code       `xml:"dokumentmedium"`
		Opened      string     `xml:"opprettetDato"`
		OpenedBy    string     `xml:"opprettetAv"`
		Closed      string     `xml:"avsluttetDato,omitempty"`
		ClosedBy    string     `xml:"avsluttetAv,omitempty"`
		Screening   *screening `xml:"skjerming"`
		Key         key        `xml:"referanseEksternNoekkel"`
		Posts       []post     `xml:"registrering"`
		Year        int        `xml:"saksaar"`
		Sequence    int        `xml:"sakssekvensnummer"`
		Date        string     `xml:"saksdato"`
		Unit        string     `xml:"administrativEnhet"`
		Responsible string     `xml:"saksansvarlig"`
		Status      code       `xml:"saksstatus"`
	}
	post struct {
		Type        string        `xml:"xsi:type,attr"`
		ID          string        `xml:"systemID"`
		Made        string        `xml:"opprettetDato"`
		MadeBy      string        `xml:"opprettetAv"`
		Screening   *screening    `xml:"skjerming"`
		Documents   []description `xml:"dokumentbeskrivelse"`
		Title       string        `xml:"tittel"`
		PublicTitle string        `xml:"offentligTittel,omitempty"`
		Medium      code          `xml:"dokumentmedium"`
		Parties     []party       `xml:"korrespondansepart"`
		Key         key           `xml:"referanseEksternNoekkel"`
		Kind        code          `xml:"journalposttype"`
		Status      code          `xml:"journalstatus"`
		Date        string        `xml:"dokumentetsDato"`
		Received    string        `xml:"mottattDato,omitempty"`
		Sent        string        `xml:"sendtDato,omitempty"`
		Enclosures  int           `xml:"antallVedlegg"`
	}
	description struct {
		ID        string     `xml:"systemID"`
		Type      code       `xml:"dokumenttype"`
		Status    code       `xml:"dokumentstatus"`
		Title     string     `xml:"tittel"`
		Made      string     `xml:"opprettetDato"`
		MadeBy    string     `xml:"opprettetAv"`
		Medium    code       `xml:"dokumentmedium"`
		As        code       `xml:"tilknyttetRegistreringSom"`
		Number    int        `xml:"dokumentnummer"`
		Joined    string     `xml:"tilknyttetDato"`
		JoinedBy  string     `xml:"tilknyttetAv"`
		Screening *screening `xml:"skjerming"`
		Object    object     `xml:"dokumentobjekt"`
	}
	object struct {
		ID        string `xml:"systemID"`
		Version   int    `xml:"versjonsnummer"`
		Variant   code   `xml:"variantformat"`
		Format    code   `xml:"format"`
		Media     string `xml:"mimeType"`
		Made      string `xml:"opprettetDato"`
		MadeBy    string `xml:"opprettetAv"`
		Name      string `xml:"filnavn"`
		File      string `xml:"referanseDokumentfil"`
		Sum       string `xml:"sjekksum"`
		Algorithm string `xml:"sjekksumAlgoritme"`
		Size      int    `xml:"filstoerrelse"`
	}
	party struct {
		Role         code   `xml:"korrespondanseparttype"`
		Name         string `xml:"korrespondansepartNavn"`
		Organisation string `xml:"organisasjonid,omitempty"`
		Email        string `xml:"epostadresse,omitempty"`
		Unit         string `xml:"administrativEnhet,omitempty"`
		Handler      string `xml:"saksbehandler,omitempty"`
	}
	screening struct {
		Restriction code   `xml:"tilgangsrestriksjon"`
		Legal       string `xml:"skjermingshjemmel"`
		Until       string `xml:"skjermingOpphoererDato,omitempty"`
	}
	key struct {
		System string `xml:"fagsystem"`
		Key    string `xml:"noekkel"`
	}
)

// WriteZip writes the package for the archive: arkivmelding.xml and the files
// that it names with their checksums. at is when the package is made. Nothing
// is written when Check refuses the case.
func WriteZip(w io.Writer, c Case, at time.Time) error {
	if err := c.Check(); err != nil {
		return fmt.Errorf("case for the archive: %w", err)
	}
	m := newMelding(c, at)
	z := zip.NewWriter(w)
	add := func(name string, content []byte) error {
		// not the machine's time, so that the same arguments give the same bytes
		f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at.UTC()})
		if err == nil {
			_, err = f.Write(content)
		}
		return err
	}
	x, err := m.bytes()
	if err == nil {
		err = add("arkivmelding.xml", x)
	}
	for i, e := range c.outgoing() {
		for j, d := range e.Documents {
			if err == nil {
				err = add(d.file(i, j), d.Content)
			}
		}
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		return fmt.Errorf("package for the archive: %w", err)
	}
	return nil
}

func (m melding) bytes() ([]byte, error) {
	b, err := xml.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("arkivmelding: %w", err)
	}
	return slices.Concat([]byte(xml.Header), b, []byte("\n")), nil
}

func newMelding(c Case, at time.Time) melding {
	year, n, _ := number(c.Number) // checked
	m := melding{
		Namespace: Namespace, Catalogue: Catalogue, Instance: "http://www.w3.org/2001/XMLSchema-instance",
		System: system, ID: id("melding", c.Number, stamp(at)), At: stamp(at),
		Folder: folder{
			Type: "saksmappe", ID: id("case", c.Number), Number: c.Number,
			Title: line(c.Title), PublicTitle: line(c.PublicTitle), Description: strings.TrimSpace(c.Description), Keywords: keywords(c.Keywords),
			Medium: electronic, Opened: stamp(c.Opened), OpenedBy: line(c.OpenedBy), Screening: newScreening(c.Screening),
			Key:  key{system, c.Number},
			Year: year, Sequence: n, Date: date(c.Opened), Unit: line(c.Unit), Responsible: line(c.Responsible), Status: underWay,
		},
	}
	if !c.Closed.IsZero() {
		m.Folder.Closed, m.Folder.ClosedBy, m.Folder.Status = stamp(c.Closed), line(c.ClosedBy), finished
	}
	for i, e := range c.outgoing() {
		m.Folder.Posts = append(m.Folder.Posts, newPost(c.Number, i, e))
		m.Files += len(e.Documents)
	}
	return m
}

func newPost(number string, i int, e Entry) post {
	p := post{
		Type: "journalpost", ID: id("entry", number, e.ID), Made: stamp(e.At), MadeBy: line(e.By), Screening: newScreening(e.Screening),
		Title: line(e.Title), PublicTitle: line(e.PublicTitle), Medium: electronic, Key: key{system, number + "/" + e.ID},
		Kind: incomingType, Status: registered, Date: date(e.At), Enclosures: len(e.Documents) - 1,
	}
	if e.Kind == Outgoing {
		p.Kind, p.Status, p.Sent = outgoingType, dispatched, stamp(e.At)
	} else {
		p.Received = stamp(e.At)
	}
	for _, q := range e.Parties {
		p.Parties = append(p.Parties, party{partyCodes[partyKind{q.Role, q.Internal}], line(q.Name), q.Organisation, q.Email, line(q.Unit), line(q.Handler)})
	}
	for j, d := range e.Documents {
		p.Documents = append(p.Documents, newDescription(number, e, i, j, d))
	}
	return p
}

func newDescription(number string, e Entry, i, j int, d Document) description {
	f, _ := d.format() // checked
	as, variant := mainDocument, production
	if j > 0 {
		as = enclosure
	}
	if f.archival {
		variant = archival
	}
	place := fmt.Sprint(j + 1)
	return description{
		ID: id("document", number, e.ID, place), Type: letter, Status: documentFinished, Title: line(d.Title),
		Made: stamp(e.At), MadeBy: line(e.By), Medium: electronic,
		As: as, Number: j + 1, Joined: stamp(e.At), JoinedBy: line(e.By), Screening: newScreening(d.Screening),
		Object: object{
			ID: id("object", number, e.ID, place), Version: 1, Variant: variant, Format: code{f.id, f.name},
			Media: d.Type, Made: stamp(e.At), MadeBy: line(e.By), Name: d.file(i, j), File: d.file(i, j),
			Sum: d.sum(), Algorithm: "SHA-256", Size: len(d.Content),
		},
	}
}

func newScreening(s *Screening) *screening {
	if s == nil {
		return nil
	}
	out := &screening{Restriction: code{s.Restriction, s.Restriction}, Legal: line(s.Legal)}
	if !s.Until.IsZero() {
		out.Until = date(s.Until)
	}
	return out
}

// sum gives the SHA-256 of the content.
func (d Document) sum() string {
	s := sha256.Sum256(d.Content)
	return hex.EncodeToString(s[:])
}

// file gives the name in the zip: the place of the document, then what is
// harmless of its own name. No name that was given leads out of the folder.
func (d Document) file(entry, document int) string {
	f, _ := d.format()
	base := path.Base(strings.ReplaceAll(d.Name, `\`, "/"))
	base = strings.TrimSuffix(base, path.Ext(base))
	safe := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '-', r == '_':
			return r
		case strings.ContainsRune("æøåÆØÅ", r):
			return r
		}
		return '-'
	}, base)
	if short := []rune(safe); len(short) > 60 {
		safe = string(short[:60])
	}
	safe = strings.Trim(safe, "-")
	if safe == "" {
		safe = "dokument"
	}
	return fmt.Sprintf("%03d-%02d-%s%s", entry+1, document+1, safe, f.ext)
}

// keywords drops the empty ones.
func keywords(list []string) []string {
	var out []string
	for _, k := range list {
		if k = line(k); k != "" {
			out = append(out, k)
		}
	}
	return out
}

// line puts text on one line, as titles and names are.
func line(s string) string { return strings.Join(strings.Fields(s), " ") }
