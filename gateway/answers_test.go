package gateway_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"kiveileder/gateway"
)

// What is published is there for everybody, as pages, as a feed, as JSON.
func TestAnswers(t *testing.T) {
	b := newBureau(t)
	for _, c := range []struct {
		path, accept string
		status       int
		contentType  string
		holds        string
	}{
		{"/svar", "text/html", 200, "text/html; charset=utf-8", "Trening &lt;script&gt;"},
		{"/svar?q=REK&lang=en", "text/html", 200, "text/html; charset=utf-8", `value="REK"`},
		{"/svar?q=%22%3E%3Cscript%3E", "text/html", 200, "text/html; charset=utf-8", "&lt;script&gt;"},
		{"/svar?lang=fr", "text/html", 404, "text/html; charset=utf-8", "<html"},
		{"/svar/KI-2026-0001", "text/html", 200, "text/html; charset=utf-8", "Ja &amp; nei."},
		{"/svar/KI-2026-0002", "text/html", 404, "text/html; charset=utf-8", "<html"},
		{"/svar/feed.atom", "*/*", 200, "application/atom+xml; charset=utf-8", "<feed"},
		{"/v1/answers", "*/*", 200, "application/json; charset=utf-8", `"number":"KI-2026-0001"`},
		{"/v1/answers?q=ingenting", "*/*", 200, "application/json; charset=utf-8", `{"answers":[],"page":1,"total":0}`},
		{"/v1/answers?q=mange&limit=40", "*/*", 200, "application/json; charset=utf-8", `"next":2,"page":1,"total":45`},
		{"/v1/answers?q=mange&limit=40&page=2", "*/*", 200, "application/json; charset=utf-8", `"page":2,"total":45`},
		{"/v1/answers?q=mange&limit=40&page=3", "*/*", 404, "application/json; charset=utf-8", "not_found"},
		{"/v1/answers?limit=201", "*/*", 400, "application/json; charset=utf-8", "200"},
		{"/svar?q=mange", "text/html", 200, "text/html; charset=utf-8", `<link rel="next" href="/svar?lang=nb&amp;q=mange&amp;side=2">`},
		{"/svar?q=mange&side=2&lang=en", "text/html", 200, "text/html; charset=utf-8", `<a rel="prev" href="/svar?lang=en&amp;q=mange">Previous page</a>`},
		{"/svar?q=mange&side=2", "text/html", 200, "text/html; charset=utf-8", "Svar 21"},
		{"/svar?q=mange&side=3", "text/html", 200, "text/html; charset=utf-8", "Side 3 av 3"},
		{"/svar?q=mange&side=4", "text/html", 404, "text/html; charset=utf-8", "<html"},
		{"/svar?side=0", "text/html", 404, "text/html; charset=utf-8", "<html"},
		{"/svar?side=01", "text/html", 404, "text/html; charset=utf-8", "<html"},
		{"/svar?side=99999999999999999999", "text/html", 404, "text/html; charset=utf-8", "<html"},
		{"/svar/feed.atom?side=2", "*/*", 404, "application/json; charset=utf-8", "not_found"},
		{"/v1/answers?q=" + strings.Repeat("a", 4001), "*/*", 400, "application/json; charset=utf-8", "4000"},
		{"/v1/answers/KI-2026-0001", "*/*", 200, "application/json; charset=utf-8", `"answer":"Ja & nei."`},
		{"/v1/answers/KI-2026-0002", "*/*", 404, "application/json; charset=utf-8", "not_found"},
	} {
		w := b.nobody().ask("GET", c.path, "", "Accept", c.accept)
		if w.Code != c.status || w.Header().Get("Content-Type") != c.contentType || !strings.Contains(w.Body.String(), c.holds) || strings.Contains(w.Body.String(), "<script>alert") && strings.Contains(c.contentType, "html") {
			t.Errorf("%s: status %d, %s, %.300s", c.path, w.Code, w.Header().Get("Content-Type"), w.Body)
		}
	}
}

// A mail server hands over a mail, signed.
func TestInbound(t *testing.T) {
	b := newBureau(t)
	for _, c := range []struct {
		name, signature, mail string
		status                int
	}{
		{"no signature", "", "Hei", http.StatusUnauthorized},
		{"another's", "t=1,v1=11", "Hei", http.StatusBadRequest},
		{"too large", "t=1,v1=00", strings.Repeat("a", 10<<20+1), http.StatusRequestEntityTooLarge},
		{"good", "t=1,v1=00", "From: a\r\n\r\n\xff", http.StatusNoContent},
		{"of a case that takes no more", "t=1,v1=00", "full", http.StatusBadRequest}, // not to be sent again
	} {
		b.desk.inbound = ""
		w := do(b, call{method: "POST", path: "/v1/mail/inbound", body: c.mail, header: map[string]string{"X-Kiveileder-Signature": c.signature}})
		if taken := b.desk.inbound == c.mail; w.Code != c.status || taken != (c.status == http.StatusNoContent) {
			t.Errorf("%s: status %d, taken %v", c.name, w.Code, taken)
		}
	}
}

// Anybody may post a large body with some signature: how many of them are in
// memory at once has a bound, and the mail server is told to come back.
func TestInboundAtOnce(t *testing.T) {
	b := newBureau(t)
	post := func(body io.Reader) int {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/v1/mail/inbound", body)
		r.Header.Set("X-Kiveileder-Signature", "t=1,v1=00")
		w := httptest.NewRecorder()
		b.ServeHTTP(w, r)
		return w.Code
	}
	var wg sync.WaitGroup
	var held []*io.PipeWriter
	for range gateway.MailsAtOnce {
		r, w := io.Pipe()
		wg.Go(func() {
			if status := post(r); status != http.StatusNoContent {
				t.Errorf("one of those: status %d", status)
			}
		})
		if _, err := w.Write([]byte("From: a\r\n")); err != nil { // it is being read
			t.Fatal(err)
		}
		held = append(held, w)
	}
	if status := post(strings.NewReader("From: a\r\n")); status != http.StatusServiceUnavailable {
		t.Errorf("one more: status %d", status)
	}
	for _, w := range held {
		w.Close()
	}
	wg.Wait()
	if status := post(strings.NewReader("From: a\r\n")); status != http.StatusNoContent {
		t.Errorf("afterwards: status %d", status)
	}
}
