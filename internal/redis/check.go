package redis

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strconv"
	"strings"

	goredis "github.com/redis/go-redis/v9"
)

// oldest is the first version that is taken. Valkey says 7.2.4 or more.
const oldest = 7

// rights are what a user needs who may not do everything, as ACL SETUSER takes
// it. check tries them.
const rights = "~%[1]s* &%[1]s* +@read +@write +@pubsub +@scripting +@connection -@dangerous +info +time"

// A problem is what only a person can mend.
type problem struct {
	text string
	err  error // nil when it adds nothing
}

func (p *problem) Error() string {
	if p.err == nil {
		return "redis: " + p.text
	}
	return fmt.Sprintf("redis: %s (%v)", p.text, p.err)
}

func (p *problem) Unwrap() error { return p.err }

// fatal reports whether trying again does not help.
func fatal(err error) bool {
	var p *problem
	return errors.As(err, &p)
}

// tried uses one command of each kind that the service uses.
var tried = goredis.NewScript(`
redis.call('TIME')
redis.call('SET', KEYS[1], '1', 'PX', 1000)
redis.call('HSET', KEYS[2], 'a', '1')
redis.call('HGETALL', KEYS[2])
redis.call('PEXPIRE', KEYS[2], 1000)
redis.call('XADD', KEYS[3], '1-0', 'a', '1')
redis.call('XRANGE', KEYS[3], '-', '+')
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
return 1`)

// check reports whether the server is there and of use.
func (c *Client) check(ctx context.Context) error {
	ctx = Free(ctx)
	info, err := c.Do(ctx, "info", "server").Text()
	if err != nil {
		return c.explain(err)
	}
	version := field(info, "redis_version")
	if major, _, _ := strings.Cut(version, "."); version != "" {
		if n, err := strconv.Atoi(major); err != nil || n < oldest {
			return &problem{fmt.Sprintf("the server at %s is version %s; version %d or newer is needed (or Valkey)", c.addr, version, oldest), nil}
		}
	}
	keys := []string{c.Key("check", "1", ":s"), c.Key("check", "1", ":h"), c.Key("check", "1", ":x")}
	if err := c.Run(ctx, tried, keys).Err(); err != nil {
		return c.explain(err)
	}
	channel := c.Prefix + "check"
	if err := c.Publish(ctx, channel, "").Err(); err != nil {
		return c.explain(err)
	}
	s := c.subscribe(ctx, channel)
	defer s.Close()
	if _, err := s.ReceiveTimeout(ctx, ioTime); err != nil {
		return c.explain(err)
	}
	return nil
}

// field gives a line of INFO.
func field(info, name string) string {
	for line := range strings.Lines(info) {
		if v, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// explain says what to do about an error, when it is something that a person
// must do.
func (c *Client) explain(err error) error {
	text := err.Error()
	says := func(part string) bool { return strings.Contains(text, part) }
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	switch {
	case answered(err) && (says("WRONGPASS") || says("invalid password") || says("invalid username-password")):
		return &problem{fmt.Sprintf("the server at %s refuses the user or the password: set the right ones in the address", c.addr), nil}
	case answered(err) && says("NOAUTH"):
		return &problem{fmt.Sprintf("the server at %s wants a password: set it in the address, as redis://user:password@host:port", c.addr), nil}
	case answered(err) && says("without any password configured"):
		return &problem{fmt.Sprintf("the server at %s has no password: take it out of the address, or set one there", c.addr), nil}
	case answered(err) && (says("NOPERM") || says("ACL failure") || says("can't run this command")):
		return &problem{fmt.Sprintf("the user at %s may not do all that is needed; give it: ACL SETUSER name "+rights, c.addr, c.Prefix), err}
	case answered(err) && says("DB index is out of range"):
		return &problem{fmt.Sprintf("the server at %s has no database of this number: leave it out of the address", c.addr), nil}
	case answered(err) && says("unknown command"):
		return &problem{fmt.Sprintf("the server at %s does not know a command that is needed; is it Redis %d or newer?", c.addr, oldest), err}
	case errors.As(err, &authority), errors.As(err, &name), errors.As(err, &invalid):
		return &problem{fmt.Sprintf("the certificate of the server at %s is not trusted: add its authority to the system's, or use the name that it is made for", c.addr), err}
	case errors.As(err, &record):
		return &problem{fmt.Sprintf("the server at %s does not speak TLS: use redis:// instead of rediss://", c.addr), nil}
	case says("redis: can't parse"), says("redis: invalid reply"):
		return &problem{fmt.Sprintf("what answers at %s is not Redis", c.addr), nil}
	}
	return fmt.Errorf("%s: %w", c.addr, err)
}
