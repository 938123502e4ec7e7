package gateway_test

import (
	"net/http"
	"strings"
	"testing"
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
		{"/v1/answers?q=ingenting", "*/*", 200, "application/json; charset=utf-8", `{"answers":[]}`},
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
	} {
		b.desk.inbound = ""
		w := do(b, call{method: "POST", path: "/v1/mail/inbound", body: c.mail, header: map[string]string{"X-Kiveileder-Signature": c.signature}})
		if taken := b.desk.inbound == c.mail; w.Code != c.status || taken != (c.status == http.StatusNoContent) {
			t.Errorf("%s: status %d, taken %v", c.name, w.Code, taken)
		}
	}
}
