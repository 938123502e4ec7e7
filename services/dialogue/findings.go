package dialogue

import (
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"kiveileder"
	"kiveileder/retriever"
	"kiveileder/services/rules"
)

// maxAsked is how many questions back come in a row before the result so far
// is given with its ifs.
const maxAsked = 3

// byRules answers by what the rules say of the project, and reports whether
// they say anything.
func (d *Dialogue) byRules(a *kiveileder.Answer, p project, res retriever.Result, t kiveileder.Turn, text string) bool {
	open := p.open()
	if len(p.result.Findings) == 0 && len(open) == 0 {
		return false
	}
	question := d.signals.Question.MatchString(text) && !p.reply
	beside := question && len(p.who) == 0 && d.beside(p, res.Verdict, text)
	if beside && len(p.result.Findings) == 0 {
		return false // nothing to show for it
	}
	plain := question && res.Verdict.Class == retriever.Covered && (p.said() <= 2 || oneSentence(text))
	a.Missing = p.result.Missing
	// what was found may be near to the purpose of before, or to nothing that was asked
	first := len(t.History) > 0 && goesOn.MatchString(text) && slices.Contains(p.fresh, "purpose") || d.knows(p) && res.Verdict.Answers < likely
	d.quoteFindings(a, p, res, question, first || p.said() >= 3 || !plain && d.signals.General.MatchString(text))
	switch {
	case p.result.Escalate:
		a.Status, a.Lead = kiveileder.Escalate, d.texts.Get("rules_unclear", a.Language)
	case beside:
		a.Status, a.Lead = kiveileder.Escalate, d.texts.Get("rules_not_asked", a.Language)
	case len(open) > 0 && !plain && t.Asked < maxAsked:
		a.Status, a.Lead = kiveileder.Clarify, d.texts.Get("rules_clarify", a.Language)
		if len(a.Findings) == 0 {
			a.Lead = d.clarifies(open[0], a.Language)
		}
		a.Ask, a.Asked = d.ask(open[0], a.Language), t.Asked+1
	case len(p.result.Missing) > 0 && !plain:
		a.Status, a.Lead = kiveileder.Escalate, d.texts.Get("rules_ifs", a.Language)
		a.Ifs = d.ifs(p, p.result.Missing[0], a.Language)
		if a.Ifs != nil && len(open) == len(p.result.Missing) {
			a.Status = kiveileder.Answered
		}
	default:
		a.Status, a.Lead = kiveileder.Answered, d.texts.Get("rules_answered", a.Language)
		switch {
		case plain:
			a.Lead = d.sourcesSay(a)
		case d.refer(p.result.Outcomes):
			a.Lead = d.texts.Get("rules_refer", a.Language)
		}
	}
	d.whoLead(a, p.who)
	d.handOver(a, res.Verdict, subject(t, p, text))
	d.handOverToAuthorities(a)
	return true
}

// knows reports whether the rules know the very question of a message that says
// nothing else, and more than who answers it.
func (d *Dialogue) knows(p project) bool {
	return slices.Equal(p.fresh, []string{topicFact}) && !d.refer(p.result.Outcomes)
}

// refer reports whether outcomes say no more than who knows.
func (d *Dialogue) refer(outcomes []string) bool {
	return len(outcomes) > 0 && !slices.ContainsFunc(outcomes, func(key string) bool {
		o, _ := d.rules.Outcome(key)
		return !o.Refers
	})
}

// likelyAnswered is the probability from which on a question is taken as
// answered that says too little for others.
const likelyAnswered = .7

// From these probabilities on a question asks for what the sources do not say,
// however well the project is described, or when little is said of it.
const plainlyBeside, besideWhenLittle = .97, .8

// hardlyAnswered is the probability under which the sources say nothing near to
// a question that names a kind of tool and no more.
const hardlyAnswered = .1

// plainlyAnswered is the probability from which on the sources answer a question
// in general, whatever the rules say of its subject.
const plainlyAnswered = .93

// beside reports whether a question about a project asks for something that the
// rules do not settle: how long, how much, which article.
func (d *Dialogue) beside(p project, v retriever.Verdict, text string) bool {
	switch {
	case v.Class == retriever.Covered:
		return false
	case slices.Contains(p.fresh, "serious_incident"): // what to do now is what the rules say; who pays is not
		return d.signals.Pays.MatchString(text)
	case d.knows(p):
		return false
	case v.Unanswered >= plainlyBeside:
		return true
	case slices.Equal(p.fresh, []string{"tool_type"}) && len(p.facts) == 1 && d.signals.Handed.MatchString(text) && d.signals.Care.MatchString(text):
		return true // nor does it make it lawful to put patients' data into it
	case v.Answers < hardlyAnswered && slices.Equal(p.fresh, []string{"tool_type"}) && len(p.facts) == 1:
		return true // what kind of tool it is does not settle what it may be used for
	case d.signals.General.MatchString(text):
		return false
	case d.signals.More.MatchString(text), v.Unanswered >= besideWhenLittle && p.said() <= 2:
		return true
	}
	return !d.signals.Obligation.MatchString(text)
}

// said is how many facts of the project the message says.
func (p project) said() int {
	n := 0
	for _, f := range p.fresh {
		if f != topicFact {
			n++
		}
	}
	return n
}

// oneSentence reports whether a message is a single sentence.
func oneSentence(text string) bool {
	at := sentenceEnd.FindStringIndex(strings.TrimSpace(text))
	return at == nil
}

// ask puts the question for a fact.
func (d *Dialogue) ask(fact string, l kiveileder.Language) *kiveileder.Ask {
	f, ok := d.rules.Fact(fact)
	if !ok {
		return nil
	}
	ask := &kiveileder.Ask{Fact: fact, Question: f.Ask.Get(l), Why: f.Why.Get(l), Options: []kiveileder.Option{}}
	for _, r := range f.Replies {
		value := r.Value
		if list := texts(value); len(list) == 1 {
			value = list[0] // a plain word where it is one
		}
		ask.Options = append(ask.Options, kiveileder.Option{Value: value, Label: r.Label.Get(l)})
	}
	ask.Options = append(ask.Options, kiveileder.Option{Value: kiveileder.UnknownValue, Label: d.texts.Get("do_not_know", l)})
	return ask
}

// likely is from which probability on the nearest passages are quoted beside
// the findings of a described project: they may be what its question was after.
const likely = .3

// quoteFindings puts the findings into the answer. Its citations are what was
// found for a question, and what the findings rest on: first what was found when
// little is said of a project, else in turn, and for a description the findings'
// quotes alone, unless the sources answer it.
func (d *Dialogue) quoteFindings(a *kiveileder.Answer, p project, res retriever.Result, question, described bool) {
	for _, f := range p.result.Findings {
		a.Findings = append(a.Findings, d.finding(f, p.facts, a.Language))
	}
	if !question || !p.foundFirst {
		d.citeWho(a, p.who)
	}
	near := res.Verdict.Answers >= likely
	switch {
	case question && !described:
		d.citeHits(a, res.Hits, 3)
		d.citeWho(a, p.who)
		d.quoteAll(a, kiveileder.MaxCitations)
	case question && near:
		d.quoteAll(a, 1)
		d.citeHits(a, res.Hits, 1)
		d.quoteAll(a, 3)
		d.citeHits(a, res.Hits, 2)
		d.quoteAll(a, kiveileder.MaxCitations)
	case near:
		d.quoteAll(a, kiveileder.MaxCitations-1)
		d.citeHits(a, res.Hits, 1)
	default:
		d.quoteAll(a, kiveileder.MaxCitations)
	}
	d.conflicts(a)
}

// quoteAll cites the quotes of the findings until there are room citations: the
// first one of each finding, then the second ones. Those that are cited already
// are pointed to.
func (d *Dialogue) quoteAll(a *kiveileder.Answer, room int) {
	for round := range 3 {
		for i := range a.Findings {
			if f := &a.Findings[i]; round < len(f.Quotes) {
				d.citeQuote(a, f, f.Quotes[round], room)
			}
		}
	}
}

// citeHits quotes the first n hits that are not quoted yet, while there is room.
func (d *Dialogue) citeHits(a *kiveileder.Answer, hits []retriever.Hit, n int) {
	for _, h := range hits[:min(n, len(hits))] {
		if c, ok := d.citation(h.Passage, a.Language); ok && len(a.Citations) < kiveileder.MaxCitations && !cites(a, c.Passage) {
			a.Citations = append(a.Citations, c)
		}
	}
}

func cites(a *kiveileder.Answer, passage string) bool {
	return slices.ContainsFunc(a.Citations, func(c kiveileder.Citation) bool { return c.Passage == passage })
}

// citeQuote adds a finding's quote to the citations while there is room, and
// makes the finding point to it. Two quotes from one passage become one.
func (d *Dialogue) citeQuote(a *kiveileder.Answer, f *kiveileder.Finding, q kiveileder.Citation, room int) {
	i := slices.IndexFunc(a.Citations, func(c kiveileder.Citation) bool {
		return c.Passage == q.Passage && strings.Contains(c.Quote, q.Quote)
	})
	if i < 0 {
		if same := slices.IndexFunc(a.Citations, func(c kiveileder.Citation) bool { return c.Passage == q.Passage }); same >= 0 {
			// both, as the passage has them
			if whole, ok := d.passage(q.Passage); ok && utf8.RuneCountInString(whole.Text) <= kiveileder.MaxQuoteChars {
				if c, ok := d.citation(whole, a.Language); ok {
					a.Citations[same], i = c, same
				}
			}
		}
	}
	if i < 0 && len(a.Citations) < room {
		a.Citations = append(a.Citations, q)
		i = len(a.Citations) - 1
	}
	if i >= 0 && !slices.Contains(f.Citations, i) {
		f.Citations = append(f.Citations, i)
	}
}

// finding says an outcome in a language, with its quotes. Where the outcome
// leaves open who decides, those are named who may by what is known.
func (d *Dialogue) finding(f rules.Finding, facts map[string]any, l kiveileder.Language) kiveileder.Finding {
	out := kiveileder.Finding{Outcome: f.Outcome, Kind: f.Kind, Rule: strings.Join(f.Rules, ", "), Inferred: f.Inferred, Citations: []int{}, Quotes: []kiveileder.Citation{}}
	o, ok := d.rules.Outcome(f.Outcome)
	if !ok {
		return out
	}
	out.Text, out.Prepare, out.LegalBasis = o.Text.Get(l), o.Prepare.Get(l), o.LegalBasis
	var authorities []string
	for _, key := range o.Authority {
		if ag, ok := d.rules.Agency(key); ok {
			authorities = append(authorities, ag.Name.Get(l))
		}
	}
	if o.Decided != "" {
		if who := d.deciders(facts, o.Decided); len(who) > 0 {
			authorities = agencies(who, l)
			out.Prepare = strings.TrimSpace(out.Prepare + " " + sentences(who, l))
		}
	}
	out.Authority = strings.Join(authorities, ", ")
	if fact, ok := d.rules.Fact("purpose"); ok {
		for _, p := range f.Purposes {
			out.Purposes = append(out.Purposes, valueLabel(fact, p, l))
		}
	}
	for _, q := range f.Quotes {
		p, ok := d.passage(q.Passage)
		if !ok {
			continue
		}
		p = d.ownSection(p, q.Text, f.Purposes)
		if c, ok := d.quote(p, q.Text, l); ok {
			out.Quotes = append(out.Quotes, c)
		}
	}
	return out
}

// ownSection gives the passage that says the same words under the heading of
// one of the purposes, when there is one: the sources repeat bullets under each
// purpose, and a project is to be shown its own.
func (d *Dialogue) ownSection(p kiveileder.Passage, text string, purposes []string) kiveileder.Passage {
	names := d.named(purposes)
	if under(p, names) {
		return p
	}
	for _, other := range d.library.Passages(p.Source) {
		if under(other, names) && strings.Contains(other.Text, asWritten(other.Text, text)) {
			return other
		}
	}
	return p
}

// named gives the names of purposes, as the sources' headings have them.
func (d *Dialogue) named(purposes []string) (names []string) {
	f, ok := d.rules.Fact("purpose")
	for _, key := range purposes {
		if ok {
			names = append(names, valueLabel(f, key, kiveileder.Bokmal))
		}
	}
	return names
}

// under reports whether a passage stands under the heading of one of the names.
func under(p kiveileder.Passage, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return len(p.Section) > 0 && alike(p.Section[len(p.Section)-1], name) })
}

// alike reports whether a heading and the name of a purpose share a long word:
// "Statistikk og helseanalyser" and "helseanalyser".
func alike(heading, purpose string) bool {
	words := strings.Fields(strings.ToLower(heading))
	for word := range strings.FieldsSeq(strings.ToLower(purpose)) {
		if utf8.RuneCountInString(word) >= 8 && slices.Contains(words, word) {
			return true
		}
	}
	return false
}

func (d *Dialogue) passage(id string) (kiveileder.Passage, bool) {
	source, _, _ := strings.Cut(id, "/")
	for _, p := range d.library.Passages(source) {
		if p.ID == id {
			return p, true
		}
	}
	return kiveileder.Passage{}, false
}

// ifs tells what each value of an open fact would add to the findings. A value
// that adds something which other facts decide has the finding that leaves it
// open, with those who may decide then.
func (d *Dialogue) ifs(p project, fact string, l kiveileder.Language) *kiveileder.Ifs {
	f, ok := d.rules.Fact(fact)
	if !ok {
		return nil
	}
	out := &kiveileder.Ifs{Fact: fact, Question: f.Ask.Get(l), Cases: []kiveileder.If{}}
	for _, r := range f.Replies {
		facts := maps.Clone(p.facts)
		facts[fact] = r.Value
		res, err := d.rules.Evaluate(d.normal(facts), time.Time{})
		if err != nil {
			continue // a reply that the data does not allow; the lint finds it
		}
		c := kiveileder.If{Value: r.Value, Label: r.Label.Get(l), Findings: []kiveileder.Finding{}}
		for _, x := range res.Findings {
			if !slices.Contains(p.result.Outcomes, x.Outcome) {
				c.Findings = append(c.Findings, d.finding(x, facts, l))
			}
		}
		required := func(f kiveileder.Finding) bool { return f.Kind == rules.Required }
		if len(res.Missing) > 0 && !slices.ContainsFunc(c.Findings, required) { // what it adds is open as well
			for _, x := range res.Findings {
				if o, _ := d.rules.Outcome(x.Outcome); o.Decided != "" {
					c.Findings = append(c.Findings, d.finding(x, facts, l))
				}
			}
		}
		out.Cases = append(out.Cases, c)
	}
	return out
}

// handOverToAuthorities names, in a hand-over, those before whom the unclear
// findings are, besides the one that the hand-over goes to.
func (d *Dialogue) handOverToAuthorities(a *kiveileder.Answer) {
	if a.HandOver == nil || a.Status != kiveileder.Escalate {
		return
	}
	var names, mentions []string
	for _, f := range a.Findings {
		if f.Kind != rules.Unclear {
			continue
		}
		o, _ := d.rules.Outcome(f.Outcome)
		for _, key := range o.Authority {
			ag, ok := d.rules.Agency(key)
			if name := ag.Name.Get(a.Language); ok && ag.Contact.Email != Mailbox && !slices.Contains(names, name) {
				names, mentions = append(names, name), append(mentions, ag.Mention.Get(a.Language))
			}
		}
	}
	if len(names) > 0 {
		a.HandOver.Agencies = names
		a.HandOver.Text = d.texts.Get("hand_over", a.Language, d.texts.Get("hand_over_agencies", a.Language, strings.Join(mentions, ", ")))
	}
}
