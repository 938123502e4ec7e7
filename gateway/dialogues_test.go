package gateway_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rogpeppe/go-internal/txtar"

	"kiveileder/gateway"
	"kiveileder/gateway/bus"
	"kiveileder/internal/postgres"
	"kiveileder/internal/rpc"
	"kiveileder/internal/sqlite"
	"kiveileder/internal/stacktest"
	"kiveileder/retriever"
	"kiveileder/services"
	"kiveileder/services/conversation"
)

// Conversations as they are told in testdata/dialogues, each over every kind
// of line and of store.
func TestDialogues(t *testing.T) {
	files, err := filepath.Glob("testdata/dialogues/*.txtar")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d dialogues, %v", len(files), err)
	}
	for _, file := range files {
		d, err := readDialogue(file)
		if err != nil {
			t.Error(err)
			continue
		}
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(name+"/postgres and redis/roles", func(t *testing.T) {
			t.Parallel()
			play(t, d, inRoles(t), listen, nil)
		})
		for store, open := range map[string]func(testing.TB) storage{"memory": inMemory, "sqlite": inFile} {
			title, store := name+"/"+store, open
			t.Run(title+"/inside", func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { play(t, d, store(t), listenInside, synctest.Wait) })
			})
			t.Run(title+"/port", func(t *testing.T) {
				t.Parallel()
				play(t, d, store(t), listen, nil)
			})
		}
	}
}

// A talk is a story and what happens in it.
type talk []step

// A step is one line: who does or hears what.
type step struct {
	where  string // file and line
	window string // empty for the first
	verb   string
	rest   string
}

// readDialogue reads a dialogue: its story, and below "-- samtale --" its steps.
func readDialogue(file string) (talk, error) {
	a, err := txtar.ParseFile(file)
	if err != nil {
		return nil, err
	}
	if len(a.Files) != 1 || a.Files[0].Name != "samtale" || len(strings.Fields(string(a.Comment))) < 10 {
		return nil, fmt.Errorf("%s: want a story and then -- samtale --", file)
	}
	first := strings.Count(string(a.Comment), "\n") + 2
	var d talk
	for i, line := range strings.Split(string(a.Files[0].Data), "\n") {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		s := step{where: fmt.Sprintf("%s:%d", file, first+i)}
		for _, window := range []string{"annet vindu", "tredje vindu"} {
			if rest, ok := strings.CutPrefix(line, window+": "); ok {
				s.window, line = window, rest
			}
		}
		s.verb, s.rest, _ = strings.Cut(line, ": ")
		if verbs[s.verb] == nil {
			return nil, fmt.Errorf("%s: what is %q?", s.where, s.verb)
		}
		d = append(d, s)
	}
	return d, nil
}

func TestReadDialogue(t *testing.T) {
	for line, want := range map[string]step{
		"åpner":                           {verb: "åpner"},
		"spør: Må vi: ja?":                {verb: "spør", rest: "Må vi: ja?"},
		"annet vindu: svar: 2 answered":   {window: "annet vindu", verb: "svar", rest: "2 answered"},
		"  nettet faller   # på toget":    {verb: "nettet faller"},
		"tredje vindu: tilbake: mistet 1": {window: "tredje vindu", verb: "tilbake", rest: "mistet 1"},
	} {
		file := writeDialogue(t, line)
		want.where = file + ":4"
		if d, err := readDialogue(file); err != nil || len(d) != 1 || d[0] != want {
			t.Errorf("%q: %+v, %v; want %+v", line, d, err, want)
		}
	}
	if _, err := readDialogue(writeDialogue(t, "danser: vals")); err == nil || !strings.Contains(err.Error(), `what is "danser"?`) {
		t.Errorf("an unknown verb: %v", err)
	}
}

func writeDialogue(t *testing.T, line string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "d.txtar")
	story := "En fortelling som har minst ti ord, slik at den\nforteller hva som skjer her.\n"
	if err := os.WriteFile(file, []byte(story+"-- samtale --\n"+line+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// storage is where a dialogue's conversations are kept.
type storage struct {
	conversation.Store
	reopen func() conversation.Store // as after a restart of the service
	fresh  func() conversation.Store // another, empty one
	world  func(testing.TB, conversation.Store, fakeDialogue) (*conversation.Service, func(*gateway.Deps))
}

// together is a service in one process.
func together(_ testing.TB, store conversation.Store, d fakeDialogue) (*conversation.Service, func(*gateway.Deps)) {
	events := bus.NewMemory()
	talks := conversation.New(store, d, events)
	return talks, func(d *gateway.Deps) { d.Conversations, d.Events = talks, events }
}

// apart is a gateway and services that speak with each other over the network
// and hear of news through Redis.
func apart(t testing.TB, store conversation.Store, d fakeDialogue) (*conversation.Service, func(*gateway.Deps)) {
	t.Helper()
	address, prefix := stacktest.Redis(t)
	connect := func() *bus.Redis {
		b := bus.NewRedis(stacktest.OpenRedis(t, address, prefix), nil)
		t.Cleanup(b.Close)
		return b
	}
	talks := conversation.New(store, d, connect())
	token, err := rpc.NewToken(string(secret))
	if err != nil {
		t.Fatal(err)
	}
	role := &rpc.Server{Token: token}
	services.Handle(role, struct {
		*conversation.Service
		services.Rules
		retriever.Searcher
	}{Service: talks})
	s := httptest.NewServer(role)
	t.Cleanup(s.Close)
	c, err := rpc.NewClient(rpc.Options{Name: "services", URLs: s.URL, Token: token})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return talks, func(d *gateway.Deps) { d.Conversations, d.Events = services.NewClient(c), connect() }
}

// inRoles keeps conversations in Postgres, and gateway and services apart.
func inRoles(t testing.TB) storage {
	t.Helper()
	connect := func(url string) conversation.Store {
		db, err := postgres.Open(context.Background(), postgres.Config{URL: url, MaxConns: 4})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		return db.Conversations()
	}
	url := stacktest.Postgres(t)
	return storage{connect(url), func() conversation.Store { return connect(url) }, func() conversation.Store { return connect(stacktest.Postgres(t)) }, apart}
}

func inMemory(testing.TB) storage {
	m := conversation.NewMemory("epoch")
	return storage{m, func() conversation.Store { return m }, func() conversation.Store { return conversation.NewMemory("other") }, nil}
}

func inFile(t testing.TB) storage {
	t.Helper()
	dir := t.TempDir()
	var db *sqlite.DB
	openFile := func(name string) conversation.Store {
		if db != nil {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}
		var err error
		// not the test's context: it ends before what the test has begun
		if db, err = sqlite.Open(context.Background(), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		return db.Conversations()
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return storage{openFile("one"), func() conversation.Store { return openFile("one") }, func() conversation.Store { return openFile("other") }, nil}
}

// play plays a dialogue. settle waits until nothing moves, where that can be
// known.
func play(t *testing.T, d talk, store storage, listen func(testing.TB, *gateway.Gateway) *site, settle func()) {
	p := &player{t: t, storage: store, store: store.Store, listen: listen, settle: settle, windows: map[string]*window{}}
	p.start()
	for _, s := range d {
		w := p.windows[s.window]
		if w == nil {
			w = &window{p: p}
			p.windows[s.window] = w
		}
		p.where = s.where
		verbs[s.verb](w, s.rest)
		if t.Failed() {
			t.Fatalf("%s: %s: %s", s.where, s.verb, s.rest)
		}
	}
	p.where = "the end"
	for _, w := range p.windows {
		if w.line != nil {
			w.hearsNothing()
		}
	}
	p.stop()
}
