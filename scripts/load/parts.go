package main

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// histograms are the figures of the service that tell where time goes, each
// counted in seconds.
var histograms = []string{"kiveileder_turn_seconds", "kiveileder_rpc_seconds", "kiveileder_search_stage_seconds"}

// A total is how often something happened and how long it took together.
type total struct{ count, seconds float64 }

// scrapeAll reads the histograms of all processes, by process and labels.
// One that can't be read tells nothing.
func scrapeAll(w *world) map[string]total {
	out := map[string]total{}
	for _, s := range w.all() {
		for k, t := range scrape(s.url + "/metrics") {
			k = s.name + " " + k
			out[k] = total{out[k].count + t.count, out[k].seconds + t.seconds}
		}
	}
	return out
}

func scrape(url string) map[string]total {
	resp, err := http.Get(url)
	if err != nil {
		return nil
	}
	defer resp.Body.Close()
	out := map[string]total{}
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		series, text, _ := strings.Cut(lines.Text(), " ")
		name, labels, _ := strings.Cut(series, "{")
		for _, h := range histograms {
			rest, ok := strings.CutPrefix(name, h)
			v, err := strconv.ParseFloat(text, 64)
			if !ok || err != nil || rest != "_sum" && rest != "_count" {
				continue
			}
			k := strings.TrimSuffix(strings.TrimPrefix(h, "kiveileder_"), "_seconds") + " " + strings.ReplaceAll(strings.TrimSuffix(labels, "}"), `"`, "")
			t := out[k]
			if rest == "_sum" {
				t.seconds = v
			} else {
				t.count = v
			}
			out[k] = t
		}
	}
	return out
}

// troubles are counters that stay at nothing while all goes well.
var troubles = []string{
	"kiveileder_bus_lost_total", `kiveileder_bus_published_total{result="failed"}`, `kiveileder_bus_published_total{result="late"}`,
	`kiveileder_redis_calls_total{result="failed"}`, `kiveileder_redis_calls_total{result="refused"}`,
}

// trouble prints what went wrong beneath, which the service made up for.
func trouble(out io.Writer, w *world) {
	for _, s := range w.all() {
		resp, err := http.Get(s.url + "/metrics")
		if err != nil {
			continue
		}
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			series, count, _ := strings.Cut(lines.Text(), " ")
			if slices.Contains(troubles, series) && count != "0" {
				fmt.Fprintf(out, "  %s: %s %s\n", s.name, series, count)
			}
		}
		_ = resp.Body.Close()
	}
}

// parts prints what happened between two scrapes, for each of n questions.
func parts(out io.Writer, before, after map[string]total, n int) {
	for _, k := range slices.Sorted(maps.Keys(after)) {
		t := total{after[k].count - before[k].count, after[k].seconds - before[k].seconds}
		if t.count < float64(n)/10 { // the watching of documents, and the like
			continue
		}
		fmt.Fprintf(out, "      %-52s %8.2f ms a question, %.1f times\n", k, t.seconds*1e3/float64(n), t.count/float64(n))
	}
}

// cpus gives the processor time of each process.
func cpus(w *world) map[*server]time.Duration {
	out := map[*server]time.Duration{}
	for _, s := range w.all() {
		out[s] = s.cpu()
	}
	return out
}
