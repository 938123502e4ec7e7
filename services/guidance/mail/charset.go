package mail

import (
	"bytes"
	"io"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
)

// charset reads bytes as text. An unknown name, or none, means UTF-8 where
// the bytes are that, else what old programs here write.
func charset(b []byte, name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	if utf8.Valid(b) && (name == "" || name == "utf-8" || name == "us-ascii") {
		return string(b)
	}
	enc, err := htmlindex.Get(name)
	if err != nil || name == "utf-8" || name == "us-ascii" {
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
