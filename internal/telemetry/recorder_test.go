package telemetry_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"kiveileder/internal/telemetry"
)

func TestRecorder(t *testing.T) {
	for _, c := range []struct {
		name  string
		serve http.HandlerFunc
		want  int
	}{
		{"nothing is written", func(http.ResponseWriter, *http.Request) {}, 200},
		{"no status is written", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("x")) }, 200},
		{"a status", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }, 418},
		{"taken over", func(w http.ResponseWriter, _ *http.Request) {
			if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
				c.Close()
			}
		}, 101},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := make(chan int, 1)
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				rec := telemetry.NewRecorder(w)
				c.serve(rec, r)
				got <- rec.Status
			}))
			defer s.Close()
			if resp, err := http.Get(s.URL); err == nil {
				resp.Body.Close()
			}
			if status := <-got; status != c.want {
				t.Errorf("status %d, want %d", status, c.want)
			}
		})
	}
}
