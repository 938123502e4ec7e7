package app_test

import (
	"context"
	"fmt"
	mathrand "math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"kiveileder/internal/stacktest"
	"kiveileder/services/guidance"
	"kiveileder/services/queue"
)

var kari = guidance.Contact{Name: "Kari", Email: "kari@example.no"}

// All services crash at each step of a case: each command is in the log once,
// in order, the page has the answer, and each mail went under one Message-ID.
func TestQueueKilledAtAStep(t *testing.T) {
	t.Parallel()
	box, server, _ := mailServer(t)
	b := startBrittle(t, 1, 1, 1, queueEnv(t, server)...)
	a, desk := openArchive(t, b.database), deskAt(t, b.services...)
	ola := newClerk(t, desk, "ola", "Ola Jurist", "hdir")
	for _, c := range []struct {
		name    string
		stream  string // of the database: what is held up
		contact guidance.Contact
		reached func(id string, s step) func() bool
	}{
		{
			name: "when it is stored and nobody knows", stream: "downstream",
			reached: func(id string, s step) func() bool { return func() bool { return a.has(id, s.kind) } },
		}, {
			name: "before it is stored", stream: "upstream", contact: kari,
			reached: func(string, step) func() bool {
				at := time.Now().Add(150*time.Millisecond + mathrand.N(250*time.Millisecond))
				return func() bool { return time.Now().After(at) }
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			gateways := addrs(b.gateways)
			p := openPage(t, newConversation(t, gateways[0]), gateways...)
			mine := handOverAt(t, gateways[0], p.conversation, queue.HandOver{Question: plainQuestion, Agency: "hdir", Contact: c.contact})
			for _, s := range answerSteps("Svaret på tross av alt.") {
				switch {
				case s.kind == guidance.Assessed, testing.Short() && s.kind != guidance.Claimed && s.kind != guidance.Sent:
					ola.does(mine.ID, s.kind, s.data)
					continue
				}
				b.postgres.Add(latency(c.stream, 100*time.Millisecond))
				done := make(chan struct{})
				reached := c.reached(mine.ID, s)
				go func() { defer close(done); ola.does(mine.ID, s.kind, s.data) }()
				eventually(t, 10*time.Second, reached, func() string { return "the step is not reached: " + string(s.kind) })
				crash(b.services, b.postgres)
				<-done
			}
			took := p.shows(mine.ID, 5*time.Second, hasAnswer)
			if k := a.kinds(mine.ID); !slices.Equal(k, answeredKinds) {
				t.Errorf("the log has %v", k)
			}
			t.Logf("shown %v after it was known to be sent; %d commands were sent again", took.Round(time.Millisecond), ola.resent())
		})
	}
	t.Run("when it is stored, and whoever did it goes away", func(t *testing.T) {
		gateways := addrs(b.gateways)
		p := openPage(t, newConversation(t, gateways[0]), gateways...)
		mine := handOverAt(t, gateways[0], p.conversation, queue.HandOver{Question: plainQuestion, Agency: "hdir"})
		steps := answerSteps("Svaret som ingen hørte om.")
		send := steps[len(steps)-1]
		for _, s := range steps[:len(steps)-1] {
			ola.does(mine.ID, s.kind, s.data)
		}
		p.shows(mine.ID, 5*time.Second, func(c queue.AskerCase) bool { return c.State == guidance.Assessment })
		b.postgres.Add(latency("downstream", 100*time.Millisecond))
		ctx, goAway := context.WithCancel(t.Context())
		defer goAway()
		done := make(chan error, 1)
		go func() {
			_, err := desk.Do(ctx, mine.ID, guidance.Command{ID: "send", Actor: ola.who, Kind: send.kind, Data: send.data, Seen: int64(len(steps))})
			done <- err
		}()
		eventually(t, 10*time.Second, func() bool { return a.has(mine.ID, send.kind) }, func() string { return "it is not stored" })
		goAway()
		crash(b.services, b.postgres)
		if err := <-done; err == nil {
			t.Error("the answer came back: nothing was tested")
		}
		took := p.shows(mine.ID, 5*time.Second, hasAnswer)
		t.Logf("shown %v after the services are back", took.Round(time.Millisecond))
	})
	a.posted(box, ola)
	a.sound(desk, ola)
}

// crash kills processes, and starts them again when a line is mended.
func crash(ps []*process, lines ...*stacktest.Fault) {
	for _, p := range ps {
		p.kill()
	}
	for _, f := range lines {
		f.Cut() // what was under way is lost
		f.Mend()
	}
	var wg sync.WaitGroup
	for _, p := range ps {
		wg.Go(p.start)
	}
	wg.Wait()
}

// Services crash at random while lawyers work.
func TestQueueKilledAtRandom(t *testing.T) {
	t.Parallel()
	box, server, _ := mailServer(t)
	b := startBrittle(t, 2, 2, 1, queueEnv(t, server)...)
	a, desk := openArchive(t, b.database), deskAt(t, b.services...)
	rounds, most := 30, 30*time.Second
	if testing.Short() {
		rounds = 3
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var working sync.WaitGroup
	gateways := addrs(b.gateways)
	clerks, pages := make([]*clerk, 3), make([]*page, 3)
	cases := make([][]string, 3)
	for i := range clerks {
		clerks[i] = newClerk(t, desk, fmt.Sprint("lawyer-", i), fmt.Sprint("Lawyer ", i), "hdir")
		pages[i] = openPage(t, newConversation(t, gateways[0]), gateways[i%2], gateways[1-i%2])
		working.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				h := queue.HandOver{Question: plainQuestion, Agency: "hdir"}
				if n%2 == 0 {
					h.Contact = kari
				}
				c := handOverAt(t, gateways[(i+n)%2], pages[i].conversation, h)
				cases[i] = append(cases[i], c.ID)
				if c.ID == "" || !clerks[i].answers(c.ID, fmt.Sprintf("Svar nummer %d.", n)) {
					return
				}
			}
		})
	}
	kills := 0
	for begin := time.Now(); kills < rounds && time.Since(begin) < most; kills++ {
		sleep(ctx, mathrand.N(400*time.Millisecond))
		if kills%3 == 0 {
			crash(b.services)
		} else {
			crash(b.services[kills%2:][:1])
		}
	}
	stop()
	working.Wait()
	n, again := 0, 0
	for i, ids := range cases {
		for _, id := range ids {
			pages[i].shows(id, 10*time.Second, hasAnswer)
			if k := a.kinds(id); !slices.Equal(k, answeredKinds) {
				t.Errorf("the log has %v", k)
			}
		}
		n, again = n+len(ids), again+clerks[i].resent()
	}
	a.posted(box, clerks...)
	a.sound(desk, clerks...)
	t.Logf("%d crashes, %d cases, %d commands sent again, %d mails of which %d came twice", kills, n, again, len(a.mails()), len(box.ids())-len(a.mails()))
}

// What the queue leans on goes away.
func TestQueueWithout(t *testing.T) {
	t.Parallel()
	box, server, toMail := mailServer(t)
	b := startBrittle(t, 2, 2, 1, queueEnv(t, server)...)
	a, desk := openArchive(t, b.database), deskAt(t, b.services...)
	ola := newClerk(t, desk, "ola", "Ola Jurist", "hdir")
	gateways := addrs(b.gateways)
	begin := func(t *testing.T, h queue.HandOver) (*page, string) {
		p := openPage(t, newConversation(t, gateways[1]), gateways[1])
		h.Question, h.Agency = plainQuestion, "hdir"
		return p, handOverAt(t, gateways[0], p.conversation, h).ID
	}
	for _, c := range []struct {
		name   string
		back   time.Duration // after the answer was sent; 0: it stays away until it is shown
		within time.Duration
		long   bool
	}{
		{"Redis, which comes back", 500 * time.Millisecond, 5 * time.Second, false},
		{"Redis, which stays away", 0, 16 * time.Second, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.long && testing.Short() {
				t.Skip("takes long")
			}
			p, id := begin(t, queue.HandOver{})
			p.shows(id, 5*time.Second, func(c queue.AskerCase) bool { return c.State == guidance.IsReceived })
			b.redis.Cut()
			ola.answers(id, "Svaret kom uten Redis.")
			if c.back > 0 {
				time.Sleep(c.back)
				b.redis.Mend()
			}
			took := p.shows(id, c.within, hasAnswer)
			b.redis.Mend()
			for _, r := range slices.Concat(b.gateways, b.services) {
				r.says(200)
			}
			_, err := ola.desk.Do(t.Context(), id, guidance.Command{ID: "again", Actor: ola.who, Kind: guidance.Reopened, Data: guidance.ReopenedData{Reason: "Mer å si."}, Seen: ola.sees(id).Seq})
			if err != nil {
				t.Error(err)
			}
			after := p.shows(id, 2*time.Second, func(c queue.AskerCase) bool { return c.State == guidance.IsReopened })
			t.Logf("shown after %v; with Redis again after %v", took.Round(time.Millisecond), after.Round(time.Millisecond))
		})
	}
	t.Run("the mail server", func(t *testing.T) {
		sent := len(box.ids())
		toMail.Cut()
		p, id := begin(t, queue.HandOver{Contact: kari})
		ola.answers(id, "Svaret venter på posten.")
		p.shows(id, 5*time.Second, hasAnswer) // the conversation needs no mail
		var d queue.DeskCase
		eventually(t, 20*time.Second, func() bool {
			d = ola.sees(id)
			return len(d.Mails) == 2 && !slices.ContainsFunc(d.Mails, func(m guidance.Mail) bool { return m.Status != guidance.MailQueued }) &&
				slices.ContainsFunc(d.Mails, func(m guidance.Mail) bool { return m.Attempt > 0 && m.Reason != "" })
		}, func() string { return fmt.Sprintf("the desk is not told that mails wait and why: %+v", d.Mails) })
		toMail.Mend()
		a.posted(box, ola)
		if n := len(box.ids()) - sent; n != 2 {
			t.Errorf("%d mails came, want the receipt and the answer, each once", n)
		}
		delivered := 0
		for _, e := range ola.sees(id).Log {
			if e.Kind == guidance.Delivered {
				delivered++
			}
		}
		if delivered != 2 {
			t.Errorf("the log knows of %d", delivered)
		}
	})
	t.Run("Postgres", func(t *testing.T) {
		p := openPage(t, newConversation(t, gateways[1]), gateways[1])
		var ids []string
		for range 5 {
			ids = append(ids, handOverAt(t, gateways[0], p.conversation, queue.HandOver{Question: plainQuestion, Agency: "hdir", Contact: kari}).ID)
		}
		ways := []stacktest.Way{stacktest.Cut, stacktest.Reset, stacktest.Half(700), stacktest.Half(3000)}
		ctx, stop := context.WithCancel(t.Context())
		var cutting sync.WaitGroup
		cuts := 0
		cutting.Go(func() {
			for ; ctx.Err() == nil && cuts < 6*len(ways); cuts++ {
				ways[cuts%len(ways)].Spoil(b.postgres)
				sleep(ctx, 100*time.Millisecond+mathrand.N(300*time.Millisecond))
				b.postgres.Cut() // what was under way is lost
				b.postgres.Mend()
				sleep(ctx, mathrand.N(50*time.Millisecond))
			}
		})
		again := ola.resent()
		for _, id := range ids {
			ola.answers(id, "Svaret på tross av databasen.")
		}
		stop()
		cutting.Wait()
		t.Logf("%d cuts, %d commands sent again", cuts, ola.resent()-again)
		for _, id := range ids {
			p.shows(id, 20*time.Second, hasAnswer)
			if k := a.kinds(id); !slices.Equal(k, answeredKinds) {
				t.Errorf("the log has %v", k)
			}
		}
	})
	a.posted(box, ola)
	a.sound(desk, ola)
}
