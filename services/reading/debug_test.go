package reading

import (
	"fmt"
	"os"
	"testing"
)

func TestDebug(t *testing.T) {
	text := os.Getenv("TEXT")
	if text == "" {
		t.Skip()
	}
	r := reader(t)
	d := r.document(text)
	for _, ru := range r.rules {
		for _, x := range r.apply(d, ru) {
			fmt.Printf("%-22s %-45s %q\n", x.Rule, x.key(), x.Words)
		}
		for _, p := range ru.patterns {
			for u := range d.candidates(p, ru.In) {
				for _, s := range p.match(d, u.first, u.last+1) {
					why := ""
					for _, g := range r.guards {
						if g.concerns(ru) && g.reaches(d, d.places[g.concept], s) {
							why += " " + g.Guard
						}
					}
					if !r.conditions(d, ru, s) {
						why += " conditions"
					}
					if why != "" {
						fmt.Printf("   no %-22s %s: %q\n", ru.ID, why, text[d.tokens[s.first].start:d.tokens[s.last].end])
					}
				}
			}
		}
	}
	fmt.Println(show(Merge(r.Read(text))))
}
