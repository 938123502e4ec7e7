package reading

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

var (
	update = flag.Bool("update", false, "rewrite the golden files")
	cases  = flag.String("cases", "testdata/cases.jsonl", "the cases to measure on")
	misses = flag.Bool("misses", false, "print the cases that are not exactly right")
)

const data = "../../corpus/rules/reading"

func reader(t testing.TB) *Reader {
	t.Helper()
	r, err := Load(os.DirFS(data))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Each rule reads its own examples, and not those of its "no".
func TestExamples(t *testing.T) {
	r := reader(t)
	for _, ru := range r.rules {
		for _, text := range ru.Yes {
			if !slices.ContainsFunc(r.readings(text), func(x Reading) bool { return x.is(ru.Set) }) {
				t.Errorf("%s:%d: %s is not read from %q: %s", ru.file, ru.line, ru.Set, text, show(Merge(r.finish(r.readings(text)))))
			}
		}
		for _, text := range ru.No {
			for _, x := range r.readings(text) {
				if x.is(ru.Set) {
					t.Errorf("%s:%d: %s is read from %q, by %s from %q", ru.file, ru.line, ru.Set, text, x.Rule, x.Words)
				}
			}
		}
	}
}

type testCase struct {
	ID, Lang, Text string
	Facts          map[string]any
}

func load(t testing.TB, name string) (cs []testCase) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		var c testCase
		if json.Unmarshal(s.Bytes(), &c) == nil && c.Text != "" {
			cs = append(cs, c)
		}
	}
	return cs
}

// flat writes facts as "fact=value", one for each value of a set.
func flat(facts map[string]any) []string {
	var out []string
	for f, v := range facts {
		switch v := v.(type) {
		case []any:
			for _, x := range v {
				out = append(out, fmt.Sprint(f, "=", x))
			}
		case []string:
			for _, x := range v {
				out = append(out, f+"="+x)
			}
		case bool:
			out = append(out, f+"="+valueText(v))
		default:
			out = append(out, fmt.Sprint(f, "=", v))
		}
	}
	slices.Sort(out)
	return out
}

func show(facts map[string]any) string { return strings.Join(flat(facts), " ") }

// noEffect are facts that may differ: they lead to nothing.
func noEffect(f string) bool {
	return f == "is_manufacturer=no" || f == "tool_type=other" || f == "serious_incident=no"
}

// Figures on the cases: exactly right, and precision and recall of each fact.
func TestFigures(t *testing.T) {
	r := reader(t)
	type count struct{ right, wrong, missed int }
	byFact := map[string]*count{}
	byLang := map[string]*[2]int{}
	exact := 0
	cs := load(t, *cases)
	for _, c := range cs {
		rs := r.Read(c.Text)
		want, got := flat(c.Facts), flat(Merge(rs))
		var wrong, missed []string
		at := func(f string) *count {
			f, _, _ = strings.Cut(f, "=")
			if byFact[f] == nil {
				byFact[f] = &count{}
			}
			return byFact[f]
		}
		for _, f := range got {
			switch {
			case slices.Contains(want, f):
				at(f).right++
			case !noEffect(f):
				at(f).wrong++
				for _, x := range rs {
					if x.key() == f {
						f += fmt.Sprintf(" {%s: %s}", x.Rule, x.Words)
						break
					}
				}
				wrong = append(wrong, f)
			}
		}
		for _, f := range want {
			if !slices.Contains(got, f) && !noEffect(f) {
				at(f).missed++
				missed = append(missed, f)
			}
		}
		if byLang[c.Lang] == nil {
			byLang[c.Lang] = &[2]int{}
		}
		byLang[c.Lang][1]++
		if len(wrong)+len(missed) == 0 {
			exact++
			byLang[c.Lang][0]++
		} else if *misses {
			fmt.Printf("%s %s\n   - %s\n   + %s\n", c.ID, c.Text, strings.Join(missed, ", "), strings.Join(wrong, ", "))
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "exactly right: %d of %d (%.0f %%)\n", exact, len(cs), 100*float64(exact)/float64(max(1, len(cs))))
	for _, l := range slices.Sorted(maps.Keys(byLang)) {
		fmt.Fprintf(&b, "  %s: %d of %d\n", l, byLang[l][0], byLang[l][1])
	}
	fmt.Fprintf(&b, "%-40s %9s %7s %6s %6s %6s\n", "fact", "precision", "recall", "right", "wrong", "missed")
	for _, f := range slices.Sorted(maps.Keys(byFact)) {
		n := *byFact[f]
		fmt.Fprintf(&b, "%-40s %8.0f%% %6.0f%% %6d %6d %6d\n", f, 100*float64(n.right)/float64(max(1, n.right+n.wrong)),
			100*float64(n.right)/float64(max(1, n.right+n.missed)), n.right, n.wrong, n.missed)
	}
	if *cases != "testdata/cases.jsonl" {
		fmt.Print(b.String())
		return
	}
	const golden = "testdata/figures.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || string(want) != b.String() {
		t.Errorf("the figures have changed; run with -update and read the diff:\n%s", b.String())
	}
}

func FuzzRead(f *testing.F) {
	r := reader(f)
	for _, c := range load(f, *cases) {
		f.Add(c.Text)
	}
	f.Add("\xff\xfe uten\xffsamtykke")
	f.Fuzz(func(t *testing.T, text string) {
		for _, x := range r.Read(text) {
			if x.Start < 0 || x.End > len(text) || x.Start >= x.End || text[x.Start:x.End] != x.Words {
				t.Fatalf("%+v is not in the text", x)
			}
			if utf8.ValidString(text) && !utf8.ValidString(x.Words) {
				t.Fatalf("%+v cuts a letter", x)
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	r := reader(b)
	var text strings.Builder
	for _, c := range load(b, *cases) {
		if text.Len()+len(c.Text) > 4000 {
			break
		}
		text.WriteString(c.Text + " ")
	}
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		r.Read(text.String())
	}
}
