package dialogue_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kiveileder"
	"kiveileder/retriever"
	"kiveileder/services/rules"
)

// Whatever somebody writes and presses, in whatever order: nothing panics,
// every answer is sound, nothing is asked that was given or could not be told,
// and never more than three questions come in a row.
func TestAnyTalk(t *testing.T) {
	set, _ := ruleSet(t)
	hits := []kiveileder.Passage{
		passageOf(t, "Må ha etisk forhåndsgodkjenning fra REK"), passageOf(t, "jf. helseforskningsloven § 33"), passageOf(t, "Alvorlige hendelser"),
	}
	verdicts := []retriever.Verdict{
		unsure, covered, {Class: retriever.Uncertain, Unanswered: .99}, {Class: retriever.Underspecified}, {Class: retriever.Declined, Topic: "weather"},
		{Class: retriever.Smalltalk, Intent: "thanks"}, {Class: retriever.WantsPerson, Intent: "wants_person"},
	}
	rapid.Check(t, func(t *rapid.T) {
		k := newTalk(t)
		row := 0
		var last kiveileder.Answer
		for n := range rapid.IntRange(1, 7).Draw(t, "messages") {
			k.search.result = retriever.Result{Verdict: rapid.SampledFrom(verdicts).Draw(t, "verdict")}
			for _, h := range hits[:rapid.IntRange(0, len(hits)).Draw(t, "hits")] {
				k.search.result.Hits = append(k.search.result.Hits, retriever.Hit{Passage: h})
			}
			facts := someFacts(t, set, last)
			says := someWords(t, last)
			if strings.TrimSpace(says) == "" && (n == 0 || len(facts) == 0) {
				says = "Hei"
			}
			a := k.say(says, facts)
			if a.Ask == nil {
				row = 0
			} else if row++; row > 3 {
				t.Fatalf("question %d in a row: %s", row, brief(a))
			}
			for f, v := range facts {
				switch told := v == nil || v == any(kiveileder.UnknownValue); {
				case told && a.Facts[f] != nil:
					t.Fatalf("%s was taken back and is %v", f, a.Facts[f])
				case !told && a.Facts[f] == nil:
					t.Fatalf("%s was told and is gone", f)
				case v == any(kiveileder.UnknownValue) && !slices.Contains(a.Unknown, f):
					t.Fatalf("%s could not be told, and that is gone", f)
				}
			}
			last = a
		}
	})
}

// someFacts gives facts as the buttons send them; often what was asked for.
func someFacts(t *rapid.T, set *rules.Set, last kiveileder.Answer) known {
	facts := known{}
	for range rapid.SampledFrom([]int{0, 0, 1, 2, 4}).Draw(t, "facts") {
		f := rapid.SampledFrom(set.Facts).Draw(t, "fact")
		if last.Ask != nil && rapid.Bool().Draw(t, "asked") {
			f, _ = set.Fact(last.Ask.Fact)
		}
		switch v := rapid.SampledFrom(f.Values).Draw(t, f.Key).Key; rapid.IntRange(0, 7).Draw(t, "how") {
		case 0:
			facts[f.Key] = nil
		case 1:
			facts[f.Key] = kiveileder.UnknownValue
		case 2:
			facts[f.Key] = []any{v} // a list of one, as some programs send it
		default:
			facts[f.Key] = v
		}
	}
	return facts
}

// someWords gives a reply to what was asked, a message, or noise.
func someWords(t *rapid.T, last kiveileder.Answer) string {
	if last.Ask != nil && rapid.Bool().Draw(t, "replies") {
		i := rapid.IntRange(0, len(last.Ask.Options)-1).Draw(t, "reply")
		return rapid.SampledFrom([]string{last.Ask.Options[i].Label, fmt.Sprint(i + 1), fmt.Sprint(last.Ask.Options[i].Value)}).Draw(t, "as")
	}
	return rapid.OneOf(
		rapid.SampledFrom([]string{
			"", "Ja", "nei", "Vet ikke", "vi har ikke spurt noen", "Vi driver helseforskning på journaler.", "Vi skal også kjøpe et verktøy.",
			"Hvem har ansvaret når utstyret svikter?", "Må vi søke REK?", "Hvor lenge kan opplysningene lagres?", "Kva må vi gjere?",
			"We use registry data without consent.", "Takk!", "Pasient Kari Nordmann (01013870000) vil klage.", "Jeg er ikke enig i svaret.",
		}),
		rapid.StringN(1, 30, 60).Filter(func(s string) bool { return !slices.Contains([]rune(s), 0) }),
	).Draw(t, "words")
}
