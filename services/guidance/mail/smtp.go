package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Security says how the way to the server is kept closed.
type Security string

const (
	StartTLS Security = "starttls" // begins open and must turn to TLS
	TLS      Security = "tls"      // TLS from the first byte
	Open     Security = "none"     // only for a server on the same machine; no password is sent
)

// SMTPOptions say where mails go.
type SMTPOptions struct {
	Host     string
	Port     int           // 0: 587 for StartTLS, 465 for TLS, 25 for Open
	Security Security      // "": StartTLS
	Username string        // empty: no login
	Password string        //
	Auth     string        // PLAIN (the default), LOGIN, SCRAM-SHA-256
	Hello    string        // our name; empty: the machine's
	Timeout  time.Duration // to connect, and then to send; 0: 20 s
	TLS      *tls.Config   // nil: the system's authorities, TLS 1.2 or newer
}

// SMTP sends through a server. Each mail has its own connection: there are few
// of them, and a fault is then of one.
type SMTP struct {
	host string
	o    SMTPOptions
	opts []gomail.Option
}

// NewSMTP checks the options; it does not connect.
func NewSMTP(o SMTPOptions) (*SMTP, error) {
	port := map[Security]int{StartTLS: 587, TLS: 465, Open: 25}
	if o.Security == "" {
		o.Security = StartTLS
	}
	switch {
	case o.Host == "":
		return nil, errors.New("smtp: no host")
	case port[o.Security] == 0:
		return nil, fmt.Errorf("smtp: security is starttls, tls or none, not %q", o.Security)
	case o.Security == Open && o.Username != "":
		return nil, errors.New("smtp: a password is sent over TLS only")
	}
	if o.Port == 0 {
		o.Port = port[o.Security]
	}
	if o.Timeout == 0 {
		o.Timeout = 20 * time.Second
	}
	if o.TLS == nil {
		o.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	o.TLS = o.TLS.Clone()
	if o.TLS.ServerName == "" {
		o.TLS.ServerName = o.Host
	}
	s := &SMTP{host: o.Host, o: o, opts: []gomail.Option{
		gomail.WithPort(o.Port), gomail.WithTimeout(o.Timeout), gomail.WithTLSConfig(o.TLS),
	}}
	switch o.Security {
	case StartTLS:
		s.opts = append(s.opts, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case TLS:
		s.opts = append(s.opts, gomail.WithSSL())
	case Open:
		s.opts = append(s.opts, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if o.Hello != "" {
		s.opts = append(s.opts, gomail.WithHELO(o.Hello))
	}
	if o.Username != "" {
		auth := map[string]gomail.SMTPAuthType{
			"": gomail.SMTPAuthPlain, "PLAIN": gomail.SMTPAuthPlain, "LOGIN": gomail.SMTPAuthLogin, "SCRAM-SHA-256": gomail.SMTPAuthSCRAMSHA256,
		}[o.Auth]
		if auth == "" {
			return nil, fmt.Errorf("smtp: auth is PLAIN, LOGIN or SCRAM-SHA-256, not %q", o.Auth)
		}
		s.opts = append(s.opts, gomail.WithSMTPAuth(auth), gomail.WithUsername(o.Username), gomail.WithPassword(o.Password))
	}
	if _, err := gomail.NewClient(s.host, s.opts...); err != nil {
		return nil, fmt.Errorf("smtp: %w", err)
	}
	return s, nil
}

// Send gives a mail to the server. A mail that the server has taken is sent,
// whatever goes wrong afterwards. When ctx ends the connection is cut.
func (s *SMTP) Send(ctx context.Context, m *Message) (Status, error) {
	stop := func() bool { return true }
	dial := func(dctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := s.dial(dctx, network)
		if err == nil {
			// go-mail heeds the context only until it is connected.
			stop = context.AfterFunc(ctx, func() { conn.Close() })
		}
		return conn, err
	}
	defer func() { stop() }()
	client, err := gomail.NewClient(s.host, append(s.opts[:len(s.opts):len(s.opts)], gomail.WithDialContextFunc(dial))...)
	if err != nil {
		return "", fmt.Errorf("smtp: %w", err)
	}
	if err := client.DialAndSendWithContext(ctx, m.msg); err != nil && !m.msg.IsDelivered() {
		return "", failure(err)
	}
	return Sent, nil
}

func (s *SMTP) dial(ctx context.Context, network string) (net.Conn, error) {
	addr := net.JoinHostPort(s.host, strconv.Itoa(s.o.Port))
	if s.o.Security == TLS {
		return (&tls.Dialer{Config: s.o.TLS}).DialContext(ctx, network, addr)
	}
	return (&net.Dialer{}).DialContext(ctx, network, addr)
}
