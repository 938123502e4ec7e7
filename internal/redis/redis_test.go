package redis_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"kiveileder/internal/redis"
	"kiveileder/internal/stacktest"
)

func TestMain(m *testing.M) {
	stacktest.VerifyTestMain(m)
}

const secret = "hemmeligheten"

// Any part of an address may be the password, when it is written wrongly.
func TestOpenRefusesAddresses(t *testing.T) {
	for _, address := range []string{
		"", "localhost:6379", secret, "http://" + secret + "@localhost:6379", secret + "://localhost", ":" + secret + "@localhost:6379",
		"redis://user:" + secret + "/x@localhost:6379/0", "redis://user:" + secret + "?x@localhost:6379/0", "redis://user:" + secret + "#x@localhost:6379/0",
		"redis://user:%zz" + secret + "@localhost:6379", "redis://localhost:6379/" + secret, "redis://localhost:6379/0/" + secret, "redis://localhost:6379?" + secret + "=1",
		"unix://", "redis-sentinel://user:" + secret + "@localhost:26379/mymaster",
	} {
		c, err := redis.Open(t.Context(), address, redis.Options{})
		if err == nil {
			// the rest of a password after # or ? may look like a part of the address: what is left of it can't be reached
			if c.State() == nil {
				t.Errorf("%q is taken", address)
			}
			c.Close()
			continue
		}
		if !strings.Contains(err.Error(), "redis://user:password@host") {
			t.Errorf("%q: %v does not say how it should be", address, err)
		}
		holdsNoSecret(t, err)
	}
}

func holdsNoSecret(t *testing.T, err error) {
	t.Helper()
	for e := err; e != nil; e = errors.Unwrap(e) {
		if strings.Contains(e.Error(), secret) || strings.Contains(fmt.Sprintf("%+v", e), secret) {
			t.Errorf("the password stands in %q", e)
		}
	}
}

// A fakeServer answers commands as the test says; what it says nothing of is +OK.
func fakeServer(t *testing.T, answers map[string]string) (addr string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serve(c, answers)
		}
	}()
	return l.Addr().String()
}

func serve(c net.Conn, answers map[string]string) {
	defer c.Close()
	if greeting := answers["GREETING"]; greeting != "" {
		_, _ = io.WriteString(c, greeting)
		return
	}
	r := bufio.NewReader(c)
	line := func() string { s, _ := r.ReadString('\n'); return strings.TrimSpace(s) }
	for {
		n, err := strconv.Atoi(strings.TrimPrefix(line(), "*"))
		if err != nil {
			return
		}
		var args []string
		for range n {
			line()
			args = append(args, line())
		}
		a, ok := answers[strings.ToUpper(args[0])]
		if !ok {
			a = "+OK\r\n"
		}
		if _, err := io.WriteString(c, a); err != nil {
			return
		}
	}
}

func bulk(s string) string { return fmt.Sprintf("$%d\r\n%s\r\n", len(s), s) }

func TestOpenExplains(t *testing.T) {
	const hello = "-ERR unknown command `HELLO`\r\n"
	for _, c := range []struct {
		name    string
		answers map[string]string
		want    string
	}{
		{"a wrong password", map[string]string{"HELLO": "-WRONGPASS invalid username-password pair or user is disabled.\r\n", "AUTH": "-WRONGPASS invalid username-password pair or user is disabled.\r\n"}, "refuses the user or the password"},
		{"no password", map[string]string{"HELLO": hello, "INFO": "-NOAUTH Authentication required.\r\n"}, "wants a password"},
		{"a password that it does not have", map[string]string{"HELLO": hello, "AUTH": "-ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?\r\n"}, "has no password"},
		{"an old one", map[string]string{"HELLO": hello, "INFO": bulk("# Server\r\nredis_version:6.2.14\r\nos:Linux\r\n")}, "version 6.2.14; version 7 or newer is needed"},
		{"a very old one", map[string]string{"HELLO": hello, "INFO": bulk("# Server\r\nredis_version:2.8\r\n")}, "version 2.8"},
		{"one without a number", map[string]string{"HELLO": hello, "INFO": bulk("redis_version:unstable\r\n")}, "version unstable"},
		{"a user who may not look", map[string]string{"HELLO": hello, "INFO": "-NOPERM User app has no permissions to run the 'info' command\r\n"}, "ACL SETUSER"},
		{"not Redis", map[string]string{"GREETING": "HTTP/1.1 400 Bad Request\r\n\r\n"}, "is not Redis"},
	} {
		t.Run(c.name, func(t *testing.T) {
			client, err := redis.Open(t.Context(), "redis://app:"+secret+"@"+fakeServer(t, c.answers), redis.Options{})
			if err == nil {
				client.Close()
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			holdsNoSecret(t, err)
		})
	}
	t.Run("TLS to one that has none", func(t *testing.T) {
		_, err := redis.Open(t.Context(), "rediss://"+fakeServer(t, map[string]string{"GREETING": "-ERR Protocol error\r\n"}), redis.Options{})
		if err == nil || !strings.Contains(err.Error(), "does not speak TLS") {
			t.Error(err)
		}
	})
}

// Versions that are taken; what follows in check is not of interest here.
func TestOpenTakesVersions(t *testing.T) {
	for _, v := range []string{"7.0.0", "7.2.4", "8.4.1", "255.255.255"} {
		c, err := redis.Open(t.Context(), "redis://"+fakeServer(t, map[string]string{
			"HELLO": "-ERR unknown command `HELLO`\r\n", "INFO": bulk("# Server\r\nredis_version:" + v + "\r\nvalkey_version:9.0.0\r\n"),
			"EVALSHA": ":1\r\n", "PUBLISH": ":0\r\n", "SUBSCRIBE": "*3\r\n" + bulk("subscribe") + bulk("kiveileder:check") + ":1\r\n",
		}), redis.Options{})
		if err != nil {
			t.Errorf("%s: %v", v, err)
			continue
		}
		if err := c.State(); err != nil {
			t.Errorf("%s: state %v", v, err)
		}
		c.Close()
	}
}

func TestOpenWithout(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	core, logs := observer.New(zapcore.InfoLevel)
	start := time.Now()
	c, err := redis.Open(t.Context(), "redis://:"+secret+"@"+l.Addr().String(), redis.Options{Log: zap.New(core)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var away *redis.AwayError
	for range 100 {
		if err := c.Get(t.Context(), "x").Err(); !errors.As(err, &away) {
			t.Fatalf("error %v", err)
		}
	}
	if took := time.Since(start); took > 10*time.Second { // were each to wait, it would be longer
		t.Errorf("a hundred calls without a server took %v", took)
	}
	if !errors.As(c.State(), &away) {
		t.Errorf("state %v", c.State())
	}
	holdsNoSecret(t, c.State())
	if n := logs.Len(); n != 1 {
		t.Errorf("%d lines in the log: %v", n, logs.All())
	}
}

func TestClient(t *testing.T) {
	address, prefix := stacktest.Redis(t)
	c := stacktest.OpenRedis(t, address, prefix)
	if err := c.State(); err != nil {
		t.Fatal(err)
	}
	key := c.Key("kind", "thing", ":part")
	if key != prefix+"kind:{thing}:part" {
		t.Errorf("key %q", key)
	}
	if err := c.Get(t.Context(), key).Err(); !errors.Is(err, goredis.Nil) {
		t.Errorf("what is not there: %v", err)
	}
	if err := c.Set(t.Context(), key, "æøå", time.Minute).Err(); err != nil {
		t.Error(err)
	}
	if got, err := c.Get(t.Context(), key).Result(); got != "æøå" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	// the server's word is no outage, and neither is a caller who gives up
	if err := c.Do(t.Context(), "lpush", key, "x").Err(); err == nil || c.State() != nil {
		t.Errorf("a list made of a string: %v, state %v", err, c.State())
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Get(ended, key).Err(); !errors.Is(err, context.Canceled) || c.State() != nil {
		t.Errorf("a caller who gave up: %v, state %v", err, c.State())
	}
	if got, err := c.Run(t.Context(), goredis.NewScript(`return ARGV[1] .. KEYS[1]`), []string{key}, "x").Text(); got != "x"+key || err != nil {
		t.Errorf("script: %q, %v", got, err)
	}
}

func TestWrongPasswordOfTheRealOne(t *testing.T) {
	address, prefix := stacktest.Redis(t)
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal("address")
	}
	for _, user := range []*url.Userinfo{url.UserPassword("default", secret), url.UserPassword("nobody", secret), nil} {
		u.User = user
		_, err := redis.Open(t.Context(), u.String(), redis.Options{Prefix: prefix})
		if err == nil || !strings.Contains(err.Error(), "password") {
			t.Errorf("%v: %v", user.Username(), err)
		}
		holdsNoSecret(t, err)
	}
}

// The rights that an error names are enough, and each of them is needed.
func TestRights(t *testing.T) {
	address, prefix := stacktest.Redis(t)
	admin := stacktest.OpenRedis(t, address, prefix)
	name := strings.Trim(prefix, ":")
	as := func(rules ...string) error {
		args := []any{"acl", "setuser", name, "reset", "on", ">" + secret}
		for _, r := range rules {
			args = append(args, r)
		}
		if err := admin.Do(t.Context(), args...).Err(); err != nil {
			t.Fatal(err)
		}
		u, _ := url.Parse(address)
		u.User = url.UserPassword(name, secret)
		c, err := redis.Open(t.Context(), u.String(), redis.Options{Prefix: prefix})
		if err == nil {
			defer c.Close()
			if err := c.State(); err != nil {
				t.Errorf("%v: state %v", rules, err)
			}
		}
		return err
	}
	t.Cleanup(func() {
		admin.Do(context.Background(), "acl", "deluser", name)
	})
	full := []string{"~" + prefix + "*", "&" + prefix + "*", "+@read", "+@write", "+@pubsub", "+@scripting", "+@connection", "-@dangerous", "+info", "+time"}
	if err := as(full...); err != nil {
		t.Errorf("with all that it names: %v", err)
	}
	for i, left := range full {
		if strings.HasPrefix(left, "-") || left == "+@connection" || left == "+@read" { // what they give is also in others, or before the login
			continue
		}
		rules := append(append([]string{}, full[:i]...), full[i+1:]...)
		err := as(rules...)
		if err == nil || !strings.Contains(err.Error(), "ACL SETUSER") {
			t.Errorf("without %s: %v", left, err)
		}
		holdsNoSecret(t, err)
	}
}

// A call ends within half a second whatever the line does, the next ones at
// once; and when the line is mended, the client finds out by itself.
func TestFaults(t *testing.T) {
	address, prefix := stacktest.Redis(t)
	for _, w := range []stacktest.Way{
		stacktest.Cut, stacktest.Slow(2 * time.Second), stacktest.Silent, stacktest.Reset, stacktest.Half(3), stacktest.SlowlyCut(time.Second),
	} {
		t.Run(w.Name, func(t *testing.T) {
			t.Parallel()
			through, fault := stacktest.Proxy(t, address)
			core, logs := observer.New(zapcore.InfoLevel)
			client, err := redis.Open(t.Context(), through, redis.Options{Prefix: prefix, Log: zap.New(core)})
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			changes := make(chan bool, 10)
			defer client.OnChange(func(up bool) { changes <- up })()
			times := client.Times()

			w.Spoil(fault)
			start := time.Now()
			for i := range 50 {
				err := client.Set(t.Context(), client.Key("k", "k"), "v", time.Minute).Err()
				if err == nil {
					t.Errorf("call %d succeeded", i)
				}
			}
			if took := time.Since(start); took > 5*time.Second { // the first may wait, the others know
				t.Errorf("50 calls took %v", took)
			}
			if client.State() == nil {
				t.Error("it is not away")
			}
			if up := <-changes; up {
				t.Error("told that it is back")
			}
			fault.Mend()
			select {
			case up := <-changes:
				if !up {
					t.Error("told twice that it is away")
				}
			case <-time.After(30 * time.Second):
				t.Fatal("it does not come back")
			}
			if err := client.Set(t.Context(), client.Key("k", "k"), "v", time.Minute).Err(); err != nil || client.State() != nil {
				t.Errorf("mended: %v, %v", err, client.State())
			}
			if client.Times() == times {
				t.Error("it came back without having come")
			}
			if n := logs.Len(); n != 2 {
				t.Errorf("%d lines in the log: %v", n, logs.All())
			}
		})
	}
}

// What comes late is found, too.
func TestOpenBefore(t *testing.T) {
	address, prefix := stacktest.Redis(t)
	through, fault := stacktest.Proxy(t, address)
	fault.Cut()
	c := stacktest.OpenRedis(t, through, prefix)
	if c.State() == nil {
		t.Fatal("it is there")
	}
	fault.Mend()
	for end := time.Now().Add(30 * time.Second); c.State() != nil; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not come")
		}
	}
}

func BenchmarkGet(b *testing.B) {
	address, prefix := stacktest.Redis(b)
	c := stacktest.OpenRedis(b, address, prefix)
	for b.Loop() {
		c.Get(b.Context(), "x")
	}
}
