package gateway

import (
	"net/http"
	"regexp"
	"strings"
	"time"

	"kiveileder"
	"kiveileder/services/guidance"
	"kiveileder/services/queue"
)

// A head is what is known of a case without a look into it.
type head struct {
	ID       string          `json:"id"`
	Number   string          `json:"number"`
	State    guidance.State  `json:"state"`
	Agencies []string        `json:"agencies"`
	Holder   *guidance.Actor `json:"holder,omitempty"`
	Opened   time.Time       `json:"opened"`
	Changed  time.Time       `json:"changed"`
	Due      time.Time       `json:"due,omitzero"`
	Late     bool            `json:"late,omitempty"`
}

// caseNumber is how people write the number of a case, or its end: words of a
// title are no number, and find nothing here.
var caseNumber = regexp.MustCompile(`^(KI-)?([0-9]{4})?-?[0-9]{1,6}$`)

// deskHeads answers GET /v1/desk/heads?number=…: the cases of a number, or of
// one that ends so; without it the open ones.
func (g *Gateway) deskHeads(w http.ResponseWriter, r *http.Request) {
	number := strings.ToUpper(strings.TrimSpace(r.URL.Query().Get("number")))
	if len(number) < 4 && number != "" && strings.Trim(number, "0123456789") == "" {
		number = "-" + strings.Repeat("0", 4-len(number)) + number // "42" is …-0042
	}
	q := queue.DeskQuery{Text: number, After: r.URL.Query().Get("after"), Limit: 50}
	switch {
	case number == "":
		q.States = guidance.TheFlow.Open
	case !caseNumber.MatchString(number):
		g.fail(w, r, kiveileder.Errorf(kiveileder.CodeInvalid, "number: KI-2026-0042"))
		return
	}
	who := g.acting(r)
	who.Role = guidance.Admin // the role that the permission is of; others reach less
	page, err := g.Desk.List(r.Context(), who, q)
	heads := []head{}
	for _, c := range page.Cases {
		if !strings.HasSuffix(c.Number, number) {
			continue // found by its title
		}
		heads = append(heads, headOf(c))
	}
	g.give(w, r, map[string]any{"cases": heads, "next": page.Next}, err)
}

func headOf(c queue.DeskRow) head {
	return head{c.ID, c.Number, c.State, c.Agencies, c.Holder, c.Opened, c.Changed, c.Due, c.Late}
}

// findHeads answers POST /v1/desk/heads: the cases whose asker left an address,
// which stands in the body so that no log and no history gets it.
func (g *Gateway) findHeads(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Email string `json:"email"`
	}
	if err := g.decodeUpTo(w, r, &q, maxForm, "error_case_size"); err != nil {
		g.fail(w, r, err)
		return
	}
	who := g.acting(r)
	who.Role = guidance.Admin // as above
	found, err := g.Desk.Find(r.Context(), who, q.Email)
	heads := []head{}
	for _, c := range found.Cases {
		heads = append(heads, headOf(c))
	}
	g.give(w, r, map[string]any{"cases": heads, "sealed": append([]string{}, found.Sealed...)}, err)
}
