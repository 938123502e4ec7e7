package corpus

import (
	"fmt"
	"io/fs"
	"regexp"
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
	} {
		if p.text == "" {
			return Signals{}, fmt.Errorf("signals.yaml: %s is missing", p.name)
		}
		var err error
		if *p.to, err = newPattern(p.text); err != nil {
			return Signals{}, fmt.Errorf("signals.yaml: %s: %w", p.name, err)
		}
	}
	return s, nil
}
