// Package rulebook puts a rule set into words: every condition, every outcome,
// what each rests on and the cases that hold it, for people who read rules and
// not code.
//
// [Open] runs the cases once, which takes a second or two; [Maker.Book] then
// gives the book in a language in some milliseconds.
package rulebook

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"kiveileder"
	"kiveileder/services/rules"
)

// shownCases is how many cases are named under one rule.
const shownCases = 8

// Anchor gives the place of a named condition on the page.
func Anchor(name string) string { return "vilkar-" + name }

// Book gives the rules in a language. The error is for a condition that there
// are no words for.
func (m *Maker) Book(lang kiveileder.Language) (Book, error) {
	sp, err := newSpeaker(m.set, lang)
	if err != nil {
		return Book{}, err
	}
	w := writer{m, sp, lang}
	b := Book{Lang: lang, Hash: m.set.Hash()}
	for _, c := range m.set.Shared.Conditions {
		when, err := sp.say(c.When.Text)
		if err != nil {
			return b, err
		}
		b.Named = append(b.Named, Named{c.Name, c.Title.Get(lang), when})
	}
	for _, mod := range m.set.Modules {
		t, err := w.topic(mod)
		if err != nil {
			return b, fmt.Errorf("%s: %w", mod.Name, err)
		}
		b.Topics = append(b.Topics, t)
		b.Cases += len(t.Cases)
		for _, r := range t.Rules {
			b.Count++
			if r.Confirmed {
				b.Confirmed++
			}
			if r.Inferred {
				b.Inferred++
			}
			for _, q := range r.Quotes {
				if q.Date == "" {
					continue
				}
				b.Newest = max(b.Newest, q.Date)
				if b.Oldest == "" || q.Date < b.Oldest {
					b.Oldest = q.Date
				}
			}
		}
	}
	return b, nil
}

// A writer puts one set into words in one language.
type writer struct {
	*Maker
	*speaker
	lang kiveileder.Language
}

func (w writer) topic(mod rules.Module) (Topic, error) {
	t := Topic{Name: mod.Name, Title: mod.Title.Get(w.lang)}
	if f, ok := w.Maker.set.Fact("purpose"); ok {
		for _, p := range mod.For {
			t.Purposes = append(t.Purposes, w.value(f, p))
		}
	}
	deciding := map[string]bool{}
	rest := func(expr string) error {
		keys, err := w.facts(expr)
		for _, k := range keys {
			deciding[k] = true
		}
		return err
	}
	if mod.When.Text != "" {
		c, err := w.say(mod.When.Text)
		if err != nil {
			return t, err
		}
		t.When = &c
	}
	leads := map[string][]string{} // ids of rules by outcome
	for _, r := range mod.Rules {
		row, err := w.rule(mod, r)
		if err != nil {
			return t, fmt.Errorf("%s: %w", r.ID, err)
		}
		t.Rules = append(t.Rules, row)
		if err := rest(r.When.Text); err != nil {
			return t, err
		}
		for _, o := range r.Outcomes {
			leads[o] = append(leads[o], r.ID)
		}
	}
	for _, f := range w.Maker.set.Facts {
		if deciding[f.Key] && f.Key != "purpose" {
			t.Deciding = append(t.Deciding, f.Label.Get(w.lang))
		}
	}
	t.Leads = w.leads(slices.Collect(maps.Keys(leads)), leads)
	for _, c := range w.ran[mod.Name] {
		t.Cases = append(t.Cases, w.caseOf(c))
	}
	return t, nil
}

// leads gives outcomes in the order of the path.
func (w writer) leads(keys []string, by map[string][]string) []Lead {
	var list []rules.Outcome
	for _, k := range keys {
		if o, ok := w.Maker.set.Outcome(k); ok {
			list = append(list, o)
		}
	}
	slices.SortFunc(list, func(a, b rules.Outcome) int {
		if a.Step != b.Step {
			return a.Step - b.Step
		}
		return strings.Compare(a.Key, b.Key)
	})
	out := make([]Lead, len(list))
	for i, o := range list {
		out[i] = Lead{o.Kind, o.Text.Get(w.lang), by[o.Key]}
	}
	return out
}

func (w writer) rule(mod rules.Module, r rules.Rule) (Rule, error) {
	when, err := w.say(r.When.Text)
	out := Rule{
		ID: r.ID, Title: r.Title.Get(w.lang), When: when, Inferred: r.Inferred, Confirmed: r.Review == "confirmed",
		From: r.From, To: r.To, Note: r.Note,
	}
	for _, key := range r.Outcomes {
		o, ok := w.Maker.set.Outcome(key)
		if !ok {
			continue
		}
		oc := Outcome{Kind: o.Kind, Text: o.Text.Get(w.lang), Prepare: o.Prepare.Get(w.lang), LegalBasis: o.LegalBasis}
		for _, a := range o.Authority {
			if ag, ok := w.Maker.set.Agency(a); ok {
				oc.Authority = append(oc.Authority, ag.Name.Get(w.lang))
			}
		}
		out.Outcomes = append(out.Outcomes, oc)
	}
	for _, key := range r.Ask {
		if f, ok := w.Maker.set.Fact(key); ok {
			out.Asks = append(out.Asks, f.Ask.Get(w.lang))
		}
	}
	for _, c := range r.Cites {
		if q, ok := w.quote(c); ok {
			out.Quotes = append(out.Quotes, q)
		}
	}
	held := w.held[r.ID]
	out.CasesCount = len(held)
	near := slices.Clone(held)
	slices.SortStableFunc(near, func(a, b ran) int { return place(a, mod.Name) - place(b, mod.Name) })
	for _, c := range near[:min(len(near), shownCases)] {
		out.Cases = append(out.Cases, CaseRef{c.id(), c.Name})
	}
	return out, err
}

// place puts the cases of a module first.
func place(c ran, module string) int {
	if c.module == module {
		return 0
	}
	return 1
}

// quote gives the quote that "outcome.number" names.
func (w writer) quote(cite string) (Quote, bool) {
	key, no, _ := strings.Cut(cite, ".")
	var n int
	o, ok := w.Maker.set.Outcome(key)
	if _, err := fmt.Sscan(no, &n); err != nil || !ok || n < 1 || n > len(o.Quotes) {
		return Quote{}, false
	}
	q := o.Quotes[n-1]
	src, _ := w.library.Source(q.Source)
	anchor := kiveileder.Passage{ID: q.Passage}.Anchor()
	return Quote{q.Text, src.Title, src.Date(), "/kilder/" + q.Source + "#" + anchor, src.Language}, true
}

func (w writer) caseOf(c ran) Case {
	out := Case{ID: c.id(), Name: c.Name, Outcomes: w.leads(c.outcomes, nil)}
	for _, f := range w.Maker.set.Facts {
		v, ok := c.Facts[f.Key]
		if !ok {
			continue
		}
		var said []string
		for _, key := range values(v) {
			said = append(said, w.value(f, key))
		}
		out.Facts = append(out.Facts, w.word("is", f.Label.Get(w.lang), w.listed(said, "and")))
	}
	for _, key := range c.missing {
		if f, ok := w.Maker.set.Fact(key); ok {
			out.Asks = append(out.Asks, f.Label.Get(w.lang))
		}
	}
	return out
}

// values gives the keys of a fact's values as they stand in a case.
func values(v any) []string {
	if list, ok := v.([]any); ok {
		var out []string
		for _, e := range list {
			out = append(out, fmt.Sprint(e))
		}
		return out
	}
	return []string{fmt.Sprint(v)}
}
