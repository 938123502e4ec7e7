package app_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"kiveileder"
	"kiveileder/internal/app"
	"kiveileder/internal/postgres"
	"kiveileder/internal/rpc"
	"kiveileder/internal/stacktest"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/timing"
	"kiveileder/services/queue"
)

// rolesToken is what the roles of a world know.
const rolesToken = "a token of the tests, 32 bytes or more"

// deskAt reaches the queue as a gateway does.
func deskAt(t testing.TB, services ...*process) *queue.Client {
	t.Helper()
	token, err := rpc.NewToken(rolesToken)
	if err != nil {
		t.Fatal(err)
	}
	c, err := rpc.NewClient(rpc.Options{Name: string(app.Services), URLs: urls(services), Token: token})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return queue.NewClient(c)
}

// handOverAt hands over at a gateway over HTTP, and again under the same id
// while the gateway says that it can't.
func handOverAt(t testing.TB, gateway, conversation string, h queue.HandOver) (c queue.AskerCase) {
	t.Helper()
	if h.ID == "" {
		h.ID = rand.Text()
	}
	body, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	why := ""
	eventually(t, 40*time.Second, func() bool {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+gateway+"/v1/conversation/cases", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+conversation)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			why = err.Error()
			return false
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		why = fmt.Sprintf("%s %.300s", resp.Status, b)
		if resp.StatusCode != http.StatusCreated && resp.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("the hand-over: %s", why)
		}
		return err == nil && resp.StatusCode == http.StatusCreated && json.Unmarshal(b, &c) == nil
	}, func() string { return "not handed over: " + why })
	return c
}

// A clerk works on cases, as a page of the desk does: what was not answered it
// sends again, under the same ID.
type clerk struct {
	t    testing.TB
	desk *queue.Client
	who  guidance.Actor

	mu    sync.Mutex // guards what follows
	log   map[string][]guidance.Event
	seen  map[string]int64
	again int // how often something had to be sent again
}

func newClerk(t testing.TB, desk *queue.Client, id, name, agency string) *clerk {
	return &clerk{
		t: t, desk: desk, who: guidance.Actor{ID: id, Name: name, Role: guidance.Lawyer, Agency: agency},
		log: map[string][]guidance.Event{}, seen: map[string]int64{},
	}
}

// sees takes in how far others have brought a case.
func (c *clerk) sees(id string) queue.DeskCase {
	c.t.Helper()
	d, err := c.desk.Case(c.t.Context(), c.who, id, true)
	if err != nil {
		c.t.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[id] = d.Seq
	return d
}

// tries does something once, having seen what it has seen.
func (c *clerk) tries(id, command string, kind guidance.Kind, data any) (queue.DeskResult, error) {
	c.mu.Lock()
	seen := max(c.seen[id], 1)
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.t.Context()), 10*time.Second)
	defer cancel()
	return c.desk.Do(ctx, id, guidance.Command{ID: command, Actor: c.who, Kind: kind, Data: data, Seen: seen})
}

// does does something, again until it is answered. That it can't be now is the
// only error that there may be.
func (c *clerk) does(id string, kind guidance.Kind, data any) (e guidance.Event, ok bool) {
	c.t.Helper()
	command := rand.Text()
	for begin := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		r, err := c.tries(id, command, kind, data)
		switch {
		case err == nil && r.Refused != nil:
			c.t.Errorf("%s is refused: %+v", kind, r.Refused)
			return e, false
		case err == nil && r.Event.ID != command:
			c.t.Errorf("%s is answered with another command's event", kind)
			return e, false
		case err == nil:
			c.mu.Lock()
			defer c.mu.Unlock()
			c.log[id], c.seen[id] = append(c.log[id], *r.Event), r.Event.Seq
			return *r.Event, true
		case kiveileder.ErrorCode(err) != kiveileder.CodeUnavailable:
			c.t.Errorf("%s: %s, %v", kind, kiveileder.ErrorCode(err), err)
			return e, false
		case time.Since(begin) > atMost(40*time.Second):
			c.t.Errorf("%s: not in %v: %v", kind, time.Since(begin), err)
			return e, false
		}
		c.mu.Lock()
		c.again++
		c.mu.Unlock()
	}
}

// A step of an answer.
type step struct {
	kind guidance.Kind
	data any
}

// answerSteps are what brings a case of one agency to its answer.
func answerSteps(text string) []step {
	d := guidance.Draft{Sections: []guidance.Section{{Question: "Hva gjelder?", Text: text}}}
	hash := d.Hash()
	return []step{
		{guidance.Claimed, guidance.ClaimedData{}}, {guidance.Assessed, guidance.AssessedData{}}, {guidance.DraftSaved, guidance.DraftSavedData{Draft: d}},
		{guidance.Submitted, guidance.SubmittedData{Hash: hash}}, {guidance.Signed, guidance.SignedData{Hash: hash, Verdict: guidance.Approve}},
		{guidance.Sent, guidance.SentData{Hash: hash}},
	}
}

// answers brings a case to its answer.
func (c *clerk) answers(id, text string) bool {
	c.t.Helper()
	for _, s := range answerSteps(text) {
		if _, ok := c.does(id, s.kind, s.data); !ok {
			return false
		}
	}
	return true
}

// resent gives how often something had to be sent again.
func (c *clerk) resent() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.again
}

// An archive is what a database has, past all proxies.
type archive struct {
	t     testing.TB
	url   string
	cases *postgres.Guidance
}

func openArchive(t testing.TB, url string) *archive {
	t.Helper()
	db, err := postgres.Open(t.Context(), postgres.Config{URL: url, MaxConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return &archive{t, url, db.Guidance()}
}

// has reports whether a case has come to an event of a kind.
func (a *archive) has(id string, kind guidance.Kind) bool {
	l, err := a.cases.Load(a.t.Context(), id)
	return err == nil && slices.ContainsFunc(l.Events, func(e guidance.Event) bool { return e.Kind == kind })
}

// mails gives all mails.
func (a *archive) mails() (out []guidance.Mail) {
	a.t.Helper()
	for _, r := range a.rows() {
		ms, err := a.cases.Mails(a.t.Context(), r.ID)
		if err != nil {
			a.t.Fatal(err)
		}
		out = append(out, ms...)
	}
	return out
}

func (a *archive) rows() []guidance.Row {
	a.t.Helper()
	rows, err := a.cases.List(a.t.Context(), guidance.Filter{Limit: 10_000})
	if err != nil {
		a.t.Fatal(err)
	}
	return rows
}

// hasten makes every mail due that waits, as if its time had passed: that of a
// worker which died, or before the next try.
func (a *archive) hasten() {
	a.t.Helper()
	conn, err := pgx.Connect(a.t.Context(), a.url)
	if err != nil {
		a.t.Fatal(err)
	}
	defer conn.Close(a.t.Context())
	if _, err := conn.Exec(a.t.Context(), `UPDATE guidance_mail SET next = 1, leased = least(leased, 1)
		WHERE status = 'queued' AND kind <> 'reminder'`); err != nil {
		a.t.Fatal(err)
	}
}

// posted waits until every mail is sent, and holds the postbox against them:
// each mail has one Message-ID under which it came, and nothing else did. Mails
// that a process took with it when it died are made due.
func (a *archive) posted(box *postbox, desks ...*clerk) {
	a.t.Helper()
	var left []string
	hastened := time.Time{}
	eventually(a.t, 30*time.Second, func() bool {
		left = nil
		for _, m := range a.mails() {
			if m.Kind != "reminder" && m.Status != guidance.MailSent {
				left = append(left, fmt.Sprintf("%s of %d: %s, attempt %d, %s", m.Kind, m.Seq, m.Status, m.Attempt, m.Reason))
			}
		}
		if len(left) > 0 && time.Since(hastened) > 3*time.Second { // longer than a mail takes
			if !hastened.IsZero() {
				a.hasten()
			}
			hastened = time.Now()
			for _, d := range desks {
				if rows := a.rows(); len(rows) > 0 { // any news wakes who sends
					d.does(rows[0].ID, guidance.Noted, guidance.NotedData{Text: "Hvor blir det av brevene?"})
				}
			}
		}
		return len(left) == 0
	}, func() string { return "not sent: " + strings.Join(left, "; ") })
	want := map[string]bool{}
	for _, m := range a.mails() {
		if m.Kind == "reminder" {
			continue
		}
		if m.MessageID == "" || want[m.MessageID] {
			a.t.Errorf("%s of %s is sent as %q", m.Kind, m.Case, m.MessageID)
		}
		want[m.MessageID] = true
	}
	got := map[string]bool{}
	for _, id := range box.ids() {
		got[strings.Trim(id, "<>")] = true
	}
	if !maps.Equal(got, want) {
		a.t.Errorf("the postbox has %d different mails, the cases %d:\n%s", len(got), len(want), difference(want, got))
	}
}

// sound holds each case against itself: events are 1, 2, 3 …, no command is
// there twice, no mail is told of twice; what the desk shows, and the list, is
// what the log says. What clerks were told was done stands in it, where they
// were told.
func (a *archive) sound(desk *queue.Client, clerks ...*clerk) {
	a.t.Helper()
	ctx := a.t.Context()
	for _, row := range a.rows() {
		l, err := a.cases.Load(ctx, row.ID)
		if err != nil {
			a.t.Fatal(err)
		}
		commands, mails := map[string]bool{}, map[string]bool{}
		for i, e := range l.Events {
			if e.Seq != int64(i)+1 {
				a.t.Errorf("case %s: event %d at place %d", row.Number, e.Seq, i+1)
			}
			command := e.Actor.ID + " " + e.ID
			if commands[command] {
				a.t.Errorf("case %s: %s is there twice", row.Number, e.Kind)
			}
			commands[command] = true
			if d, ok := e.Data.(guidance.DeliveredData); ok {
				if mails[d.Mail] {
					a.t.Errorf("case %s: a mail is delivered twice", row.Number)
				}
				mails[d.Mail] = true
			}
		}
		for _, c := range clerks {
			for _, e := range c.log[row.ID] {
				if int(e.Seq) > len(l.Events) {
					a.t.Errorf("case %s: %s was acknowledged and is lost", row.Number, e.Kind)
				} else if d := difference(asAny(a.t, e), asAny(a.t, l.Events[e.Seq-1])); d != "" {
					a.t.Errorf("case %s: acknowledged and stored (-want +got):\n%s", row.Number, d)
				}
			}
		}
		folded, err := guidance.Fold(l.Events)
		if err != nil {
			a.t.Errorf("case %s: %v", row.Number, err)
			continue
		}
		shown, err := desk.Case(ctx, guidance.Actor{ID: "root", Role: guidance.Admin}, row.ID, false)
		if err != nil {
			a.t.Errorf("case %s: %v", row.Number, err)
			continue
		}
		standing, _, _ := folded.Standing()
		type line struct {
			ID, Number, State, Published, Holder string
			Seq                                  int64
			Agencies                             []string
			Due, Changed, Opened                 time.Time
		}
		holder := func(h *guidance.Actor) string {
			if h == nil {
				return ""
			}
			return h.ID
		}
		want := line{row.ID, l.Number, string(folded.State), string(standing), holder(folded.Holder), folded.Seq, folded.Agencies,
			timing.Due(folded).UTC().Truncate(time.Microsecond), folded.Changed, folded.Opened}
		got := line{row.ID, row.Number, string(row.State), row.Published, holder(row.Holder), row.Seq, row.Agencies, row.Due, row.Changed, row.Opened}
		if d := difference(want, got); d != "" {
			a.t.Errorf("the list (-log +list):\n%s", d)
		}
		folded.Notes, folded.Received.Asker = nil, "" // notes are the agencies' own, an asker is shown to nobody
		if d := difference(asAny(a.t, folded), asAny(a.t, shown.Case)); d != "" {
			a.t.Errorf("case %s (-log +desk):\n%s", row.Number, d)
		}
	}
}

// asAny gives a value as its JSON reads.
func asAny(t testing.TB, v any) (out any) {
	t.Helper()
	b, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// kinds gives what was done in a case by people, in order.
func (a *archive) kinds(id string) (out []guidance.Kind) {
	a.t.Helper()
	l, err := a.cases.Load(a.t.Context(), id)
	if err != nil {
		a.t.Fatal(err)
	}
	for _, e := range l.Events {
		if e.Kind != guidance.Noted && e.Actor.Role != guidance.System {
			out = append(out, e.Kind)
		}
	}
	return out
}

var answeredKinds = []guidance.Kind{
	guidance.Received, guidance.Claimed, guidance.Assessed, guidance.DraftSaved, guidance.Submitted, guidance.Signed, guidance.Sent,
}

// A mailServer is a postbox behind a proxy.
func mailServer(t *testing.T) (box *postbox, url string, f *stacktest.Fault) {
	t.Helper()
	box, addr := newPostbox(t)
	url, f = stacktest.Proxy(t, "smtp://"+addr+"?tls=none")
	return box, url, f
}
