package gateway_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kiveileder"
	"kiveileder/gateway"
	"kiveileder/gateway/login"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/register"
	"kiveileder/services/queue"
)

// fakeDesk has cases that are known by whose they are, and does what it is
// told. It says what came to it.
type fakeDesk struct {
	cases map[string]queue.About

	mu      sync.Mutex // guards what follows
	did     []guidance.Command
	who     guidance.Actor
	kept    map[string]json.RawMessage
	query   queue.DeskQuery
	rows    []queue.DeskRow
	email   string
	sealed  []string
	result  queue.DeskResult
	beat    queue.BeatResult
	abouts  int
	seq     int64
	err     error
	inbound string
}

func (d *fakeDesk) by(who guidance.Actor) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.who = who
}

func (d *fakeDesk) there(id string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.cases[id]; !ok {
		return guidance.ErrNoCase
	}
	return d.err
}

func (d *fakeDesk) one(id string) queue.DeskCase {
	d.mu.Lock()
	defer d.mu.Unlock()
	return queue.DeskCase{
		ID: id, Number: "KI-2026-0001", Log: []guidance.Event{}, May: []guidance.Kind{},
		Case: guidance.Case{Seq: d.seq, State: guidance.Assessment, Agencies: d.cases[id].Agencies, Title: "<script>alert(1)</script>"},
	}
}

func (d *fakeDesk) Desk(context.Context) (queue.Desk, error) { return queue.Desk{}, d.err }
func (d *fakeDesk) List(_ context.Context, who guidance.Actor, q queue.DeskQuery) (queue.DeskPage, error) {
	d.by(who)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.query = q
	return queue.DeskPage{Cases: d.rows}, nil
}

func (d *fakeDesk) Find(_ context.Context, who guidance.Actor, email string) (queue.Found, error) {
	d.by(who)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.email = email
	return queue.Found{Cases: d.rows, Sealed: d.sealed}, d.err
}

func (d *fakeDesk) About(_ context.Context, id string) (queue.About, error) {
	d.mu.Lock()
	d.abouts++
	d.mu.Unlock()
	if err := d.there(id); err != nil {
		return queue.About{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.cases[id], nil
}

func (d *fakeDesk) Case(_ context.Context, who guidance.Actor, id string, _ bool) (queue.DeskCase, error) {
	d.by(who)
	return d.one(id), d.there(id)
}

func (d *fakeDesk) Earlier(_ context.Context, who guidance.Actor, id string, before int64) (queue.DeskPast, error) {
	d.by(who)
	return queue.DeskPast{Log: []guidance.Event{{Seq: before - 1, Kind: guidance.Claimed, Data: guidance.ClaimedData{}}}, Earlier: before - 2}, d.there(id)
}

func (d *fakeDesk) Do(_ context.Context, id string, c guidance.Command) (queue.DeskResult, error) {
	d.mu.Lock()
	d.did = append(d.did, c)
	res := d.result
	d.mu.Unlock()
	res.Case = d.one(id)
	return res, d.there(id)
}

func (d *fakeDesk) Beat(_ context.Context, who guidance.Actor, id string) (queue.BeatResult, error) {
	d.by(who)
	return d.beat, d.there(id)
}

func (d *fakeDesk) Contact(_ context.Context, who guidance.Actor, id string) (guidance.Contact, error) {
	d.by(who)
	return guidance.Contact{Name: "Kari", Email: "kari@example.no", Conversation: "the-key-of-the-conversation"}, d.there(id)
}

func (d *fakeDesk) Similar(_ context.Context, who guidance.Actor, id string) (queue.Similar, error) {
	d.by(who)
	return queue.Similar{}, d.there(id)
}

func (d *fakeDesk) Proposal(_ context.Context, who guidance.Actor, id string) (queue.Proposal, error) {
	d.by(who)
	return queue.Proposal{}, d.there(id)
}

func (d *fakeDesk) Export(_ context.Context, who guidance.Actor, id, format string, _ kiveileder.Language) (queue.File, error) {
	d.by(who)
	return queue.File{Name: `KI-2026-0001 "å".` + format, Type: "text/html; charset=utf-8", Content: []byte("<script>")}, d.there(id)
}

func (d *fakeDesk) Reassign(_ context.Context, who guidance.Actor, id string, agencies []string, _ string) (queue.DeskResult, error) {
	d.by(who)
	d.mu.Lock()
	res := d.result
	d.mu.Unlock()
	res.Case = d.one(id)
	res.Case.Agencies = agencies
	return res, d.there(id)
}

func (d *fakeDesk) Anonymise(_ context.Context, who guidance.Actor, id, _ string) error {
	d.by(who)
	return d.there(id)
}

func (d *fakeDesk) Kept(_ context.Context, person, prefix string) (map[string]json.RawMessage, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := map[string]json.RawMessage{}
	for k, v := range d.kept {
		if name, mine := strings.CutPrefix(k, person+" "); mine && strings.HasPrefix(name, prefix) {
			out[name] = v
		}
	}
	return out, nil
}

func (d *fakeDesk) Keep(_ context.Context, person, key string, v json.RawMessage) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.kept == nil {
		d.kept = map[string]json.RawMessage{}
	}
	if v == nil {
		delete(d.kept, person+" "+key)
	} else {
		d.kept[person+" "+key] = v
	}
	return nil
}

func (d *fakeDesk) DeadMails(context.Context) ([]guidance.Mail, error) {
	return []guidance.Mail{{ID: "m1", Case: "dmp", Kind: "answer", Reason: "550 no such user"}, {ID: "m2", Case: "dmp"}}, nil
}
func (d *fakeDesk) Again(_ context.Context, mail string) error {
	if mail != "m1" {
		return kiveileder.Errorf(kiveileder.CodeNotFound, "Brevet finnes ikke.")
	}
	return nil
}

func (d *fakeDesk) Inbound(_ context.Context, signature string, raw []byte) error {
	if signature != "t=1,v1=00" {
		return kiveileder.Errorf(kiveileder.CodeInvalid, "Signaturen er ikke gyldig.")
	}
	if string(raw) == "full" {
		return guidance.ErrFull
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.inbound = string(raw)
	return nil
}

func (d *fakeDesk) Answers(_ context.Context, w queue.AnswersQuery) (queue.AnswersPage, error) {
	n := 1
	switch w.Words {
	case "ingenting":
		n = 0
	case "mange":
		n = 45
	}
	p := queue.AnswersPage{Total: n}
	for i := w.From; i < min(n, w.From+w.Most); i++ {
		e := published
		if n > 1 {
			e.Title = fmt.Sprint("Svar ", i+1)
		}
		p.Answers = append(p.Answers, e)
	}
	return p, nil
}

func (d *fakeDesk) Answer(_ context.Context, number string) (register.Entry, error) {
	if number != published.Number {
		return register.Entry{}, guidance.ErrNoCase
	}
	return published, nil
}

var published = register.Entry{
	Number: "KI-2026-0001", URL: "/svar/KI-2026-0001", Title: "Trening <script>alert(1)</script>", Question: "Må vi søke?", Answer: "Ja & nei.",
	Agencies: []string{"hdir"}, Status: guidance.Valid, Language: kiveileder.Bokmal,
	Published: time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC), Updated: time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC),
}

// A bureau is a gateway with a desk and people who can sign in.
type bureau struct {
	*gateway.Gateway
	t      *testing.T
	desk   *fakeDesk
	login  *login.Login
	events *localBus
	people map[string]*colleague // by the keys of demo.yaml
}

const bureauOrigin = "http://127.0.0.1:8080"

// newBureau has everybody of demo.yaml signed in, and cases of hdir, of dmp,
// of both, and one of hdir that nobody has worked on.
func newBureau(t *testing.T, change ...func(*gateway.Deps)) *bureau {
	t.Helper()
	b := &bureau{t: t, desk: &fakeDesk{seq: 7}, events: &localBus{}, people: map[string]*colleague{}}
	var err error
	b.login, err = login.New(login.Config{
		Origin: bureauOrigin, Store: login.NewMemory(), Demo: true, Language: gateway.LanguageOf,
		OnEnd: func(ctx context.Context, ended []login.Session) { b.EndSessions(ctx, ended) },
	})
	if err != nil {
		t.Fatal(err)
	}
	b.Gateway, _ = open(t, gateway.Config{}, func(d *gateway.Deps) {
		d.Login, d.Desk, d.Answers, d.Inbound, d.Events = b.login, b.desk, b.desk, b.desk, b.events
		for _, c := range change {
			c(d)
		}
	})
	links, err := b.login.DemoLinks()
	if err != nil {
		t.Fatal(err)
	}
	for i, key := range []string{"spor", "hdir", "dmp", "leder", "innsikt", "drift"} {
		b.people[key] = b.signIn(links[i])
	}
	ola, mari := b.people["hdir"].ID, b.people["dmp"].ID
	b.desk.cases = map[string]queue.About{
		"hdir": {Agencies: []string{"hdir"}, Members: []string{ola}}, "dmp": {Number: "KI-dmp", Agencies: []string{"dmp"}, Members: []string{mari}},
		"both": {Agencies: []string{"hdir", "dmp"}, Members: []string{ola, mari}}, "fresh": {Agencies: []string{"hdir"}},
	}
	return b
}

// A colleague is somebody who is signed in.
type colleague struct {
	login.Person
	b            *bureau
	cookie, csrf string
}

func (b *bureau) signIn(l login.Link) *colleague {
	b.t.Helper()
	u, err := url.Parse(l.URL)
	if err != nil {
		b.t.Fatal(err)
	}
	w := do(b, call{path: bureauOrigin + u.RequestURI(), from: "127.0.0.1:1"})
	c := &colleague{Person: l.Person, b: b}
	for _, k := range w.Result().Cookies() {
		if k.Name == "ki-csrf" {
			c.csrf = k.Value
		}
		c.cookie += k.Name + "=" + k.Value + "; "
	}
	if c.csrf == "" || !strings.Contains(c.cookie, "ki-session") {
		b.t.Fatalf("signed in with %d and %q", w.Code, c.cookie)
	}
	return c
}

// ask sends a request as a page of the service does; nil is nobody.
func (c *colleague) ask(method, path, body string, header ...string) *httptest.ResponseRecorder {
	h := map[string]string{"Origin": bureauOrigin, "Accept-Language": "nb"}
	if c.cookie != "" {
		h["Cookie"], h["X-CSRF-Token"] = c.cookie, c.csrf
	}
	for i := 0; i+1 < len(header); i += 2 {
		h[header[i]] = header[i+1]
	}
	return do(c.b, call{method: method, path: bureauOrigin + path, body: body, header: h, from: "127.0.0.1:1"})
}

func (b *bureau) nobody() *colleague { return &colleague{b: b} }

func (b *bureau) everybody() []string {
	return slices.Sorted(func(yield func(string) bool) {
		for k := range b.people {
			if !yield(k) {
				return
			}
		}
	})
}
