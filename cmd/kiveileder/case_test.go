package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"kiveileder/internal/app"
	"kiveileder/internal/stacktest"
	"kiveileder/services/guidance"
)

// runs runs commands as they are typed.
func runs(args ...string) (stdout, stderr string, err error) {
	var out, errs bytes.Buffer
	err = Main(context.Background(), args, strings.NewReader(""), &out, &errs)
	return out.String(), errs.String(), err
}

// opened makes cases of people with an address, and gives their numbers.
func opened(t *testing.T, cfg app.Config, ids ...string) (numbers []string) {
	t.Helper()
	f, err := app.OpenOffice(t.Context(), cfg, app.Silent())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, id := range ids {
		asker := guidance.Actor{ID: "asker-" + id, Role: guidance.Asker}
		snap, err := f.Cases.Open(t.Context(), id, asker, guidance.ReceivedData{Question: "Hva?", Agencies: []string{"hdir"}}, guidance.Contact{Email: "kari@example.no"})
		if err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, snap.Number)
	}
	return numbers
}

const oneKey, anotherKey = "a key of the tests for what cases hold", "another key of the tests for the same"

// A contact that was sealed by another key is told by its case's number, and
// the others are found all the same.
func TestCaseListByEmail(t *testing.T) {
	cfg := app.Config{Base: app.Base{Data: t.TempDir(), EmbedDim: 1024}}
	cfg.CaseKey = oneKey
	old := opened(t, cfg, "c1")
	cfg.CaseKey = anotherKey
	now := opened(t, cfg, "c2")
	list := func(key string) (string, string, error) {
		return runs("case", "list", "--data", cfg.Data, "--case-key", key, "--email", "KARI@example.no")
	}
	out, errs, err := list(anotherKey)
	if err == nil || !strings.Contains(err.Error(), "did not open: 1") || !strings.Contains(errs, old[0]) || strings.Contains(errs+err.Error(), "kari") {
		t.Errorf("the one that does not open: %q, %v", errs, err)
	}
	if !strings.Contains(out, now[0]) || strings.Contains(out, old[0]) {
		t.Errorf("the one that opens: %s", out)
	}
	out, errs, err = list(anotherKey + "," + oneKey)
	if err != nil || errs != "" || !strings.Contains(out, now[0]) || !strings.Contains(out, old[0]) {
		t.Errorf("with both keys: %s %s %v", out, errs, err)
	}
}

// Without a key nobody is found, so it is not said that nobody is there.
func TestCaseListNeedsKey(t *testing.T) {
	url := stacktest.Postgres(t)
	if _, _, err := runs("migrate", "--database-url", url); err != nil {
		t.Fatal(err)
	}
	if _, _, err := runs("case", "list", "--database-url", url, "--email", "kari@example.no"); err == nil || !strings.Contains(err.Error(), "KIVEILEDER_CASE_KEY") {
		t.Errorf("without a key: %v", err)
	}
	if _, _, err := runs("case", "list", "--database-url", url); err != nil {
		t.Errorf("without an address: %v", err)
	}
}

// A letter that was given up is told with its case's number, and can be
// dismissed.
func TestCaseMails(t *testing.T) {
	cfg := app.Config{Base: app.Base{Data: t.TempDir(), EmbedDim: 1024}}
	number := opened(t, cfg, "c1")[0]
	f, err := app.OpenOffice(t.Context(), cfg, app.Silent())
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().Add(time.Minute)
	m, ok, err := f.Cases.Store.Due(t.Context(), now, now.Add(time.Minute))
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if err := f.Cases.Store.Dead(t.Context(), m, "mail not taken at recipient: 550"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	mails := func(args ...string) (string, error) {
		out, _, err := runs(append([]string{"case", "mails", "--data", cfg.Data}, args...)...)
		return out, err
	}
	if out, err := mails(); err != nil || !strings.Contains(out, m.ID) || !strings.Contains(out, number) || !strings.Contains(out, " c1 ") {
		t.Errorf("%v\n%s", err, out)
	}
	if _, err := mails("--drop", m.ID); err == nil || !strings.Contains(err.Error(), "reason") {
		t.Errorf("dismissed without a reason: %v", err)
	}
	if _, err := mails("--drop", m.ID, "--reason", "Ringt i stedet."); err != nil {
		t.Error(err)
	}
	if _, err := mails("--drop", m.ID, "--reason", "Ringt i stedet."); err == nil {
		t.Error("dismissed twice")
	}
	if out, _, err := runs("case", "show", "--data", cfg.Data, number); err != nil || !strings.Contains(out, "dropped") || !strings.Contains(out, "dismissed") || !strings.Contains(out, "Drift") {
		t.Errorf("the case says %v\n%s", err, out)
	}
	if out, err := mails(); err != nil || strings.Contains(out, m.ID) {
		t.Errorf("after it was dismissed: %v\n%s", err, out)
	}
}

// A variable that is there and empty names no file.
func TestEmptyPath(t *testing.T) {
	for _, name := range []string{"LOGIN", "LOGIN_SECRETS", "TLS_CERT", "TLS_KEY", "TLS_CA"} {
		t.Setenv("KIVEILEDER_"+name, "")
	}
	out, _, err := runs("config")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"LOGIN", "LOGIN_SECRETS", "TLS_CERT", "TLS_KEY", "TLS_CA"} {
		if !strings.Contains(out, "KIVEILEDER_"+name+"= ") {
			t.Errorf("KIVEILEDER_%s is not empty:\n%s", name, out)
		}
	}
	t.Setenv("KIVEILEDER_LOGIN", "providers.yaml")
	if out, _, err = runs("config"); err != nil || !strings.Contains(out, "/providers.yaml ") {
		t.Errorf("a path that is named is not made absolute: %v\n%s", err, out)
	}
}
