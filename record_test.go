package kiveileder_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiveileder"
)

// Nothing of an entry is lost on the way to another process.
func TestRecord(t *testing.T) {
	at := time.Date(2026, 10, 25, 2, 30, 0, 123456000, time.UTC)
	for name, e := range map[string]kiveileder.Entry{
		"empty":   {},
		"message": {Offset: 3, ID: "m-1", At: at, Text: "Må vi søke <REK> & æøå?", Masked: []string{"name"}, History: []string{"før"}, Facts: map[string]any{"purpose": []any{"research"}, "consent": nil}, Language: kiveileder.Nynorsk},
		"answer":  {Offset: 4, ID: "m-1", At: at, ReplyTo: 3, Thread: 1, Answer: &kiveileder.Answer{Status: kiveileder.Clarify, Asked: 2, Reply: true, Findings: []kiveileder.Finding{{Outcome: "rek"}}}},
	} {
		b, err := json.Marshal(kiveileder.Record(e))
		if err != nil {
			t.Fatal(name, err)
		}
		var got kiveileder.Record
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(name, err)
		}
		if d := cmp.Diff(e, kiveileder.Entry(got)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	var r kiveileder.Record
	if err := json.Unmarshal([]byte(`{"offset":"x"}`), &r); err == nil {
		t.Error("an offset in letters is taken")
	}
}
