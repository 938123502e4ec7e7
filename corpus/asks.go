package corpus

import (
	"fmt"
	"regexp"
)

// An Asked is a thing that a question can ask for, with the patterns that tell.
type Asked struct {
	Ask    string `yaml:"ask"`
	Asks   string `yaml:"asks"`
	Offers string `yaml:"offers,omitempty"` // empty: no passage is looked at
}

// A Want is an Asked with its patterns ready.
type Want struct {
	Asks   *regexp.Regexp
	Offers *regexp.Regexp // nil when no passage is looked at
}

// Wants compiles the patterns.
func Wants(as []Asked) ([]Want, error) {
	var out []Want
	for _, a := range as {
		asks, err := regexp.Compile("(?i)" + a.Asks)
		if err != nil {
			return nil, fmt.Errorf("asks.yaml %s: %w", a.Ask, err)
		}
		w := Want{Asks: asks}
		if a.Offers != "" {
			if w.Offers, err = regexp.Compile("(?i)" + a.Offers); err != nil {
				return nil, fmt.Errorf("asks.yaml %s: %w", a.Ask, err)
			}
		}
		out = append(out, w)
	}
	return out, nil
}
