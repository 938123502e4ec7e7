package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestScrape(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`# HELP kiveileder_turn_seconds Time from question to answer.
kiveileder_turn_seconds_bucket{le="0.002"} 1
kiveileder_turn_seconds_sum 0.25
kiveileder_turn_seconds_count 2
kiveileder_rpc_seconds_sum{client="services",route="read"} 1.5
kiveileder_rpc_seconds_count{client="services",route="read"} 3
kiveileder_turns_total{status="answered"} 7
`))
	}))
	defer s.Close()
	want := map[string]total{"turn ": {2, .25}, "rpc client=services,route=read": {3, 1.5}}
	if d := cmp.Diff(want, scrape(s.URL), cmp.AllowUnexported(total{})); d != "" {
		t.Error(d)
	}
}

func TestReadSample(t *testing.T) {
	for _, c := range []struct {
		text, area, role string
		took             time.Duration
	}{
		{"File: host\nType: cpu\nDuration: 2.05s, Total samples = 1.40s (68.32%)\n", "", "", 0},
		{"---\n   role: services\n   10ms   runtime.memmove\n          encoding/json.Marshal\n          kiveileder/internal/rpc.Call[go.shape.struct { Key string }]\n", "JSON", "services", 10 * time.Millisecond},
		{"---\n   1.20s   github.com/viterin/vek/internal/functions.Dot_AVX2_F32\n           kiveileder/retriever/embed/e5.(*Model).layer (inline)\n", "embedding", "", 1200 * time.Millisecond},
		{"---\n   role: gateway\n   20ms   runtime.findRunnable\n          runtime.mcall\n", rest, "gateway", 20 * time.Millisecond},
	} {
		area, role, took := readSample([]byte(c.text))
		if area != c.area || role != c.role || took != c.took {
			t.Errorf("%q is %q of %q in %s", c.text, area, role, took)
		}
	}
}

func TestMet(t *testing.T) {
	for _, c := range []struct {
		f    figure
		want string
	}{
		{figure{value: 10, unit: "ms", goal: 20}, "yes"},
		{figure{value: 21, unit: "ms", goal: 20}, "NO"},
		{figure{value: 97, unit: "%", goal: 98, least: true}, "NO"},
		{figure{value: 98, unit: "%", goal: 98, least: true}, "yes"},
		{figure{value: 3, unit: "ms"}, ""},
		{figure{value: 0, unit: none}, "yes"},
		{figure{value: 1, unit: none}, "NO"},
	} {
		if got := c.f.met(); got != c.want {
			t.Errorf("%+v: %q, want %q", c.f, got, c.want)
		}
	}
}

func TestPercentile(t *testing.T) {
	if got := (times{}).at(.5); got != 0 {
		t.Errorf("of nothing: %v", got)
	}
	x := times{1, 2, 3, 4}
	if a, b, c := x.at(0), x.at(.5), x.at(1); a != 1 || b != 3 || c != 4 {
		t.Errorf("%v, %v, %v", a, b, c)
	}
}
