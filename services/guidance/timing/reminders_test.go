package timing

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiveileder"
	"kiveileder/services/guidance"
)

// told gives what is told, urgent things with "!", and to whom.
func told(s guidance.Snapshot, at time.Time) (out []string) {
	for _, r := range Reminders(s, at) {
		line := string(r.Kind)
		if r.Target != "" {
			line += " " + r.Target
		}
		if r.Urgent {
			line += "!"
		}
		if r.To != "" {
			line += " to " + r.To
		}
		out = append(out, line)
	}
	return out
}

func TestReminders(t *testing.T) {
	s := received(t, "2026-06-08 09:00", false)
	says := func(at string, want ...string) {
		t.Helper()
		if d := cmp.Diff(want, told(s.Snapshot, oslo(t, at))); d != "" {
			t.Errorf("at %s (-want +got):\n%s", at, d)
		}
	}
	says("2026-06-08 09:00")
	says("2026-06-09 15:00", "nobody")
	says("2026-06-10 14:00", "soon assessment", "nobody")
	says("2026-06-12 09:00", "overdue assessment!", "nobody")

	s.on("2026-06-12 09:00", anne, guidance.ClaimedData{}, guidance.AssessedData{})
	s.Lease = guidance.Lease{Holder: anne, Until: oslo(t, "2026-06-12 09:02")}
	says("2026-06-12 09:01")
	says("2026-06-12 09:02", "lease_lost to anne")

	s.Lease.Until = oslo(t, "2027-01-01 00:00")
	says("2026-06-29 15:00", "soon answer to anne", "preliminary_soon preliminary to anne")
	says("2026-07-06 15:01", "overdue answer!", "preliminary_soon preliminary to anne")
	says("2026-07-08 15:01", "overdue answer!", "preliminary_overdue preliminary!")

	s.on("2026-06-15 08:00", anne, guidance.AskedData{Text: "?"})
	says("2026-07-03 15:00", "preliminary_soon preliminary to anne")
	for range 2 { // the lawyers are told after both reminders
		kind, data, at := Next(s.Case)
		if kind != guidance.Reminded {
			t.Fatalf("%s at %s", kind, show(at))
		}
		s.on(show(at), svc, data)
	}
	_, data, at := Next(s.Case)
	says(show(at), "preliminary_soon preliminary to anne")
	s.on(show(at), svc, data)
	says("2026-07-06 15:00", "preliminary_soon preliminary to anne", "asker_silent to anne")
	says("2026-07-13 15:01", "preliminary_overdue preliminary!", "asker_silent!") // nobody has decided

	s.on("2026-07-07 08:00", asker, guidance.WithdrawnData{})
	says("2026-09-01 08:00")
	s.on("2026-09-01 08:00", svc, guidance.UndeliveredData{Mail: "x", Reason: "5.1.1"})
	says("2026-09-01 09:00", "undelivered!")
	s.Snapshot = guidance.Snapshot{}
	says("2026-09-01 09:00")
}

func TestReminderOfReceiptAndReview(t *testing.T) {
	s := received(t, "2026-06-08 09:00", true)
	if got := told(s.Snapshot, oslo(t, "2026-06-08 10:00")); len(got) != 0 {
		t.Errorf("after an hour: %v", got)
	}
	if got := told(s.Snapshot, oslo(t, "2026-06-09 15:00")); !slices.Contains(got, "receipt_missing receipt") {
		t.Errorf("after a day: %v", got)
	}
	s.answered("2026-06-10 09:00").on("2026-06-10 10:00", anne, guidance.PublishedData{Title: "t", ValidUntil: "2027-06-30"})
	if got := told(s.Snapshot, oslo(t, "2027-06-10 09:00")); len(got) != 0 {
		t.Errorf("published: %v", got)
	}
	if got := told(s.Snapshot, oslo(t, "2027-06-30 23:59")); len(got) != 0 {
		t.Errorf("on its last day: %v", got)
	}
	if got := told(s.Snapshot, oslo(t, "2027-07-01 00:00")); !slices.Equal(got, []string{"expired!"}) {
		t.Errorf("after its last day: %v", got)
	}
	s.on("2026-06-11 10:00", svc, guidance.ReviewBeganData{Reason: "r"})
	if got := told(s.Snapshot, oslo(t, "2027-06-10 09:00")); !slices.Equal(got, []string{"review!"}) {
		t.Errorf("under review: %v", got)
	}
}

// A key is told once: it stays while the thing is the same, and a new date makes another.
func TestReminderKeys(t *testing.T) {
	s := received(t, "2026-06-08 09:00", false).on("2026-06-09 10:00", anne, guidance.ClaimedData{}, guidance.AssessedData{})
	s.Lease = guidance.Lease{Holder: anne, Until: oslo(t, "2027-01-01 00:00")}
	key := func(at string) string { return Reminders(s.Snapshot, oslo(t, at))[0].Key }
	one := key("2026-07-07 09:00")
	if again := key("2026-07-08 09:00"); again != one {
		t.Errorf("%s, then %s", one, again)
	}
	s.on("2026-07-08 10:00", anne, guidance.ExtendedData{Target: Answer, Until: oslo(t, "2026-07-10 15:00"), Reason: "r"})
	i := slices.IndexFunc(Reminders(s.Snapshot, oslo(t, "2026-07-13 09:00")), func(r Reminder) bool { return r.Target == Answer })
	if r := Reminders(s.Snapshot, oslo(t, "2026-07-13 09:00"))[i]; r.Key == one || !strings.Contains(r.Text[kiveileder.Bokmal], "Svar skulle vært klart 10.07.2026 kl. 15.00.") {
		t.Errorf("%+v", r)
	}
}

// Every kind has its words in every language, with nothing left open in them.
func TestReminderWords(t *testing.T) {
	if len(reminderWords) != len(reminderKinds) {
		t.Errorf("%d kinds, words for %d", len(reminderKinds), len(reminderWords))
	}
	target, _ := theRules().Target(Answer)
	for _, k := range reminderKinds {
		for _, lang := range kiveileder.Languages {
			if w := words(k, target, oslo(t, "2026-06-08 09:00"))[lang]; w == "" || strings.ContainsAny(w, "{}") {
				t.Errorf("%s in %s: %q", k, lang, w)
			}
		}
	}
	b, err := json.Marshal(Reminders(guidance.Snapshot{}, time.Time{}))
	if err != nil || string(b) != "[]" {
		t.Errorf("%s, %v", b, err)
	}
}
