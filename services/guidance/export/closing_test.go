package export

import (
	"strings"
	"testing"
	"time"

	"kiveileder/services/guidance"
)

// Reminders, and that a case was closed for want of a reply, go to the archive
// with what was asked; a reply in time opens its file again.
func TestClosing(t *testing.T) {
	until := time.Date(2026, 7, 31, 13, 0, 0, 0, time.UTC)
	log := []happened{
		{asker, guidance.Received, guidance.ReceivedData{Question: "Må vi søke REK?", Agencies: []string{"hdir"}}},
		{anne, guidance.Claimed, guidance.ClaimedData{}},
		{anne, guidance.Assessed, guidance.AssessedData{}},
		{anne, guidance.Asked, guidance.AskedData{Text: "Har dere samtykke?"}},
		{svc, guidance.Reminded, guidance.RemindedData{Number: 1}},
		{svc, guidance.Unanswered, guidance.UnansweredData{}},
		{anne, guidance.Closed, guidance.ClosedData{Reason: "Vi hørte ikke fra dere.", Until: until}},
	}
	c := exported(t, snapshot(t, log...), options)
	var titles []string
	for _, e := range c.Entries {
		titles = append(titles, e.Title)
	}
	if got := strings.Join(titles, "; "); got != "Henvendelse; Spørsmål til den som spurte; Påminnelse til den som spurte; Saken er avsluttet uten svar" {
		t.Errorf("%s", got)
	}
	page := written(t, "html", c)
	for _, want := range []string{"Vi hørte ikke fra dere.", "2026-07-31"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in the page", want)
		}
	}
	if n := strings.Count(page, "Har dere samtykke?"); n != 3 { // asked, reminded, closed
		t.Errorf("the question stands %d times", n)
	}
	if c.Closed.IsZero() || c.ClosedBy != "Anne Jurist" {
		t.Errorf("closed %v by %q", c.Closed, c.ClosedBy)
	}
	reply := happened{asker, guidance.Replied, guidance.RepliedData{Task: 4, Text: "Ja."}}
	if c = exported(t, snapshot(t, append(log, reply)...), options); !c.Closed.IsZero() {
		t.Errorf("closed %v after a reply in time", c.Closed)
	}
	log[6].data = guidance.ClosedData{Until: time.Date(2026, 6, 14, 8, 0, 0, 0, time.UTC)}
	added := happened{asker, guidance.Added, guidance.AddedData{Text: "Hallo?"}}
	if c = exported(t, snapshot(t, append(log, added)...), options); c.Closed.IsZero() {
		t.Error("open after an addition that came too late")
	}
}
