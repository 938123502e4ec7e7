package guidancetest

import (
	"context"
	"fmt"

	"pgregory.net/rapid"

	"kiveileder/services/guidance"
)

var (
	people = []string{"anne", "bodil"}
	keys   = rapid.SampledFrom([]string{guidance.DraftKey("a"), guidance.DraftKey("b"), "seen:a", "view:~", "", "blå"})
)

func (m *model) keep(t *rapid.T) {
	who, key := rapid.SampledFrom(append([]string{""}, people...)).Draw(t, "who"), keys.Draw(t, "key")
	value := rapid.SampledFrom([][]byte{nil, {}, {0, 255}, []byte("Svar")}).Draw(t, "value")
	prefix := rapid.SampledFrom([]string{"", "draft:", "view:", key}).Draw(t, "prefix")
	m.both(t, func(s *guidance.Service) ([]any, error) {
		if err := s.Store.Keep(context.Background(), who, key, value); err != nil {
			return nil, err
		}
		has, err := s.Store.Kept(context.Background(), who, prefix)
		return []any{has}, err
	})
}

func (m *model) forget(t *rapid.T) {
	key := keys.Draw(t, "key")
	m.both(t, func(s *guidance.Service) ([]any, error) { return nil, s.Store.ForgetKept(context.Background(), key) })
}

// anonymise takes away what people wrote on a case. Often it does not: little
// more would happen to that one.
func (m *model) anonymise(t *rapid.T) {
	id := ids.Draw(t, "id")
	seen := int64(0)
	if snap, err := m.memory.Load(context.Background(), id); err == nil {
		seen = snap.Case.Seq
	}
	m.n++
	m.command(t, id, guidance.Command{ID: fmt.Sprint("cmd", m.n), Actor: Dina, Seen: seen, Kind: guidance.Anonymised, Data: guidance.AnonymisedData{Reason: "Bedt om det."}})
}

// noDrafts checks that nobody has a draft on a case.
func (m *model) noDrafts(t *rapid.T, s *guidance.Service, id string) {
	for _, who := range people {
		has, err := s.Store.Kept(context.Background(), who, "draft:")
		if _, there := has[guidance.DraftKey(id)]; there || err != nil {
			t.Fatalf("of a case that was anonymised %s still has a draft, %v", who, err)
		}
	}
}
