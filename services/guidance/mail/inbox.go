package mail

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/textproto"
	"strings"
	"time"
)

// Sort says what a mail that came in is.
type Sort string

const (
	Reply   Sort = "reply"   // of a person, to a case
	Auto    Sort = "auto"    // of a program: out of office, read receipt, list
	Bounce  Sort = "bounce"  // a server tells of a mail that we sent
	Unknown Sort = "unknown" // no token of ours, or not a good one; for a person to look at
)

// Arrived is a mail that came in, sorted. Reply always has a Case; Auto and
// Bounce have one when a token says so.
type Arrived struct {
	Sort Sort
	Case string
	Seq  int64  // of the event that our mail told of
	Why  string // for the log and the desk: what made it that sort
	Key  string // the same when the same mail comes again, so that a double can be dropped
	New  string // the text without the old mail and signatures; may be empty when only files came
	Lost bool   // of a Bounce: our mail will not arrive
	Code string // of a Bounce: as 5.1.1
	Mail *Mail
}

// An Inbox sorts mails that come in.
type Inbox struct {
	addresses
	tokens *Tokens
	habits *habits
}

// NewInbox reads mails to the identity that Composer writes as.
func NewInbox(id Identity, tokens *Tokens) (*Inbox, error) {
	a, err := newAddresses(id)
	if err != nil {
		return nil, err
	}
	h, err := loadHabits()
	if err != nil {
		return nil, err
	}
	return &Inbox{a, tokens, h}, nil
}

// An Envelope is what the server was told beside the mail, where it is known.
type Envelope struct {
	Known bool
	From  string // "" is what bounces have
	To    []string
}

// Sort reads a raw mail and says what it is. An error is a refusal of the
// mail as such, see Read.
func (in *Inbox) Sort(raw []byte, env Envelope, now time.Time) (*Arrived, error) {
	m, err := Read(raw)
	if err != nil {
		return nil, err
	}
	a := &Arrived{Mail: m, Key: key(m, raw), New: in.habits.cut(m.Text)}
	ref, why := in.find(m, env, now)
	a.Case, a.Seq = ref.Case, ref.Seq
	switch auto, robot := automatic(m, env); {
	case in.idToken(m.ID) != "" && in.ours(m.ID, now):
		a.Sort, a.Why = Auto, "our own mail came back"
	case robot && (m.Report != nil && (m.Report.Type == "delivery-status" || m.Report.Action != "") || m.header.Get("X-Failed-Recipients") != ""):
		a.Sort, a.Why, a.Lost = Bounce, auto, true
		if r := m.Report; r != nil {
			a.Code = r.Status
			a.Lost = r.Action == "failed" || r.Action == "" && !strings.HasPrefix(r.Status, "2")
		}
	case robot:
		a.Sort, a.Why = Auto, auto
	case ref.Case == "":
		a.Sort, a.Why = Unknown, why
	default:
		a.Sort, a.Why = Reply, why
	}
	return a, nil
}

func (in *Inbox) ours(id string, now time.Time) bool {
	_, err := in.tokens.Open(in.idToken(id), now)
	return !errors.Is(err, ErrForged)
}

// toHeaders are where a server leaves the address that a mail came to.
var toHeaders = []string{"Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc", "Resent-To"}

// find gives the case that a mail belongs to. Addresses go before references,
// as the writer chose them; among references the newest that is ours counts.
// Two cases in the addresses are none: nothing says which is meant.
func (in *Inbox) find(m *Mail, env Envelope, now time.Time) (Ref, string) {
	var found Ref
	why := "no token"
	try := func(token, how string) (clash bool) {
		r, err := in.tokens.Open(token, now)
		switch {
		case err != nil && found.Case == "":
			why = err.Error()
		case err != nil:
		case found.Case == "":
			found, why = r, how
		case found.Case != r.Case:
			return true
		}
		return false
	}
	heads := append([]string{}, env.To...)
	for _, name := range toHeaders {
		heads = append(heads, m.header[textproto.CanonicalMIMEHeaderKey(name)]...)
	}
	for _, h := range heads {
		for _, t := range in.addresses.tokens(h) {
			if try(t, "token in the address") {
				return Ref{}, "tokens of two cases"
			}
		}
	}
	if r := m.Report; r != nil && found.Case == "" {
		for _, h := range r.addrs {
			for _, t := range in.addresses.tokens(h) {
				try(t, "token in the mail that came back")
			}
		}
		m.ids = append(m.ids, r.ids...)
	}
	for _, id := range m.ids {
		if found.Case != "" {
			break
		}
		if t := in.idToken(id); t != "" {
			try(t, "token in a reference")
		}
	}
	return found, why
}

// automatic says whether a program wrote a mail, and how it shows. Words of
// the subject are no sign: a person may write them.
func automatic(m *Mail, env Envelope) (why string, ok bool) {
	first := func(name string) string {
		v, _, _ := strings.Cut(strings.ToLower(m.header.Get(name)), ";")
		return strings.TrimSpace(v)
	}
	path, hasPath := m.header["Return-Path"]
	switch v := first("Auto-Submitted"); {
	case m.Report != nil:
		return "report " + m.Report.Type, true
	case m.header.Get("X-Failed-Recipients") != "":
		return "X-Failed-Recipients", true
	case v != "" && v != "no":
		return "Auto-Submitted", true
	case first("Precedence") == "bulk" || first("Precedence") == "junk" || first("Precedence") == "list" || first("Precedence") == "auto_reply":
		return "Precedence", true
	case first("X-Autoreply") != "" && first("X-Autoreply") != "no", first("X-Autorespond") != "", first("X-Autoresponse") != "":
		return "X-Autoreply", true
	case env.Known && env.From == "", hasPath && strings.TrimSpace(strings.Trim(path[0], "<> ")) == "":
		return "empty return path", true
	}
	return "", false
}

// key is of the Message-ID, else of all bytes. A stranger can choose an ID
// that another mail has, so the sender and text are part of it.
func key(m *Mail, raw []byte) string {
	h := sha256.New()
	if m.ID == "" {
		h.Write(raw)
	} else {
		h.Write([]byte(m.ID + "\x00" + m.From + "\x00" + m.Text))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
