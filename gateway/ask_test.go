package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap/zapcore"

	"kiveileder"
	"kiveileder/gateway"
	"kiveileder/retriever"
)

func TestAsk(t *testing.T) {
	var got kiveileder.Turn
	g, _ := open(t, gateway.Config{}, with(func(ctx context.Context, turn kiveileder.Turn) (kiveileder.Answer, error) {
		got = turn
		return echo(ctx, turn)
	}))
	w := post(g, `{"question":"Må vi søke <REK> & hvem?","history":["Hei"],"facts":{"purpose":["health_research"]},"language":"nn"}`)
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	want := kiveileder.Turn{
		Question: "Må vi søke <REK> & hvem?", History: []string{"Hei"}, Facts: map[string]any{"purpose": []any{"health_research"}},
		Language: kiveileder.Nynorsk,
	}
	sameTurn(t, want, got)
	if ct := w.Header().Get("Content-Type"); ct != "application/json; charset=utf-8" {
		t.Errorf("content type %q", ct)
	}
	if cc := w.Header().Get("Cache-Control"); cc != "no-store" {
		t.Errorf("cache control %q: answers are nobody else's", cc)
	}
	if !strings.Contains(w.Body.String(), "<REK> & hvem?") {
		t.Errorf("body %s: want signs as they are", w.Body)
	}
	a := parse[kiveileder.Answer](t, w.Body)
	if a.Lead != "Spurt: Må vi søke <REK> & hvem?" || len(a.Citations) != 1 {
		t.Errorf("answer %+v", a)
	}
}

func TestAskGivesAConversation(t *testing.T) {
	g, _ := open(t, gateway.Config{}, nil)
	seen := map[string]bool{}
	for _, given := range []string{"", "", "", "c-1", "æøå", strings.Repeat("A", 32)} {
		id := parse[kiveileder.Answer](t, post(g, `{"question":"Hei","conversation":"`+given+`"}`).Body).Conversation
		if len(id) != 32 || seen[id] || id == given {
			t.Errorf("conversation %q: want a new id that nobody guesses", id)
		}
		seen[id] = true
	}
}

// What a client sends wrongly is told in the language that its browser asks for.
func TestAskBadInput(t *testing.T) {
	for _, c := range []struct {
		name, body, language, want string
	}{
		{"no body", "", "nb", "Forespørselen er ikke gyldig JSON"},
		{"broken JSON", `{"question":`, "nn-NO,nn;q=0.9", "Førespurnaden er ikkje gyldig JSON"},
		{"two values", `{"question":"Hei"} {}`, "en", "not valid JSON"},
		{"a list", `["Hei"]`, "en-GB", "not valid JSON"},
		{"question is a number", `{"question":1}`, "", "ikke gyldig JSON"},
		{"history is a text", `{"question":"Hei","history":"Hei"}`, "de, en;q=0.5", "not valid JSON"},
		{"facts are a list", `{"question":"Hei","facts":[]}`, "nb", "ikke gyldig JSON"},
		{"600 KB", `{"question":"` + strings.Repeat("a", 600<<10) + `"}`, "en", "too long. Write at most 4000"},
		{"broken UTF-8", "{\"question\":\"s\xf8knad\"}", "nn", "ikkje leseleg tekst"},
		{"null", `null`, "en", "The message is empty"},
		{"no question", `{}`, "nn", "Meldinga er tom"},
		{"blank question", `{"question":" \n\t"}`, "no", "Meldingen er tom"},
		{"zero byte", `{"question":"a\u0000b"}`, "en", "not readable text"},
		{"4001 characters", `{"question":"` + strings.Repeat("å", 4001) + `"}`, "nb", "Skriv høyst 4000 tegn"},
		{"unknown language", `{"question":"Hei","language":"fr"}`, "en", "Unknown language"},
		{"unknown language, nynorsk", `{"question":"Hei","language":"fr"}`, "nn", "Ukjent språk. Vel"},
		{"the answer's language counts before the browser's", `{"question":"","language":"nn"}`, "en", "Meldinga er tom"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, logs := open(t, gateway.Config{}, nil)
			w := post(g, c.body, "Accept-Language", c.language)
			if w.Code != http.StatusBadRequest {
				t.Fatalf("status %d: %s", w.Code, w.Body)
			}
			e := parse[apiError](t, w.Body).Error
			if e.Code != "invalid" || !strings.Contains(e.Message, c.want) {
				t.Errorf("error %+v, want %q", e, c.want)
			}
			if id := w.Header().Get("X-Request-Id"); id == "" || id != e.Request {
				t.Errorf("request %q in the header, %q in the body", id, e.Request)
			}
			if n := logs.FilterLevelExact(zapcore.ErrorLevel).Len(); n > 0 {
				t.Errorf("%d errors logged for a client's mistake", n)
			}
		})
	}
}

// Errors of the dialogue become a status; what an operator needs is logged and
// never told.
func TestAskErrors(t *testing.T) {
	secret := errors.New("dial tcp 10.0.0.7: refused")
	for _, c := range []struct {
		name   string
		err    error
		status int
		code   string
		says   string
		logged bool
	}{
		{"without a code", secret, 500, "internal", "Something went wrong on our side", true},
		{"internal", &kiveileder.Error{Code: kiveileder.CodeInternal, Message: "table x", Err: secret}, 500, "internal", "Something went wrong on our side", true},
		{"unavailable", &kiveileder.Error{Code: kiveileder.CodeUnavailable, Message: "pool", Err: secret}, 503, "unavailable", "not available right now", true},
		{"invalid", &kiveileder.Error{Code: kiveileder.CodeInvalid, Message: "Skriv et spørsmål.", Err: secret}, 400, "invalid", "Skriv et spørsmål.", false},
		{"not found", kiveileder.Errorf(kiveileder.CodeNotFound, "Samtalen er slettet."), 404, "not_found", "The conversation is no longer here", false},
		{"conflict", kiveileder.Errorf(kiveileder.CodeConflict, "Samtalen er full."), 409, "conflict", "has become so long", false},
		{"rate limited", kiveileder.Errorf(kiveileder.CodeRateLimited, "Vent litt."), 429, "rate_limited", "Vent litt.", false},
		{"wrapped", fmt.Errorf("turn: %w", kiveileder.Errorf(kiveileder.CodeInvalid, "Skriv et spørsmål.")), 400, "invalid", "Skriv et spørsmål.", false},
		{"too slow", fmt.Errorf("search: %w", context.DeadlineExceeded), 503, "unavailable", "not available right now", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, logs := open(t, gateway.Config{}, with(func(context.Context, kiveileder.Turn) (kiveileder.Answer, error) {
				return kiveileder.Answer{Lead: "half an answer"}, c.err
			}))
			w := post(g, `{"question":"Hei"}`, "Accept-Language", "en")
			body := w.Body.String()
			if w.Code != c.status {
				t.Errorf("status %d, want %d: %s", w.Code, c.status, body)
			}
			e := parse[apiError](t, w.Body).Error
			if e.Code != c.code || !strings.Contains(e.Message, c.says) {
				t.Errorf("error %+v, want %s: %s", e, c.code, c.says)
			}
			for _, inner := range []string{"10.0.0.7", "table x", "pool", "half an answer"} {
				if strings.Contains(body, inner) {
					t.Errorf("%q reached the client: %s", inner, body)
				}
			}
			if id := w.Header().Get("X-Request-Id"); id == "" || id != e.Request {
				t.Errorf("request %q in the header, %q in the body", id, e.Request)
			}
			failed := append(logs.FilterMessage("request failed").All(), logs.FilterMessage("request not served").All()...)
			if (len(failed) == 1) != c.logged || len(failed) > 1 {
				t.Errorf("logged %d times, want logged %v", len(failed), c.logged)
			}
			if c.logged && len(failed) == 1 && failed[0].ContextMap()["request"] != e.Request {
				t.Errorf("log %v: want the request %s", failed[0].ContextMap(), e.Request)
			}
			if (c.status == 429 || c.status == 503) && w.Header().Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
		})
	}
}

func TestRequestID(t *testing.T) {
	g, _ := open(t, gateway.Config{}, nil)
	for given, kept := range map[string]bool{
		"01HF-abc.def_9":                true,
		"":                              false,
		"short":                         false,
		"has a blank":                   false,
		"line\nbreak-12345678":          false,
		strings.Repeat("x", 65):         false,
		"<script>alert(1)</script>":     false,
		"00000000-0000-0000-0000-00000": true,
	} {
		got := do(g, call{path: "/livez", header: map[string]string{"X-Request-Id": given}}).Header().Get("X-Request-Id")
		if got == "" || (got == given) != kept {
			t.Errorf("X-Request-Id %q became %q, want kept %v", given, got, kept)
		}
	}
}

func TestSearch(t *testing.T) {
	for _, c := range []struct {
		name, query string
		k           int // what the searcher is asked for
		hits        int
	}{
		{"ten by default", "q=REK", 10, 2},
		{"one", "q=REK&k=1", 1, 1},
		{"a hundred", "q=m%C3%A5+vi+s%C3%B8ke%3F&k=100", 100, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			var asked retriever.Query
			g, _ := open(t, gateway.Config{}, func(d *gateway.Deps) {
				d.Searcher = fakeSearcher(func(ctx context.Context, q retriever.Query) (retriever.Result, error) {
					asked = q
					return findAll(ctx, q)
				})
			})
			w := do(g, call{path: "/v1/search?" + c.query})
			if w.Code != http.StatusOK || asked.K != c.k {
				t.Fatalf("status %d, k %d: %s", w.Code, asked.K, w.Body)
			}
			type hit struct {
				Source, Passage, Quote, URL string
				Section                     []string
				Score                       float64
			}
			got := parse[struct{ Hits []hit }](t, w.Body).Hits
			if len(got) != c.hits {
				t.Fatalf("%d hits, want %d", len(got), c.hits)
			}
			want := hit{
				Source: "formal-2024", Passage: "formal-2024/helseforskning-gdnq", Section: []string{"Formål", "Helseforskning"},
				Quote: "Må ha forhåndsgodkjenning fra REK & <samtykke>.", Score: 2, URL: "/kilder/formal-2024#helseforskning-gdnq",
			}
			if diff := cmp.Diff(want, got[0]); diff != "" {
				t.Errorf("first hit (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSearchWithoutHits(t *testing.T) {
	g, _ := open(t, gateway.Config{}, func(d *gateway.Deps) {
		d.Searcher = fakeSearcher(func(context.Context, retriever.Query) (retriever.Result, error) { return retriever.Result{}, nil })
	})
	if got := strings.TrimSpace(do(g, call{path: "/v1/search?q=x"}).Body.String()); got != `{"hits":[]}` {
		t.Errorf("body %s: want an empty list and no null", got)
	}
}

func TestSearchErrors(t *testing.T) {
	for _, c := range []struct {
		name, query string
		err         error
		status      int
		says        string
	}{
		{"no question", "", nil, 400, "The message is empty"},
		{"blank question", "q=%20", nil, 400, "The message is empty"},
		{"k is zero", "q=x&k=0", nil, 400, "k: 1–100"},
		{"k is too much", "q=x&k=101", nil, 400, "k: 1–100"},
		{"k is no number", "q=x&k=ti", nil, 400, "k: 1–100"},
		{"broken UTF-8", "q=s%F8k", nil, 400, "not readable text"},
		{"4001 characters", "q=" + strings.Repeat("a", 4001), nil, 400, "at most 4000"},
		{"the search fails", "q=x", errors.New("endpoint answered 401"), 500, "Something went wrong"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, _ := open(t, gateway.Config{}, func(d *gateway.Deps) {
				d.Searcher = fakeSearcher(func(context.Context, retriever.Query) (retriever.Result, error) { return retriever.Result{}, c.err })
			})
			w := do(g, call{path: "/v1/search?" + c.query, header: map[string]string{"Accept-Language": "en"}})
			e := parse[apiError](t, w.Body).Error
			if w.Code != c.status || !strings.Contains(e.Message, c.says) || strings.Contains(e.Message, "401") {
				t.Errorf("status %d, %+v; want %d, %q", w.Code, e, c.status, c.says)
			}
		})
	}
}
