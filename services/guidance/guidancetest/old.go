package guidancetest

import (
	"encoding/json"
	"fmt"
	"testing"

	"kiveileder/services/guidance"
)

// An Old case stands in tables as they were before a row said whose it is and
// how it stands in the register.
type Old struct {
	Row    guidance.Row
	Body   string   // of the row
	Events []string // their bodies
}

// OldCases gives some, for tests of the step from there.
func OldCases() (out []Old) {
	quoted := guidance.Actor{ID: `conversation "2" å`, Role: guidance.Asker}
	for i, c := range []struct {
		asker  guidance.Actor
		public string // what the step has to find
		kinds  []guidance.Kind
	}{
		{Person, "", nil},
		{quoted, "", []guidance.Kind{guidance.Claimed, guidance.Sent}},
		{Anne, "", nil}, // she wrote down what somebody asked on the phone
		{Person, "valid", []guidance.Kind{guidance.Sent, guidance.Published, guidance.Noted}},
		{Person, "review", []guidance.Kind{guidance.Published, guidance.ReviewBegan, guidance.Claimed}},
		{Person, "valid", []guidance.Kind{guidance.Published, guidance.ReviewBegan, guidance.ReviewEnded}},
		{Person, "withdrawn", []guidance.Kind{guidance.Published, guidance.Unpublished}},
		{Person, "review", []guidance.Kind{guidance.Published, guidance.Reopened, guidance.Sent}},
		{Person, "withdrawn", []guidance.Kind{guidance.Published, guidance.Unpublished, guidance.Sent}},
		{Person, "valid", []guidance.Kind{guidance.Published, guidance.Unpublished, guidance.Sent, guidance.Published}},
	} {
		first := guidance.ReceivedData{Question: "Må vi søke? {\"data\": {\"asker\": \"x\"}} \\u0000 \u2028", Facts: map[string]any{"kind": "published"}}
		if c.asker.Role == guidance.Asker {
			first.Asker = c.asker.ID
		}
		events := []guidance.Event{{Seq: 1, ID: "open", At: at(i), Actor: c.asker, Kind: guidance.Received, Data: first}}
		for _, k := range c.kinds {
			data, err := guidance.Decode(k, nil)
			if err != nil {
				panic(err)
			}
			events = append(events, guidance.Event{Seq: int64(len(events)) + 1, ID: string(k), At: at(i), Actor: Anne, Kind: k, Data: data})
		}
		o := Old{Row: guidance.Row{ID: fmt.Sprint("old-", i), Number: guidance.Number(2026, int64(i)+1), Seq: int64(len(events)), State: guidance.IsReceived,
			Title: "Søke", Agencies: []string{"hdir"}, Opened: at(i), Changed: at(i)}}
		if i == 1 {
			o.Row.Unsigned = []string{"hdir", "dmp"}
		}
		o.Body = mustJSON(o.Row)
		for _, e := range events {
			o.Events = append(o.Events, mustJSON(e))
		}
		o.Row.Asker, o.Row.Published = first.Asker, c.public
		out = append(out, o)
	}
	return out
}

func mustJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// CheckOld checks a store that has taken the step with OldCases in it.
func CheckOld(t *testing.T, s guidance.Store) {
	t.Helper()
	var all, mine, public []guidance.Row
	for _, o := range OldCases() {
		all = append([]guidance.Row{o.Row}, all...)
		if o.Row.Asker == Person.ID {
			mine = append([]guidance.Row{o.Row}, mine...)
		}
		if o.Row.Published != "" {
			public = append([]guidance.Row{o.Row}, public...)
		}
	}
	for name, c := range map[string]struct {
		f    guidance.Filter
		want []guidance.Row
	}{
		"all": {guidance.Filter{}, all}, "an asker's": {guidance.Filter{Asker: Person.ID}, mine}, "register": {guidance.Filter{Register: true}, public},
		"number": {guidance.Filter{Number: "KI-2026-0001"}, all[len(all)-1:]}, "unsigned": {guidance.Filter{Unsigned: "dmp"}, all[len(all)-2 : len(all)-1]},
	} {
		c.f.Limit = 100
		rows, err := s.List(t.Context(), c.f)
		is(t, name, nil, err)
		same(t, name, c.want, rows)
	}
	service := guidance.New(guidance.Config{Store: s})
	snap, _, err := service.Do(t.Context(), "old-0", guidance.Command{Actor: Person, Kind: guidance.Added, Data: guidance.AddedData{Text: "Det haster."}, Seen: 1})
	if err != nil || snap.Number != "KI-2026-0001" {
		t.Errorf("added to %s: %v", snap.Number, err)
	}
	rows, err := s.List(t.Context(), guidance.Filter{Limit: 1, Asker: Person.ID})
	if err != nil || len(rows) != 1 || rows[0].ID != "old-0" || rows[0].Seq != 2 {
		t.Errorf("the asker's newest: %+v, %v", rows, err)
	}
	is(t, "Keep", nil, s.Keep(t.Context(), "anne", "seen:old-0", []byte("2")))
}
