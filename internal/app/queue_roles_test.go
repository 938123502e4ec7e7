package app_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kiveileder"
	"kiveileder/internal/app"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/register"
	"kiveileder/services/queue"
	"kiveileder/services/rules"
)

// plainQuestion is one that a single agency answers.
const plainQuestion = "Hei, kan dere se på dette?"

// The queue over Postgres and Redis, with two of each role.
func TestQueueOverRoles(t *testing.T) {
	t.Parallel()
	box, server, _ := mailServer(t)
	retrievers := 2
	if testing.Short() {
		retrievers = 1
	}
	b := startBrittle(t, 2, 2, retrievers, queueEnv(t, server)...)
	a := openArchive(t, b.database)
	desk := deskAt(t, b.services...)
	ola, mari := newClerk(t, desk, "ola", "Ola Jurist", "hdir"), newClerk(t, deskAt(t, b.services[1], b.services[0]), "mari", "Mari Jurist", "dmp")
	t.Run("three people", func(t *testing.T) { threePeople(t, b, box, ola, mari) })
	t.Run("a hundred claims", func(t *testing.T) {
		c := handOverAt(t, b.gateways[0].addr, newConversation(t, b.gateways[0].addr), queue.HandOver{Question: plainQuestion, Agency: "hdir"})
		near := []*queue.Client{deskAt(t, b.services[0]), deskAt(t, b.services[1])}
		claimed(t, c.ID, func(i int, cmd guidance.Command) (queue.DeskResult, error) {
			return near[i%2].Do(t.Context(), c.ID, cmd)
		})
		if k := a.kinds(c.ID); !slices.Equal(k, []guidance.Kind{guidance.Received, guidance.Claimed}) {
			t.Errorf("the log has %v", k)
		}
	})
	t.Run("who comes back is shown the case when the conversation is open", func(t *testing.T) {
		gateways := addrs(b.gateways)
		v := visit(t, newConversation(t, gateways[0]), kiveileder.Bokmal, gateways[0])
		v.answer("Må vi søke REK?", 20*time.Second)
		p := openPage(t, v.conversation, gateways[0])
		c := handOverAt(t, gateways[1], v.conversation, queue.HandOver{Question: plainQuestion, Agency: "hdir"})
		p.shows(c.ID, 5*time.Second, func(c queue.AskerCase) bool { return c.State == guidance.IsReceived })
		p.leave()
		ola.answers(c.ID, "Svaret kom mens siden var lukket.")
		p.comeBack()
		p.shows(c.ID, 5*time.Second, hasAnswer)
		other := openPage(t, v.conversation, gateways[1])
		other.shows(c.ID, 5*time.Second, hasAnswer)
		for _, p := range []*page{p, other} {
			p.mu.Lock()
			if opened, shown := slices.Index(p.frames, "opened"), slices.Index(p.frames, "case"); opened < 0 || shown < opened {
				t.Errorf("frames came as %v", p.frames)
			}
			p.mu.Unlock()
		}
	})
	t.Run("a gateway crashes under the page", func(t *testing.T) {
		gateways := addrs(b.gateways)
		p := openPage(t, newConversation(t, gateways[0]), gateways...)
		c := handOverAt(t, gateways[0], p.conversation, queue.HandOver{Question: plainQuestion, Agency: "hdir"})
		p.shows(c.ID, 5*time.Second, func(c queue.AskerCase) bool { return c.State == guidance.IsReceived })
		steps := answerSteps("Svaret kom mens porten var nede.")
		for i, s := range steps {
			if i == 2 {
				b.gateways[0].kill()
			}
			ola.does(c.ID, s.kind, s.data)
		}
		took := p.shows(c.ID, 10*time.Second, hasAnswer)
		p.mu.Lock()
		if p.last != gateways[1] {
			t.Errorf("the page is at %s", p.last)
		}
		p.mu.Unlock()
		t.Logf("the answer is there %v after it was sent", took.Round(time.Millisecond))
		b.gateways[0].start()
	})
	a.posted(box, ola)
	a.sound(desk, ola, mari)
}

// threePeople is TestThreePeople where each of them meets other processes.
func threePeople(t *testing.T, b *brittle, box *postbox, ola, mari *clerk) {
	gateway := b.gateways[0]
	p := openPage(t, newConversation(t, gateway.addr), gateway.addr)
	const question = "Kan vi la kantinas menyrobot lese blodtypen fra journalen når vi tester den i Bergen?"
	p.says(map[string]any{"type": "hand_over", "id": "h", "conversation": p.conversation, "question": question, "agency": "hdir", "publish": true,
		"contact": map[string]string{"name": "Kari", "email": "kari@example.no"}})
	mine := p.any()
	if mine.State != guidance.IsReceived || !strings.HasPrefix(mine.Number, "KI-") || mine.Expected.IsZero() {
		t.Fatalf("the receipt: %+v", mine)
	}
	ola.does(mine.ID, guidance.Claimed, nil)
	if !slices.Contains(ola.sees(mine.ID).Agencies, "dmp") {
		ola.does(mine.ID, guidance.Invited, guidance.InvitedData{Agency: "dmp", Reason: "Kan være medisinsk utstyr."})
	}
	for _, agency := range ola.sees(mine.ID).Agencies {
		if agency != "hdir" && agency != "dmp" {
			ola.does(mine.ID, guidance.Uninvited, guidance.UninvitedData{Agency: agency, Reason: "Gjelder ikke dem."})
		}
	}
	mari.sees(mine.ID)
	if r, err := mari.tries(mine.ID, "claim", guidance.Claimed, nil); err != nil || r.Refused == nil || r.Refused.Lease.Holder.Name != "Ola Jurist" {
		t.Errorf("a collision: %+v, %v", r.Refused, err)
	}
	ola.does(mine.ID, guidance.Assessed, nil)
	quotes := []rules.Quote{quoted(t, gateway.url())}
	save := func(c *clerk, text string) string {
		d := guidance.Draft{Sections: []guidance.Section{{Question: "Kan menyroboten lese blodtypen?", Text: text}}, Quotes: quotes}
		c.does(mine.ID, guidance.DraftSaved, guidance.DraftSavedData{Base: len(c.sees(mine.ID).Drafts), Draft: d})
		return d.Hash()
	}
	signs := func(c *clerk, hash string, v guidance.Verdict, why string) {
		c.sees(mine.ID)
		c.does(mine.ID, guidance.Signed, guidance.SignedData{Hash: hash, Verdict: v, Reason: why})
	}
	hash := save(ola, "Ja.")
	ola.does(mine.ID, guidance.Submitted, guidance.SubmittedData{Hash: hash})
	signs(ola, hash, guidance.Approve, "")
	signs(mari, hash, guidance.Return, "Det holder ikke.")
	hash = save(mari, "Nei. En menyrobot i kantina yter ikke helsehjelp, og blodtypen kan ikke hentes fra journalen til den.")
	ola.sees(mine.ID)
	ola.does(mine.ID, guidance.Submitted, guidance.SubmittedData{Hash: hash})
	if r, err := ola.tries(mine.ID, "too early", guidance.Sent, guidance.SentData{Hash: hash}); err != nil || r.Refused == nil || r.Refused.Guard != "all_signed" {
		t.Errorf("sent unsigned: %+v, %v", r.Refused, err)
	}
	signs(ola, hash, guidance.Approve, "")
	signs(mari, hash, guidance.Approve, "")
	mari.does(mine.ID, guidance.Noted, guidance.NotedData{Text: "Bare for oss i DMP."})
	ola.sees(mine.ID)
	ola.does(mine.ID, guidance.Sent, guidance.SentData{Hash: hash})
	took := p.shows(mine.ID, 5*time.Second, hasAnswer)
	if got := p.sees(mine.ID).Answers; len(got) != 1 || !strings.HasPrefix(got[0].Draft.Sections[0].Text, "Nei.") || len(got[0].Agencies) != 2 {
		t.Errorf("on the open page: %+v", got)
	}
	t.Logf("the answer is shown %v after it was sent", took.Round(time.Millisecond))
	until(t, "the log knows that receipt and answer went", func() bool {
		n := 0
		for _, e := range ola.sees(mine.ID).Log {
			if e.Kind == guidance.Delivered {
				n++
			}
		}
		return n == 2
	})
	if ids := box.ids(); len(ids) != 2 || ids[0] == ids[1] {
		t.Errorf("mails %v, want the receipt and the answer, each once", ids)
	}
	if d := ola.sees(mine.ID); len(d.Notes) != 0 {
		t.Errorf("another agency's note is shown: %+v", d.Notes)
	}
	d, err := ola.desk.Proposal(t.Context(), ola.who, mine.ID)
	if err != nil {
		t.Fatal(err)
	}
	d.Publication.Title, d.Publication.Question = "Menyrobot og blodtype", "Kan en menyrobot i kantina lese blodtypen fra journalen?"
	ola.does(mine.ID, guidance.Published, d.Publication)
	if testing.Short() { // under the race detector texts are embedded slowly
		return
	}
	begin := time.Now()
	for _, g := range b.gateways {
		var ans kiveileder.Answer
		finds := func() bool {
			askerDo(t, http.MethodPost, g.url()+"/v1/ask", "", map[string]any{"question": "Kan menyroboten i kantina få lese blodtype fra journalen?"}, &ans)
			return len(ans.Citations) > 0 && strings.HasPrefix(ans.Citations[0].URL, "/svar/"+mine.Number)
		}
		until(t, "the next who asks gets it, whoever answers", func() bool {
			for range 4 { // of two retrievers
				if !finds() {
					return false
				}
			}
			return true
		})
		if c := ans.Citations[0]; !strings.HasPrefix(c.Quote, "Nei.") || c.Date != register.Day(time.Now()) || !strings.Contains(c.Publisher, "Helsedirektoratet") {
			t.Errorf("quoted as %+v", c)
		}
		if ans.Status != kiveileder.Answered {
			t.Errorf("who asks the same in other words is told %s: %s", ans.Status, ans.Lead)
		}
		if _, page := get(t, g.url()+"/svar/"+mine.Number); !strings.Contains(page, "Menyrobot og blodtype") || strings.Contains(page, "Bergen") || strings.Contains(page, "Kari") {
			t.Error("the page of the answer lacks it, or tells who asked")
		}
	}
	t.Logf("found at both gateways %v after it was published", time.Since(begin).Round(time.Millisecond))
}

// claimed lets a hundred lawyers claim a case at once: one has it, the others
// are told who.
func claimed(t *testing.T, id string, do func(i int, c guidance.Command) (queue.DeskResult, error)) {
	t.Helper()
	const many = 100
	results, errs := make([]queue.DeskResult, many), make([]error, many)
	var wg sync.WaitGroup
	for i := range many {
		wg.Go(func() {
			who := guidance.Actor{ID: fmt.Sprint("lawyer-", i), Name: fmt.Sprint("Lawyer ", i), Role: guidance.Lawyer, Agency: "hdir"}
			results[i], errs[i] = do(i, guidance.Command{ID: "claim", Actor: who, Kind: guidance.Claimed, Seen: 1})
		})
	}
	wg.Wait()
	winner := -1
	for i, r := range results {
		if errs[i] != nil {
			t.Fatal(errs[i])
		}
		if r.Refused == nil {
			if winner >= 0 {
				t.Errorf("lawyers %d and %d both have it", winner, i)
			}
			winner = i
		}
	}
	if winner < 0 {
		t.Fatal("nobody has it")
	}
	for i, r := range results {
		if want := fmt.Sprint("Lawyer ", winner); i != winner && (r.Refused.Guard != "held" || r.Refused.Lease.Holder.Name != want) {
			t.Errorf("lawyer %d is told %+v, want that %s has it", i, r.Refused, want)
		}
	}
}

// In one process over a file as well.
func TestHundredClaimsInOneProcess(t *testing.T) {
	t.Parallel()
	o, err := app.OpenOffice(t.Context(), app.Config{Base: app.Base{Data: t.TempDir(), EmbedDim: 1024}}, app.Silent())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := o.Close(); err != nil {
			t.Error(err)
		}
	}()
	asker := guidance.Actor{ID: "asker", Role: guidance.Asker}
	if _, err := o.Cases.Open(t.Context(), "c1", asker, guidance.ReceivedData{Question: plainQuestion, Agencies: []string{"hdir"}}, guidance.Contact{}); err != nil {
		t.Fatal(err)
	}
	claimed(t, "c1", func(_ int, c guidance.Command) (queue.DeskResult, error) { return o.Do(t.Context(), "c1", c) })
	snap, err := o.Cases.Load(t.Context(), "c1")
	if err != nil || len(snap.Log) != 2 {
		t.Errorf("%d events, %v", len(snap.Log), err)
	}
}
