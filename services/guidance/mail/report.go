package mail

import (
	"bufio"
	"bytes"
	"net/textproto"
	"regexp"
	"strings"
)

// A Report is what a server or a mail program says of a mail that we sent
// (RFC 3464). Whom it could not reach is not read.
type Report struct {
	Type   string // delivery-status, disposition-notification
	Action string // failed, delayed, delivered, relayed, expanded; the worst of all receivers
	Status string // as 5.1.1
	ids    []string
	addrs  []string // headers of the mail that came back, with addresses
}

// worse orders actions.
var worse = map[string]int{"": 0, "expanded": 1, "relayed": 2, "delivered": 3, "delayed": 4, "failed": 5}

var enhancedCode = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}`)

// status reads the groups of fields of a delivery-status part.
func (r *Report) status(b []byte) {
	tp := textproto.NewReader(bufio.NewReader(bytes.NewReader(truncate(b))))
	for range maxParts {
		h, err := tp.ReadMIMEHeader()
		action := strings.ToLower(strings.TrimSpace(h.Get("Action")))
		if _, known := worse[action]; known && worse[action] > worse[r.Action] {
			r.Action, r.Status = action, enhancedCode.FindString(strings.TrimSpace(h.Get("Status")))
		}
		if err != nil {
			return
		}
	}
}

// original reads the header of the mail that came back.
func (r *Report) original(b []byte) {
	h, _ := textproto.NewReader(bufio.NewReader(bytes.NewReader(truncate(b)))).ReadMIMEHeader()
	if id := firstID(h.Get("Message-Id")); id != "" {
		r.ids = append(r.ids, id)
	}
	r.addrs = append(r.addrs, h.Get("Reply-To"), h.Get("Return-Path"))
}

func truncate(b []byte) []byte { return b[:min(len(b), maxHeader)] }
