package queue

import (
	"strings"

	"kiveileder"
	"kiveileder/services/guidance"
	"kiveileder/services/rules"
)

// answersOf gives answers with what is known of the sources of their quotes.
func (q *Queue) answersOf(answers []guidance.AskerAnswer) (out []AskerAnswer) {
	for _, a := range answers {
		x := AskerAnswer{Seq: a.Seq, At: a.At, Agencies: a.Agencies, Draft: AskerDraft{Sections: a.Draft.Sections, References: a.Draft.References}}
		for _, quote := range a.Draft.Quotes {
			x.Draft.Quotes = append(x.Draft.Quotes, q.quote(quote))
		}
		out = append(out, x)
	}
	return out
}

func (q *Queue) quote(quote rules.Quote) AskerQuote {
	x := AskerQuote{Quote: quote}
	src, ok := q.Source(quote.Source)
	if !ok {
		return x
	}
	x.Title, x.Publisher, x.Date = src.Title, strings.Join(src.Publisher, ", "), src.Date()
	x.URL = src.Place(kiveileder.Passage{ID: quote.Passage, Source: quote.Source})
	return x
}

// tasksOf gives questions with the quick replies to the facts that they ask for.
func (q *Queue) tasksOf(tasks []guidance.AskerTask, l kiveileder.Language) (out []AskerTask) {
	set := q.Rules()
	for _, t := range tasks {
		x := AskerTask{AskerTask: t}
		if f, ok := fact(set, t.Fact); ok && t.Replied.IsZero() {
			x.Options = options(f, l)
		}
		out = append(out, x)
	}
	return out
}

func fact(set *rules.Set, key string) (rules.Fact, bool) {
	if set == nil || key == "" {
		return rules.Fact{}, false
	}
	return set.Fact(key)
}

// options gives the buttons under the question for a fact: those that the rules
// name, else its values where there is one at a time.
func options(f rules.Fact, l kiveileder.Language) (out []kiveileder.Option) {
	for _, r := range f.Replies {
		out = append(out, kiveileder.Option{Value: r.Value, Label: r.Label.Get(l)})
	}
	if len(out) > 0 || f.Type == rules.Several {
		return out
	}
	for _, v := range f.Values {
		out = append(out, kiveileder.Option{Value: v.Key, Label: v.Label.Get(l)})
	}
	return out
}
