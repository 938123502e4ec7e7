package web

import (
	"fmt"
	"strings"
	"testing"

	"kiveileder"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/register"
	"kiveileder/services/rules"
)

// Why an answer is looked at again is said in the reader's language where the
// service found it; what a person wrote is marked as bokmål.
func TestWhyInTheReadersLanguage(t *testing.T) {
	why := rules.Text{kiveileder.Bokmal: "Regelen r1 er endret.", kiveileder.Nynorsk: "Regelen r1 er endra.", kiveileder.English: "The rule r1 has changed."}
	for _, l := range kiveileder.Languages {
		page := answerPage(t, l, func(e *register.Entry) {
			e.Status, e.Reason, e.Reasons = guidance.UnderReview, why[kiveileder.Bokmal], why
		})
		if want := fmt.Sprintf(`<p lang="%s">%s</p>`, l, why[l]); !strings.Contains(page, want) {
			t.Errorf("%s: no %s", l, want)
		}
		page = answerPage(t, l, func(e *register.Entry) { e.Status, e.Reason = guidance.Retracted, "Feil." })
		if !strings.Contains(page, `<p lang="nb">Feil.</p>`) {
			t.Errorf("%s: what a person wrote is not marked", l)
		}
	}
}
