package gateway_test

import (
	"strings"
	"testing"
	"time"

	"kiveileder"
	"kiveileder/gateway"
	"kiveileder/internal/golden"
	"kiveileder/services/conversation"
)

// An exported conversation holds all that was said, masked, and not the key to it.
func TestExport(t *testing.T) {
	store := conversation.NewMemory("epoch")
	g, _ := open(t, gateway.Config{}, over(store, echo))
	id := newID(t, 0)
	at := time.Date(2026, 11, 22, 10, 30, 0, 0, time.UTC)
	for i, e := range []kiveileder.Entry{
		{ID: "a", Text: "Kan vi bruke *journalen* til [navn]? Ring [telefon]."}, // as it is stored
		{ID: "a", ReplyTo: 1, Thread: 1, Answer: &kiveileder.Answer{
			Status: kiveileder.Clarify, Language: kiveileder.Bokmal, Lead: "Det kommer an på formålet.",
			Ask:      &kiveileder.Ask{Fact: "purpose", Question: "Hva er formålet?", Options: []kiveileder.Option{{Value: "research", Label: "Forskning"}}},
			Versions: versions, Notice: "Svaret er automatisk.", Facts: map[string]any{}, Masked: []string{"name", "phone"},
		}},
		{ID: "b", Text: "Forskning"},
		{ID: "b", ReplyTo: 3, Thread: 1, Answer: &kiveileder.Answer{
			Status: kiveileder.Answered, Language: kiveileder.Bokmal, Lead: "Kildene sier:", Facts: map[string]any{"purpose": "research"},
			Citations: []kiveileder.Citation{{
				Source: example.ID, Passage: passages[0].ID, Title: example.Title, Publisher: "Helsedirektoratet", Date: example.Updated,
				Section: passages[0].Section, Quote: passages[0].Text, URL: "/kilder/formal-2024#helseforskning-gdnq",
			}},
			Versions: versions, Notice: "Svaret er automatisk.",
		}},
	} {
		e.At = at.Add(time.Duration(i) * time.Minute)
		if _, _, err := store.Add(t.Context(), keyOf(t, id), e); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ query, file, name, contentType string }{
		{"", "export.md", "ki-veileder.md", "text/markdown; charset=utf-8"},
		{"?format=md", "export.md", "ki-veileder.md", "text/markdown; charset=utf-8"},
		{"?format=json", "export.json", "ki-veileder.json", "application/json; charset=utf-8"},
	} {
		w := do(g, call{path: "/v1/conversation/export" + c.query, header: bearer(id)})
		if w.Code != 200 || w.Header().Get("Content-Type") != c.contentType || w.Header().Get("Content-Disposition") != `attachment; filename="`+c.name+`"` {
			t.Errorf("%q: status %d, %v", c.query, w.Code, w.Header())
		}
		if cc := w.Header().Get("Cache-Control"); cc != "no-store" {
			t.Errorf("%q: Cache-Control %q", c.query, cc)
		}
		for _, secret := range []string{id, keyOf(t, id)} {
			if strings.Contains(w.Body.String(), secret) {
				t.Errorf("%q: %s stands in it", c.query, secret)
			}
		}
		golden.Check(t, c.file, w.Body.String())
	}
	if w := do(g, call{path: "/v1/conversation/export?format=pdf", header: bearer(id)}); w.Code != 400 || w.Header().Get("Content-Disposition") != "" {
		t.Errorf("pdf: status %d, %v", w.Code, w.Header())
	}
}

// What is exported was masked when it was stored.
func TestExportIsMasked(t *testing.T) {
	g, _ := open(t, gateway.Config{}, nil)
	id := newID(t, 0)
	w := do(g, call{method: "POST", path: "/v1/conversation/messages", header: bearer(id),
		body: `{"id":"a","question":"Pasienten 01019012480 nås på kari.nordmann@example.no eller 99 88 77 66","facts":{"note":"01019012480"}}`})
	bodies := []string{w.Body.String()}
	for _, path := range []string{"/v1/conversation", "/v1/conversation/export", "/v1/conversation/export?format=json"} {
		bodies = append(bodies, do(g, call{path: path, header: bearer(id)}).Body.String())
	}
	for _, b := range bodies {
		for _, personal := range []string{"01019012480", "kari.nordmann", "88 77"} {
			if strings.Contains(b, personal) {
				t.Errorf("%s stands in %s", personal, b)
			}
		}
	}
}
