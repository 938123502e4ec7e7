package mail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// referencesMax is how many earlier mails are named: the first, which holds
// the thread together, and the newest.
const referencesMax = 20

// A Composer writes letters as mails.
type Composer struct {
	addresses
	tokens *Tokens
	texts  *texts
}

// NewComposer checks who the mails are from, and that the address for replies
// has room for the token of a case whose id is 24 hexadecimal digits.
func NewComposer(id Identity, tokens *Tokens) (*Composer, error) {
	a, err := newAddresses(id)
	if err != nil {
		return nil, err
	}
	if a.Plus { // better now than with each letter
		token, err := tokens.Make(strings.Repeat("0", 24), 5000, epoch)
		if err != nil {
			return nil, err
		}
		if _, err := a.reply(token); err != nil {
			return nil, err
		}
	}
	t, err := loadTexts()
	if err != nil {
		return nil, err
	}
	return &Composer{a, tokens, t}, nil
}

// A Message is a mail as it is sent.
type Message struct {
	ID   string // Message-ID without angle brackets
	Item Item
	From string // envelope: where a server sends what it can't deliver
	To   string
	msg  *gomail.Msg
}

// WriteTo writes the mail as it goes over the wire.
func (m *Message) WriteTo(w io.Writer) (int64, error) { return m.msg.WriteTo(w) }

// Compose writes a mail. The same item and letter give the same bytes, so that
// a mail that is sent again is the same mail.
func (c *Composer) Compose(it Item, l Letter) (*Message, error) {
	to, err := receiver(l.To)
	if err != nil {
		return nil, err
	}
	p, err := c.texts.page(it.Kind, l, c.Reply != "")
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", it.Kind, err)
	}
	html, err := p.html()
	if err != nil {
		return nil, err
	}
	id, reply, err := c.names(it)
	if err != nil {
		return nil, err
	}
	m := &Message{ID: id, Item: it, From: reply, To: to}
	if m.From == "" {
		m.From = c.From
	}
	m.msg = gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithEncoding(gomail.EncodingQP),
		gomail.WithBoundary("b-"+c.tokens.tag(it.ID+" boundary", it.At)))
	if err := m.envelope(c.addresses, reply); err != nil {
		return nil, err
	}
	m.msg.Subject(p.Subject)
	m.msg.SetMessageIDWithValue(id)
	m.msg.SetDateWithValue(it.At.UTC())
	for name, value := range map[gomail.Header]string{
		"Auto-Submitted":           "auto-generated",
		"X-Auto-Response-Suppress": "OOF, AutoReply",
		"Content-Language":         string(p.Lang),
	} {
		m.msg.SetGenHeader(name, value)
	}
	if c.ListID != "" {
		m.msg.SetGenHeader("List-Id", "<"+c.ListID+">")
	}
	if refs := references(l.References, id); len(refs) > 0 {
		m.msg.SetGenHeader(gomail.HeaderInReplyTo, refs[len(refs)-1])
		m.msg.SetGenHeader(gomail.HeaderReferences, strings.Join(refs, " "))
	}
	m.msg.SetBodyString(gomail.TypeTextPlain, p.text())
	m.msg.AddAlternativeString(gomail.TypeTextHTML, html)
	return m, nil
}

// MessageID gives the Message-ID that an item's mail has or will have, for the
// references of the next.
func (c *Composer) MessageID(it Item) (string, error) {
	id, _, err := c.names(it)
	return id, err
}

func (c *Composer) names(it Item) (id, reply string, err error) {
	token, err := c.tokens.Make(it.Case, it.Seq, it.At)
	if err != nil {
		return "", "", err
	}
	if it.ID == "" {
		return "", "", errors.New("mail: an item without an id")
	}
	reply, err = c.reply(token)
	return c.messageID(token, c.tokens.tag(it.ID, it.At)), reply, err
}

func (m *Message) envelope(a addresses, reply string) error {
	if err := m.msg.FromFormat(a.Name, a.From); err != nil {
		return errors.New("the sender's name or address can't be used")
	}
	if err := m.msg.EnvelopeFrom(m.From); err != nil {
		return errors.New("the address for replies can't be used")
	}
	if reply != "" {
		if err := m.msg.ReplyTo(reply); err != nil {
			return errors.New("the address for replies can't be used")
		}
	}
	if err := m.msg.To(m.To); err != nil {
		return errAddress
	}
	return nil
}

// references gives earlier Message-IDs in angle brackets: the first and the
// newest, none twice, none that could break the header.
func references(ids []string, own string) []string {
	var out []string
	for _, id := range ids {
		id = strings.Trim(id, "<> ")
		if validID(id) && id != own && !slices.Contains(out, "<"+id+">") {
			out = append(out, "<"+id+">")
		}
	}
	if n := len(out); n > referencesMax {
		out = append(out[:1:1], out[n-referencesMax+1:]...)
	}
	return out
}

// validID says whether a Message-ID, without angle brackets, can stand in a
// header.
func validID(id string) bool {
	return id != "" && len(id) <= 250 && strings.Contains(id, "@") &&
		!strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '<' || r == '>' || r == ',' })
}

// Bytes gives the mail as it goes over the wire.
func (m *Message) Bytes() ([]byte, error) {
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("write mail: %w", err)
	}
	return b.Bytes(), nil
}
