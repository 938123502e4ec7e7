package rules

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"
)

// TestDevelopmentSet holds that every case of the development set comes out
// whole from its facts: outcomes, what is asked for, and whether people look.
func TestDevelopmentSet(t *testing.T) {
	f, err := os.Open("../../corpus/eval/dev-rules.jsonl")
	if err != nil {
		t.Skipf("no development set: %v", err)
	}
	defer f.Close()
	s := builtin(t)
	cases := 0
	for sc := bufio.NewScanner(f); sc.Scan(); {
		var c struct {
			ID     string
			Facts  map[string]any
			Expect Expect
		}
		if err := json.Unmarshal(sc.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		cases++
		got := mustEvaluate(t, s, c.Facts)
		for _, d := range s.compare(c.Expect, got) {
			t.Errorf("%s: %s", c.ID, d)
		}
	}
	if cases == 0 {
		t.Error("the development set is empty")
	}
}
