package deadline

import (
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"kiveileder"
)

func rules(t testing.TB) *Rules {
	t.Helper()
	r, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// oslo reads "2026-03-27 14:45" as the time in Norway.
func oslo(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", s, Oslo)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func show(t time.Time) string { return t.In(Oslo).Format("2006-01-02 15:04") }

func TestEaster(t *testing.T) {
	for year, want := range map[int]string{
		1954: "1954-04-18", 1981: "1981-04-19", // the two exceptions of the computus
		2024: "2024-03-31", 2025: "2025-04-20", 2026: "2026-04-05", 2027: "2027-03-28",
		2028: "2028-04-16", 2029: "2029-04-01", 2030: "2030-04-21",
		2038: "2038-04-25", 2285: "2285-03-22", // the last and the first day it can be
	} {
		if got := easter(year).String(); got != want {
			t.Errorf("Easter %d: %s, want %s", year, got, want)
		}
	}
}

func TestFreeDays(t *testing.T) {
	cal := rules(t).Calendar("hdir")
	for _, c := range []struct {
		day, name string
		free      bool
	}{
		{"2024-05-17", "Grunnlovsdagen", true},
		{"2024-05-20", "2. pinsedag", true},
		{"2025-04-16", "", false}, // before Maundy Thursday: half a day
		{"2025-04-17", "Skjærtorsdag", true},
		{"2026-04-03", "Langfredag", true},
		{"2026-04-06", "2. påskedag", true},
		{"2026-12-24", "Julaften", true},
		{"2026-12-31", "Nyttårsaften", true},
		{"2027-01-01", "1. nyttårsdag", true},
		{"2028-05-25", "Kristi himmelfartsdag", true},
		{"2029-05-01", "Offentlig høytidsdag 1. mai", true},
		{"2030-05-30", "Kristi himmelfartsdag", true},
		{"2030-06-01", "", true}, // a Saturday
		{"2030-06-03", "", false},
	} {
		name, free := cal.free(oslo(t, c.day+" 12:00"), kiveileder.Bokmal)
		if name != c.name || free != c.free {
			t.Errorf("%s: %q, free %v; want %q, %v", c.day, name, free, c.name, c.free)
		}
	}
}

func TestAdd(t *testing.T) {
	cal := rules(t).Calendar("hdir")
	hours := func(h float64) Working { return Working{Time: time.Duration(h * float64(time.Hour))} }
	for _, c := range []struct {
		why, from string
		add       Working
		want      string
	}{
		{"the day it came is not counted", "2026-06-08 09:00", Working{Days: 1}, "2026-06-09 15:00"},
		{"nor is the hour it came", "2026-06-08 23:59", Working{Days: 1}, "2026-06-09 15:00"},
		{"what comes on a Saturday is begun on Monday", "2026-06-06 11:00", Working{Days: 1}, "2026-06-08 15:00"},
		{"1 May, Ascension Day, and summer hours from 15 May", "2024-04-30 12:00", Working{Days: 10}, "2024-05-16 15:00"},
		{"17 May and Whit Monday", "2024-05-16 10:00", Working{Days: 1}, "2024-05-21 15:00"},
		{"17 May that is Whit Monday too", "2027-05-14 10:00", Working{Days: 1}, "2027-05-18 15:00"},
		{"Christmas", "2025-12-22 10:00", Working{Days: 3}, "2025-12-30 15:45"},
		{"Easter, after half a day", "2026-03-31 09:00", Working{Days: 2}, "2026-04-07 15:45"},
		{"half a day is a day", "2026-03-31 09:00", Working{Days: 1}, "2026-04-01 12:00"},
		{"half a day has four hours", "2026-04-01 08:00", hours(5), "2026-04-07 09:00"},
		{"a leap day", "2028-02-28 10:00", Working{Days: 1}, "2028-02-29 15:45"},
		{"New Year", "2029-12-28 15:00", hours(1), "2030-01-02 08:15"},
		{"to the close is still the day", "2026-06-08 14:00", hours(1), "2026-06-08 15:00"},
		{"days, then time", "2026-06-08 14:00", Working{Days: 1, Time: time.Hour}, "2026-06-10 09:00"},
		{"nothing to do is done when work begins", "2026-06-06 11:00", Working{}, "2026-06-08 08:00"},
		{"nothing to do at work", "2026-06-08 11:07", Working{}, "2026-06-08 11:07"},
		{"less than nothing is nothing", "2026-06-08 11:07", Working{Days: -3, Time: -time.Hour}, "2026-06-08 11:07"},
		{"summer time begins at the weekend", "2026-03-27 14:45", hours(2), "2026-03-30 09:00"},
		{"summer time ends at the weekend", "2026-10-23 14:45", hours(2), "2026-10-26 09:00"},
	} {
		if got := show(cal.Add(oslo(t, c.from), c.add)); got != c.want {
			t.Errorf("%s: %s + %+v = %s, want %s", c.why, c.from, c.add, got, c.want)
		}
	}
}

// The instants around summer time, in UTC: the wall clock stays, they move.
func TestSummerTimeInUTC(t *testing.T) {
	cal := rules(t).Calendar("hdir")
	for from, want := range map[string]string{
		"2026-03-27 14:45": "2026-03-30T07:00:00Z",
		"2026-10-23 14:45": "2026-10-26T08:00:00Z",
	} {
		if got := cal.Add(oslo(t, from), Working{Time: 2 * time.Hour}).UTC().Format(time.RFC3339); got != want {
			t.Errorf("%s + 2 h = %s, want %s", from, got, want)
		}
	}
}

func TestBetween(t *testing.T) {
	cal := rules(t).Calendar("hdir")
	for _, c := range []struct{ from, to, want string }{
		{"2026-06-08 08:00", "2026-06-08 15:00", "7h0m0s"},
		{"2026-06-08 00:00", "2026-06-09 00:00", "7h0m0s"},
		{"2026-01-12 00:00", "2026-01-13 00:00", "7h45m0s"},
		{"2026-05-14 00:00", "2026-05-16 00:00", "7h0m0s"}, // Ascension Day, then a summer day
		{"2026-04-01 00:00", "2026-04-07 08:00", "4h0m0s"}, // half a day, then Easter
		{"2026-06-08 15:00", "2026-06-09 08:00", "0s"},
		{"2026-06-09 10:00", "2026-06-08 10:00", "0s"}, // backwards
		{"2026-03-28 00:00", "2026-03-30 00:00", "0s"}, // the night of summer time
	} {
		if got := cal.Between(oslo(t, c.from), oslo(t, c.to)).String(); got != c.want {
			t.Errorf("%s to %s: %s, want %s", c.from, c.to, got, c.want)
		}
	}
}

func TestOpen(t *testing.T) {
	cal := rules(t).Calendar("none that is known") // has the usual hours
	for at, want := range map[string]bool{
		"2026-06-08 07:59": false, "2026-06-08 08:00": true, "2026-06-08 14:59": true, "2026-06-08 15:00": false,
		"2026-06-06 10:00": false, "2026-12-24 10:00": false,
	} {
		if got := cal.open(oslo(t, at)); got != want {
			t.Errorf("open at %s: %v", at, got)
		}
	}
}

// A year has as many working days as the state counts.
func TestWorkingDaysOfYears(t *testing.T) {
	cal := rules(t).Calendar("hdir")
	got := map[int]int{}
	for d := (day{2024, time.January, 1}); d.year <= 2030; d = d.plus(1) {
		if _, ok := cal.work(d); ok {
			got[d.year]++
		}
	}
	want := map[int]int{}
	for year := 2024; year <= 2030; year++ { // counted another way: weekdays less the free ones among them
		free := []string{"01-01", "05-01", "05-17", "12-24", "12-25", "12-26", "12-31"}
		sunday := easter(year)
		for _, off := range []int{-3, -2, 1, 39, 50} {
			free = append(free, sunday.plus(off).String()[5:])
		}
		slices.Sort(free)
		free = slices.Compact(free)
		for at := time.Date(year, 1, 1, 12, 0, 0, 0, time.UTC); at.Year() == year; at = at.AddDate(0, 0, 1) {
			weekend := at.Weekday() == time.Saturday || at.Weekday() == time.Sunday
			if !weekend && !slices.Contains(free, at.Format("01-02")) {
				want[year]++
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("working days (-want +got):\n%s", diff)
	}
}

// The agencies behind the service all have hours, under the keys of the rules.
func TestAgenciesAreKnown(t *testing.T) {
	b, err := os.ReadFile("../../../corpus/rules/agencies.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var list []struct {
		Agency    string `yaml:"agency"`
		InService bool   `yaml:"in_service"`
	}
	if err := yaml.Unmarshal(b, &list); err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for _, a := range list {
		if a.InService {
			want[a.Agency] = true
		}
	}
	got := map[string]bool{}
	for a := range rules(t).agencies {
		got[a] = true
	}
	if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
		t.Errorf("agencies of the service and of calendar.yaml (-want +got):\n%s", diff)
	}
}

func ExampleCalendar_Add() {
	r, _ := Default()
	friday := time.Date(2026, time.December, 18, 10, 0, 0, 0, Oslo)
	due := r.Calendar("hdir").Add(friday, Working{Days: 5})
	fmt.Println(due.Format("Mon 2 Jan 2006 15:04"))
	// Output: Tue 29 Dec 2026 15:45
}

func BenchmarkStatus(b *testing.B) {
	r := rules(b)
	c := Clock{Start: oslo(b, "2026-06-08 09:00")}.pause(oslo(b, "2026-06-10 09:00"), "")
	at := oslo(b, "2026-06-20 09:00")
	for b.Loop() {
		r.At(c, r.Calendar("hdir"), at)
	}
}

// Years that are kept say what would be computed, whoever asks first.
func TestKeptYears(t *testing.T) {
	r, err := Parse(calendarFile, targetsFile) // its own: nothing is kept yet
	if err != nil {
		t.Fatal(err)
	}
	cal := r.Calendar("hdir")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for d := (day{1998, time.January, 1}); d.year < 2033; d = d.plus(3) {
				got, ok := cal.work(d)
				if want, wantOK := cal.compute(d); ok != wantOK || ok && got != want {
					t.Errorf("%v: %v %v, want %v %v", d, got, ok, want, wantOK)
				}
			}
		})
	}
	wg.Wait()
}

// open reports whether somebody works at t.
func (c *Calendar) open(t time.Time) bool {
	s, ok := c.work(dayOf(t))
	return ok && !t.Before(s.from) && t.Before(s.to)
}

// free reports whether nobody works on the day of t, and the day's name in a
// language if it has one; a weekend has none.
func (c *Calendar) free(t time.Time, lang kiveileder.Language) (name string, free bool) {
	d := dayOf(t)
	if _, ok := c.work(d); ok {
		return "", false
	}
	for _, s := range c.days {
		if s.free && s.on(d) {
			return s.name[lang], true
		}
	}
	return "", true
}
