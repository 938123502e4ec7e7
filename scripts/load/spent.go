package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// areas name what the processor does, by the beginnings of functions. A sample
// belongs to the innermost function that has one.
var areas = []struct{ name, begin string }{
	{"embedding", "kiveileder/retriever/embed"},
	{"comparing vectors and letters", "kiveileder/retriever/index"},
	{"comparing vectors and letters", "kiveileder/retriever/lexical"},
	{"ranking and judging", "kiveileder/retriever."},
	{"masking personal data", "kiveileder/services/privacy"},
	{"reading facts, rules", "kiveileder/services/reading"},
	{"reading facts, rules", "kiveileder/services/rules"},
	{"reading facts, rules", "cel.dev/"},
	{"dialogue and conversation", "kiveileder/services/"},
	{"JSON", "encoding/json"},
	{"SQLite", "modernc.org/"},
	{"Postgres's client", "github.com/jackc/"},
	{"Postgres's client", "kiveileder/internal/postgres"},
	{"Redis's client", "github.com/redis/"},
	{"Redis's client", "kiveileder/internal/redis"},
	{"WebSockets", "github.com/gorilla/"},
	{"WebSockets", "kiveileder/gateway/ws"},
	{"news between replicas", "kiveileder/gateway/bus"},
	{"calls between roles, HTTP", "kiveileder/internal/rpc"},
	{"calls between roles, HTTP", "net/http"},
	{"figures and traces", "go.opentelemetry.io/"},
	{"figures and traces", "github.com/prometheus/"},
	{"sessions and feeds", "kiveileder/gateway"},
	{"memory and collector", "runtime.gcBgMarkWorker"},
	{"memory and collector", "runtime.bgsweep"},
	{"memory and collector", "runtime.bgscavenge"},
}

const rest = "the rest: scheduler, network"

// A spent tells of each area how much processor time it took, by role. Workers
// of the runtime belong to no role.
type spent map[string]map[string]time.Duration

// readProfile sorts a profile's samples.
func readProfile(ctx context.Context, file string) (spent, error) {
	out, err := exec.CommandContext(ctx, "go", "tool", "pprof", "-traces", file).Output()
	if err != nil {
		return nil, fmt.Errorf("go tool pprof: %w", err)
	}
	all := spent{}
	for sample := range bytes.SplitSeq(out, []byte("-----------+")) {
		area, role, took := readSample(sample)
		if all[area] == nil {
			all[area] = map[string]time.Duration{}
		}
		all[area][role] += took
	}
	delete(all, "")
	return all, nil
}

// readSample reads the text of one sample: labels, how long, and functions
// from the innermost outwards. What is no sample took no time.
func readSample(text []byte) (area, role string, took time.Duration) {
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if label, ok := strings.CutPrefix(line, "role:"); ok {
			role = strings.TrimSpace(label)
			continue
		}
		if value, function, ok := strings.Cut(line, " "); ok && took == 0 {
			if d, err := time.ParseDuration(value); err == nil {
				took, line = d, strings.TrimSpace(function)
			}
		}
		if took == 0 {
			continue
		}
		if area == "" {
			area = areaOf(line)
		}
	}
	if area == "" && took > 0 {
		area = rest
	}
	return area, role, took
}

func areaOf(function string) string {
	for _, a := range areas {
		if strings.HasPrefix(function, a.begin) {
			return a.name
		}
	}
	return ""
}

// showProfile prints processor time a question, by area and role.
func (b *bench) showProfile(kind string, n int, all spent) {
	var roles []string
	for _, r := range slices.Backward(hosted(b.shape)) {
		roles = append(roles, string(r))
	}
	roles = append(roles, "")
	fmt.Fprintf(b.out, "\n  %-34s", kind+", ms of processor each")
	for _, r := range roles {
		if r == "" {
			r = "runtime"
		}
		fmt.Fprintf(b.out, " %10s", r)
	}
	fmt.Fprintf(b.out, " %10s\n", "share")
	sum := func(area string) (d time.Duration) {
		for _, x := range all[area] {
			d += x
		}
		return d
	}
	whole := time.Duration(0)
	for a := range all {
		whole += sum(a)
	}
	names := slices.SortedFunc(maps.Keys(all), func(x, y string) int { return int(sum(y) - sum(x)) })
	for _, a := range names {
		fmt.Fprintf(b.out, "  %-34s", a)
		for _, r := range roles {
			fmt.Fprintf(b.out, " %10.2f", ms(all[a][r])/float64(n))
		}
		fmt.Fprintf(b.out, " %8.1f %%\n", 100*float64(sum(a))/float64(max(whole, 1)))
	}
}
