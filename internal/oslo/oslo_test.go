package oslo

import (
	"testing"
	"time"
	_ "time/tzdata"
)

// The zone is that of the tz database, for as long as anybody keeps a case.
func TestZone(t *testing.T) {
	t.Setenv("ZONEINFO", "")
	want, err := time.LoadLocation("Europe/Oslo")
	if err != nil {
		t.Fatal(err)
	}
	if Zone.String() != "Europe/Oslo" {
		t.Errorf("the zone is called %q", Zone)
	}
	last := time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	for at := time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC); at.Before(last); at = at.Add(time.Hour) {
		if got, want := at.In(Zone).Format(time.RFC3339+" MST"), at.In(want).Format(time.RFC3339+" MST"); got != want {
			t.Fatalf("%v is %s, want %s", at, got, want)
		}
	}
}
