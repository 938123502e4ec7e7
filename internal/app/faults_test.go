package app_test

import (
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	goredis "github.com/redis/go-redis/v9"

	"kiveileder"
	"kiveileder/internal/app"
	"kiveileder/internal/stacktest"
)

// The ways in which a network fails, as toxiproxy says them.
var networkFaults = []struct {
	name, toxic string
	passes      bool // what goes through comes, in the end
}{
	{"slow by 300 ms", `{"type":"latency","stream":"downstream","attributes":{"latency":300}}`, true},
	{"reset", `{"type":"reset_peer","stream":"downstream","attributes":{"timeout":50}}`, false},
	{"closes slowly", `{"type":"slow_close","stream":"downstream","attributes":{"delay":500}}`, true},
	{"in slices", `{"type":"slicer","stream":"downstream","attributes":{"average_size":20,"size_variation":10,"delay":200}}`, true},
	{"silent", `{"type":"timeout","stream":"downstream","attributes":{"timeout":0}}`, false},
}

// Without Redis questions are answered, the service says that it is degraded,
// and what was answered at one gateway reaches those at another, late; when
// Redis is back, at once.
func TestRedisFails(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	b := startBrittle(t, 2, 1, 1)
	x, y := b.two()
	for _, f := range networkFaults {
		t.Run(f.name, func(t *testing.T) {
			b.redis.Add(f.toxic)
			x.answer("Må vi søke REK? "+f.name, 8*time.Second)
			if !f.passes {
				b.redis.Mend()
			}
			took := reaches(x, y, 20*time.Second)
			b.redis.Mend()
			settle(t, b.gateways[0].addr, 20*time.Second, x, y)
			t.Logf("at the other gateway after %v", took.Round(time.Millisecond))
		})
	}
	t.Run("away", func(t *testing.T) {
		b.redis.Cut()
		b.gateways[0].says(http.StatusOK, "redis")
		b.services[0].says(http.StatusOK, "redis")
		begin := time.Now()
		x.answer("Hva er medisinsk utstyr?", 8*time.Second)
		answered := time.Since(begin)
		took := reaches(x, y, 20*time.Second)
		fresh := visit(t, x.conversation, kiveileder.English, b.gateways[1].addr)
		reaches(x, fresh, 5*time.Second)
		b.redis.Mend()
		b.gateways[0].says(http.StatusOK)
		b.gateways[1].says(http.StatusOK)
		x.answer("Og i praksis?", 8*time.Second)
		t.Logf("answered in %v, at the other gateway after %v; after Redis is back after %v", answered.Round(time.Millisecond), took.Round(time.Millisecond), reaches(x, y, 2*time.Second).Round(time.Millisecond))
		settle(t, b.gateways[0].addr, 20*time.Second, x, y, fresh)
	})
	t.Run("emptied while people ask", func(t *testing.T) {
		for i := range 6 {
			q := x.ask(said[i%len(said)])
			forget(t, b.prefix)
			x.await(q, q.isAnswered, "answered", 8*time.Second)
			forget(t, b.prefix)
			y.answer(said[(i+3)%len(said)], 8*time.Second)
		}
		back := visit(t, x.conversation, kiveileder.Bokmal, b.gateways[0].addr)
		settle(t, b.gateways[0].addr, 20*time.Second, x, y, back)
	})
}

// forget takes away all that Redis has of a world.
func forget(t testing.TB, prefix string) {
	t.Helper()
	address, _ := stacktest.Redis(t)
	opt, err := goredis.ParseURL(address)
	if err != nil {
		t.Fatal("the address of Redis can't be read")
	}
	c := goredis.NewClient(opt)
	defer c.Close()
	keys := c.Scan(t.Context(), 0, prefix+"*", 1000).Iterator()
	for keys.Next(t.Context()) {
		c.Del(t.Context(), keys.Val())
	}
	if err := keys.Err(); err != nil {
		t.Fatal(err)
	}
}

// Without Postgres who asks is told so, in their language, and asks again by
// themselves; what was acknowledged is answered when it is back.
func TestPostgresFails(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	b := startBrittle(t, 2, 2, 1)
	x, y := b.two()
	for _, f := range networkFaults {
		t.Run(f.name, func(t *testing.T) {
			b.postgres.Add(f.toxic)
			q := x.ask("Må vi søke REK? " + f.name)
			time.Sleep(2 * time.Second)
			b.postgres.Mend()
			mended := time.Now()
			settle(t, b.gateways[0].addr, 30*time.Second, x, y)
			t.Logf("answered after %v, %v after it was mended; told %v", q.answered.Sub(q.asked).Round(time.Millisecond), q.answered.Sub(mended).Round(time.Millisecond), x.refusals())
		})
	}
	t.Run("away", func(t *testing.T) {
		b.postgres.Cut()
		q, r := x.ask("Hva er medisinsk utstyr?"), y.ask("Kva er medisinsk utstyr?")
		for _, s := range b.services {
			s.says(http.StatusServiceUnavailable)
		}
		for _, g := range b.gateways {
			if status, _ := g.ready(); status != http.StatusOK {
				t.Errorf("a gateway says %d: nobody would be there to tell people", status)
			}
		}
		told := func(v *visitor, want string) {
			t.Helper()
			eventually(t, 10*time.Second, func() bool { return slices.Contains(v.refusals(), "unavailable: "+want) }, func() string { return fmt.Sprintf("told %q, want %q", v.refusals(), want) })
		}
		told(x, "Tjenesten er ikke tilgjengelig akkurat nå. Prøv igjen om litt.")
		told(y, "Tenesta er ikkje tilgjengeleg akkurat no. Prøv igjen om litt.")
		if status, body := get(t, b.gateways[0].url()+"/kilder"); status != http.StatusOK || !strings.Contains(body, "formal-2024") {
			t.Errorf("the sources are not shown: status %d", status)
		}
		b.postgres.Mend()
		mended := time.Now()
		for _, s := range b.services {
			s.says(http.StatusOK)
		}
		settle(t, b.gateways[0].addr, 30*time.Second, x, y)
		t.Logf("answered %v and %v after it is back", q.answered.Sub(mended).Round(time.Millisecond), r.answered.Sub(mended).Round(time.Millisecond))
	})
	t.Run("away when the answer is to be stored", func(t *testing.T) {
		spoil(b.toRetrievers, latency("upstream", time.Second))
		q := x.ask("Hvem gir dispensasjon?")
		if x.await(q, q.isAcked, "acknowledged", 10*time.Second) {
			b.postgres.Cut()
			time.Sleep(5 * time.Second)
			b.postgres.Mend()
		}
		mend(b.toRetrievers)
		mended := time.Now()
		settle(t, b.gateways[0].addr, 30*time.Second, x, y)
		t.Logf("answered %v after it is back", q.answered.Sub(mended).Round(time.Millisecond))
	})
}

// Without the retriever messages are taken; they are answered when it is back.
// A retriever that hangs is one that is away.
func TestRetrieverFails(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	b := startBrittle(t, 2, 1, 2)
	x, y := b.two()
	t.Run("one hangs", func(t *testing.T) {
		b.toRetrievers[0].Add(`{"type":"timeout","stream":"upstream","attributes":{"timeout":0}}`)
		begin := time.Now()
		for i := range 4 {
			x.answer(fmt.Sprintf("Må vi søke REK for %d pasienter?", i), 14*time.Second)
		}
		t.Logf("four answers in %v", time.Since(begin).Round(time.Millisecond))
		b.toRetrievers[0].Mend()
		settle(t, b.gateways[0].addr, 20*time.Second, x, y)
	})
	for _, c := range []struct {
		name  string
		spoil func()
	}{
		{"away", func() { b.toRetrievers[0].Cut(); b.toRetrievers[1].Cut() }},
		{"all hang", func() { spoil(b.toRetrievers, `{"type":"timeout","stream":"upstream","attributes":{"timeout":0}}`) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.spoil()
			before := len(x.refusals())
			q := x.ask("Er dette medisinsk utstyr, når det er " + c.name + "?")
			x.await(q, q.isAcked, "acknowledged", 5*time.Second)
			eventually(t, 20*time.Second, func() bool { return len(x.refusals()) > before }, func() string { return "nobody says that it takes longer" })
			b.services[0].says(http.StatusOK, "retriever")
			if !q.answered.IsZero() {
				t.Error("answered without the retriever")
			}
			mend(b.toRetrievers)
			mended := time.Now()
			settle(t, b.gateways[0].addr, 30*time.Second, x, y)
			t.Logf("told %q; answered %v after it is back", x.refusals(), q.answered.Sub(mended).Round(time.Millisecond))
		})
	}
}

// Without the services a gateway starts, shows the sources, and says what is
// wrong.
func TestServicesFail(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	b := startBrittle(t, 2, 1, 1)
	x, y := b.two()
	b.services[0].stop()
	q := x.ask("Må vi søke REK?")
	b.gateways[0].says(http.StatusOK, "services")
	b.gateways[1].kill()
	b.gateways[1].start()
	for path, want := range map[string]int{"/": 200, "/kilder": 200, "/kilder/formal-2024": 200, "/regler": 200, "/openapi.json": 200, "/livez": 200, "/v1/search?q=REK": 503} {
		if status, body := get(t, b.gateways[1].url()+path); status != want {
			t.Errorf("%s: status %d, want %d: %.200s", path, status, want, body)
		}
	}
	b.services[0].start()
	back := time.Now()
	settle(t, b.gateways[0].addr, 40*time.Second, x, y)
	b.gateways[0].says(http.StatusOK)
	t.Logf("answered %v after they are back", q.answered.Sub(back).Round(time.Millisecond))
}

// The database is put back to what it was some messages ago: who knows more
// loads the conversation anew, and nothing is mixed up.
func TestRestoredBackup(t *testing.T) {
	t.Parallel()
	b := startBrittle(t, 2, 1, 1)
	x, y := b.two()
	x.answer("Må vi søke REK?", 10*time.Second)
	settle(t, b.gateways[0].addr, 20*time.Second, x, y)
	restore := backup(t, b.database)
	lost := x.answer("Dette er ikke med i sikkerhetskopien.", 10*time.Second)
	settle(t, b.gateways[0].addr, 20*time.Second, x, y)
	y.leave() // who comes back later
	b.services[0].stop()
	restore()
	if err := app.Migrate(t.Context(), app.Config{Database: app.Database{DatabaseURL: b.database}}, true, nil); err != nil {
		t.Fatal(err)
	}
	b.services[0].start()
	b.gateways[0].kill() // so that x comes back
	b.gateways[0].start()
	eventually(t, 20*time.Second, func() bool { return x.offset() == 4 && x.reloads() == 1 }, func() string {
		return fmt.Sprintf("entries %d, loaded anew %d times; want 4, once", x.offset(), x.reloads())
	})
	x.forgets(lost)
	x.answer("Og nå?", 10*time.Second)
	z := visit(t, x.conversation, kiveileder.Bokmal, b.gateways[1].addr)
	z.answer("Er vi enige?", 10*time.Second)
	settle(t, b.gateways[0].addr, 20*time.Second, x, z)
	y.comeBack() // by now its position is within what is there, and means other entries
	eventually(t, 20*time.Second, func() bool { return y.reloads() == 1 }, func() string { return "who comes back later is not told to load anew" })
	settle(t, b.gateways[0].addr, 20*time.Second, x, y, z)
}

// backup keeps the conversations of a database; restore puts them back.
func backup(t testing.TB, database string) (restore func()) {
	t.Helper()
	run := func(statements ...string) {
		t.Helper()
		conn, err := pgx.Connect(t.Context(), database)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.Background())
		for _, s := range statements {
			if _, err := conn.Exec(t.Context(), s); err != nil {
				t.Fatalf("%s: %v", s, err)
			}
		}
	}
	if out, err := exec.Command("pg_dump", "--version").Output(); err == nil && strings.Contains(string(out), " 18") {
		file := t.TempDir() + "/backup"
		if out, err := exec.Command("pg_dump", "-Fc", "-f", file, database).CombinedOutput(); err != nil {
			t.Fatalf("pg_dump: %v %s", err, out)
		}
		return func() {
			if out, err := exec.Command("pg_restore", "--clean", "-d", database, file).CombinedOutput(); err != nil {
				t.Fatalf("pg_restore: %v %s", err, out)
			}
		}
	}
	run("CREATE SCHEMA backup", "CREATE TABLE backup.conversation AS TABLE conversation", "CREATE TABLE backup.entry AS TABLE entry")
	return func() {
		run("DELETE FROM conversation", "INSERT INTO conversation TABLE backup.conversation", "INSERT INTO entry TABLE backup.entry", "DROP SCHEMA backup CASCADE")
	}
}

func (v *visitor) reloads() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.loads
}

// forgets says that the service may have lost a question.
func (v *visitor) forgets(q *question) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.asked = slices.DeleteFunc(v.asked, func(x *question) bool { return x == q })
}
