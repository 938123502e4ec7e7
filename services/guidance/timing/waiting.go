package timing

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"kiveileder"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/deadline"
)

//go:embed waiting.yaml
var waitingFile []byte

var theWaiting = func() Waiting {
	w, err := ReadWaiting(waitingFile)
	if err != nil {
		panic("timing: " + err.Error()) // it is in the program, and a test reads it
	}
	return w
}()

// Silence is the key of what the desk owes a case whose asker does not reply:
// it stands beside the targets in [Status].
const Silence = "unanswered"

// Waiting says what happens while a case waits for its asker, in working days;
// waiting.yaml says of each what it counts from.
type Waiting struct {
	Remind      []int         `yaml:"remind"`
	Tell        int           `yaml:"tell"`
	Decide      int           `yaml:"decide"`
	Close       int           `yaml:"close"` // 0: never without a person
	Reopen      int           `yaml:"reopen"`
	Unconfirmed []string      `yaml:"unconfirmed"`
	Name        deadline.Text `yaml:"name"`
}

// ReadWaiting reads and lints waiting.yaml; all that is wrong is told at once.
func ReadWaiting(data []byte) (Waiting, error) {
	var w Waiting
	if err := yaml.UnmarshalWithOptions(data, &w, yaml.Strict()); err != nil {
		return w, fmt.Errorf("waiting.yaml: %w", err)
	}
	var problems []error
	bad := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("waiting.yaml: "+format, args...))
	}
	const most = 250 // a year of working days
	days := map[string]int{"tell": w.Tell, "decide": w.Decide, "reopen": w.Reopen}
	for i, n := range w.Remind {
		days[fmt.Sprintf("remind %d", i+1)] = n
	}
	for key, n := range days {
		if n < 1 || n > most {
			bad("%s: %d is not from 1 to %d working days", key, n, most)
		}
	}
	if len(w.Remind) == 0 {
		bad("remind: nobody is warned before the case may be closed")
	}
	if w.Close < 0 || w.Close > most {
		bad("close: %d is not from 0 to %d working days", w.Close, most)
	}
	for _, key := range w.Unconfirmed {
		if !slices.Contains([]string{"remind", "tell", "decide", "close", "reopen"}, key) {
			bad("unconfirmed: no %q", key)
		}
	}
	for _, l := range kiveileder.Languages {
		if strings.TrimSpace(w.Name[l]) == "" {
			bad("name: no words in %s", l)
		}
	}
	return w, errors.Join(problems...)
}

// Next gives what the service does next in a case that waits for its asker, and
// when; no kind when there is nothing. It rests on the log alone. Each step
// counts from the one before, so that a service that was away, or a clock that
// jumped, makes one step late and never two at once.
func Next(c guidance.Case) (kind guidance.Kind, data any, at time.Time) { return theWaiting.next(c) }

func (w Waiting) next(c guidance.Case) (kind guidance.Kind, data any, at time.Time) {
	s := c.Silence
	switch {
	case s == nil || c.Anonymised:
		return "", nil, time.Time{}
	case !s.Told.IsZero() && w.Close == 0:
		return "", nil, time.Time{}
	case !s.Told.IsZero():
		return guidance.Closed, guidance.ClosedData{}, patient(c, s.Told, w.Close)
	case len(s.Reminded) < len(w.Remind):
		n := len(s.Reminded)
		return guidance.Reminded, guidance.RemindedData{Since: s.Since, Number: n + 1}, patient(c, s.Last(), w.Remind[n])
	}
	return guidance.Unanswered, guidance.UnansweredData{Since: s.Since}, patient(c, s.Last(), w.Tell)
}

// ReplyBy gives the day by which the asker of a case that waits should reply:
// when the lawyers are told that they did not, if nothing comes meanwhile. Zero
// when that has passed, and when the case does not wait.
func ReplyBy(c guidance.Case) time.Time { return theWaiting.replyBy(c) }

func (w Waiting) replyBy(c guidance.Case) time.Time {
	s := c.Silence
	if s == nil || !s.Told.IsZero() {
		return time.Time{}
	}
	at := s.Last()
	for _, days := range w.Remind[min(len(s.Reminded), len(w.Remind)):] {
		at = patient(c, at, days)
	}
	return patient(c, at, w.Tell).UTC()
}

// Fill puts into a command what deadlines say: until when a case that is closed
// can be taken up again. An exemption that would change nothing is refused.
// Other data it gives back as they are.
func Fill(c guidance.Case, data any, at time.Time) (any, error) {
	switch d := data.(type) {
	case guidance.ExtendedData:
		return d, CheckExtension(c, d, at)
	case guidance.ClosedData:
		d.Until = patient(c, at, theWaiting.Reopen).UTC().Truncate(time.Microsecond)
		return d, nil
	}
	return data, nil
}

// decide gives when the desk should have dealt with a silence that it was told
// of; zero when it was told of none.
func decide(c guidance.Case) time.Time {
	if c.Silence == nil || c.Silence.Told.IsZero() {
		return time.Time{}
	}
	return patient(c, c.Silence.Told, theWaiting.Decide)
}

// silence gives how that stands at an instant.
func silence(c guidance.Case, at time.Time) (Standing, bool) {
	due := decide(c)
	if due.IsZero() {
		return Standing{}, false
	}
	cal := calendar(c)
	return Standing{
		Target: Silence, Name: theWaiting.Name, Due: utc(due), Left: minutes(cal.Between(at, due)), Late: minutes(cal.Between(due, at)),
		Overdue: due.Before(at), Soon: !due.Before(at), Unconfirmed: slices.Contains(theWaiting.Unconfirmed, "decide"),
	}, true
}
