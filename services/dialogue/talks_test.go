package dialogue_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"kiveileder"
	"kiveileder/retriever"
)

// The talks in testdata are written for lawyers to read; testdata/LES-MEG.md
// says how.
func TestTalks(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) < 12 {
		t.Fatal(len(files), "talks", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if len(strings.Fields(string(a.Comment))) < 8 {
				t.Error("the talk does not say at its top what it shows")
			}
			for _, f := range a.Files {
				t.Run(f.Name, func(t *testing.T) { play(t, string(f.Data)) })
			}
		})
	}
}

// A step is one message with what is expected of its answer.
type step struct {
	line   int
	says   string
	facts  known
	search string
	wants  []want
}

type want struct {
	line       int
	key, value string
}

func play(t *testing.T, text string) {
	k := newTalk(t)
	for _, s := range steps(t, text) {
		k.search.result = searched(t, s.search)
		a := k.say(s.says, s.facts)
		for _, w := range s.wants {
			if problem := unmet(t, a, w); problem != "" {
				t.Errorf("line %d, %s: %s: %s\n  %s", w.line, w.key, w.value, problem, brief(a))
			}
		}
	}
}

// steps reads a talk.
func steps(t *testing.T, text string) []step {
	t.Helper()
	var out []step
	for n, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, value, ok := strings.Cut(line, ":")
		if value = strings.TrimSpace(value); !ok || key != "spør" && len(out) == 0 {
			t.Fatalf("line %d: %q", n+1, line)
		}
		if key == "spør" {
			out = append(out, step{line: n + 1, says: value})
			continue
		}
		s := &out[len(out)-1]
		switch key {
		case "med":
			s.facts = factsIn(t, value)
		case "søk":
			s.search = value
		default:
			s.wants = append(s.wants, want{n + 1, key, value})
		}
	}
	return out
}

// factsIn reads "purpose=health_research,statistics linkage=ja consent=glemt".
func factsIn(t *testing.T, text string) known {
	t.Helper()
	facts := known{}
	for field := range strings.FieldsSeq(text) {
		k, v, ok := strings.Cut(field, "=")
		if !ok {
			t.Fatalf("%q is no fact", field)
		}
		switch v {
		case "glemt":
			facts[k] = nil
		case "ukjent":
			facts[k] = kiveileder.UnknownValue
		case "ja", "nei":
			facts[k] = v == "ja"
		default:
			facts[k] = v
			if list := strings.Split(v, ","); len(list) > 1 {
				facts[k] = list
			}
		}
	}
	return facts
}

// searched gives what the search finds: its judgement in a word and, in quotes,
// words of the passages that it finds.
func searched(t *testing.T, text string) retriever.Result {
	t.Helper()
	said := strings.Split(text, "«")
	res := retriever.Result{Verdict: unsure}
	switch word := strings.TrimSpace(said[0]); word {
	case "", "usikkert":
	case "dekket":
		res.Verdict = covered
	case "ubesvart":
		res.Verdict.Unanswered = .99
	case "utenfor":
		res.Verdict = retriever.Verdict{Class: retriever.Declined, Topic: "weather"}
	case "småprat":
		res.Verdict = retriever.Verdict{Class: retriever.Smalltalk, Intent: "thanks"}
	case "for lite":
		res.Verdict = retriever.Verdict{Class: retriever.Underspecified}
	default:
		t.Fatalf("søk: %q", word)
	}
	for _, words := range said[1:] {
		words, _, _ = strings.Cut(words, "»")
		res.Hits = append(res.Hits, retriever.Hit{Passage: passageOf(t, words)})
	}
	return res
}

// unmet tells in what an answer is not as wanted, "" when it is.
func unmet(t *testing.T, a kiveileder.Answer, w want) string {
	list := strings.Fields(w.value)
	if w.value == "ingen" {
		list = []string{}
	}
	same := func(got ...string) string {
		if slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(list))) {
			return ""
		}
		return fmt.Sprintf("got %q", got)
	}
	switch w.key {
	case "svar":
		return same(string(a.Status))
	case "språk":
		return same(string(a.Language))
	case "funn":
		return lacking(outcomes(a.Findings), list)
	case "ikke funn":
		for _, o := range list {
			if slices.Contains(outcomes(a.Findings), o) {
				return o + " is there"
			}
		}
		return ""
	case "spør tilbake":
		if a.Ask == nil {
			return same()
		}
		return same(a.Ask.Fact)
	case "mangler":
		return same(a.Missing...)
	case "ukjent":
		return same(a.Unknown...)
	case "kjent":
		return knows(t, a, w.value)
	case "overlates til":
		if a.HandOver == nil {
			return "nobody"
		}
		return lacking(a.HandOver.Agencies, strings.Split(w.value, "; "))
	case "ledetekst":
		if !strings.HasPrefix(a.Lead, w.value) {
			return fmt.Sprintf("got %q", a.Lead)
		}
		return ""
	case "sitat":
		return quoted(a, w.value)
	case "først sitert":
		if len(a.Citations) == 0 || !strings.Contains(strings.Join(strings.Fields(a.Citations[0].Quote), " "), w.value) {
			return "it is not what is quoted first"
		}
		return ""
	}
	if outcome, ok := strings.CutPrefix(w.key, "avgjør i "); ok {
		return decided(a, outcome, w.value)
	}
	if label, ok := strings.CutPrefix(w.key, "hvis "); ok {
		return follows(a, label, list)
	}
	return "this is not known; see testdata/LES-MEG.md"
}

func lacking(got, want []string) string {
	for _, x := range want {
		if !slices.Contains(got, x) {
			return fmt.Sprintf("%s is not among %q", x, got)
		}
	}
	return ""
}

// knows compares facts; "ingen" stands for no facts at all, "consent=glemt" for
// one that is not there.
func knows(t *testing.T, a kiveileder.Answer, value string) string {
	if value == "ingen" {
		if len(a.Facts) > 0 {
			return fmt.Sprintf("got %v", a.Facts)
		}
		return ""
	}
	for k, v := range factsIn(t, value) {
		want := v
		if s, ok := v.([]string); ok {
			want = strings.Join(slices.Sorted(slices.Values(s)), " ")
		}
		got := factsOf(a)[k]
		if s, ok := got.([]string); ok {
			got = strings.Join(s, " ")
		}
		if got != want {
			return fmt.Sprintf("%s is %v", k, a.Facts[k])
		}
	}
	return ""
}

func follows(a kiveileder.Answer, label string, want []string) string {
	if a.Ifs == nil {
		return "no ifs"
	}
	for _, c := range a.Ifs.Cases {
		if c.Label == label {
			if got := outcomes(c.Findings); len(want) > 0 || len(got) == 0 {
				return lacking(got, want)
			}
			return fmt.Sprintf("got %q", outcomes(c.Findings))
		}
	}
	return "no such if"
}

// decided tells whether a finding names those who decide.
func decided(a kiveileder.Answer, outcome, names string) string {
	for _, f := range a.Findings {
		if f.Outcome == outcome {
			if want := strings.ReplaceAll(names, "; ", ", "); f.Authority != want {
				return fmt.Sprintf("got %q", f.Authority)
			}
			return ""
		}
	}
	return "no such finding"
}

func quoted(a kiveileder.Answer, words string) string {
	all := a.Citations
	for _, f := range a.Findings {
		all = append(slices.Clone(all), f.Quotes...)
	}
	for _, c := range all {
		if strings.Contains(strings.Join(strings.Fields(c.Quote), " "), words) {
			return ""
		}
	}
	return "it is not quoted"
}
