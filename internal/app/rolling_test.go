package app_test

import (
	"context"
	mathrand "math/rand/v2"
	"sync"
	"testing"
	"time"

	"kiveileder"
)

// said are questions of all kinds.
var said = []string{
	"Må vi søke REK for å bruke helseopplysninger til å utvikle KI?",
	"Kven gir dispensasjon frå teieplikta?",
	"Do we need prior approval to use health data for research?",
	"Er et beslutningsstøttesystem medisinsk utstyr?",
	"Kan vi bruke anonyme data uten å søke?",
	"Hva er kvalitetssikring etter helsepersonelloven § 26?",
	"Treng vi samtykke når data er indirekte identifiserbare?",
	"Hvor lenge tar det å få svar på en søknad om dispensasjon?",
	"hei", "Blir det regn i morgen?",
}

// talk has visitors ask, each when it has its answer, until the context ends.
func talk(ctx context.Context, wg *sync.WaitGroup, every time.Duration, vs ...*visitor) {
	for i, v := range vs {
		wg.Go(func() {
			sleep(ctx, mathrand.N(every))
			for n := i; ctx.Err() == nil; n++ {
				q := v.ask(said[n%len(said)])
				select {
				case <-q.isAnswered:
				case <-ctx.Done():
				}
				sleep(ctx, every/2+mathrand.N(every))
			}
		})
	}
}

// crowd lets n visitors in, of whom every fifth shares the conversation of the
// one before.
func crowd(t testing.TB, n int, gateways ...string) []*visitor {
	t.Helper()
	var vs []*visitor
	var id string
	for i := range n {
		if i%5 != 4 {
			id = newConversation(t, gateways[i%len(gateways)])
		}
		from := i % len(gateways)
		vs = append(vs, visit(t, id, []kiveileder.Language{"nb", "nn", "en"}[i%3], append(gateways[from:len(gateways):len(gateways)], gateways[:from]...)...))
	}
	return vs
}

// Every process is stopped and started again while people ask: nothing is lost
// or doubled, nobody waits for long, and sockets are closed with a word.
func TestRollingRestart(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	w := startWorld(t, 2)
	vs := crowd(t, 20, addrs(w.gateways)...)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var talking sync.WaitGroup
	talk(ctx, &talking, time.Second, vs...)
	time.Sleep(2 * time.Second)
	begin := time.Now()
	for _, together := range [][]*process{
		{w.retrievers[0]}, {w.retrievers[1]}, {w.services[0]}, {w.services[1]}, {w.gateways[0]}, {w.gateways[1]},
		{w.gateways[0], w.services[0]}, {w.services[1], w.retrievers[1]},
	} {
		var stopping sync.WaitGroup
		for _, p := range together {
			stopping.Go(p.stop)
		}
		stopping.Wait()
		for _, p := range together {
			p.start()
		}
	}
	took := time.Since(begin)
	time.Sleep(2 * time.Second)
	stop()
	talking.Wait()
	settle(t, w.gateways[0].addr, 20*time.Second, vs...)
	f := figuresOf(vs...)
	t.Logf("all processes restarted in %v: %v", took.Round(time.Millisecond), f)
	if longest := at(f.answers, 1); longest > atMost(10*time.Second) {
		t.Errorf("somebody waited %v", longest)
	}
	if f.closes[4000] == 0 {
		t.Error("no socket was told to come back")
	}
	for code, n := range f.closes {
		if code != 4000 && code != codeRefused {
			t.Errorf("%d sockets ended with %d", n, code)
		}
	}
}

func addrs(ps []*process) (out []string) {
	for _, p := range ps {
		out = append(out, p.addr)
	}
	return out
}
