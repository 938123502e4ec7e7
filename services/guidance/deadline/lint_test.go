package deadline

import (
	"strings"
	"testing"
)

// Each change of the files is refused with words that say what to mend.
func TestLint(t *testing.T) {
	for _, c := range []struct{ old, bad, want string }{
		{`{date: "01-01", name`, `{date: "13-01", name`, `holiday 1. nyttårsdag: "13-01" is not a date such as 05-17`},
		{`{date: "01-01", name`, `{name`, "holiday 1. nyttårsdag: give either date or easter"},
		{`{easter: -3, name`, `{easter: -2, name`, "holiday Langfredag: the day is there twice"},
		{`{easter: -3, name`, `{easter: -300, name`, "-300 days leave the year"},
		{`{easter: -3, name`, `{easter: -3, closes: "12:00", name`, "nobody works on a holiday"},
		{`en: "Maundy Thursday"`, `en: ""`, "holiday Skjærtorsdag: name: en is missing"},
		{`closes: "12:00", unconfirmed`, `closes: "12", unconfirmed`, `"12" is not a time of day such as 08:00`},
		{`{date: "12-24", unconf`, `{dato: "12-24", unconf`, "calendar.yaml: "},
		{`weekdays: [mon,`, `weekdays: [man,`, `hours state: weekday "man" is none of`},
		{`to: "05-14"`, `to: "05-13"`, "hours state: 05-14 is in 0 periods, must be in one"},
		{`to: "05-14"`, `to: "05-15"`, "hours state: 05-15 is in 2 periods, must be in one"},
		{`opens: "08:00", closes: "15:00"`, `opens: "16:00", closes: "15:00"`, "period from 05-15 closes before it opens"},
		{`default: state`, `default: none`, `default: no hours "none"`},
		{`dmp: state`, `dmp: none`, `agency dmp: no hours "none"`},

		{"elapsed: 1m", "elapsed: 1 minute", `target receipt: elapsed: "1 minute" is not a time`},
		{"elapsed: 1m", "months: 1", "target receipt: free: \"\", must be before or after"},
		{"elapsed: 1m", "elapsed: 1m\n    months: 1\n    free: after", "target receipt: give one of elapsed, working, months"},
		{"elapsed: 1m", "elapsed: 1m\n    pauses: true", "target receipt: pauses: the clock runs on"},
		{"working: {days: 3}", "working: {days: 0}", "target assessment: working: give 1 to 366 days, or hours"},
		{"working: {days: 3}", "working: {days: 3}\n    free: after", "target assessment: free: only where months are counted"},
		{"months: 1", "months: 25", "target preliminary: months: 25, give 1 to 24"},
		{"free: before", "free: never", `target preliminary: free: "never"`},
		{"free: before", "free: before\n    pauses: true", "target preliminary: pauses: months run on"},
		{"- target: answer", "- target: assessment", "target assessment: the key is missing or there twice"},
		{"    exempt: true\n    unconfirmed: true   # the", "    exempt: true   # the", "target assessment: rests on no law: say unconfirmed"},
		{"- act: LOV-1967-02-10\n", "- act: \"\"\n", "forvaltningsloven (1967) § 11 a: law: act is missing"},
		{"in_force: false\n        binding: true", "from: \"2027-01-01\"\n        binding: true", "law: has dates but in_force is not true"},
		{"in_force: false\n        binding: true", "in_force: true\n        from: soon\n        binding: true", `law: "soon" is not a date`},
	} {
		calendar, targets := string(calendarFile), string(targetsFile)
		switch {
		case strings.Contains(calendar, c.old):
			calendar = strings.Replace(calendar, c.old, c.bad, 1)
		case strings.Contains(targets, c.old):
			targets = strings.Replace(targets, c.old, c.bad, 1)
		default:
			t.Errorf("%q stands in no file", c.old)
			continue
		}
		if _, err := Parse([]byte(calendar), []byte(targets)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q for %q: %v\nwant %s", c.bad, c.old, err, c.want)
		}
	}
}

func TestLintOfNothing(t *testing.T) {
	_, err := Parse(nil, nil)
	for _, want := range []string{"no holidays", `no hours ""`, "no targets"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// However the files are cut off, they are refused or read, never a panic.
func FuzzParse(f *testing.F) {
	f.Add(calendarFile, targetsFile)
	f.Add(calendarFile[:900], targetsFile[:900])
	f.Add([]byte("holidays: [{easter: 99999999999}]"), []byte("targets: [{working: {days: -1}}]"))
	f.Fuzz(func(t *testing.T, calendar, targets []byte) {
		if r, err := Parse(calendar, targets); err == nil {
			r.At(Clock{Start: first}, r.Calendar(""), first)
		}
	})
}
