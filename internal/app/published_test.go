package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kiveileder"
	"kiveileder/internal/app"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/register"
)

// What agencies have answered is given to the next who asks the same in other
// words, though rules speak of its subject too, and to nobody who asks of
// something else.
func TestAnsweredBefore(t *testing.T) {
	if testing.Short() {
		t.Skip("loads the model")
	}
	t.Parallel()
	cfg := app.Config{Base: app.Base{Data: t.TempDir()}}
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	docs, err := register.NewDocuments("2026-11-22", strings.ToUpper, nil, register.Entry{
		Number: "KI-2026-0042", URL: "/svar/KI-2026-0042", Title: "Navn på leverandøren i informasjon til pasienten",
		Question: "Må informasjonen til pasienten si hvilken leverandør som har laget KI-verktøyet?",
		Answer:   "Nei, det er ikke et krav. Det viktige er at pasienten forstår at KI brukes, til hva, og hva det betyr for helsehjelpen.",
		Agencies: []string{"hdir"}, Language: kiveileder.Bokmal, Published: at, Current: at, Updated: at, Status: guidance.Valid,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(cfg.Data, "sources"), 0o755); err != nil {
		t.Fatal(err)
	}
	if n, err := docs.Put(cfg.Data); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	a, err := app.New(t.Context(), cfg, app.Silent())
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	for q, want := range map[string]bool{
		"Er det krav om å fortelle pasienten hvem som er leverandør av KI-verktøyet?":   true, // the rules know of informing patients
		"Må informasjonen til pasienten seie kva leverandør som har laga KI-verktøyet?": true,
		"Kan leverandøren kontakte pasientene våre direkte?":                            false,
		"Hvor mange leverandører av KI-verktøy er det i Norge?":                         false,
	} {
		x, err := a.Turn(t.Context(), kiveileder.Turn{Question: q})
		if err != nil {
			t.Fatal(err)
		}
		by := ""
		if len(x.Citations) > 0 {
			by = x.Citations[0].Source
		}
		if got := x.Status == kiveileder.Answered && by == "svar-ki-2026-0042"; got != want {
			t.Errorf("%q is %s, first quoted %s", q, x.Status, by)
		}
	}
}
