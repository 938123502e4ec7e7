package mail

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"net/textproto"
	"slices"
	"strings"

	"kiveileder"
)

// Limits of what is read. What breaks one is refused whole: a mail that was
// read in part could say the opposite of what was meant.
const (
	MaxMail    = 10 << 20
	maxParts   = 20
	maxDepth   = 5
	maxHeader  = 128 << 10 // bytes of the mail's header
	maxFields  = 400
	maxText    = 256 << 10 // bytes of text that are kept; the rest is cut and told
	maxHTML    = 2 << 20   // bytes of HTML that are read for it
	maxIDs     = 50        // references that are looked at, newest first
	maxNameLen = 200
)

var (
	ErrTooLarge  = errors.New("mail is too large")
	ErrHeader    = errors.New("mail has too long a header")
	ErrParts     = errors.New("mail has too many parts")
	ErrDepth     = errors.New("mail has parts too deep within parts")
	ErrMalformed = errors.New("mail can't be read")
)

var refusals = map[error]string{
	ErrTooLarge: "large", ErrHeader: "header", ErrParts: "parts", ErrDepth: "depth", ErrMalformed: "malformed",
}

func refuse(err error) error {
	return say.Because(err, kiveileder.CodeInvalid, refusals[err])
}

// A Mail is what was read of a raw mail. Who sent it is a claim.
type Mail struct {
	ID          string // Message-ID without angle brackets; "" when it is none
	From        string // a bare address, "" when there is none or it can't be read
	Subject     string
	Text        string // all of it, from the plain part, else from HTML
	Cut         bool   // Text was longer than is kept
	Size        int    // bytes of text before that
	Attachments []Attachment
	Report      *Report // of a server or mail program, in a multipart/report

	header netmail.Header
	ids    []string // In-Reply-To and References, newest first
}

// An Attachment is told, not kept.
type Attachment struct {
	Name string
	Type string
	Size int // decoded
}

// Read reads a raw mail. What breaks a limit is refused with a
// *kiveileder.Error that wraps one of the errors above. Texts in an unknown
// charset, or broken in transfer, are read as well as they can be.
func Read(raw []byte) (*Mail, error) {
	if len(raw) > MaxMail {
		return nil, refuse(ErrTooLarge)
	}
	raw = bytes.TrimLeft(raw, "\r\n")
	if headerTooLong(raw) {
		return nil, refuse(ErrHeader)
	}
	msg, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil || len(msg.Header) == 0 {
		return nil, refuse(ErrMalformed)
	}
	m := &Mail{
		header: msg.Header,
		ID:     firstID(msg.Header.Get("Message-Id")),
		From:   sender(msg.Header.Get("From")),
		// A subject is shown to people and decides nothing.
		Subject: short(oneLine(header(msg.Header.Get("Subject")))),
		ids:     threadIDs(msg.Header),
	}
	r := reader{mail: m}
	if err := r.part(textproto.MIMEHeader(msg.Header), msg.Body, 1); err != nil {
		return nil, refuse(err)
	}
	m.Text = r.text()
	m.Size = len(m.Text)
	if len(m.Text) > maxText {
		m.Text, m.Cut = strings.ToValidUTF8(m.Text[:maxText], ""), true
	}
	return m, nil
}

// headerTooLong counts before anything is read into maps.
func headerTooLong(raw []byte) bool {
	fields := 0
	for at := 0; at < len(raw); {
		end := bytes.IndexByte(raw[at:], '\n')
		if end < 0 {
			return len(raw) > maxHeader || fields >= maxFields
		}
		if len(bytes.TrimRight(raw[at:at+end], "\r")) == 0 {
			return at > maxHeader || fields > maxFields
		}
		if raw[at] != ' ' && raw[at] != '\t' {
			fields++
		}
		if at += end + 1; at > maxHeader || fields > maxFields {
			return true
		}
	}
	return false
}

// A reader walks through the parts of a mail.
type reader struct {
	mail  *Mail
	parts int
	texts []text // in their order
}

// A text is what a part says.
type text struct {
	html bool
	s    string
}

func (r *reader) part(h textproto.MIMEHeader, body io.Reader, depth int) error {
	if r.parts++; r.parts > maxParts+1 { // the mail itself is none
		return ErrParts
	}
	if depth > maxDepth+1 {
		return ErrDepth
	}
	typ, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) || !strings.Contains(typ, "/") {
		typ, params = "text/plain", nil
	}
	if strings.HasPrefix(typ, "multipart/") {
		return r.multi(typ, params, body, depth)
	}
	b := decode(h.Get("Content-Transfer-Encoding"), body)
	disposition, dparams, _ := mime.ParseMediaType(h.Get("Content-Disposition"))
	switch {
	// A person may send a server's report on; it is then a file like others.
	case r.mail.Report != nil && typ == "message/delivery-status":
		r.mail.Report.status(b)
	case r.mail.Report != nil && (typ == "text/rfc822-headers" || typ == "message/rfc822"):
		r.mail.Report.original(b)
	case disposition == "attachment" || typ != "text/plain" && typ != "text/html":
		name := dparams["filename"]
		if name == "" {
			name = params["name"]
		}
		r.mail.Attachments = append(r.mail.Attachments, Attachment{short(oneLine(header(name))), short(typ), len(b)})
	default:
		r.texts = append(r.texts, text{typ == "text/html", charset(b, params["charset"])})
	}
	return nil
}

func (r *reader) multi(typ string, params map[string]string, body io.Reader, depth int) error {
	if params["boundary"] == "" {
		return ErrMalformed
	}
	if typ == "multipart/report" && depth == 1 {
		r.mail.Report = &Report{Type: strings.ToLower(params["report-type"])}
	}
	if typ == "multipart/alternative" {
		defer r.choose(len(r.texts))
	}
	mr := multipart.NewReader(body, params["boundary"])
	for {
		p, err := mr.NextRawPart()
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			return nil // cut off on the way, or no last boundary: what came is read
		case err != nil:
			return ErrMalformed
		}
		if err := r.part(p.Header, p, depth+1); err != nil {
			return err
		}
	}
}

// choose keeps the plain ones among texts that say the same, where they say
// anything.
func (r *reader) choose(from int) {
	isHTML := func(t text) bool { return t.html }
	plain := slices.DeleteFunc(slices.Clone(r.texts[from:]), isHTML)
	if slices.ContainsFunc(plain, func(t text) bool { return strings.TrimSpace(t.s) != "" }) {
		r.texts = append(r.texts[:from], plain...)
	}
}

// text gives what all parts say, one after the other.
func (r *reader) text() string {
	var out []string
	for _, t := range r.texts {
		if t.html && len(t.s) > maxHTML {
			t.s, r.mail.Cut = t.s[:maxHTML], true
		}
		if t.html {
			t.s = htmlText(t.s)
		}
		if t.s = strings.TrimSpace(t.s); t.s != "" {
			out = append(out, t.s)
		}
	}
	return clean(strings.ReplaceAll(strings.Join(out, "\n\n"), "\u00a0", " "))
}

// decode undoes a transfer encoding; what is broken in it ends the text there.
func decode(encoding string, body io.Reader) []byte {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, lettersOnly{body})
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	b, _ := io.ReadAll(io.LimitReader(body, MaxMail))
	return b
}

// lettersOnly drops what is not of base64, as mail programs put spaces there.
type lettersOnly struct{ r io.Reader }

func (l lettersOnly) Read(p []byte) (int, error) {
	for {
		n, err := l.r.Read(p)
		kept := slices.DeleteFunc(p[:n], func(c byte) bool {
			return !(c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/' || c == '=')
		})
		if len(kept) > 0 || err != nil || n == 0 {
			return len(kept), err
		}
	}
}

func sender(from string) string {
	if len(from) > 2000 {
		return ""
	}
	p := netmail.AddressParser{WordDecoder: wordDecoder}
	a, err := p.Parse(from)
	if err != nil {
		return ""
	}
	return short(oneLine(a.Address))
}

// firstID gives the first Message-ID in a header, without its angle brackets.
func firstID(s string) string {
	for id := range idsOf(s) {
		return id
	}
	return ""
}

// threadIDs gives the mails that a mail answers, newest first.
func threadIDs(h netmail.Header) []string {
	var out []string
	for id := range idsOf(h.Get("In-Reply-To")) {
		out = append(out, id)
		break
	}
	refs := slices.Collect(idsOf(h.Get("References")))
	for _, id := range slices.Backward(refs) {
		if len(out) == maxIDs {
			break
		}
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// idsOf gives the Message-IDs of a header in order. Those that are none are
// passed over.
func idsOf(s string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for {
			_, rest, ok := strings.Cut(s, "<")
			id, after, closed := strings.Cut(rest, ">")
			if !ok || !closed {
				return
			}
			// A folded header may have broken an id in two.
			if id = strings.Join(strings.Fields(id), ""); validID(id) && !yield(id) {
				return
			}
			s = after
		}
	}
}

func oneLine(s string) string { return strings.Join(strings.Fields(clean(s)), " ") }

func short(s string) string {
	if len(s) > maxNameLen {
		return strings.ToValidUTF8(s[:maxNameLen], "")
	}
	return s
}
