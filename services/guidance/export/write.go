package export

import (
	"bytes"
	"cmp"
	"io"
	"regexp"
	"time"

	"kiveileder"
	"kiveileder/services/guidance/arkiv"
)

// A format is one that a case can be had in.
type format struct {
	media, ext string
	write      func(w io.Writer, c arkiv.Case) error
}

var formats = map[string]format{
	"html":  {"text/html; charset=utf-8", ".html", func(w io.Writer, c arkiv.Case) error { return arkiv.WriteHTML(w, c, time.Time{}) }},
	"json":  {"application/json", ".json", arkiv.WriteJSON},
	"noark": {"application/zip", ".zip", func(w io.Writer, c arkiv.Case) error { return arkiv.WriteZip(w, c, cmp.Or(c.Changed, c.Opened)) }},
	"pdf":   {"application/pdf", ".pdf", writePDF},
}

// Write writes a case in a format, and says what it is and how a file of it is
// called. With an error nothing has been written. The error is of CodeInvalid
// when there is no such format.
//
// A package for the archive has the instant of the newest thing in it as its
// own, and its id follows from that: the same package is known by its id, and
// one with something new has another.
func Write(w io.Writer, name string, c arkiv.Case) (contentType, filename string, err error) {
	f, ok := formats[name]
	if !ok {
		return "", "", say.Error(kiveileder.CodeInvalid, "format")
	}
	var b bytes.Buffer
	if err := f.write(&b, c); err != nil {
		return "", "", err
	}
	file := "sak"
	if isNumber(c.Number) { // it stands in a header
		file = c.Number
	}
	_, err = w.Write(b.Bytes())
	return f.media, file + f.ext, err
}

var isNumber = regexp.MustCompile(`^[A-Za-z0-9-]{1,40}$`).MatchString
