package mail

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap"
	"github.com/emersion/go-imap/backend"
	imapserver "github.com/emersion/go-imap/server"
)

// An imapBox is a real IMAP server over mailboxes in memory, with one user.
type imapBox struct {
	addr *net.TCPAddr
	tls  *tls.Config // for a client
	srv  *imapserver.Server

	mu      sync.Mutex
	folders map[string][]*imapMail
	next    uint32 // UID
	valid   uint32 // UIDVALIDITY
	fail    string // a step that fails
	logins  int
}

type imapMail struct {
	uid   uint32
	flags []string
	raw   []byte
}

func newIMAPBox(t testing.TB, security Security, folders ...string) *imapBox {
	t.Helper()
	web := httptest.NewTLSServer(nil) // has a certificate for example.com and 127.0.0.1
	b := &imapBox{
		tls: web.Client().Transport.(*http.Transport).TLSClientConfig.Clone(), folders: map[string][]*imapMail{"INBOX": nil}, valid: 1,
	}
	for _, f := range folders {
		b.folders[f] = nil
	}
	b.srv = imapserver.New(b)
	b.srv.ErrorLog = log.New(io.Discard, "", 0)
	b.srv.AllowInsecureAuth = security == Open
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.addr = l.Addr().(*net.TCPAddr)
	certificate := &tls.Config{Certificates: web.TLS.Certificates}
	switch security {
	case TLS:
		l = tls.NewListener(l, certificate)
	case StartTLS:
		b.srv.TLSConfig = certificate
	}
	var wg sync.WaitGroup
	wg.Go(func() { _ = b.srv.Serve(l) })
	t.Cleanup(func() {
		b.srv.Close()
		wg.Wait()
		web.Close()
	})
	return b
}

func (b *imapBox) client(t testing.TB, change func(o *IMAPOptions)) *IMAP {
	t.Helper()
	o := IMAPOptions{Host: "127.0.0.1", Port: b.addr.Port, TLS: b.tls, Username: "ki", Password: "hemmelig", Timeout: 3 * time.Second}
	if change != nil {
		change(&o)
	}
	m, err := NewIMAP(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

// put lays mails into the inbox.
func (b *imapBox) put(raws ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range raws {
		b.next++
		b.folders["INBOX"] = append(b.folders["INBOX"], &imapMail{uid: b.next, raw: []byte(r)})
	}
}

// cut closes all connections.
func (b *imapBox) cut() {
	b.srv.ForEachConn(func(c imapserver.Conn) { c.Close() })
}

// holds gives what lies in a folder with its flags, as "text flag flag".
func (b *imapBox) holds(folder string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []string
	for _, m := range b.folders[folder] {
		s := string(m.raw)
		for _, f := range m.flags {
			s += " " + f
		}
		out = append(out, s)
	}
	return out
}

var errBackend = errors.New("no, ki hemmelig kari@example.org") // as unkind a server as can be

func (b *imapBox) failing(step string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail == step {
		return errBackend
	}
	return nil
}

func (b *imapBox) setFail(step string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fail = step
}

func (b *imapBox) Login(_ *imap.ConnInfo, user, password string) (backend.User, error) {
	if user != "ki" || password != "hemmelig" {
		return nil, errBackend
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.logins++
	return imapUser{b}, nil
}

type imapUser struct{ *imapBox }

func (u imapUser) Username() string { return "ki" }
func (u imapUser) Logout() error    { return nil }

func (u imapUser) ListMailboxes(bool) (out []backend.Mailbox, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for name := range u.folders {
		out = append(out, imapFolder{u.imapBox, name})
	}
	return out, nil
}

func (u imapUser) GetMailbox(name string) (backend.Mailbox, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if _, ok := u.folders[name]; !ok {
		return nil, backend.ErrNoSuchMailbox
	}
	return imapFolder{u.imapBox, name}, nil
}

func (imapUser) CreateMailbox(string) error         { return errBackend }
func (imapUser) DeleteMailbox(string) error         { return errBackend }
func (imapUser) RenameMailbox(string, string) error { return errBackend }

type imapFolder struct {
	*imapBox
	name string
}

func (f imapFolder) Name() string             { return f.name }
func (f imapFolder) SetSubscribed(bool) error { return nil }
func (f imapFolder) Check() error             { return nil }
func (f imapFolder) Expunge() error           { return nil }

func (f imapFolder) CreateMessage([]string, time.Time, imap.Literal) error { return errBackend }

func (f imapFolder) Info() (*imap.MailboxInfo, error) {
	return &imap.MailboxInfo{Delimiter: "/", Name: f.name}, nil
}

func (f imapFolder) Status(items []imap.StatusItem) (*imap.MailboxStatus, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := imap.NewMailboxStatus(f.name, items)
	s.Flags, s.PermanentFlags, s.UidValidity, s.UidNext = []string{imap.SeenFlag}, []string{"\\*"}, f.valid, f.next+1
	s.Messages = uint32(len(f.folders[f.name]))
	return s, nil
}

func (f imapFolder) ListMessages(_ bool, set *imap.SeqSet, items []imap.FetchItem, ch chan<- *imap.Message) error {
	defer close(ch)
	if err := f.failing("fetch"); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, m := range f.folders[f.name] {
		if !set.Contains(m.uid) {
			continue
		}
		out := imap.NewMessage(uint32(i+1), items)
		for _, item := range items {
			if item == imap.FetchUid {
				out.Uid = m.uid
				continue
			}
			section, err := imap.ParseBodySectionName(item)
			if err != nil {
				return err
			}
			if !section.Peek {
				m.flags = append(m.flags, imap.SeenFlag)
			}
			out.Body[section] = bytes.NewReader(section.ExtractPartial(m.raw))
		}
		ch <- out
	}
	return nil
}

func (f imapFolder) SearchMessages(_ bool, c *imap.SearchCriteria) (out []uint32, err error) {
	if err := f.failing("search"); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range f.folders[f.name] {
		if !slices.ContainsFunc(c.WithoutFlags, func(flag string) bool { return slices.Contains(m.flags, flag) }) {
			out = append(out, m.uid)
		}
	}
	return out, nil
}

func (f imapFolder) UpdateMessagesFlags(_ bool, set *imap.SeqSet, _ imap.FlagsOp, flags []string) error {
	if err := f.failing("store"); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range f.folders[f.name] {
		if set.Contains(m.uid) {
			m.flags = append(m.flags, flags...)
		}
	}
	return nil
}

func (f imapFolder) CopyMessages(bool, *imap.SeqSet, string) error { return errBackend }

// MoveMessages makes it a backend.MoveMailbox.
func (f imapFolder) MoveMessages(_ bool, set *imap.SeqSet, dest string) error {
	if err := f.failing("move"); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var stay []*imapMail
	for _, m := range f.folders[f.name] {
		if set.Contains(m.uid) {
			f.folders[dest] = append(f.folders[dest], m)
		} else {
			stay = append(stay, m)
		}
	}
	f.folders[f.name] = stay
	return nil
}
