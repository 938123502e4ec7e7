package lang_test

import (
	"os"
	"testing"

	"kiveileder"
	"kiveileder/corpus"
	"kiveileder/services/dialogue/lang"
)

// The bank's questions are each marked with their language: whole ones come out
// as it, but for a share.
func TestBank(t *testing.T) {
	c, err := corpus.Load(os.DirFS("../../../corpus"))
	if err != nil {
		t.Fatal(err)
	}
	all, wrong := map[kiveileder.Language]int{}, map[kiveileder.Language]int{}
	for _, q := range c.Questions {
		if q.Style == "keywords" {
			continue
		}
		all[q.Lang]++
		if got := kiveileder.Language(lang.Frame(lang.Detect(q.Text))); got != q.Lang {
			wrong[q.Lang]++
			if wrong[q.Lang] <= 60 && testing.Verbose() {
				t.Logf("%s as %s: %s", q.Lang, got, q.Text)
			}
		}
	}
	for l, most := range map[kiveileder.Language]float64{"nb": .005, "nn": .04, "en": .005} {
		share := float64(wrong[l]) / float64(all[l])
		t.Logf("%s: %d of %d wrong (%.2f %%)", l, wrong[l], all[l], 100*share)
		if share > most {
			t.Errorf("%s: %.3f of the questions are taken for another language", l, share)
		}
	}
}
