package timing

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"kiveileder/services/guidance"
)

// steps does what is next until nothing is, and gives each with its time.
func (s *story) steps() (out []string) {
	s.t.Helper()
	for range 10 {
		kind, data, at := Next(s.Case)
		if kind == "" {
			return out
		}
		out = append(out, string(kind)+" "+show(at))
		s.on(show(at), svc, data)
	}
	s.t.Fatalf("no end: %v", out)
	return nil
}

var ask = guidance.AskedData{Text: "Har dere samtykke?"}

// asked is a case that asked its asker.
func asked(t *testing.T, received_, when string) *story {
	return received(t, received_, true).on(when, anne, guidance.AssessedData{}, ask)
}

// What happens while nobody replies: working days, holidays and the change of
// the hour count as they do for the agency.
func TestSilence(t *testing.T) {
	for name, c := range map[string]struct {
		s    *story
		want []string
	}{
		"in June":          {asked(t, "2026-06-01 09:00", "2026-06-02 10:00"), []string{"reminded 2026-06-09 15:00", "reminded 2026-06-16 15:00", "unanswered 2026-06-23 15:00"}},
		"over Easter":      {asked(t, "2026-03-26 09:00", "2026-03-27 10:00"), []string{"reminded 2026-04-08 15:45", "reminded 2026-04-15 15:45", "unanswered 2026-04-22 15:45"}},
		"over summer time": {asked(t, "2026-03-19 09:00", "2026-03-20 10:00"), []string{"reminded 2026-03-27 15:45", "reminded 2026-04-08 15:45", "unanswered 2026-04-15 15:45"}},
		"over winter time": {asked(t, "2026-10-20 09:00", "2026-10-21 10:00"), []string{"reminded 2026-10-28 15:45", "reminded 2026-11-04 15:45", "unanswered 2026-11-11 15:45"}},
		"at night, in the hour that is there twice": {asked(t, "2026-10-25 01:00", "2026-10-25 02:30"), []string{"reminded 2026-10-30 15:45", "reminded 2026-11-06 15:45", "unanswered 2026-11-13 15:45"}},
		"not while it does not wait":                {received(t, "2026-06-01 09:00", true), nil},
		"an addition is a word, too":                {asked(t, "2026-06-01 09:00", "2026-06-02 10:00").on("2026-06-08 10:00", asker, guidance.AddedData{Text: "Kommer."}), []string{"reminded 2026-06-15 15:00", "reminded 2026-06-22 15:00", "unanswered 2026-06-29 15:00"}},
		"another question begins anew": {asked(t, "2026-06-01 09:00", "2026-06-02 10:00").on("2026-06-09 15:00", svc, guidance.RemindedData{Number: 1}).on("2026-06-10 10:00", anne, ask),
			[]string{"reminded 2026-06-17 15:00", "reminded 2026-06-24 15:00", "unanswered 2026-07-01 15:00"}},
		"a reply to one of two begins anew": {asked(t, "2026-06-01 09:00", "2026-06-02 10:00").on("2026-06-02 11:00", anne, ask).reply("2026-06-08 10:00"),
			[]string{"reminded 2026-06-15 15:00", "reminded 2026-06-22 15:00", "unanswered 2026-06-29 15:00"}},
		"a lawyer's reminder counts": {asked(t, "2026-06-01 09:00", "2026-06-02 10:00").on("2026-06-04 10:00", anne, guidance.RemindedData{Number: 1}),
			[]string{"reminded 2026-06-11 15:00", "unanswered 2026-06-18 15:00"}},
		"and one after they were told": {asked(t, "2026-06-01 09:00", "2026-06-02 10:00").on("2026-06-09 15:00", svc, guidance.RemindedData{}, guidance.RemindedData{}, guidance.UnansweredData{}).on("2026-06-11 10:00", anne, guidance.RemindedData{Number: 3}),
			[]string{"unanswered 2026-06-18 15:00"}},
		"the service was away for weeks: never two at once": {asked(t, "2026-06-01 09:00", "2026-06-02 10:00").on("2026-08-03 10:00", svc, guidance.RemindedData{Number: 1}),
			[]string{"reminded 2026-08-10 15:00", "unanswered 2026-08-17 15:00"}},
	} {
		if d := cmp.Diff(c.want, c.s.steps()); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// The letter names the day on which the lawyers will be told.
func TestReplyBy(t *testing.T) {
	s := asked(t, "2026-06-01 09:00", "2026-06-02 10:00")
	if got := show(ReplyBy(s.Case)); got != "2026-06-23 15:00" {
		t.Errorf("asked: %s", got)
	}
	s.on("2026-06-10 09:00", svc, guidance.RemindedData{Number: 1}) // a day late, and so is what follows
	if got := show(ReplyBy(s.Case)); got != "2026-06-24 15:00" {
		t.Errorf("reminded: %s", got)
	}
	s.on("2026-06-17 15:00", svc, guidance.RemindedData{Number: 2}).on("2026-06-24 15:00", svc, guidance.UnansweredData{})
	if got := ReplyBy(s.Case); !got.IsZero() {
		t.Errorf("told: %s", got)
	}
}

// Once the lawyers were told, the case is overdue when they do nothing; it is
// not before, and no more when they close it or remind once more.
func TestUndecided(t *testing.T) {
	s := asked(t, "2026-06-01 09:00", "2026-06-02 10:00").on("2026-06-04 09:00", svc, guidance.RemindedData{Number: 1}, guidance.RemindedData{Number: 2}, guidance.UnansweredData{})
	if got := show(Due(s.Case)); got != "2026-06-11 15:00" {
		t.Fatalf("due %s", got)
	}
	if x := s.status(Silence, "2026-06-11 15:00"); x.Overdue || !x.Soon {
		t.Errorf("on time: %+v", x)
	}
	if x := s.status(Silence, "2026-06-11 15:01"); !x.Overdue {
		t.Errorf("late: %+v", x)
	}
	s.on("2026-06-12 09:00", anne, guidance.RemindedData{Number: 3})
	if got := show(Due(s.Case)); got != "2026-07-01 15:00" {
		t.Errorf("reminded: due %s", got)
	}
	s.on("2026-06-19 15:00", svc, guidance.UnansweredData{}).on("2026-06-22 09:00", anne, guidance.ClosedData{})
	if got := Due(s.Case); !got.IsZero() {
		t.Errorf("closed: due %s", got)
	}
}

// A case that was closed is taken up by a reply until the day that was said,
// and its targets begin anew; with questions left it waits on, and its time
// stood still.
func TestTakenUpAgain(t *testing.T) {
	closed := func() *story {
		s := asked(t, "2026-06-01 09:00", "2026-06-02 10:00").on("2026-06-02 11:00", anne, ask)
		data, err := Fill(s.Case, guidance.ClosedData{}, oslo(t, "2026-06-24 09:00"))
		if err != nil {
			t.Fatal(err)
		}
		if got := show(data.(guidance.ClosedData).Until); got != "2026-08-05 15:00" {
			t.Fatalf("until %s", got)
		}
		return s.on("2026-06-24 09:00", anne, data)
	}
	if s := closed().reply("2026-07-01 09:00"); s.Case.State != guidance.Waiting || len(Clock(s.Case).Pauses) != 3 {
		t.Errorf("%s, %+v", s.Case.State, Clock(s.Case))
	} else if s.reply2("2026-07-02 09:00"); s.Case.State != guidance.Assessment || show(s.status(Answer, "2026-07-02 09:00").Due) != "2026-07-29 14:00" {
		t.Errorf("%s, due %s", s.Case.State, show(s.status(Answer, "2026-07-02 09:00").Due))
	}
	if s := closed().on("2026-08-05 14:59", asker, guidance.AddedData{Text: "Mer."}); s.Case.State != guidance.IsReopened || show(s.status(Answer, "2026-08-05 15:00").Due) != "2026-09-02 15:00" {
		t.Errorf("%s, due %s", s.Case.State, show(s.status(Answer, "2026-08-05 15:00").Due))
	}
	if s := closed().on("2026-08-05 15:00", asker, guidance.AddedData{Text: "Mer."}); s.Case.State != guidance.IsClosed {
		t.Errorf("too late: %s", s.Case.State)
	}
}

// reply2 is the asker's to the first question that is open.
func (s *story) reply2(when string) *story {
	for _, x := range s.Case.Tasks {
		if x.Open() {
			return s.on(when, asker, guidance.RepliedData{Task: x.ID, Text: "Ja."})
		}
	}
	return s
}

// Only what the data says closes a case by itself.
func TestClosesByItself(t *testing.T) {
	s := asked(t, "2026-06-01 09:00", "2026-06-02 10:00").on("2026-06-04 09:00", svc, guidance.RemindedData{Number: 1}, guidance.RemindedData{Number: 2}, guidance.UnansweredData{})
	if kind, _, _ := Next(s.Case); kind != "" {
		t.Errorf("by itself: %s", kind)
	}
	w := theWaiting
	w.Close = 10
	if kind, _, at := w.next(s.Case); kind != guidance.Closed || show(at) != "2026-06-18 15:00" {
		t.Errorf("%s at %s", kind, show(at))
	}
}

// However long a service is away, and however clocks jump, each step comes
// after the one before by its working days, and there are never more than the
// data says.
func TestNeverTwoAtOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.Int64Range(0, int64(2*365*24*time.Hour)).Draw(rt, "asked"))).Truncate(time.Microsecond)
		s := &story{t: t}
		add := func(who guidance.Actor, kind guidance.Kind, data any) {
			at := now
			if s.Case.Changed.After(at) { // as the service does
				at = s.Case.Changed
			}
			s.Log = append(s.Log, guidance.Event{Seq: int64(len(s.Log) + 1), ID: "x", At: at, Actor: who, Kind: kind, Data: data})
			var err error
			if s.Case, err = guidance.Fold(s.Log); err != nil {
				rt.Fatal(err)
			}
		}
		add(asker, guidance.Received, guidance.ReceivedData{Question: "?", Agencies: []string{"hdir"}})
		add(anne, guidance.Assessed, guidance.AssessedData{})
		add(anne, guidance.Asked, ask)
		for range 40 {
			now = now.Add(rapid.SampledFrom([]time.Duration{time.Minute, 26 * time.Hour, 8 * 24 * time.Hour, 60 * 24 * time.Hour, -30 * 24 * time.Hour}).Draw(rt, "jump"))
			kind, data, at := Next(s.Case)
			if kind == "" || now.Before(at) {
				continue
			}
			if last := s.Case.Silence.Last(); at.Sub(last) < 4*24*time.Hour {
				rt.Fatalf("%s at %s, after %s", kind, show(at), show(last))
			}
			add(svc, kind, data)
		}
		if n := len(s.Case.Silence.Reminded); n > len(theWaiting.Remind) || s.Case.State != guidance.Waiting {
			rt.Fatalf("%d reminders, %s", n, s.Case.State)
		}
	})
}

func TestReadWaiting(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"no reminder":    {"remind: [5, 5]", "remind: []", "nobody is warned"},
		"no days":        {"tell: 5", "tell: 0", "tell: 0 is not"},
		"years":          {"reopen: 30", "reopen: 900", "reopen: 900 is not"},
		"negative":       {"close: 0", "close: -1", "close: -1 is not"},
		"no such thing":  {"unconfirmed: [remind", "unconfirmed: [remnd", `no "remnd"`},
		"no nynorsk":     {`nn: "Spørsmål utan svar: avslutt saka eller påminn"`, `nn: ""`, "no words in nn"},
		"an unknown key": {"decide: 5", "decides: 5", "decides"},
	} {
		text := strings.Replace(string(waitingFile), c.old, c.new, 1)
		if _, err := ReadWaiting([]byte(text)); err == nil || !strings.Contains(err.Error(), c.want) || text == string(waitingFile) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
