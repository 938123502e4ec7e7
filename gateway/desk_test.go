package gateway_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kiveileder"
	"kiveileder/gateway"
	"kiveileder/gateway/login"
	"kiveileder/services/guidance"
	"kiveileder/services/queue"
)

// In which role somebody acts: the one that may, of those they have.
func TestActor(t *testing.T) {
	const lawyer, lead, analyst, admin, asker = login.Lawyer, login.Lead, login.Analyst, login.Admin, login.Asker
	hdir := login.Resource{Agencies: []string{"hdir"}}
	dmp := login.Resource{Agencies: []string{"dmp"}}
	for _, c := range []struct {
		name       string
		roles      []login.Role
		kind       guidance.Kind
		permission string
		on         login.Resource
		want       login.Role
	}{
		{"a lawyer reads", []login.Role{asker, lawyer}, "", "", hdir, lawyer},
		{"a lead reads as a lead", []login.Role{asker, lawyer, lead}, "", "", hdir, lead},
		{"a lead claims as a lead, who may too", []login.Role{lawyer, lead}, guidance.Claimed, "case.work", hdir, lead},
		{"a lead bypasses", []login.Role{lead, lawyer}, guidance.Bypassed, "case.bypass", hdir, lead},
		{"a lawyer cannot bypass, and is refused as one", []login.Role{lawyer}, guidance.Bypassed, "case.bypass", hdir, lawyer},
		{"an analyst begins no work", []login.Role{analyst}, guidance.Claimed, "case.work", hdir, analyst},
		{"an analyst who is a lawyer claims as that", []login.Role{analyst, lawyer}, guidance.Claimed, "case.work", hdir, lawyer},
		{"an administrator anonymises", []login.Role{admin}, guidance.Anonymised, "case.anonymise", dmp, admin},
		{"so does one who is a lead", []login.Role{lead, admin}, guidance.Anonymised, "case.anonymise", dmp, admin},
		{"one who is a lead reassigns at home as that", []login.Role{lead, admin}, "", "case.reassign", hdir, lead},
		{"and elsewhere as an administrator", []login.Role{lead, admin}, guidance.Uninvited, "case.reassign", dmp, admin},
		{"an asker is nobody here", []login.Role{asker}, guidance.Claimed, "case.work", hdir, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			table := permissions(t)
			p := login.Person{ID: "p", Name: "Ola", Agency: "hdir", Roles: c.roles}
			var may func(login.Person) bool
			if c.permission != "" {
				may = func(p login.Person) bool { return table.May(p, c.permission, c.on) }
			}
			want := guidance.Actor{ID: "p", Name: "Ola", Agency: "hdir", Role: guidance.Role(c.want)}
			if got := gateway.ActorOf(p, c.kind, may); got != want {
				t.Errorf("acts as %+v, want %+v", got, want)
			}
		})
	}
}

// A command comes to the desk as it was sent, by who is signed in.
func TestDeskCommand(t *testing.T) {
	b := newBureau(t)
	ola := b.people["hdir"]
	w := ola.ask("POST", "/v1/cases/hdir/commands", `{"id":"c1","kind":"signed","data":{"agency":"hdir","verdict":"approve","html":"<b>"},"seen":6,"actor":{"id":"evil","role":"system"}}`)
	if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("status %d, %v", w.Code, w.Header())
	}
	want := []guidance.Command{{
		ID: "c1", Kind: guidance.Signed, Data: json.RawMessage(`{"agency":"hdir","verdict":"approve","html":"<b>"}`), Seen: 6,
		Actor: guidance.Actor{ID: ola.ID, Name: "Ola Jurist", Role: guidance.Lawyer, Agency: "hdir"},
	}}
	if diff := cmp.Diff(want, b.desk.did); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
	if got := parse[queue.DeskResult](t, w.Body); got.Case.ID != "hdir" || got.Case.Title != "<script>alert(1)</script>" {
		t.Errorf("answer %+v", got)
	}
}

// What is refused says why, in the language of who asks, with what there is.
func TestDeskRefusals(t *testing.T) {
	type body struct {
		Error   struct{ Code, Message, Request string }
		Refused queue.Refusal
		Case    *queue.DeskCase
	}
	conflict := &queue.Refusal{Code: kiveileder.CodeConflict, Guard: "moved", Events: []guidance.Event{{Seq: 7, Kind: guidance.Claimed, Data: guidance.ClaimedData{}}}}
	guard := &queue.Refusal{Code: kiveileder.CodeConflict, Guard: "holder", Text: guidance.TheFlow.Guards["holder"]}
	reused := &queue.Refusal{Code: kiveileder.CodeConflict, Guard: "reused", Text: guidance.ErrReused.Texts}
	role := &queue.Refusal{Code: kiveileder.CodeInvalid, Guard: "role", Text: guidance.TheFlow.Guards["role"], Forbidden: true}
	for _, c := range []struct {
		name     string
		refusal  *queue.Refusal
		language string
		status   int
		says     string
	}{
		{"the case has moved", conflict, "nn", 409, "slik saka står no"},
		{"a guard", guard, "en", 409, "Claim the case first."},
		{"a guard, in bokmål when nothing is preferred", guard, "fr", 409, "Ta saken først."},
		{"an id that stands for something else", reused, "nn", 409, "id som alt er brukt til noko anna"},
		{"a matter of rights", role, "nb", 403, "Rollen din kan ikke gjøre dette."},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBureau(t)
			b.desk.result.Refused = c.refusal
			w := b.people["hdir"].ask("POST", "/v1/cases/hdir/commands", `{"id":"c1","kind":"claimed","seen":1}`, "Accept-Language", c.language)
			got := parse[body](t, w.Body)
			if w.Code != c.status || !strings.Contains(got.Error.Message, c.says) || got.Error.Code != string(c.refusal.Code) || got.Error.Request == "" {
				t.Errorf("status %d, %+v", w.Code, got.Error)
			}
			if got.Case == nil || got.Case.Seq != 7 || len(got.Refused.Events) != len(c.refusal.Events) || got.Refused.Guard != c.refusal.Guard {
				t.Errorf("refused %+v, case %+v", got.Refused, got.Case)
			}
		})
	}
	t.Run("the kind is not allowed", func(t *testing.T) {
		b := newBureau(t)
		w := b.people["hdir"].ask("POST", "/v1/cases/both/commands", `{"id":"c1","kind":"bypassed","seen":1}`, "Accept-Language", "en")
		if got := parse[body](t, w.Body); w.Code != 403 || got.Refused.Guard != "role" || got.Case != nil || !strings.Contains(got.Error.Message, "may not") || len(b.desk.did) > 0 {
			t.Errorf("status %d, %+v", w.Code, got)
		}
	})
	t.Run("a lease that is lost", func(t *testing.T) {
		b := newBureau(t)
		b.desk.beat.Refused = &queue.Refusal{Code: kiveileder.CodeInvalid, Guard: "holder", Text: guidance.TheFlow.Guards["holder"], Forbidden: true}
		if w := b.people["hdir"].ask("POST", "/v1/cases/hdir/beat", ""); w.Code != 409 {
			t.Errorf("status %d", w.Code)
		}
	})
	t.Run("an administrator is not shown the case", func(t *testing.T) {
		b := newBureau(t)
		b.desk.result.Refused = conflict
		w := b.people["drift"].ask("PUT", "/v1/cases/both/agencies", `{"agencies":["hdir"],"reason":"r"}`)
		got := parse[body](t, w.Body)
		if w.Code != 409 || got.Case != nil || len(got.Refused.Events) > 0 || b.desk.who.Role != guidance.Admin {
			t.Errorf("status %d, %+v as %+v", w.Code, got, b.desk.who)
		}
	})
	t.Run("the desk is away", func(t *testing.T) {
		b := newBureau(t)
		b.desk.err = errors.New("dial 10.0.0.7")
		if w := b.people["hdir"].ask("GET", "/v1/cases/hdir", ""); w.Code != 500 || strings.Contains(w.Body.String(), "10.0.0.7") {
			t.Errorf("status %d, %s", w.Code, w.Body)
		}
	})
}

// What cannot be read is refused before it comes anywhere.
func TestDeskBadRequests(t *testing.T) {
	b := newBureau(t)
	ola := b.people["hdir"]
	const path = "/v1/cases/hdir/commands"
	for _, c := range []struct{ name, method, path, body string }{
		{"no JSON", "POST", path, `{"id":`},
		{"a list", "POST", path, `[]`},
		{"no kind", "POST", path, `{"id":"a"}`},
		{"no id", "POST", path, `{"kind":"claimed"}`},
		{"a bad id", "POST", path, `{"id":"<script>","kind":"claimed"}`},
		{"seen before all", "POST", path, `{"id":"a","kind":"claimed","seen":-1}`},
		{"seen is a text", "POST", path, `{"id":"a","kind":"claimed","seen":"1"}`},
		{"ten megabytes", "POST", path, `{"id":"a","kind":"noted","data":{"agency":"hdir","text":"` + strings.Repeat("a", 10<<20) + `"}}`},
		{"not UTF-8", "POST", path, "{\"id\":\"a\",\"kind\":\"noted\",\"data\":{\"text\":\"\xff\"}}"},
		{"ten megabytes kept", "PUT", "/v1/desk/kept/draft:hdir", `"` + strings.Repeat("a", 10<<20) + `"`},
		{"nothing kept", "PUT", "/v1/desk/kept/draft:hdir", ``},
		{"kept as what the service notes", "PUT", "/v1/desk/kept/seen:hdir", `9`},
		{"kept under no name", "PUT", "/v1/desk/kept/draft:", `9`},
		{"kept under a long name", "PUT", "/v1/desk/kept/view:" + strings.Repeat("%C3%A5", 40), `9`},
		{"kept under a line break", "PUT", "/v1/desk/kept/view:a%0Ab", `9`},
		{"all that is kept", "GET", "/v1/desk/kept", ``},
		{"what the service notes", "GET", "/v1/desk/kept?prefix=seen:", ``},
		{"agencies that are none", "PUT", "/v1/cases/hdir/agencies", `{"agencies":"hdir"}`},
		{"an unknown state", "GET", "/v1/cases?state=assessment&state=lost", ``},
		{"a flag that is none", "GET", "/v1/cases?late=yes", ``},
		{"no limit at all", "GET", "/v1/cases?limit=0", ``},
		{"a large limit", "GET", "/v1/cases?limit=201", ``},
		{"a long search", "GET", "/v1/cases?q=" + strings.Repeat("a", 501), ``},
		{"an unknown format", "GET", "/v1/cases/hdir/export?format=docx", ``},
	} {
		t.Run(c.name, func(t *testing.T) {
			who := ola
			if c.method == "PUT" && strings.Contains(c.path, "agencies") {
				who = b.people["leder"]
			}
			if w := who.ask(c.method, c.path, c.body); w.Code != http.StatusBadRequest || len(b.desk.did)+len(b.desk.kept) > 0 {
				t.Errorf("status %d, %.200s", w.Code, w.Body)
			}
		})
	}
}

func TestDeskList(t *testing.T) {
	b := newBureau(t)
	w := b.people["leder"].ask("GET", "/v1/cases?state=assessment&state=signoff&agency=hdir&holder=me&q=+REK+&late=1&unread=1&review=0&sign=1&after=x&limit=7", "")
	want := queue.DeskQuery{
		States: []guidance.State{guidance.Assessment, guidance.AtSignOff}, Agency: "hdir", Holder: "me", Text: "REK", Late: true, Unread: true, Sign: true, After: "x", Limit: 7,
	}
	if diff := cmp.Diff(want, b.desk.query); diff != "" || b.desk.who.Role != guidance.Lead {
		t.Errorf("as %+v (-want +got):\n%s", b.desk.who, diff)
	}
	if !strings.Contains(w.Body.String(), `"cases":[]`) {
		t.Errorf("a list that is empty is no list: %s", w.Body)
	}
}

// Who asked is told without the key of the conversation.
func TestDeskContact(t *testing.T) {
	b := newBureau(t)
	w := b.people["hdir"].ask("GET", "/v1/cases/hdir/contact", "")
	if got := strings.TrimSpace(w.Body.String()); got != `{"name":"Kari","email":"kari@example.no"}` {
		t.Errorf("contact %s", got)
	}
}

// A file runs nothing in the browser, whatever stands in it.
func TestDeskExport(t *testing.T) {
	b := newBureau(t)
	h := b.people["hdir"].ask("GET", "/v1/cases/hdir/export?format=html", "").Header()
	if !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") || !strings.HasPrefix(h.Get("Content-Security-Policy"), "sandbox;") || h.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", h)
	}
}

// What people keep is their own, under any name.
func TestDeskKept(t *testing.T) {
	b := newBureau(t)
	ola, mari := b.people["hdir"], b.people["dmp"]
	if w := ola.ask("PUT", "/v1/desk/kept/view:Mine%20%C3%A5pne%2Fnye", `{"q":"<b>"}`); w.Code != http.StatusNoContent {
		t.Fatalf("status %d, %s", w.Code, w.Body)
	}
	ola.ask("PUT", "/v1/desk/kept/draft:hdir", `"tekst"`)
	for key := range b.desk.kept {
		if strings.ContainsFunc(key, func(r rune) bool { return r > '~' }) {
			t.Errorf("kept under %q", key)
		}
	}
	if got := strings.TrimSpace(ola.ask("GET", "/v1/desk/kept?prefix=view:Mine%20", "").Body.String()); got != `{"kept":{"view:Mine åpne/nye":{"q":"<b>"}}}` {
		t.Errorf("kept %s", got)
	}
	if got := strings.TrimSpace(mari.ask("GET", "/v1/desk/kept?prefix=view:", "").Body.String()); got != `{"kept":{}}` {
		t.Errorf("another's: %s", got)
	}
	ola.ask("DELETE", "/v1/desk/kept/draft:hdir", "")
	if len(b.desk.kept) != 1 {
		t.Errorf("kept after all %v", b.desk.kept)
	}
}

// The desk's page says whose it is, is stored nowhere, and is not packed.
func TestDeskPage(t *testing.T) {
	b := newBureau(t)
	w := b.people["hdir"].ask("GET", "/desk/hdir", "", "Accept", "text/html", "Accept-Encoding", "gzip")
	if w.Code != 200 || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Content-Encoding") != "" || w.Header().Get("Content-Security-Policy") == "" || !strings.Contains(w.Body.String(), "Ola Jurist") {
		t.Errorf("status %d, %v", w.Code, w.Header())
	}
	w = b.nobody().ask("GET", "/desk/hdir?x=1", "", "Accept", "text/html")
	if to := w.Header().Get("Location"); w.Code != http.StatusSeeOther || to != "/login?to=%2Fdesk%2Fhdir%3Fx%3D1" {
		t.Errorf("nobody: status %d, to %q", w.Code, to)
	}
}

// People who are not let in get a page, programs JSON.
func TestRefuse(t *testing.T) {
	g, _ := open(t, gateway.Config{}, nil)
	for _, c := range []struct{ path, accept, holds string }{
		{"/desk", "text/html", "<h1>Du &lt;b&gt;"}, {"/desk", "*/*", `"message":"Du <b>"`}, {"/v1/cases", "text/html", `"code":"forbidden"`},
	} {
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { g.Refuse(w, r, 403, "forbidden", "Du <b>") })
		if w := do(h, call{path: c.path, header: map[string]string{"Accept": c.accept}}); w.Code != 403 || !strings.Contains(w.Body.String(), c.holds) {
			t.Errorf("%s as %s: %d, %s", c.path, c.accept, w.Code, w.Body)
		}
	}
}
