package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-imap"
	imapclient "github.com/emersion/go-imap/client"
)

// roundMost is how many mails one round through a mailbox gives.
const roundMost = 100

// IMAPOptions say which mailbox is read.
type IMAPOptions struct {
	Host     string
	Port     int      // 0: 993 for TLS, 143 for StartTLS
	Security Security // "": TLS; Open is refused
	Username string
	Password string
	Folder   string        // "": INBOX
	Taken    string        // folder for what was taken; "": Tatt
	Refused  string        // folder for what a person must look at; "": Avvist
	Timeout  time.Duration // of each step; 0: 30 s
	TLS      *tls.Config   // nil: the system's authorities, TLS 1.2 or newer
}

// IMAP is a Mailbox on a server. What has no \Seen is not settled; reading
// does not set it. Settled mails get it and go to their folder where the
// server has it; without one, those for a person get \Flagged. The connection
// is opened when it is needed and again after an error. It is not safe for
// concurrent use; several processes may read one mailbox: both may get a mail,
// under the same Key.
type IMAP struct {
	o        IMAPOptions
	c        *imapclient.Client
	validity uint32
	folders  map[bool]string // by refused; "" where the server has none
	round    []uint32        // UIDs still to be given
	under    bool            // a round is under way
}

// NewIMAP checks the options; it does not connect.
func NewIMAP(o IMAPOptions) (*IMAP, error) {
	ports := map[Security]int{TLS: 993, StartTLS: 143}
	o.Security = or(o.Security, TLS)
	switch {
	case o.Host == "" || o.Username == "" || o.Password == "":
		return nil, errors.New("imap: a host, a user and a password are needed")
	case ports[o.Security] == 0:
		return nil, errors.New("imap: a password is sent over TLS only")
	}
	o.Port, o.Timeout = or(o.Port, ports[o.Security]), or(o.Timeout, 30*time.Second)
	o.Folder, o.Taken, o.Refused = or(o.Folder, "INBOX"), or(o.Taken, "Tatt"), or(o.Refused, "Avvist")
	if o.TLS == nil {
		o.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	o.TLS = o.TLS.Clone()
	o.TLS.ServerName = or(o.TLS.ServerName, o.Host)
	return &IMAP{o: o}, nil
}

// Next is as in Mailbox. A mail over the limit is read up to it, and so
// refused by who reads it.
func (m *IMAP) Next(ctx context.Context) (w Waiting, ok bool, err error) {
	err = m.with(ctx, func() error {
		if !m.under {
			unseen := imap.NewSearchCriteria()
			unseen.WithoutFlags = []string{imap.SeenFlag}
			uids, err := m.c.UidSearch(unseen)
			if err != nil {
				return m.fault("search", err)
			}
			m.round, m.under = uids[:min(len(uids), roundMost)], true
		}
		for len(m.round) > 0 && !ok {
			uid := m.round[0]
			m.round = m.round[1:]
			if w, ok, err = m.fetch(uid); err != nil {
				return err
			}
		}
		m.under = ok
		return nil
	})
	return w, ok && err == nil, err
}

// fetch reads a mail; ok is false when it is gone by now.
func (m *IMAP) fetch(uid uint32) (w Waiting, ok bool, err error) {
	section := &imap.BodySectionName{Peek: true, Partial: []int{0, MaxMail + 1}}
	ch, done := make(chan *imap.Message, 1), make(chan error, 1)
	go func() { done <- m.c.UidFetch(one(uid), []imap.FetchItem{imap.FetchUid, section.FetchItem()}, ch) }()
	for msg := range ch { // a server may tell of other mails in between
		body := msg.GetBody(section)
		if msg.Uid != uid || body == nil {
			continue
		}
		raw, err := io.ReadAll(io.LimitReader(body, MaxMail+1))
		if err != nil {
			continue // told below
		}
		w, ok = Waiting{ID: fmt.Sprintf("%d.%d", m.validity, uid), Raw: raw}, true
	}
	if err := <-done; err != nil {
		return w, false, m.fault("fetch", err)
	}
	return w, ok, nil
}

// Settle is as in Mailbox.
func (m *IMAP) Settle(ctx context.Context, id string, refused bool) error {
	v, u, _ := strings.Cut(id, ".")
	uid, err := strconv.ParseUint(u, 10, 32)
	if err != nil {
		return errors.New("imap: no such mail")
	}
	return m.with(ctx, func() error {
		if v != strconv.FormatUint(uint64(m.validity), 10) {
			return nil // the mailbox was made anew: it comes again
		}
		flags := []any{imap.SeenFlag}
		if refused && m.folders[refused] == "" {
			flags = append(flags, imap.FlaggedFlag)
		}
		if err := m.c.UidStore(one(uint32(uid)), imap.FormatFlagsOp(imap.AddFlags, true), flags, nil); err != nil {
			return m.fault("store", err)
		}
		if m.folders[refused] == "" {
			return nil
		}
		// It is settled by its flag: one that is gone or can't be moved is, too.
		if err := m.c.UidMove(one(uint32(uid)), m.folders[refused]); err != nil && cut(m.c) {
			return m.fault("move", err)
		}
		return nil
	})
}

// Close ends the connection. Another call opens it again.
func (m *IMAP) Close() {
	if m.c != nil {
		_ = m.c.Terminate()
	}
	m.c, m.round, m.under = nil, nil, false
}

// with does something on an open connection, which is cut when ctx ends and
// given up after an error.
func (m *IMAP) with(ctx context.Context, do func() error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if m.c != nil && cut(m.c) {
		m.Close()
	}
	if m.c == nil {
		if err := m.open(ctx); err != nil {
			m.Close()
			return err
		}
	}
	c := m.c
	stop := context.AfterFunc(ctx, func() { _ = c.Terminate() })
	defer stop()
	if err := do(); err != nil {
		m.Close()
		return errors.Join(err, ctx.Err())
	}
	return nil
}

// cut reports whether a connection is known to have ended.
func cut(c *imapclient.Client) bool {
	select {
	case <-c.LoggedOut():
		return true
	default:
		return false
	}
}

func (m *IMAP) open(ctx context.Context) error {
	dialing, cancel := context.WithTimeout(ctx, m.o.Timeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(dialing, "tcp", net.JoinHostPort(m.o.Host, strconv.Itoa(m.o.Port)))
	if err != nil {
		return fmt.Errorf("imap: connect: %w", err)
	}
	if m.o.Security == TLS {
		secure := tls.Client(conn, m.o.TLS)
		if err := secure.HandshakeContext(dialing); err != nil {
			conn.Close()
			return fmt.Errorf("imap: connect: %w", err)
		}
		conn = secure
	}
	_ = conn.SetDeadline(time.Now().Add(m.o.Timeout)) // until the first command sets its own
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	c, err := imapclient.New(conn)
	if err != nil {
		conn.Close()
		return errors.New("imap: the server does not greet")
	}
	c.Timeout, c.ErrorLog = m.o.Timeout, log.New(io.Discard, "", 0) // it would quote the server
	m.c = c
	if m.o.Security == StartTLS {
		if err := c.StartTLS(m.o.TLS); err != nil {
			return m.fault("starttls", err)
		}
	}
	if err := c.Login(m.o.Username, m.o.Password); err != nil {
		return m.fault("login", err)
	}
	box, err := c.Select(m.o.Folder, false)
	if err != nil {
		return m.fault("select", err)
	}
	m.validity = box.UidValidity
	return m.look()
}

// look finds the folders for what is settled, wherever in the tree they stand.
func (m *IMAP) look() error {
	ch, done := make(chan *imap.MailboxInfo, 16), make(chan error, 1)
	go func() { done <- m.c.List("", "*", ch) }()
	m.folders = map[bool]string{}
	for box := range ch {
		name := box.Name
		if box.Delimiter != "" {
			name = name[strings.LastIndex(name, box.Delimiter)+1:]
		}
		for refused, want := range map[bool]string{false: m.o.Taken, true: m.o.Refused} {
			if name == want && m.folders[refused] == "" {
				m.folders[refused] = box.Name
			}
		}
	}
	if err := <-done; err != nil {
		return m.fault("list", err)
	}
	return nil
}

// fault says at which step it went wrong, not what the server said: it may
// quote what it was told.
func (m *IMAP) fault(step string, err error) error {
	var away net.Error
	if errors.As(err, &away) && away.Timeout() {
		return fmt.Errorf("imap: %s: the server does not answer", step)
	}
	return fmt.Errorf("imap: %s: refused, or the connection was cut", step)
}

func one(uid uint32) *imap.SeqSet {
	s := new(imap.SeqSet)
	s.AddNum(uid)
	return s
}
