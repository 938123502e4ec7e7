package corpus

import (
	"cmp"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// An Asked is a thing that a question can ask for, with the patterns that tell.
type Asked struct {
	Ask    string `yaml:"ask"`
	Asks   string `yaml:"asks"`
	Offers string `yaml:"offers,omitempty"` // empty: no passage is looked at
}

// A Want is an Asked with its patterns ready.
type Want struct {
	Ask    string
	Asks   *Pattern
	Offers *Pattern // nil when no passage is looked at
}

// A Pattern is a regular expression for Norwegian: Go's \b and \w know only the
// letters a to z, so "år" would have no bounds and "område" would hold a "de".
// Pattern and text are therefore written without æ, ø and å before they meet.
type Pattern struct{ re *regexp.Regexp }

var plainLetters = strings.NewReplacer("æ", "ae", "ø", "oe", "å", "aa", "ä", "ae", "ö", "oe", "é", "e", "è", "e", "ô", "o",
	"Æ", "AE", "Ø", "OE", "Å", "AA", "Ä", "AE", "Ö", "OE", "É", "E")

func newPattern(s string) (*Pattern, error) {
	re, err := regexp.Compile("(?i)" + plainLetters.Replace(s))
	return &Pattern{re}, err
}

// MatchString reports whether the text holds the pattern.
func (p *Pattern) MatchString(text string) bool { return p.re.MatchString(plainLetters.Replace(text)) }

// Without gives the text without what the pattern finds in it.
func (p *Pattern) Without(text string) string {
	cuts := p.re.FindAllStringIndex(plainLetters.Replace(text), -1)
	if len(cuts) == 0 {
		return text
	}
	var out strings.Builder
	at := 0 // in what the pattern met
	for _, r := range text {
		for len(cuts) > 0 && at >= cuts[0][1] {
			cuts = cuts[1:]
		}
		if len(cuts) == 0 || at < cuts[0][0] {
			out.WriteRune(r)
		}
		at += len(plainLetters.Replace(string(r)))
	}
	return out.String()
}

// different counts the different words of the pattern that a text holds.
func (p *Pattern) different(text string) int {
	seen := map[string]bool{}
	for _, w := range p.re.FindAllString(plainLetters.Replace(text), -1) {
		seen[strings.ToLower(w)] = true
	}
	return len(seen)
}

// Wants compiles the patterns.
func Wants(as []Asked) ([]Want, error) {
	var out []Want
	for _, a := range as {
		asks, err := newPattern(a.Asks)
		if err != nil {
			return nil, fmt.Errorf("asks.yaml %s: %w", a.Ask, err)
		}
		w := Want{Ask: a.Ask, Asks: asks}
		if a.Offers != "" {
			if w.Offers, err = newPattern(a.Offers); err != nil {
				return nil, fmt.Errorf("asks.yaml %s: %w", a.Ask, err)
			}
		}
		out = append(out, w)
	}
	return out, nil
}

// Signals are patterns that decide before anything is searched, or how what the
// rules say is told.
type Signals struct {
	Crisis     *Pattern // somebody may be in danger
	Case       *Pattern // a name beside it belongs to a case
	Question   *Pattern // something is asked
	Obligation *Pattern // what is asked is what rules answer: what must, may, need be done, and before whom
	More       *Pattern // it asks for what no rule speaks of, though with "must we" or "may we": how long, how much, by which article
	General    *Pattern // it simply asks which rules hold, what must be done, or whom to apply to
	Own        *Pattern // somebody speaks of a project, a place of work or a doing of their own
	Dispute    *Pattern // the answer is disputed, or two agencies disagree: a person settles it
	Also       *Pattern // what is said comes in addition to what was said before
	Greeting   *Pattern // words that only open a message
	Thanks     *Pattern // words that only end one
	Anew       *Pattern // another project or matter than before: what is known of the old one does not count
	Whom       *Pattern // it asks who decides, or whom to apply to
	Handed     *Pattern // somebody's data are put into a tool, or given to somebody
	Pays       *Pattern // it asks who pays for a damage
	Fixed      *Pattern // what it asks about is the same whatever the purpose is

	Machine, Care *Pattern // both together: it is in the field

	Said      []Said     // whole messages whose meaning is plain
	Remits    []Remit    // whose field a question is in
	Decisions []Decision // what is decided on
}

// A Decision tells by words what somebody decides on: "dispensation".
type Decision struct {
	On    string // as the agencies' powers in the rules name it
	Words *Pattern
}

// Decided gives what a message that asks who decides asks it of.
func (s Signals) Decided(text string) (on []string) {
	if !s.Whom.MatchString(text) {
		return nil
	}
	for _, d := range s.Decisions {
		if d.Words.MatchString(text) {
			on = append(on, d.On)
		}
	}
	return on
}

// Said are messages that mean something by themselves, whatever they are near
// to: "hjelp", "KI", "nei".
type Said struct {
	Intent string // the text that replies, or Vague
	Words  *Pattern
}

// InField reports whether a message speaks of such machines and of health care.
func (s Signals) InField(text string) bool {
	return s.Machine.MatchString(text) && s.Care.MatchString(text)
}

// Vague is the intent of a message that says too little to be answered.
const Vague = "underspecified"

// Means gives the intent of a message that is plain as a whole, "" for all
// others.
func (s Signals) Means(text string) string {
	for _, m := range s.Said {
		if m.Words.MatchString(text) {
			return m.Intent
		}
	}
	return ""
}

// A Remit tells by words what belongs with an agency.
type Remit struct {
	Agency string   // its key in the rules
	Words  *Pattern // each says it by itself
	Hints  *Pattern // say it where no agency's Words are there; nil for none
}

// maxRemits is how many agencies a question is said to belong with.
const maxRemits = 3

// Remit gives the agencies whose field a question is in by its words, those
// with most different words first; of equals those that Remits has first.
// Who has less than half the words of the first is left out.
func (s Signals) Remit(text string) []string {
	for _, patterns := range []func(Remit) *Pattern{
		func(r Remit) *Pattern { return r.Words },
		func(r Remit) *Pattern { return r.Hints },
	} {
		type found struct {
			agency string
			words  int
		}
		var all []found
		for _, r := range s.Remits {
			if p := patterns(r); p != nil {
				if n := p.different(text); n > 0 {
					all = append(all, found{r.Agency, n})
				}
			}
		}
		slices.SortStableFunc(all, func(a, b found) int { return cmp.Compare(b.words, a.words) })
		var keys []string
		for _, f := range all[:min(len(all), maxRemits)] {
			if 2*f.words >= all[0].words {
				keys = append(keys, f.agency)
			}
		}
		if len(keys) > 0 {
			return keys
		}
	}
	return nil
}

// LoadSignals reads signals.yaml; a corpus without one gets the built-in
// signals.
func LoadSignals(fsys fs.FS) (Signals, error) {
	var raw struct {
		Crisis     string `yaml:"crisis"`
		Case       string `yaml:"case"`
		Question   string `yaml:"question"`
		Obligation string `yaml:"obligation"`
		More       string `yaml:"more"`
		General    string `yaml:"general"`
		Own        string `yaml:"own"`
		Dispute    string `yaml:"dispute"`
		Also       string `yaml:"also"`
		Anew       string `yaml:"anew"`
		Greeting   string `yaml:"greeting"`
		Thanks     string `yaml:"thanks"`
		Whom       string `yaml:"whom"`
		Handed     string `yaml:"handed"`
		Pays       string `yaml:"compensation"`
		Fixed      string `yaml:"fixed"`
		Machine    string `yaml:"machine"`
		Care       string `yaml:"care"`
		Said       []struct {
			Intent string `yaml:"intent"`
			Words  string `yaml:"words"`
		} `yaml:"said"`
		Remits []struct {
			Agency string `yaml:"agency"`
			Words  string `yaml:"words"`
			Hints  string `yaml:"hints"`
		} `yaml:"remits"`
		Decisions []struct {
			On    string `yaml:"on"`
			Words string `yaml:"words"`
		} `yaml:"decisions"`
	}
	if err := decode(fsys, "signals.yaml", &raw); err != nil {
		return Signals{}, err
	}
	if raw.Crisis == "" && raw.Case == "" && fsys != fs.FS(Files) {
		return LoadSignals(Files)
	}
	var s Signals
	for _, p := range []struct {
		name, text string
		to         **Pattern
	}{
		{"crisis", raw.Crisis, &s.Crisis}, {"case", raw.Case, &s.Case}, {"question", raw.Question, &s.Question},
		{"obligation", raw.Obligation, &s.Obligation}, {"more", raw.More, &s.More}, {"general", raw.General, &s.General}, {"own", raw.Own, &s.Own}, {"dispute", raw.Dispute, &s.Dispute}, {"also", raw.Also, &s.Also},
		{"anew", raw.Anew, &s.Anew}, {"greeting", raw.Greeting, &s.Greeting}, {"thanks", raw.Thanks, &s.Thanks}, {"whom", raw.Whom, &s.Whom}, {"handed", raw.Handed, &s.Handed}, {"compensation", raw.Pays, &s.Pays}, {"fixed", raw.Fixed, &s.Fixed},
		{"machine", raw.Machine, &s.Machine}, {"care", raw.Care, &s.Care},
	} {
		if p.text == "" {
			return Signals{}, fmt.Errorf("signals.yaml: %s is missing", p.name)
		}
		var err error
		if *p.to, err = newPattern(p.text); err != nil {
			return Signals{}, fmt.Errorf("signals.yaml: %s: %w", p.name, err)
		}
	}
	for _, m := range raw.Said {
		if m.Intent == "" || m.Words == "" {
			return Signals{}, fmt.Errorf("signals.yaml: said: intent and words are needed: %q", m.Intent)
		}
		words, err := newPattern(`^\W*(` + m.Words + `)\W*$`)
		if err != nil {
			return Signals{}, fmt.Errorf("signals.yaml: said: %s: %w", m.Intent, err)
		}
		s.Said = append(s.Said, Said{m.Intent, words})
	}
	for _, m := range raw.Decisions {
		words, err := newPattern(m.Words)
		if err != nil || m.On == "" || m.Words == "" {
			return Signals{}, fmt.Errorf("signals.yaml: decisions: on and words are needed: %q: %v", m.On, err)
		}
		s.Decisions = append(s.Decisions, Decision{m.On, words})
	}
	for _, m := range raw.Remits {
		if m.Agency == "" || m.Words == "" {
			return Signals{}, fmt.Errorf("signals.yaml: remits: agency and words are needed: %q", m.Agency)
		}
		r := Remit{Agency: m.Agency}
		var err error
		if r.Words, err = newPattern(m.Words); err == nil && m.Hints != "" {
			r.Hints, err = newPattern(m.Hints)
		}
		if err != nil {
			return Signals{}, fmt.Errorf("signals.yaml: remits: %s: %w", m.Agency, err)
		}
		s.Remits = append(s.Remits, r)
	}
	return s, nil
}
