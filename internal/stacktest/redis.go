package stacktest

import (
	"context"
	"crypto/rand"
	"net"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/prometheus/client_golang/prometheus"
	goredis "github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"kiveileder/internal/loopback"
	"kiveileder/internal/redis"
)

// Redis gives the address of a Redis and a prefix of the test's own for keys,
// which are deleted when the test ends. The test is skipped when
// KIVEILEDER_TEST_REDIS names no server.
func Redis(t testing.TB) (address, prefix string) {
	t.Helper()
	address = os.Getenv("KIVEILEDER_TEST_REDIS")
	if address == "" {
		t.Skip("KIVEILEDER_TEST_REDIS is not set: what Redis does is not tested")
	}
	opt, err := goredis.ParseURL(address)
	if err != nil {
		t.Fatal("KIVEILEDER_TEST_REDIS can't be read") // its error may hold the password
	}
	opt.DisableIdentity, opt.Protocol = true, 2
	prefix = "kiveileder-test-" + rand.Text()[:8] + ":"
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		c := goredis.NewClient(opt)
		defer c.Close()
		keys := c.Scan(ctx, 0, prefix+"*", 1000).Iterator()
		for keys.Next(ctx) {
			c.Del(ctx, keys.Val())
		}
		if err := keys.Err(); err != nil {
			t.Error("the test's keys stay:", err)
		}
	})
	return address, prefix
}

// OpenRedis opens a client for keys with a prefix, and closes it when the test
// ends.
func OpenRedis(t testing.TB, address, prefix string) *redis.Client {
	t.Helper()
	c, err := redis.Open(t.Context(), address, redis.Options{Prefix: prefix})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// A Fault is a proxy before a server, which can spoil what goes through it.
type Fault struct {
	t     testing.TB
	proxy *toxiproxy.Proxy
}

// Proxy puts a Fault before the server of an address and gives the address
// through it.
func Proxy(t testing.TB, address string) (through string, f *Fault) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal("the address can't be read")
	}
	log := zerolog.Nop()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), log)
	addr, err := loopback.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	f = &Fault{t: t, proxy: toxiproxy.NewProxy(server, "server", addr, u.Host)}
	if err := f.proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.proxy.Stop)
	if _, _, err := net.SplitHostPort(f.proxy.Listen); err != nil {
		t.Fatal(err)
	}
	u.Host = f.proxy.Listen
	return u.String(), f
}

// Cut breaks all connections and takes no new ones.
func (f *Fault) Cut() { f.proxy.Stop() }

// Mend takes away what was spoilt.
func (f *Fault) Mend() {
	f.t.Helper()
	f.proxy.Toxics.ResetToxics(context.Background())
	if err := f.proxy.Start(); err != nil && err != toxiproxy.ErrProxyAlreadyStarted {
		f.t.Fatal(err)
	}
}

// Add spoils what the server sends (downstream) or gets (upstream), as
// toxiproxy's own words say: {"type":"latency","stream":"downstream","attributes":{"latency":200}}.
func (f *Fault) Add(toxic string) {
	f.t.Helper()
	if _, err := f.proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
		f.t.Fatal(err)
	}
}

// VerifyTestMain runs the tests of a package and fails when something that they
// began goes on after them. What toxiproxy leaves behind when a connection is
// cut in the middle of a write is its own concern.
func VerifyTestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/Shopify/toxiproxy/v2/toxics.(*ToxicStub).Run"))
}
