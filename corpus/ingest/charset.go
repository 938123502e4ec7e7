package ingest

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// charsets are those that Nordic pages are written in. The web takes
// ISO 8859-1 for Windows-1252 (WHATWG Encoding, 4.2). The tables of all there
// are would add a megabyte to the program.
var charsets = map[string]encoding.Encoding{
	"windows-1252": charmap.Windows1252, "iso-8859-1": charmap.Windows1252, "latin1": charmap.Windows1252, "us-ascii": charmap.Windows1252, "ascii": charmap.Windows1252,
	"iso-8859-15": charmap.ISO8859_15, "iso-8859-10": charmap.ISO8859_10, "iso-8859-4": charmap.ISO8859_4, "macintosh": charmap.Macintosh,
	"utf-16": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "utf-16le": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "utf-16be": unicode.UTF16(unicode.BigEndian, unicode.UseBOM),
}

var namesCharset = regexp.MustCompile(`(?i)<(?:meta|\?xml)[^>]*(?:charset|encoding)\s*=\s*["']?\s*([a-z0-9_:-]+)`)

// toUTF8 decodes a page that is not UTF-8, by its byte order mark, else by the
// name in its first kilobyte, else as Windows-1252.
func toUTF8(b []byte) ([]byte, error) {
	name := "windows-1252"
	if bytes.HasPrefix(b, []byte{0xff, 0xfe}) || bytes.HasPrefix(b, []byte{0xfe, 0xff}) {
		name = "utf-16"
	} else if m := namesCharset.FindSubmatch(b[:min(len(b), 1024)]); m != nil {
		name = strings.ToLower(string(m[1]))
	}
	e := charsets[name]
	switch {
	case name == "utf-8" || name == "utf8":
		e = charmap.Windows1252 // it says so, and is not
	case e == nil:
		return nil, fmt.Errorf("character set %q is not read: save the page as UTF-8", name)
	}
	return e.NewDecoder().Bytes(b)
}
