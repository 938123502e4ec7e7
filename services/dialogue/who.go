package dialogue

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"kiveileder"
	"kiveileder/retriever"
	"kiveileder/services/rules"
)

// A decider is an agency that decides on something, or may turn out to when
// more is known of a project.
type decider struct {
	agency rules.Agency
	power  rules.Power
	says   rules.Finding // what it follows from, with the words that name it
}

// deciders gives who decides on a matter, or may, by what is known of a
// project: those of several matters in their order, and of each in the order of
// the path.
func (d *Dialogue) deciders(facts map[string]any, on ...string) (out []decider) {
	if d.rules == nil || len(on) == 0 {
		return nil
	}
	for _, matter := range on {
		powers := d.rules.Powers(matter)
		var outcomes []string
		for _, p := range powers {
			outcomes = append(outcomes, p.Power.Outcome)
		}
		could, err := d.rules.Could(facts, outcomes...)
		if err != nil || len(powers) == 0 {
			return nil // facts that the rules refuse are refused before
		}
		for _, f := range could {
			if len(texts(facts["purpose"])) == 0 {
				f.Purposes = nil // it is none of them yet
			}
			for _, p := range powers {
				if p.Power.Outcome == f.Outcome {
					out = append(out, decider{p.Agency, p.Power, f})
				}
			}
		}
	}
	return out
}

// sentences tells who decides on what.
func sentences(who []decider, l kiveileder.Language) string {
	return strings.Join(each(who, func(w decider) string { return w.power.Text.Get(l) }), " ")
}

// agencies names those who decide, each once.
func agencies(who []decider, l kiveileder.Language) []string {
	return each(who, func(w decider) string { return w.agency.Name.Get(l) })
}

// each gives something of those who decide, each text once.
func each(who []decider, text func(decider) string) (out []string) {
	for _, w := range who {
		if s := text(w); !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// mention names those who decide inside a sentence: "REK eller virksomheten selv".
func (d *Dialogue) mention(who []decider, l kiveileder.Language) string {
	names := each(who, func(w decider) string { return w.agency.Mention.Get(l) })
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + d.texts.Get("or", l) + names[last]
}

// asksWhom gives those whom a message asks for that wants to know who decides.
// A question in the field of those who supervise products is none of these.
func (d *Dialogue) asksWhom(facts map[string]any, text string) []decider {
	on := d.signals.Decided(text)
	if len(on) == 0 {
		return nil
	}
	if field := d.signals.Remit(text); len(field) > 0 && field[0] == "dmp" && !slices.Contains(on, "trial") {
		return nil
	}
	return d.deciders(facts, on...)
}

// whoLead leads in an answer with those who decide. Where these are several and
// nothing is known yet, that is all that can be said; where a finding tells on
// what each of several decides, the lead names them and says it no second time.
func (d *Dialogue) whoLead(a *kiveileder.Answer, who []decider) {
	if len(who) == 0 {
		return
	}
	told := sentences(who, a.Language)
	below := func(f kiveileder.Finding) bool { return strings.Contains(f.Prepare, told) }
	if len(agencies(who, a.Language)) > 1 && slices.ContainsFunc(a.Findings, below) {
		a.Lead = d.texts.Get("who_below", a.Language, d.mention(who, a.Language)) + " " + a.Lead
		return
	}
	if len(agencies(who, a.Language)) > 1 && len(a.Facts) == 0 {
		told = d.texts.Get("who_depends", a.Language, told)
		if a.Ask != nil || a.Status == kiveileder.Escalate {
			a.Lead = told
			return
		}
	}
	a.Lead = told + " " + a.Lead
}

// citeWho quotes, before anything else, the words that name who decides.
func (d *Dialogue) citeWho(a *kiveileder.Answer, who []decider) {
	for _, w := range who {
		p, text, ok := d.naming(w)
		if !ok || len(a.Citations) >= kiveileder.MaxCitations-1 {
			continue
		}
		same := slices.IndexFunc(a.Citations, func(c kiveileder.Citation) bool { return c.Passage == p.ID })
		switch {
		case same >= 0 && strings.Contains(a.Citations[same].Quote, asWritten(p.Text, text)):
		case same >= 0 && utf8.RuneCountInString(p.Text) <= kiveileder.MaxQuoteChars:
			if c, ok := d.citation(p, a.Language); ok { // both, as the passage has them
				a.Citations[same] = c
			}
		case same < 0:
			if c, ok := d.quote(p, text, a.Language); ok {
				a.Citations = append(a.Citations, c)
			}
		}
	}
}

// namesWho reports whether what was found first answers, and names one of those
// who decide.
func (d *Dialogue) namesWho(res retriever.Result, who []decider) bool {
	return res.Verdict.Class == retriever.Covered && len(res.Hits) > 0 && slices.ContainsFunc(who, func(w decider) bool {
		return strings.Contains(res.Hits[0].Passage.Text, w.agency.Short)
	})
}

// naming gives the quote that names an agency, under the heading of the purpose
// where the sources have one, and its passage.
func (d *Dialogue) naming(w decider) (kiveileder.Passage, string, bool) {
	var best kiveileder.Passage
	text, most := "", -1
	for _, q := range w.says.Quotes {
		p, ok := d.passage(q.Passage)
		if !ok {
			continue
		}
		p = d.ownSection(p, q.Text, w.says.Purposes)
		worth := 0
		if strings.Contains(q.Text, w.agency.Short) {
			worth += 2
		}
		if under(p, d.named(w.says.Purposes)) {
			worth++
		}
		if worth > most {
			best, text, most = p, q.Text, worth
		}
	}
	return best, text, most >= 0
}

// forms is what is asked for where the sources say where to find it.
var forms = regexp.MustCompile(`(?i)(skjema|\bforms?\b)`)

// sayWho asks back, or answers, a question for who decides that says nothing of
// a project: with those who may, each by the words that name it. It reports
// whether it did.
func (d *Dialogue) sayWho(a *kiveileder.Answer, p project, res retriever.Result, t kiveileder.Turn, text string) bool {
	open := p.open()
	single := len(agencies(p.who, a.Language)) == 1 && !d.signals.Own.MatchString(text)
	if !single && (len(open) == 0 || t.Asked >= maxAsked) {
		return false
	}
	a.Missing = p.result.Missing
	if single {
		a.Status, a.Lead = kiveileder.Answered, d.texts.Get("answered", a.Language)
	} else {
		a.Status, a.Lead = kiveileder.Clarify, d.texts.Get("clarify", a.Language)
		a.Ask, a.Asked = d.ask(open[0], a.Language), t.Asked+1
	}
	if p.foundFirst {
		d.cite(a, res.Hits, 2)
	}
	d.citeWho(a, p.who)
	d.cite(a, res.Hits, min(len(a.Citations)+1, kiveileder.MaxCitations))
	d.whoLead(a, p.who)
	d.handOver(a, res.Verdict, subject(t, p, text))
	return true
}
