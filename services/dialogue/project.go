package dialogue

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"kiveileder"
	"kiveileder/services/reading"
	"kiveileder/services/rules"
)

// Rules judge facts. *rules.Set does.
type Rules interface {
	Check(facts map[string]any) error
	Evaluate(facts map[string]any, asOf time.Time) (rules.Result, error)
	Could(facts map[string]any, outcomes ...string) ([]rules.Finding, error)
	Powers(on string) []rules.Powered
	Explain(facts map[string]any, asOf time.Time) (rules.Explanation, error)
	Fact(key string) (rules.Fact, bool)
	Outcome(key string) (rules.Outcome, bool)
	Agency(key string) (rules.Agency, bool)
}

// A Reader reads facts from words. *reading.Reader is one.
type Reader interface {
	Read(text string) []reading.Reading
}

// A project is what is known of somebody's project and what the rules say of
// it.
type project struct {
	facts      map[string]any // in the rules' form
	unknown    []string       // what the person could not tell
	words      map[string]string
	fresh      []string // facts that this message says or brings
	read       int      // how many of them its words say
	reply      bool     // it replies to a question back, or changes what is known
	result     rules.Result
	who        []decider // whom the message asks for that wants to know who decides
	foundFirst bool      // what was found is quoted before the words that name them
}

// topicFact is a question in words: it says nothing of a project.
const topicFact = "question_topic"

// understand reads what a message says of the project and judges it.
func (d *Dialogue) understand(t kiveileder.Turn, text string, history []string) (project, error) {
	p := project{facts: t.Facts, words: map[string]string{}, unknown: slices.Clone(t.Unknown)}
	p.reply = t.Original != "" && strings.TrimSpace(text) == ""
	if d.rules == nil {
		if p.facts == nil {
			p.facts = map[string]any{}
		}
		return p, nil
	}
	told := map[string]any{}
	if v, ok := d.replyTo(t, text); ok {
		p.reply, told[t.Awaited] = true, v
	}
	maps.Copy(told, t.Facts)
	p.facts = d.known(t, history)
	if !p.reply {
		// what was asked in words before is not asked now, unless the message replies
		topic := p.facts[topicFact]
		delete(p.facts, topicFact)
		p.readOwn(d, text)
		p.read = len(p.fresh)
		// a reply in words of one's own asks nothing besides
		p.reply = t.Original != "" && slices.Contains(p.fresh, t.Awaited) && !d.signals.Question.MatchString(text)
		if v, ok := d.begins(t, text); ok && !p.reply && !d.signals.Question.MatchString(text) {
			p.reply, told[t.Awaited] = true, v
		}
		if p.reply && topic != nil && p.facts[topicFact] == nil {
			p.facts[topicFact] = topic
		}
	}
	p.take(told)
	p.facts = d.normal(p.facts)
	p.unknown = slices.DeleteFunc(p.unknown, func(k string) bool { return p.facts[k] != nil })
	slices.Sort(p.unknown)
	p.unknown = slices.Compact(p.unknown)
	var err error
	p.result, err = d.rules.Evaluate(p.facts, time.Time{})
	return p, err
}

// open gives the facts that would change the result and that the person may be
// able to tell, the most deciding first.
func (p project) open() []string {
	return slices.DeleteFunc(slices.Clone(p.result.Missing), func(f string) bool { return slices.Contains(p.unknown, f) })
}

// ofData are facts that questions in general name as well: without a purpose or
// a tool, and without a project of one's own, they say nothing of one.
var ofData = []string{"data_sources", "registry_scope", "linkage", "consent", "data_identifiability", "cross_institution", "scientific_method", "fully_automated"}

// ofDevices are facts that a search word names as well: who writes "CE-merking"
// and no more does not say that there is a product that has it.
var ofDevices = []string{"market_route", "device_class", "is_manufacturer", "manufacturer_intended_medical_purpose"}

// maxSearchWords is the most words of a message that may be no more than words
// to search for.
const maxSearchWords = 2

// readOwn reads a message, unless it only asks about data in general, or is a
// search word.
func (p *project) readOwn(d *Dialogue, text string) {
	facts, words := maps.Clone(p.facts), map[string]string{}
	fresh := d.read(text, facts, words)
	searched := len(strings.Fields(text)) <= maxSearchWords
	general := !slices.ContainsFunc(fresh, func(f string) bool {
		return !slices.Contains(ofData, f) && !(searched && slices.Contains(ofDevices, f))
	})
	if general && len(p.facts) == 0 && !d.signals.Own.MatchString(text) {
		return
	}
	p.facts, p.words, p.fresh = facts, words, fresh
}

// known gives the facts from before a message. Those of a stored conversation
// may be older than the rules: what the rules do not know any more is left out.
func (d *Dialogue) known(t kiveileder.Turn, history []string) map[string]any {
	facts := maps.Clone(t.Known)
	if facts == nil {
		earlier := project{facts: map[string]any{}}
		for _, h := range history {
			earlier.readOwn(d, h)
		}
		facts = earlier.facts
	}
	if d.checkFacts(facts) != nil {
		maps.DeleteFunc(facts, func(k string, v any) bool { return d.checkFacts(map[string]any{k: v}) != nil })
	}
	return facts
}

// take takes what was told with the message: it wins over what was read.
func (p *project) take(told map[string]any) {
	for k, v := range told {
		delete(p.words, k)
		switch {
		case v == nil:
			delete(p.facts, k)
			p.unknown = slices.DeleteFunc(p.unknown, func(x string) bool { return x == k }) // it may be asked for again
		case isUnknown(v):
			delete(p.facts, k)
			p.unknown = append(p.unknown, k)
		default:
			p.facts[k] = v
			if !slices.Contains(p.fresh, k) {
				p.fresh = append(p.fresh, k)
			}
		}
	}
}

// replyTo gives the value that a message gives to the fact that was asked for:
// with the fact itself, or by the words or the number of a quick reply, or by
// yes or no where these are the replies.
func (d *Dialogue) replyTo(t kiveileder.Turn, text string) (any, bool) {
	f, ok := d.rules.Fact(t.Awaited)
	if !ok || t.Original == "" {
		return nil, false
	}
	if v, ok := t.Facts[t.Awaited]; ok && v != nil {
		return v, true
	}
	said := yesOrNo(bare(text))
	for i, r := range f.Replies {
		for _, label := range r.Label {
			first, _, _ := strings.Cut(label, ",")
			if said == bare(label) || said == bare(first) || said == fmt.Sprint(i+1) || said == valueWord(r.Value) {
				return r.Value, true
			}
		}
	}
	if yes, ok := yesNo[said]; ok && f.Type == rules.YesNo { // whatever the buttons say: it is asked as yes or no
		return yes, true
	}
	if said == fmt.Sprint(len(f.Replies)+1) || slices.ContainsFunc(kiveileder.Languages, func(l kiveileder.Language) bool {
		return said == bare(d.texts.Get("do_not_know", l))
	}) {
		return kiveileder.UnknownValue, true
	}
	return nil, false
}

var yesNo = map[string]bool{"ja": true, "yes": true, "nei": false, "no": false}

// Yes or no, with nothing but what people add to it for good measure. Nynorsk
// "no" is now.
var (
	answeredInNorwegian = regexp.MustCompile(`^(ja|nei)[ ,.!]+((det|de|dei|vi|me|jeg|eg|har|er|gjør|gjer|skal|kan|vil|blir|takk|da|då|ikke|ikkje|ennå|enno)[ ,.!]*){1,5}$`)
	answeredInEnglish   = regexp.MustCompile(`^(yes|no)[ ,.!]+((we|they|it|do|does|have|are|is|will|not|don.t|doesn.t|haven.t|aren.t|isn.t|won.t|yet|thanks)[ ,.!]*){1,5}$`)
	denies              = regexp.MustCompile(`\b(ikke|ikkje|not)\b|n.t\b`)
)

// yesOrNo gives the yes or the no of a reply that says nothing else, else the
// reply.
func yesOrNo(said string) string {
	for _, p := range []*regexp.Regexp{answeredInNorwegian, answeredInEnglish} {
		if m := p.FindStringSubmatch(said); m != nil && (!yesNo[m[1]] || !denies.MatchString(said)) {
			return m[1]
		}
	}
	return said
}

// valueWord writes a value as somebody who knows its key would.
func valueWord(v any) string {
	if list := texts(v); list != nil {
		return strings.Join(list, ", ")
	}
	return fmt.Sprint(v)
}

// begins gives what a message answers that begins with yes or no and goes on to
// say the same ("Nei, de skal ikke kobles"), when there are quick replies that
// do. Without a comma it has to go on with a word of the question ("yes it is
// about disease"): who says "yes it's medical" may have been asked for consent.
func (d *Dialogue) begins(t kiveileder.Turn, text string) (any, bool) {
	first, rest, comma := strings.Cut(bare(text), ",")
	f, known := d.rules.Fact(t.Awaited)
	if !comma {
		first, rest, _ = strings.Cut(first, " ")
		comma = asksAbout(f, rest)
	}
	yes, ok := yesNo[first]
	if !comma || !ok || !known || t.Original == "" || but.MatchString(rest) || yes && denies.MatchString(rest) {
		return nil, false
	}
	for _, r := range f.Replies {
		for _, label := range r.Label {
			if word, _, _ := strings.Cut(bare(label), ","); word == first {
				return r.Value, true
			}
		}
	}
	return nil, false
}

// longWord is from how many letters a word says what a question is about.
const longWord = 6

// asksAbout reports whether a text has one of the long words of the question
// for a fact.
func asksAbout(f rules.Fact, text string) bool {
	said := words(text)
	for _, question := range f.Ask {
		for _, w := range words(question) {
			if utf8.RuneCountInString(w) >= longWord && slices.Contains(said, w) {
				return true
			}
		}
	}
	return false
}

func words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) })
}

// but is what takes back a part of a yes or a no.
var but = regexp.MustCompile(`\b(men|but|bare|berre|only|noen|nokon|nokre|some|unntatt|unntake|except|delvis|partly)\b`)

// bare gives a reply without what people add to it or leave out.
func bare(s string) string { return strings.ToLower(strings.Trim(s, " \t\r\n.,!?")) }

// read reads a text into facts and gives the names of those that it says. What
// it says takes the place of what is there, unless it says "also".
func (d *Dialogue) read(text string, facts map[string]any, words map[string]string) []string {
	rs := d.reader.Read(text)
	said := reading.Merge(rs)
	also := d.signals.Also.MatchString(text)
	for k, v := range said {
		if list, ok := v.([]string); ok && also && k != topicFact {
			v = union(texts(facts[k]), list)
		}
		facts[k] = v
	}
	if words != nil {
		for _, r := range rs {
			words[r.Fact] = strings.Trim(words[r.Fact]+" … "+r.Words, " …")
		}
	}
	return slices.Sorted(maps.Keys(said))
}

func union(a, b []string) []string {
	out := slices.Clone(a)
	for _, x := range b {
		if !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}

// texts gives the strings of a value that is a list, or one.
func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []string:
		return v
	case []any:
		var out []string
		for _, x := range v {
			out = append(out, texts(x)...) // a list in a list is what a client makes that wraps a reply's value
		}
		return out
	}
	return nil
}

func isUnknown(v any) bool {
	list := texts(v)
	return len(list) == 1 && list[0] == kiveileder.UnknownValue
}

// normal gives facts in the rules' form where their meaning is plain: one text
// for a list of one, a list of one for a text, "true" for true. The rest stays
// as it is, for the rules to refuse.
func (d *Dialogue) normal(facts map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range facts {
		f, ok := d.rules.Fact(k)
		list := texts(v)
		switch {
		case !ok || v == nil:
		case f.Type == rules.Several && len(list) > 0:
			v = list
		case f.Type == rules.One && len(list) == 1:
			v = list[0]
		case f.Type == rules.YesNo && len(list) == 1 && (list[0] == "true" || list[0] == "yes"):
			v = true
		case f.Type == rules.YesNo && len(list) == 1 && (list[0] == "false" || list[0] == "no"):
			v = false
		}
		if v != nil || !ok {
			out[k] = v
		}
	}
	return out
}

// checkFacts refuses facts that the rules do not know.
func (d *Dialogue) checkFacts(facts map[string]any) error {
	if d.rules == nil || len(facts) == 0 {
		return nil
	}
	given := map[string]any{}
	for k, v := range facts {
		if v != nil && !isUnknown(v) {
			given[k] = v
		} else if _, ok := d.rules.Fact(k); !ok {
			given[k] = v
		}
	}
	return d.rules.Check(d.normal(given))
}

// chips gives the facts in words, and those that the person could not tell.
func (d *Dialogue) chips(p project, l kiveileder.Language) (known, unknown []kiveileder.FactRead) {
	for _, k := range slices.Sorted(maps.Keys(p.facts)) {
		if f, ok := d.rules.Fact(k); ok && k != topicFact {
			c := chip(f, l)
			c.Value, c.Label, c.Words = p.facts[k], valueLabel(f, p.facts[k], l), p.words[k]
			known = append(known, c)
		}
	}
	for _, k := range p.unknown {
		if f, ok := d.rules.Fact(k); ok {
			c := chip(f, l)
			c.Value, c.Label = kiveileder.UnknownValue, d.texts.Get("do_not_know", l)
			unknown = append(unknown, c)
		}
	}
	return known, unknown
}

// chip names a fact with the values to choose from.
func chip(f rules.Fact, l kiveileder.Language) kiveileder.FactRead {
	c := kiveileder.FactRead{Fact: f.Key, Name: f.Label.Get(l), Options: []kiveileder.Option{}}
	for _, v := range f.Values {
		c.Options = append(c.Options, kiveileder.Option{Value: jsonValue(f, v.Key), Label: v.Label.Get(l)})
	}
	return c
}

// jsonValue gives a value of the data in the form that facts have.
func jsonValue(f rules.Fact, key string) any {
	switch f.Type {
	case rules.Several:
		return []string{key}
	case rules.YesNo:
		return key == "true"
	}
	return key
}

// valueLabel says a value in words.
func valueLabel(f rules.Fact, v any, l kiveileder.Language) string {
	keys := texts(v)
	if b, ok := v.(bool); ok {
		keys = []string{fmt.Sprint(b)}
	}
	var out []string
	for _, k := range keys {
		label := k
		for _, x := range f.Values {
			if x.Key == k {
				label = x.Label.Get(l)
			}
		}
		out = append(out, label)
	}
	return strings.Join(out, ", ")
}

// purposeWords gives the words that the known purposes add to the search: their
// names, which the sources use.
func (d *Dialogue) purposeWords(facts map[string]any) string {
	f, ok := rules.Fact{}, false
	if d.rules != nil {
		f, ok = d.rules.Fact("purpose")
	}
	if !ok {
		return ""
	}
	words := ""
	for _, p := range texts(facts["purpose"]) {
		words += " " + valueLabel(f, p, kiveileder.Bokmal)
	}
	return words
}
