package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"kiveileder"
	"kiveileder/internal/app"
	"kiveileder/internal/stacktest"
)

// resumeVar makes a process look more often for messages without an answer.
const resumeVar = "KIVEILEDER_TEST_RESUME"

func init() {
	if d, err := time.ParseDuration(os.Getenv(resumeVar)); err == nil {
		app.SetResumeInterval(d)
	}
}

// A brittle world has a proxy before each part, which can spoil it.
type brittle struct {
	*world
	t                        testing.TB
	env                      []string
	database, prefix         string // the database's URL, past the proxy
	postgres, redis          *stacktest.Fault
	toServices, toRetrievers []*stacktest.Fault
}

// startBrittle starts so many of each role over a database and a Redis of
// their own.
func startBrittle(t testing.TB, gateways, services, retrievers int, env ...string) *brittle {
	t.Helper()
	b := &brittle{world: &world{}, t: t, database: stacktest.Postgres(t)}
	redis, prefix := stacktest.Redis(t)
	b.prefix = prefix
	var postgresURL, redisURL string
	postgresURL, b.postgres = stacktest.Proxy(t, b.database)
	redisURL, b.redis = stacktest.Proxy(t, redis)
	b.env = append([]string{
		"KIVEILEDER_DATABASE_URL=" + postgresURL, "KIVEILEDER_REDIS_URL=" + redisURL, "KIVEILEDER_REDIS_PREFIX=" + prefix,
		"KIVEILEDER_ROLE_TOKEN=a token of the tests, 32 bytes or more", "KIVEILEDER_SECRET=a secret of the tests, 32 bytes or more",
		resumeVar + "=2s",
	}, env...)
	several := func(n int, role app.Role, next string) (ps []*process, through []string, faults []*stacktest.Fault) {
		for range n {
			p := startRole(t, role, append(b.env[:len(b.env):len(b.env)], next)...)
			u, f := stacktest.Proxy(t, p.url())
			ps, through, faults = append(ps, p), append(through, u), append(faults, f)
		}
		return ps, through, faults
	}
	var through []string
	b.retrievers, through, b.toRetrievers = several(retrievers, app.Retriever, "KIVEILEDER_DATA=")
	b.services, through, b.toServices = several(services, app.Services, "KIVEILEDER_RETRIEVER_URL="+strings.Join(through, ","))
	b.gateways, _, _ = several(gateways, app.Gateway, "KIVEILEDER_SERVICES_URL="+strings.Join(through, ","))
	return b
}

// latency is the toxic that holds up what goes in a direction.
func latency(stream string, d time.Duration) string {
	return fmt.Sprintf(`{"type":"latency","stream":%q,"attributes":{"latency":%d}}`, stream, d.Milliseconds())
}

func spoil(fs []*stacktest.Fault, toxic string) {
	for _, f := range fs {
		f.Add(toxic)
	}
}

func mend(fs []*stacktest.Fault) {
	for _, f := range fs {
		f.Mend()
	}
}

// ready gives what a process says of itself.
func (p *process) ready() (status int, degraded []string) {
	resp, err := http.Get(p.url() + "/readyz")
	if err != nil {
		return 0, nil
	}
	defer resp.Body.Close()
	var said struct{ Degraded []string }
	_ = json.NewDecoder(resp.Body).Decode(&said)
	return resp.StatusCode, said.Degraded
}

// says waits until a process says of itself what is wanted.
func (p *process) says(status int, degraded ...string) {
	p.t.Helper()
	var got int
	var parts []string
	eventually(p.t, 12*time.Second, func() bool {
		got, parts = p.ready()
		return got == status && fmt.Sprint(parts) == fmt.Sprint(degraded)
	}, func() string {
		return fmt.Sprintf("%s says %d, degraded %v; want %d, %v", p.role, got, parts, status, degraded)
	})
}

// atMost is how long is waited for what should come within a time. That it comes
// is a test's matter; how fast, is measured (scripts/load), and a machine that
// is busy with other tests may take its time.
func atMost(within time.Duration) time.Duration { return max(3*within, time.Minute) }

// late tells when something came later than it should.
func late(t testing.TB, begin time.Time, within time.Duration) {
	t.Helper()
	if took := time.Since(begin); took > within {
		t.Logf("came after %v, expected within %v", took.Round(time.Millisecond), within)
	}
}

func eventually(t testing.TB, within time.Duration, done func() bool, what func() string) {
	t.Helper()
	begin := time.Now()
	for ; !done(); time.Sleep(20 * time.Millisecond) {
		if took := time.Since(begin); took > atMost(within) {
			t.Errorf("in %v: %s", took, what())
			return
		}
	}
	late(t, begin, within)
}

// two lets two visitors into one conversation, each at a gateway of their own.
func (b *brittle) two() (x, y *visitor) {
	b.t.Helper()
	id := newConversation(b.t, b.gateways[0].addr)
	x, y = visit(b.t, id, kiveileder.Bokmal, b.gateways[0].addr), visit(b.t, id, kiveileder.Nynorsk, b.gateways[1].addr)
	x.answer("hei", 10*time.Second)
	settle(b.t, b.gateways[0].addr, 20*time.Second, x, y)
	return x, y
}

// reaches waits until a visitor sees all that another has asked, and gives how
// long it took.
func reaches(from, to *visitor, within time.Duration) time.Duration {
	to.t.Helper()
	begin := time.Now()
	eventually(to.t, within, func() bool { return to.offset() >= from.offset() }, func() string {
		return fmt.Sprintf("a visitor at another gateway has come to %d of %d", to.offset(), from.offset())
	})
	return time.Since(begin)
}
