package queue_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"kiveileder"
	"kiveileder/services/guidance"
	"kiveileder/services/queue"
)

var ada = guidance.Actor{ID: "ada", Name: "Ada Drift", Role: guidance.Admin}

// Cases are found by the whole address, whatever its letters' size; what does
// not open is told by its number, and the log tells of it without the address.
func TestFind(t *testing.T) {
	both(t, func(t *testing.T, w *world, q queue.Calls) {
		core, logged := observer.New(zapcore.DebugLevel)
		w.queue.Log = zap.New(core)
		ctx := t.Context()
		numbers := map[string]string{}
		for i, email := range []string{"kari@example.no", "per@example.no", "Kari@Example.NO", ""} {
			w.now = w.now.Add(time.Minute)
			h := queue.HandOver{ID: "1", Question: "Hva?", Agency: "hdir", Contact: guidance.Contact{Name: "Kari", Email: email}}
			c, err := q.HandOver(ctx, fmt.Sprint("k", i), h)
			if err != nil {
				t.Fatal(err)
			}
			numbers[fmt.Sprint(i)] = c.Number
		}
		find := func(email string) (found []string, sealed []string) {
			t.Helper()
			f, err := q.Find(ctx, ada, email)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range f.Cases {
				found = append(found, c.Number)
			}
			return found, f.Sealed
		}
		if found, sealed := find(" KARI@example.no "); !slices.Equal(found, []string{numbers["2"], numbers["0"]}) || sealed != nil {
			t.Errorf("found %v, sealed %v", found, sealed)
		}
		if found, _ := find("ari@example.no"); found != nil {
			t.Errorf("by a part of it: %v", found)
		}
		for _, email := range []string{"", "kari", "Kari <kari@example.no>", "kari@example.no, per@example.no", "a\x00@b", strings.Repeat("a", 500) + "@example.no"} {
			if _, err := q.Find(ctx, ada, email); kiveileder.ErrorCode(err) != kiveileder.CodeInvalid || email != "" && strings.Contains(err.Error(), email) {
				t.Errorf("%q: %v", email, err)
			}
		}
		for _, who := range []guidance.Actor{bodil, {ID: "x", Role: guidance.Lead, Agency: "hdir"}, {ID: "x", Role: guidance.Analyst, Agency: "hdir"}, {ID: "k0", Role: guidance.Asker}} {
			if f, err := q.Find(ctx, who, "kari@example.no"); kiveileder.ErrorCode(err) != kiveileder.CodeInvalid || len(f.Cases) > 0 {
				t.Errorf("a %s finds %v, %v", who.Role, f.Cases, err)
			}
		}
		seal, err := guidance.NewSealer([]byte(strings.Repeat("x", 32)))
		if err != nil {
			t.Fatal(err)
		}
		w.cases.Seal = seal // another key
		if found, sealed := find("kari@example.no"); found != nil || !slices.Equal(slices.Sorted(slices.Values(sealed)), []string{numbers["0"], numbers["1"], numbers["2"], numbers["3"]}) {
			t.Errorf("found %v, sealed %v", found, sealed)
		}
		w.cases.Seal = nil
		if _, err := q.Find(ctx, ada, "kari@example.no"); kiveileder.ErrorCode(err) != kiveileder.CodeConflict {
			t.Errorf("without a key: %v", err)
		}
		lines := logged.FilterMessage("contacts searched for an address").All()
		if len(lines) != 3 || lines[0].ContextMap()["by"] != "ada" || lines[0].ContextMap()["found"] != int64(2) {
			t.Errorf("the log says %v", lines)
		}
		for _, l := range logged.All() {
			if s := strings.ToLower(fmt.Sprint(l.Message, l.ContextMap())); strings.Contains(s, "kari") || strings.Contains(s, "example") {
				t.Errorf("the log tells %s", s)
			}
		}
	})
}

// More contacts than are read at a time.
func TestFindAmongMany(t *testing.T) {
	w := newWorld(t)
	for i := range 1005 {
		c := guidance.Contact{Email: "per@example.no"}
		if i%500 == 3 {
			c.Email = "kari@example.no"
		}
		if _, err := w.cases.Open(t.Context(), fmt.Sprintf("c%04d", i), guidance.Actor{ID: "k", Role: guidance.Asker}, guidance.ReceivedData{Question: "Hva?"}, c); err != nil {
			t.Fatal(err)
		}
	}
	if f, err := w.queue.Find(t.Context(), ada, "kari@example.no"); err != nil || len(f.Cases) != 3 {
		t.Errorf("found %d, %v", len(f.Cases), err)
	}
}

// A letter that was given up is dismissed as a command of its case, near and
// far.
func TestDismiss(t *testing.T) {
	both(t, func(t *testing.T, w *world, q queue.Calls) {
		ctx := t.Context()
		c, err := q.HandOver(ctx, "k", queue.HandOver{ID: "1", Question: "Hva?", Agency: "hdir", Contact: guidance.Contact{Email: "kari@example.no"}})
		if err != nil {
			t.Fatal(err)
		}
		m, ok, err := w.cases.Store.Due(ctx, w.now.Add(time.Minute), w.now.Add(time.Hour))
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		dismiss := func(id, reason string) (queue.DeskResult, error) {
			return q.Do(ctx, c.ID, guidance.Command{ID: id, Actor: ada, Kind: guidance.Dismissed, Data: guidance.DismissedData{Mail: m.ID, Reason: reason}})
		}
		if _, err := dismiss("a", "Ringt."); !errors.Is(err, guidance.ErrLost) && kiveileder.ErrorCode(err) != kiveileder.CodeConflict {
			t.Errorf("one that is on its way: %v", err)
		}
		if err := w.cases.Store.Dead(ctx, m, "550"); err != nil {
			t.Fatal(err)
		}
		if r, err := dismiss("b", " "); err != nil || r.Refused == nil || r.Refused.Guard != "reason" {
			t.Errorf("without a reason: %+v, %v", r.Refused, err)
		}
		for range 2 {
			r, err := dismiss("c", "Ringt.")
			if err != nil || r.Refused != nil || r.Event.Kind != guidance.Dismissed {
				t.Fatalf("%+v, %v", r.Refused, err)
			}
		}
		if dead, err := q.DeadMails(ctx); err != nil || len(dead) != 0 {
			t.Errorf("still given up: %v, %v", dead, err)
		}
		seen, err := q.Case(ctx, bodil, c.ID, false)
		if err != nil || len(seen.Log) != 2 || seen.Log[1].Actor.Name != "Ada Drift" || seen.Mails[0].Status != guidance.MailDropped {
			t.Errorf("a lawyer sees %+v, %+v, %v", seen.Log, seen.Mails, err)
		}
		if mine, err := q.Mine(ctx, "k"); err != nil || mine[0].Undelivered || strings.Contains(fmt.Sprint(mine), "Ringt") {
			t.Errorf("the asker sees %+v, %v", mine, err)
		}
	})
}

// An id that stands for another command is refused in words, to the desk and to
// askers; the first command still gets its result.
func TestReused(t *testing.T) {
	both(t, func(t *testing.T, w *world, q queue.Calls) {
		ctx := t.Context()
		c, err := q.HandOver(ctx, "k", queue.HandOver{ID: "1", Question: "Hva?", Agency: "hdir"})
		if err != nil {
			t.Fatal(err)
		}
		note := guidance.Command{ID: "n", Actor: bodil, Kind: guidance.Noted, Data: guidance.NotedData{Text: "Internt."}}
		first, err := q.Do(ctx, c.ID, note)
		if err != nil || first.Refused != nil {
			t.Fatal(first.Refused, err)
		}
		other := note
		other.Data = guidance.NotedData{Text: "Noe annet."}
		r, err := q.Do(ctx, c.ID, other)
		if err != nil || r.Refused == nil || r.Refused.Guard != "reused" || r.Refused.Code != kiveileder.CodeConflict || r.Case.Seq != 2 {
			t.Errorf("other data: %+v, %v", r.Refused, err)
		}
		for _, l := range kiveileder.Languages {
			if r.Refused != nil && r.Refused.Text[l] == "" {
				t.Errorf("no words in %s", l)
			}
		}
		if again, err := q.Do(ctx, c.ID, note); err != nil || again.Refused != nil || again.Event.Seq != first.Event.Seq {
			t.Errorf("the same again: %+v, %v", again.Refused, err)
		}
		added := guidance.Command{ID: "a", Kind: guidance.Added, Data: guidance.AddedData{Text: "Mer."}, Seen: 1}
		for range 2 {
			if r, err := q.Tell(ctx, "k", c.ID, added); err != nil || r.Refused != nil || len(r.Case.Added) != 1 {
				t.Fatalf("%+v, %v", r.Refused, err)
			}
		}
		added.Kind, added.Data = guidance.Withdrawn, nil
		told, err := q.Tell(ctx, "k", c.ID, added)
		if err != nil || told.Refused == nil || told.Refused.Guard != "reused" || told.Case.State != guidance.IsReceived {
			t.Errorf("as another kind: %+v, %+v, %v", told.Refused, told.Case.State, err)
		}
	})
}
