package guidancetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"kiveileder/services/guidance"
)

func testTogether(t *testing.T, open Opener) {
	t.Run("a hundred claim at once: one has it, and all the others hear who", func(t *testing.T) {
		const lawyers = 100
		s, _ := open(t)
		put(t, s, first("c1", 1))
		services := []*guidance.Service{guidance.New(guidance.Config{Store: s}), guidance.New(guidance.Config{Store: s})}
		var wg sync.WaitGroup
		var won atomic.Int32
		winner, told := make(chan string, lawyers), make(chan string, lawyers)
		for i := range lawyers {
			wg.Go(func() {
				who := guidance.Actor{ID: fmt.Sprint("lawyer-", i), Name: "N", Role: guidance.Lawyer, Agency: "hdir"}
				_, _, err := services[i%2].Do(t.Context(), "c1", guidance.Command{Actor: who, Kind: guidance.Claimed, Seen: 1})
				var held *guidance.Held
				switch {
				case err == nil:
					won.Add(1)
					winner <- who.ID
				case errors.As(err, &held):
					told <- held.Lease.Holder.ID
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		close(told)
		if n := won.Load(); n != 1 {
			t.Fatalf("%d have it", n)
		}
		has := <-winner
		for who := range told {
			if who != has {
				t.Errorf("somebody was told that %s has it, but %s does", who, has)
			}
		}
		l := load(t, s, "c1")
		if len(l.Events) != 2 || l.Lease.Holder.ID != has || l.Events[1].Actor.ID != has {
			t.Errorf("%d events, lease %v, claimed by %s", len(l.Events), l.Lease, has)
		}
	})
	t.Run("many write at once: each is there once, in an order without gaps", func(t *testing.T) {
		const notes = 40
		s, _ := open(t)
		put(t, s, first("c1", 1))
		service := guidance.New(guidance.Config{Store: s})
		var wg sync.WaitGroup
		for i := range notes {
			wg.Go(func() {
				for range 2 { // the second time it is there
					c := guidance.Command{ID: fmt.Sprint("n", i), Actor: Anne, Kind: guidance.Noted, Data: guidance.NotedData{Text: fmt.Sprint(i)}}
					if _, _, err := service.Do(t.Context(), "c1", c); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		c, err := guidance.Fold(load(t, s, "c1").Events)
		is(t, "fold", nil, err)
		texts := map[string]int{}
		for _, n := range c.Notes {
			texts[n.Text]++
		}
		if len(texts) != notes || len(c.Notes) != notes {
			t.Errorf("%d notes, %d different", len(c.Notes), len(texts))
		}
	})
}
