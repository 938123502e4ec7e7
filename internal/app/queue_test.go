package app_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/gorilla/websocket"
	"go.uber.org/zap"

	"kiveileder"
	"kiveileder/internal/app"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/register"
	"kiveileder/services/queue"
	"kiveileder/services/rules"
)

// A postbox is a mail server that keeps what it is given.
type postbox struct {
	mu    sync.Mutex // guards mails
	mails []*mail.Message
}

// newPostbox starts one and gives its address.
func newPostbox(t *testing.T) (*postbox, string) {
	t.Helper()
	p := &postbox{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := smtp.NewServer(p)
	s.Domain, s.AllowInsecureAuth = "localhost", true
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	return p, l.Addr().String()
}

func (p *postbox) NewSession(*smtp.Conn) (smtp.Session, error) { return p, nil }
func (p *postbox) Reset()                                      {}
func (p *postbox) Logout() error                               { return nil }
func (p *postbox) Mail(string, *smtp.MailOptions) error        { return nil }
func (p *postbox) Rcpt(string, *smtp.RcptOptions) error        { return nil }

func (p *postbox) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m, err := mail.ReadMessage(bytes.NewReader(b))
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mails = append(p.mails, m)
	return nil
}

// ids gives the Message-IDs of all mails.
func (p *postbox) ids() (ids []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.mails {
		ids = append(ids, m.Header.Get("Message-Id"))
	}
	return ids
}

// A colleague is somebody who has signed in at the desk.
type colleague struct {
	t    *testing.T
	http *http.Client
	base string
	csrf string
	me   guidance.Actor
}

// signIn opens a link as it was printed.
func signIn(t *testing.T, base, link string) *colleague {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &colleague{t: t, base: base, http: &http.Client{Jar: jar, Timeout: 10 * time.Second}}
	if status, b := c.call(http.MethodGet, strings.TrimPrefix(link, base), nil); status >= 400 {
		t.Fatalf("the link: %d %s", status, b)
	}
	var me struct {
		Person struct{ ID, Name, Agency string }
	}
	c.get("/v1/me", &me)
	c.me = guidance.Actor{ID: me.Person.ID, Name: me.Person.Name, Agency: me.Person.Agency}
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range jar.Cookies(u) {
		if strings.HasSuffix(k.Name, "ki-csrf") {
			c.csrf = k.Value
		}
	}
	return c
}

func (c *colleague) call(method, path string, body any) (int, []byte) {
	c.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	req, err := http.NewRequest(method, c.base+path, bytes.NewReader(b))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Origin", c.base)
	req.Header.Set("X-CSRF-Token", c.csrf)
	resp, err := c.http.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err = io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp.StatusCode, b
}

func (c *colleague) get(path string, v any) {
	c.t.Helper()
	status, b := c.call(http.MethodGet, path, nil)
	if status != http.StatusOK {
		c.t.Fatalf("GET %s: %d %s", path, status, b)
	}
	if err := json.Unmarshal(b, v); err != nil {
		c.t.Fatalf("GET %s: %v", path, err)
	}
}

func (c *colleague) look(id string) (d queue.DeskCase) {
	c.t.Helper()
	c.get("/v1/cases/"+id, &d)
	return d
}

// tries does something, having seen all.
func (c *colleague) tries(id string, kind guidance.Kind, data any) (int, queue.DeskResult) {
	c.t.Helper()
	status, b := c.call(http.MethodPost, "/v1/cases/"+id+"/commands", map[string]any{"id": rand.Text(), "kind": kind, "data": data, "seen": c.look(id).Seq})
	var r queue.DeskResult
	if err := json.Unmarshal(b, &r); err != nil {
		c.t.Fatalf("%s: %d %s", kind, status, b)
	}
	return status, r
}

func (c *colleague) does(id string, kind guidance.Kind, data any) queue.DeskCase {
	c.t.Helper()
	status, r := c.tries(id, kind, data)
	if status != http.StatusOK {
		c.t.Fatalf("%s by %s: %d, %+v", kind, c.me.Name, status, r.Refused)
	}
	return r.Case
}

// askerDo posts for a conversation.
func askerDo(t *testing.T, method, to, conversation string, body, v any) {
	t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequest(method, to, bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+conversation)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, err = io.ReadAll(resp.Body); err != nil || resp.StatusCode >= 300 {
		t.Fatalf("%s %s: %d %s %v", method, to, resp.StatusCode, b, err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatal(err)
	}
}

// An asker hands over, lawyers of two agencies collide, write together, one
// sends back, both sign; the open page has the answer and so has the mailbox;
// it is published, and the next who asks gets it quoted with its date.
func TestThreePeople(t *testing.T) {
	t.Parallel()
	box, server := newPostbox(t)
	cfg := app.Config{Base: app.Base{Data: t.TempDir(), EmbedDim: 1024}, Addr: "127.0.0.1:0", CacheSize: 100}
	cfg.SMTPURL, cfg.MailFrom, cfg.TraceShare = "smtp://"+server+"?tls=none", "ki.veiledning <ki@example.no>", 0
	a, err := app.New(t.Context(), cfg, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	out, done := newAnnouncement(), make(chan error, 1)
	go func() { done <- a.Serve(ctx, out) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	base := <-out.url
	people := map[string]*colleague{}
	until(t, "links are printed", func() bool { out.mu.Lock(); defer out.mu.Unlock(); return strings.Count(out.text, "/login/demo") >= 6 })
	for line := range strings.Lines(out.text) {
		if i := strings.Index(line, base+"/login/demo"); i >= 0 {
			c := signIn(t, base, strings.TrimSpace(line[i:]))
			people[strings.TrimSpace(line[:i])] = c
		}
	}
	ola, mari := people["Ola Jurist, hdir"], people["Mari Jurist, dmp"]

	var talk struct{ Conversation string }
	askerDo(t, http.MethodPost, base+"/v1/conversation", "", nil, &talk)
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(base, "http")+"/v1/chat", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.WriteJSON(map[string]any{"type": "open", "id": "o", "conversation": talk.Conversation}); err != nil {
		t.Fatal(err)
	}
	seen := make(chan queue.AskerCase, 100)
	go func() {
		for {
			var f struct {
				Type string
				Case queue.AskerCase
			}
			if conn.ReadJSON(&f) != nil {
				return
			}
			if f.Type == "case" {
				seen <- f.Case
			}
		}
	}()
	const question = "Kan vi la kantinas menyrobot lese blodtypen fra journalen når vi tester den i Bergen?"
	if err := conn.WriteJSON(map[string]any{"type": "hand_over", "id": "h", "conversation": talk.Conversation, "question": question, "agency": "hdir", "publish": true,
		"contact": map[string]string{"name": "Kari", "email": "kari@example.no"}}); err != nil {
		t.Fatal(err)
	}
	mine := next(t, seen, func(c queue.AskerCase) bool { return c.State == guidance.IsReceived })
	if !strings.HasPrefix(mine.Number, "KI-") || mine.Expected.IsZero() {
		t.Errorf("the receipt: %+v", mine)
	}

	// both want it: one has it, and the other sees who
	ola.does(mine.ID, guidance.Claimed, nil)
	if !slices.Contains(ola.look(mine.ID).Agencies, "dmp") {
		ola.does(mine.ID, guidance.Invited, guidance.InvitedData{Agency: "dmp", Reason: "Kan være medisinsk utstyr."})
	}
	for _, agency := range ola.look(mine.ID).Agencies {
		if agency != "hdir" && agency != "dmp" {
			ola.does(mine.ID, guidance.Uninvited, guidance.UninvitedData{Agency: agency, Reason: "Gjelder ikke dem."})
		}
	}
	if status, r := mari.tries(mine.ID, guidance.Claimed, nil); status != http.StatusConflict || r.Refused == nil || r.Refused.Lease.Holder.Name != "Ola Jurist" {
		t.Errorf("a collision: %d %+v", status, r.Refused)
	}
	ola.does(mine.ID, guidance.Assessed, nil)
	text := func(s string) guidance.DraftSavedData {
		return guidance.DraftSavedData{Base: len(ola.look(mine.ID).Drafts), Draft: guidance.Draft{
			Sections: []guidance.Section{{Question: "Kan menyroboten lese blodtypen?", Text: s}},
			Quotes:   []rules.Quote{quoted(t, base)},
		}}
	}
	d := ola.does(mine.ID, guidance.DraftSaved, text("Ja."))
	ola.does(mine.ID, guidance.Submitted, guidance.SubmittedData{Hash: d.Hash})
	ola.does(mine.ID, guidance.Signed, guidance.SignedData{Hash: d.Hash, Verdict: guidance.Approve})
	mari.does(mine.ID, guidance.Signed, guidance.SignedData{Hash: d.Hash, Verdict: guidance.Return, Reason: "Det holder ikke."})
	d = mari.does(mine.ID, guidance.DraftSaved, text("Nei. En menyrobot i kantina yter ikke helsehjelp, og blodtypen kan ikke hentes fra journalen til den."))
	ola.does(mine.ID, guidance.Submitted, guidance.SubmittedData{Hash: d.Hash})
	if status, r := ola.tries(mine.ID, guidance.Sent, guidance.SentData{Hash: d.Hash}); status != http.StatusConflict || r.Refused.Guard != "all_signed" {
		t.Errorf("sent unsigned: %d %+v", status, r.Refused)
	}
	for _, c := range []*colleague{ola, mari} {
		c.does(mine.ID, guidance.Signed, guidance.SignedData{Hash: d.Hash, Verdict: guidance.Approve})
	}
	mari.does(mine.ID, guidance.Noted, guidance.NotedData{Text: "Bare for oss i DMP."})
	ola.does(mine.ID, guidance.Sent, guidance.SentData{Hash: d.Hash})

	got := next(t, seen, func(c queue.AskerCase) bool { return c.State == guidance.Answered })
	if len(got.Answers) != 1 || !strings.HasPrefix(got.Answers[0].Draft.Sections[0].Text, "Nei.") || len(got.Answers[0].Agencies) != 2 {
		t.Errorf("on the open page: %+v", got.Answers)
	}
	until(t, "the mails have come", func() bool { return len(box.ids()) >= 2 })
	if d := ola.look(mine.ID); len(d.Notes) != 0 {
		t.Errorf("another agency's note is shown: %+v", d.Notes)
	}
	until(t, "the log knows that they went", func() bool {
		n := 0
		for _, e := range ola.look(mine.ID).Log {
			if e.Kind == guidance.Delivered {
				n++
			}
		}
		return n == 2
	})
	if ids := box.ids(); len(ids) != 2 || ids[0] == ids[1] {
		t.Errorf("mails %v, want the receipt and the answer, each once", ids)
	}

	var p queue.Proposal
	ola.get("/v1/cases/"+mine.ID+"/publication", &p)
	if !slices.ContainsFunc(p.Marks, func(m register.Mark) bool { return m.Text == "Bergen" }) {
		t.Errorf("the place is not proposed to be taken out: %+v", p.Marks)
	}
	p.Publication.Title, p.Publication.Question = "Menyrobot og blodtype", "Kan en menyrobot i kantina lese blodtypen fra journalen?"
	d = ola.does(mine.ID, guidance.Published, p.Publication)
	var ans kiveileder.Answer
	until(t, "the next who asks gets it", func() bool {
		askerDo(t, http.MethodPost, base+"/v1/ask", "", map[string]any{"question": "Kan menyroboten i kantina få lese blodtype fra journalen?"}, &ans)
		return len(ans.Citations) > 0 && strings.HasPrefix(ans.Citations[0].URL, "/svar/"+mine.Number)
	})
	if c := ans.Citations[0]; !strings.HasPrefix(c.Quote, "Nei.") || c.Date != register.Day(time.Now()) || !strings.Contains(c.Publisher, "Helsedirektoratet") {
		t.Errorf("quoted as %+v", c)
	}
	if _, page := get(t, base+d.Address); !strings.Contains(page, "Menyrobot og blodtype") || strings.Contains(page, "Bergen") || strings.Contains(page, "Kari") {
		t.Error("the page of the answer lacks it, or tells who asked")
	}
}

// quoted gives a quote that stands in a source.
func quoted(t *testing.T, base string) rules.Quote {
	t.Helper()
	var found struct {
		Hits []struct{ Source, Passage, Quote string }
	}
	_, b := get(t, base+"/v1/search?q=taushetsplikt&k=1")
	if err := json.Unmarshal([]byte(b), &found); err != nil || len(found.Hits) == 0 {
		t.Fatal(b, err)
	}
	h := found.Hits[0]
	return rules.Quote{Source: h.Source, Passage: h.Passage, Text: h.Quote}
}

// next gives the next case that fits.
func next(t *testing.T, seen <-chan queue.AskerCase, fits func(queue.AskerCase) bool) queue.AskerCase {
	t.Helper()
	timeout := time.After(time.Minute)
	for {
		select {
		case c := <-seen:
			if fits(c) {
				return c
			}
		case <-timeout:
			t.Fatal("the open page hears nothing of the case")
		}
	}
}

// until waits for something that comes by itself.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for begin := time.Now(); !is(); time.Sleep(20 * time.Millisecond) {
		if took := time.Since(begin); took > atMost(10*time.Second) {
			t.Fatalf("not in %v: %s", took, what)
		}
	}
}
