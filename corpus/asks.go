package corpus

import (
	"fmt"
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
