package mail

import (
	"bytes"
	"io"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// charsets are those that letters to a Norwegian office come in. ISO 8859-1
// and -9 are read as their Windows kin, of which they are a part (WHATWG
// Encoding, 4.2). The tables of Chinese, Japanese and Korean that package
// htmlindex brings would add 750 kB to the program.
var charsets = map[string]encoding.Encoding{
	"iso-8859-1": charmap.Windows1252, "iso8859-1": charmap.Windows1252, "latin1": charmap.Windows1252, "windows-1252": charmap.Windows1252, "cp1252": charmap.Windows1252,
	"iso-8859-2": charmap.ISO8859_2, "windows-1250": charmap.Windows1250, "cp1250": charmap.Windows1250,
	"iso-8859-4": charmap.ISO8859_4, "iso-8859-10": charmap.ISO8859_10, "iso-8859-13": charmap.ISO8859_13, "windows-1257": charmap.Windows1257,
	"iso-8859-5": charmap.ISO8859_5, "windows-1251": charmap.Windows1251, "cp1251": charmap.Windows1251, "koi8-r": charmap.KOI8R, "koi8-u": charmap.KOI8U,
	"iso-8859-9": charmap.Windows1254, "windows-1254": charmap.Windows1254,
	"iso-8859-15": charmap.ISO8859_15, "iso8859-15": charmap.ISO8859_15, "macintosh": charmap.Macintosh,
	"utf-16": utf16le, "utf-16le": utf16le, "utf-16be": unicode.UTF16(unicode.BigEndian, unicode.UseBOM),
}

var utf16le = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)

// charset reads bytes as text. An unknown name, or none, means UTF-8 where
// the bytes are that, else what old programs here write.
func charset(b []byte, name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	if utf8.Valid(b) && (name == "" || name == "utf-8" || name == "us-ascii") {
		return string(b)
	}
	enc := charsets[name]
	if enc == nil {
		if utf8.Valid(b) {
			return string(b)
		}
		if name == "utf-8" {
			return strings.ToValidUTF8(string(b), "\uFFFD")
		}
		enc = charmap.Windows1252
	}
	out, err := enc.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	return strings.ToValidUTF8(string(out), "\uFFFD")
}

var wordDecoder = &mime.WordDecoder{CharsetReader: func(name string, r io.Reader) (io.Reader, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxHeader))
	return bytes.NewReader([]byte(charset(b, name))), err
}}

// header decodes the words of a header; what can't be decoded stays.
func header(s string) string {
	if d, err := wordDecoder.DecodeHeader(s); err == nil {
		return d
	}
	return s
}
