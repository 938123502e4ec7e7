package deadline

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/goccy/go-yaml"

	"kiveileder"
)

//go:embed calendar.yaml
var calendarFile []byte

//go:embed targets.yaml
var targetsFile []byte

// Default gives the rules that are in the binary.
var Default = sync.OnceValues(func() (*Rules, error) { return Parse(calendarFile, targetsFile) })

// Rules are calendars and targets. They are not changed once made and may be
// used by many.
type Rules struct {
	Targets []Target

	days      []special
	hours     map[string]*Calendar
	agencies  map[string]string
	otherwise string
}

// Text is a text in the languages of the service.
type Text map[kiveileder.Language]string

// the files as they are written
type (
	calendarData struct {
		Holidays []dayData         `yaml:"holidays"`
		Special  []dayData         `yaml:"special"`
		Hours    []hoursData       `yaml:"hours"`
		Default  string            `yaml:"default"`
		Agencies map[string]string `yaml:"agencies"`
	}
	dayData struct {
		Date        string `yaml:"date"`
		Easter      *int   `yaml:"easter"`
		Closes      string `yaml:"closes"`
		Name        Text   `yaml:"name"`
		Unconfirmed bool   `yaml:"unconfirmed"`
	}
	hoursData struct {
		Hours       string       `yaml:"hours"`
		Unconfirmed bool         `yaml:"unconfirmed"`
		Weekdays    []string     `yaml:"weekdays"`
		Periods     []periodData `yaml:"periods"`
	}
	periodData struct {
		From   string `yaml:"from"`
		To     string `yaml:"to"`
		Opens  string `yaml:"opens"`
		Closes string `yaml:"closes"`
	}
	targetsData struct {
		Targets []targetData `yaml:"targets"`
	}
	targetData struct {
		Target  string `yaml:"target"`
		Name    Text   `yaml:"name"`
		Elapsed string `yaml:"elapsed"`
		Working *struct {
			Days  int    `yaml:"days"`
			Hours string `yaml:"hours"`
		} `yaml:"working"`
		Months      int       `yaml:"months"`
		Free        string    `yaml:"free"`
		Soon        string    `yaml:"soon"`
		Pauses      bool      `yaml:"pauses"`
		Exempt      bool      `yaml:"exempt"`
		Unconfirmed bool      `yaml:"unconfirmed"`
		Law         []lawData `yaml:"law"`
	}
	lawData struct {
		Act         string `yaml:"act"`
		Paragraph   string `yaml:"paragraph"`
		Says        string `yaml:"says"`
		Source      string `yaml:"source"`
		InForce     bool   `yaml:"in_force"`
		From        string `yaml:"from"`
		Until       string `yaml:"until"`
		Binding     bool   `yaml:"binding"`
		Unconfirmed bool   `yaml:"unconfirmed"`
	}
)

// Parse reads rules and lints them: the error names everything that is wrong,
// each in a line of its own with where it stands.
func Parse(calendar, targets []byte) (*Rules, error) {
	var c calendarData
	if err := yaml.UnmarshalWithOptions(calendar, &c, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("calendar.yaml: %w", err)
	}
	var t targetsData
	if err := yaml.UnmarshalWithOptions(targets, &t, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("targets.yaml: %w", err)
	}
	l := &linter{rules: &Rules{hours: map[string]*Calendar{}, agencies: map[string]string{}}}
	l.calendar(c)
	for _, d := range t.Targets {
		l.target(d)
	}
	if len(t.Targets) == 0 {
		l.bad("targets.yaml", "no targets")
	}
	if len(l.problems) > 0 {
		return nil, errors.Join(l.problems...)
	}
	return l.rules, nil
}

// Calendar gives the calendar of an agency, the usual one when it has none of
// its own.
func (r *Rules) Calendar(agency string) *Calendar {
	if key, ok := r.agencies[agency]; ok {
		return r.hours[key]
	}
	return r.hours[r.otherwise]
}

// Target gives the target of a key.
func (r *Rules) Target(key string) (Target, bool) {
	i := slices.IndexFunc(r.Targets, func(t Target) bool { return t.Key == key })
	if i < 0 {
		return Target{}, false
	}
	return r.Targets[i], true
}

// parseClock reads a time of day, 00:00 to 24:00.
func parseClock(s string) (clock, error) {
	if s == "24:00" {
		return 24 * 60, nil
	}
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != 5 {
		return 0, fmt.Errorf("%q is not a time of day such as 08:00", s)
	}
	return clock(t.Hour()*60 + t.Minute()), nil
}

// monthDay is a date of any year as month*100 + day.
func parseMonthDay(s string) (int, error) {
	t, err := time.Parse("2006-01-02", "2024-"+s) // a leap year: 02-29 is a date
	if err != nil || strings.Count(s, "-") != 1 {
		return 0, fmt.Errorf("%q is not a date such as 05-17", s)
	}
	return int(t.Month())*100 + t.Day(), nil
}
