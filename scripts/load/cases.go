package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"kiveileder/internal/app"
	"kiveileder/services/guidance"
)

// Goals of a lawyer's answer to the open page of the one who asked: in one
// process, and over Redis and Postgres.
const goalCase, goalCaseFar = 20, 50

// cases measures how long a lawyer's answer takes to the open page of the one
// who asked: many pages are open, each with a case, and their cases are
// answered one after the other. Time counts from the event's own in the log,
// which is taken before it is written: the commit is in it.
func cases(ctx context.Context, b *bench) error {
	if err := b.writeLogin(); err != nil {
		return err
	}
	w, err := b.world(ctx, 1, "KIVEILEDER_LOGIN="+filepath.Join(b.dir, "login.yaml"), "KIVEILEDER_ORIGIN=https://ki.example.no")
	if err != nil {
		return err
	}
	defer w.stop()
	work, err := b.lawyer(ctx, w)
	if err != nil {
		return err
	}
	defer work.close()
	all := sockets(w.gateways)
	pages, err := fleet(ctx, all[len(all)-1:], b.events, true, "")
	if err != nil {
		return err
	}
	defer part(pages)
	heard := make([]chan time.Time, len(pages))
	for i, p := range pages {
		heard[i] = make(chan time.Time, 1)
		go p.hearAnswer(heard[i])
	}
	heads(b.out, "")
	var took times
	for i, p := range pages {
		at, err := b.answer(ctx, w, work, p)
		if err != nil {
			return fmt.Errorf("case %d: %w", i, err)
		}
		select {
		case then := <-heard[i]:
			took = append(took, max(0, then.Sub(at).Seconds()*1e3))
		case <-time.After(30 * time.Second):
			return fmt.Errorf("the answer to case %d did not reach its page in 30 s", i)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	slices.Sort(took)
	name := fmt.Sprintf("a lawyer's answer to its page, %d open, another gateway where there is one", len(pages))
	row(b.out, name, took, 0)
	trouble(b.out, w)
	goal := float64(goalCase)
	if b.shape == three {
		goal = goalCaseFar
	}
	b.figure(figure{what: "a lawyer's answer to the open page, p99", value: took.at(.99), unit: "ms", goal: goal})
	return nil
}

// answered is what stands in the frame that counts.
var caseBegin, answered = []byte(`{"type":"case"`), []byte(`"state":"answered"`)

func (c *client) hearAnswer(heard chan<- time.Time) {
	for {
		_, msg, err := c.conn.ReadMessage()
		if err != nil {
			return
		}
		if bytes.HasPrefix(msg, caseBegin) && bytes.Contains(msg, answered) {
			heard <- time.Now()
			return
		}
	}
}

// answer hands a case over, has it answered, and gives when the answer was
// sent.
func (b *bench) answer(ctx context.Context, w *world, who lawyer, page *client) (time.Time, error) {
	body := []byte(`{"id":"h","question":"Hei, kan dere se på dette?","agency":"hdir"}`)
	raw, err := post(ctx, w.gateways[0].url+"/v1/conversation/cases", page.conversation, body)
	if err != nil {
		return time.Time{}, err
	}
	var c struct{ ID string }
	if err := json.Unmarshal(raw, &c); err != nil {
		return time.Time{}, err
	}
	draft := guidance.Draft{Sections: []guidance.Section{{Question: "Hva gjelder?", Text: strings.Repeat("Dette er svaret fra ki.veiledning. ", 40)}}}
	hash := draft.Hash()
	var at time.Time
	for i, step := range []struct {
		kind guidance.Kind
		data any
	}{
		{guidance.Claimed, guidance.ClaimedData{}}, {guidance.Assessed, guidance.AssessedData{}}, {guidance.DraftSaved, guidance.DraftSavedData{Draft: draft}},
		{guidance.Submitted, guidance.SubmittedData{Hash: hash}}, {guidance.Signed, guidance.SignedData{Hash: hash, Verdict: guidance.Approve}},
		{guidance.Sent, guidance.SentData{Hash: hash}},
	} {
		if at, err = who.do(ctx, c.ID, guidance.Command{ID: fmt.Sprint("c", i), Kind: step.kind, Data: step.data, Seen: int64(i + 1)}); err != nil {
			return at, fmt.Errorf("%s: %w", step.kind, err)
		}
	}
	return at, nil
}

// A lawyer carries out commands, and gives when the event was made.
type lawyer interface {
	do(ctx context.Context, id string, c guidance.Command) (time.Time, error)
	close()
}

// lawyer signs one in: over HTTP in one process, whose trial links are printed,
// and beside the services where there are three roles, which ask for a login
// that is not measured here.
func (b *bench) lawyer(ctx context.Context, w *world) (lawyer, error) {
	if b.shape == three {
		o, err := app.OpenOffice(ctx, app.Config{
			Database:   app.Database{DatabaseURL: w.stack.Database, DatabaseConns: 4},
			Production: app.Production{RedisURL: w.stack.Redis, RedisPrefix: w.stack.Prefix, Index: "exact"},
		}, app.Silent())
		return officer{o}, err
	}
	for range 10 {
		select {
		case link := <-w.gateways[0].links:
			who, err := signIn(ctx, w.gateways[0].url, link)
			if err != nil || who.agency == "hdir" {
				return who, err
			}
		case <-time.After(5 * time.Second):
			return nil, errors.New("no link was printed")
		}
	}
	return nil, errors.New("no link is a lawyer's of hdir")
}

type officer struct{ *app.Office }

func (o officer) do(ctx context.Context, id string, c guidance.Command) (time.Time, error) {
	c.Actor = guidance.Actor{ID: "load", Name: "Load", Role: guidance.Lawyer, Agency: "hdir"}
	r, err := o.Do(ctx, id, c)
	switch {
	case err != nil:
		return time.Time{}, err
	case r.Refused != nil:
		return time.Time{}, fmt.Errorf("refused: %s", r.Refused.Guard)
	}
	return r.Event.At, nil
}

func (o officer) close() { _ = o.Close() }

// A signedIn is somebody at the desk, over HTTP.
type signedIn struct {
	http   *http.Client
	url    string
	csrf   string
	agency string
}

func signIn(ctx context.Context, base, link string) (*signedIn, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	s := &signedIn{http: &http.Client{Jar: jar, Timeout: 10 * time.Second}, url: base}
	if _, err := s.call(ctx, http.MethodGet, link, nil); err != nil {
		return nil, err
	}
	raw, err := s.call(ctx, http.MethodGet, base+"/v1/me", nil)
	if err != nil {
		return nil, err
	}
	var me struct{ Person struct{ Agency string } }
	if err := json.Unmarshal(raw, &me); err != nil {
		return nil, err
	}
	s.agency = me.Person.Agency
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	for _, c := range jar.Cookies(u) {
		if strings.HasSuffix(c.Name, "ki-csrf") {
			s.csrf = c.Value
		}
	}
	return s, nil
}

func (s *signedIn) call(ctx context.Context, method, to string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, to, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Origin", s.url)
	req.Header.Set("X-CSRF-Token", s.csrf)
	resp, err := s.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= 300 {
		err = fmt.Errorf("%s: %.200s", resp.Status, b)
	}
	return b, err
}

func (s *signedIn) do(ctx context.Context, id string, c guidance.Command) (time.Time, error) {
	body, err := json.Marshal(map[string]any{"id": c.ID, "kind": c.Kind, "data": c.Data, "seen": c.Seen})
	if err != nil {
		return time.Time{}, err
	}
	raw, err := s.call(ctx, http.MethodPost, s.url+"/v1/cases/"+id+"/commands", body)
	if err != nil {
		return time.Time{}, err
	}
	var r struct{ Event guidance.Event }
	err = json.Unmarshal(raw, &r)
	return r.Event.At, err
}

func (s *signedIn) close() { s.http.CloseIdleConnections() }

// loginFile is for gateways whose logins nobody uses here: nothing is asked of
// the address.
const loginFile = `- provider: nobody
  label: Nobody
  issuer: https://login.example.no
  client_id: load
  client_auth: none
  scopes: [openid]
  id: [sub]
  name: [name]
  algs: [RS256]
  require: {sub: [nobody]}
  grants: [{when: {sub: [nobody]}, agency: hdir, roles: [lawyer]}]
`

func (b *bench) writeLogin() error {
	if err := os.MkdirAll(b.dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(b.dir, "login.yaml"), []byte(loginFile), 0o600)
}
