package guidance_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"kiveileder/services/guidance"
)

func event(seq int64, kind guidance.Kind, data any) guidance.Event {
	return guidance.Event{Seq: seq, ID: "x", At: time.Date(2026, 1, 2, 3, 4, int(seq), 0, time.UTC), Actor: anne, Kind: kind, Data: data}
}

func TestFoldRefuses(t *testing.T) {
	received := event(1, guidance.Received, guidance.ReceivedData{Question: "?"})
	noTime := received
	noTime.At = time.Time{}
	for name, log := range map[string][]guidance.Event{
		"a gap":                     {received, event(3, guidance.Added, guidance.AddedData{Text: "x"})},
		"one twice":                 {received, received},
		"one that does not begin":   {event(1, guidance.Added, guidance.AddedData{Text: "x"})},
		"a kind that is not there":  {received, event(2, "thought", guidance.AddedData{})},
		"no data":                   {received, event(2, guidance.Added, nil)},
		"data of another kind":      {received, event(2, guidance.Added, guidance.NotedData{Text: "x"})},
		"an answer without a draft": {received, event(2, guidance.Sent, guidance.SentData{})},
		"a reply to nothing":        {received, event(2, guidance.Replied, guidance.RepliedData{Task: 1})},
		"no time":                   {noTime},
	} {
		c, err := guidance.Fold(log)
		if err == nil {
			t.Errorf("%s: it was folded to %+v", name, c)
		}
		if want := int64(len(log) - 1); c.Seq != want && c.Seq != 0 {
			t.Errorf("%s: folded to event %d", name, c.Seq)
		}
	}
}

// Whatever a log holds, folding it ends in a case or an error; and a case of
// the first events is not changed by those that come after.
func TestFoldNeverPanics(t *testing.T) {
	var kinds []guidance.Kind
	for _, x := range guidance.TheFlow.Transitions {
		kinds = append(kinds, x.Kind)
	}
	rapid.Check(t, func(t *rapid.T) {
		var log []guidance.Event
		var last guidance.Case
		for range rapid.IntRange(0, 40).Draw(t, "events") {
			kind := rapid.SampledFrom(kinds).Draw(t, "kind")
			data, err := guidance.Decode(kind, nil)
			if err != nil {
				t.Fatal(err)
			}
			switch d := data.(type) { // what the fold looks at
			case guidance.SentData:
				d.Hash = last.Draft().Hash
				data = d
			case guidance.RepliedData:
				d.Task = rapid.Int64Range(0, last.Seq).Draw(t, "task")
				d.Facts = map[string]any{"a": true}
				data = d
			case guidance.InvitedData:
				d.Agency = "dmp"
				data = d
			}
			if rapid.IntRange(0, 30).Draw(t, "odd") == 0 {
				data = rapid.SampledFrom([]any{nil, 1, "x", guidance.Draft{}}).Draw(t, "data")
			}
			e := event(last.Seq+rapid.SampledFrom([]int64{1, 1, 1, 1, 1, 1, 1, 1, 0, 2}).Draw(t, "step"), kind, data)
			log = append(log, e)
			before, err := json.Marshal(last)
			if err != nil {
				t.Fatal(err)
			}
			next, err := guidance.Fold(log)
			if after, _ := json.Marshal(last); string(after) != string(before) {
				t.Fatal("a case has changed after it was folded")
			}
			if err != nil {
				log = log[:len(log)-1]
				again, err := guidance.Fold(log)
				if d := cmp.Diff(last, again); d != "" || err != nil {
					t.Fatalf("%v:\n%s", err, d)
				}
				continue
			}
			last = next
		}
	})
}

// An event is the same after it was written and read.
func TestEventJSON(t *testing.T) {
	e := event(3, guidance.DraftSaved, guidance.DraftSavedData{Base: 1, Draft: guidance.Draft{Sections: []guidance.Section{{Text: "<b>\"å\u2028"}}}})
	b, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var got guidance.Event
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(e, got); d != "" {
		t.Error(d)
	}
	if err := json.Unmarshal([]byte(`{"seq":1,"kind":"noted","data":{"texts":"x"}}`), &got); err == nil {
		t.Error("a field that is not there was read")
	}
}

// Whatever bytes a log is read from, it ends in a case or an error.
func FuzzFold(f *testing.F) {
	b, err := json.Marshal([]guidance.Event{
		event(1, guidance.Received, guidance.ReceivedData{Question: "?"}), event(2, guidance.Claimed, guidance.ClaimedData{}),
		event(3, guidance.Assessed, guidance.AssessedData{}), event(4, guidance.DraftSaved, guidance.DraftSavedData{}),
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		var log []guidance.Event
		if json.Unmarshal(b, &log) != nil {
			return
		}
		c, _ := guidance.Fold(log)
		guidance.ForAsker("", c)
	})
}
