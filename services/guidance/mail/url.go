package mail

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
)

// NewSender gives the sender that a URL names:
//
//	smtp://user:password@host[:587]   SMTP, which must turn to TLS
//	smtps://user:password@host[:465]  SMTP over TLS from the first byte
//	smtp://localhost:25?tls=none      SMTP in the open, without a password
//	file:<folder>                     mails are kept in the folder, not sent
//
// What is special in a user or password is written as %40 and so on. SMTP
// takes ?auth=LOGIN or SCRAM-SHA-256 and ?hello=<our name>. No error quotes the
// URL: a password may stand in it.
func NewSender(raw string) (Sender, error) {
	if dir, ok := strings.CutPrefix(raw, "file:"); ok {
		if dir == "" {
			return nil, errors.New("mail: file needs a folder")
		}
		return File{Dir: strings.TrimPrefix(dir, "//")}, nil
	}
	p, err := place(raw, "tls", "auth", "hello")
	if err != nil {
		return nil, err
	}
	o := SMTPOptions{Host: p.Hostname(), Port: p.port, Auth: p.Query().Get("auth"), Hello: p.Query().Get("hello")}
	o.Username, o.Password = p.user, p.password
	switch tls := p.Query().Get("tls"); {
	case p.Path != "" && p.Path != "/":
		return nil, errors.New("mail: an SMTP URL has no path")
	case p.Scheme == "smtps" && tls == "":
		o.Security = TLS
	case p.Scheme == "smtp" && (tls == "" || tls == "starttls"):
		o.Security = StartTLS
	case p.Scheme == "smtp" && tls == "none":
		o.Security = Open
	default:
		return nil, errors.New("mail: mails go out by smtp, smtps or file, and tls=none stands with smtp alone")
	}
	return NewSMTP(o)
}

// NewMailbox gives the mailbox that a URL names:
//
//	imaps://user:password@host[:993][/folder]  IMAP over TLS from the first byte
//	imap://user:password@host[:143][/folder]   IMAP, which must turn to TLS
//
// The folder is INBOX unless it is named. No error quotes the URL.
func NewMailbox(raw string) (*IMAP, error) {
	p, err := place(raw)
	if err != nil {
		return nil, err
	}
	o := IMAPOptions{Host: p.Hostname(), Port: p.port, Username: p.user, Password: p.password, Folder: strings.Trim(p.Path, "/")}
	switch p.Scheme {
	case "imaps":
		o.Security = TLS
	case "imap":
		o.Security = StartTLS
	default:
		return nil, errors.New("mail: a mailbox is read by imaps or imap")
	}
	return NewIMAP(o)
}

type serverURL struct {
	*url.URL
	port           int
	user, password string
}

// place reads a URL that names a server.
func place(raw string, options ...string) (serverURL, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" { // err holds the URL
		return serverURL{}, errors.New("mail: the server's URL can't be read")
	}
	p := serverURL{URL: u, user: u.User.Username()}
	p.password, _ = u.User.Password()
	if u.Port() != "" {
		if p.port, err = strconv.Atoi(u.Port()); err != nil || p.port < 1 || p.port > 65535 {
			return serverURL{}, errors.New("mail: the server's port is no port")
		}
	}
	for name := range u.Query() {
		known := false
		for _, o := range options {
			known = known || o == name
		}
		if !known {
			return serverURL{}, errors.New("mail: the server's URL has an option that is not known")
		}
	}
	return p, nil
}
