package guidancetest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"kiveileder/services/guidance"
)

// Many puts n open cases into a store, each with one event: all of them are
// hdir's, every second one dmp's, every hundredth datatilsynet's as well. Anne
// holds one in ten, has read every eighth, up to what a person may keep.
func Many(t testing.TB, s guidance.Store, n int) {
	t.Helper()
	ids := make(chan int)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for i := range ids {
				if err := s.Append(t.Context(), manyth(i)); err != nil {
					t.Error(err)
				}
				if i%8 == 0 {
					if err := s.Keep(t.Context(), Anne.ID, guidance.SeenKey(fmt.Sprintf("many-%06d", i)), []byte("1")); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	for i := range n {
		ids <- i
	}
	close(ids)
	wg.Wait()
}

// manyth gives the i-th of many cases.
func manyth(i int) guidance.Batch {
	b := first(fmt.Sprintf("many-%06d", i), 0)
	when := at(0).Add(time.Duration(i) * time.Second)
	b.Events[0].At = when
	b.Row = guidance.Row{
		State: guidance.TheFlow.Open[i%len(guidance.TheFlow.Open)], Agencies: []string{"hdir"}, Opened: when, Changed: when,
		Title:  fmt.Sprintf("Må vi søke om godkjenning før vi prøver ut et verktøy som leser bilder, nummer %d?", i),
		Topics: []string{"device", "research", "privacy"}, Asker: fmt.Sprint("conversation-", i),
	}
	if i%2 == 0 {
		b.Row.Agencies = append(b.Row.Agencies, "dmp")
	}
	if i%100 == 0 {
		b.Row.Agencies = append(b.Row.Agencies, "datatilsynet")
	}
	if i%10 == 0 {
		b.Row.Holder = &Anne
	}
	if i%4 == 0 {
		b.Row.Due = when.Add(24 * time.Hour)
	}
	if b.Row.State == guidance.AtSignOff {
		b.Row.Unsigned = b.Row.Agencies[:1]
	}
	return b
}

// Long puts a case of n events into a store: a draft that grows in versions of
// some thousand characters, notes, assessments, and questions that are answered.
func Long(t testing.TB, s guidance.Store, id string, n int) {
	t.Helper()
	b := first(id, 0)
	b.Events[0].Data = guidance.ReceivedData{Question: "Må vi søke REK?", Agencies: []string{"hdir", "dmp"}, Publish: true}
	text, version, task := strings.Repeat("Det avhenger av hva opplysningene skal brukes til. ", 40), 0, int64(0)
	for seq := int64(2); seq <= int64(n); seq++ {
		e := guidance.Event{Seq: seq, ID: fmt.Sprint("cmd", seq), At: at(0).Add(time.Duration(seq) * time.Minute), Actor: Anne}
		switch seq % 6 {
		case 2:
			e.Kind, e.Data = guidance.Assessed, guidance.AssessedData{Text: "Gjelder fortsatt forskning."}
		case 3, 5:
			d := guidance.Draft{Sections: []guidance.Section{{Question: "Må vi søke REK?", Text: fmt.Sprint(text, version)}}}
			e.Kind, e.Data = guidance.DraftSaved, guidance.DraftSavedData{Base: version, Draft: d, Hash: d.Hash()}
			version++
		case 4:
			e.Kind, e.Data = guidance.Noted, guidance.NotedData{Agency: "hdir", Text: "Avklart med fagavdelingen at det gjelder forskning, og ikke helsehjelp."}
		case 0:
			e.Kind, e.Data = guidance.Asked, guidance.AskedData{Text: "Hvem skal bruke svarene?"}
			task = seq
		case 1:
			e.Kind, e.Actor, e.Data = guidance.Replied, Person, guidance.RepliedData{Task: task, Text: "Det er leger på avdelingen som skal det."}
		}
		b.Events = append(b.Events, e)
	}
	c, err := guidance.Fold(b.Events)
	if err != nil {
		t.Fatal(err)
	}
	b.Row = guidance.Row{State: c.State, Title: "Må vi søke REK?", Agencies: c.Agencies, Holder: c.Holder, Opened: c.Opened, Changed: c.Changed, Asker: Person.ID}
	put(t, s, b)
}
