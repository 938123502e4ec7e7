package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"kiveileder/scripts/own"
)

// A figure is one line of the table at the end.
type figure struct {
	what, world string
	value       float64
	unit        string
	goal        float64 // 0 for none; the most that is allowed, or the least
	least       bool
	peer        string // what it is compared with; empty for nothing
	than        float64
}

// met says whether the goal was reached.
func (f figure) met() string {
	switch {
	case f.goal == 0 && f.unit != none:
		return ""
	case f.least && f.value >= f.goal, !f.least && f.value <= f.goal:
		return "yes"
	}
	return "NO"
}

// none is the unit of what may not happen at all.
const none = ""

// A report gathers figures.
type report struct {
	head    string
	figures []figure
}

func (b *bench) figure(f figure) {
	f.world = b.shape
	b.report.figures = append(b.report.figures, f)
}

// machine says what is measured, and where.
func (r *report) machine(ctx context.Context, o options, bin string) error {
	info, err := os.Stat(bin)
	if err != nil {
		return err
	}
	size := float64(info.Size()) / 1e6
	commit, _ := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty").Output() // without git it goes on
	r.head = fmt.Sprintf("machine: %d processors (%s), %.0f GB, %s/%s\nbuild: %s, %s, binary %.1f MB",
		runtime.NumCPU(), about("/proc/cpuinfo", "model name"), gigabytes(), runtime.GOOS, runtime.GOARCH,
		strings.TrimSpace(string(commit)), runtime.Version(), size)
	r.figures = append(r.figures, figure{what: "binary", world: "any", value: size, unit: "MB", goal: 80})
	if !slices.Contains(o.worlds, three) {
		return nil
	}
	servers, err := aboutServers(ctx)
	r.head += "\n" + servers
	return err
}

// about gives the first line of a file in /proc that begins with a name.
func about(file, name string) string {
	b, err := os.ReadFile(file)
	if err != nil {
		return "unknown"
	}
	for line := range strings.SplitSeq(string(b), "\n") {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == name {
			return strings.TrimSpace(v)
		}
	}
	return "unknown"
}

func gigabytes() float64 {
	var kb float64
	_, _ = fmt.Sscan(about("/proc/meminfo", "MemTotal"), &kb) // zero when it can't be read
	return kb / 1e6
}

// aboutServers tells what of Postgres's settings bears on the figures.
func aboutServers(ctx context.Context) (string, error) {
	server := os.Getenv(own.PostgresVar)
	if server == "" { // any other would be found instead
		return "", fmt.Errorf("%s is not set: the world three needs it", own.PostgresVar)
	}
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return "", fmt.Errorf("%s: %w", own.PostgresVar, err)
	}
	defer conn.Close(ctx)
	var s string
	err = conn.QueryRow(ctx, `select 'Postgres ' || current_setting('server_version')
		|| ', pgvector ' || coalesce((select default_version from pg_available_extensions where name = 'vector'), 'none')
		|| ', shared_buffers ' || current_setting('shared_buffers') || ', fsync ' || current_setting('fsync')`).Scan(&s)
	return s, err
}

// print writes the table.
func (r *report) print(out io.Writer) {
	fmt.Fprintf(out, "\n%s\n\n", r.head)
	fmt.Fprintf(out, "%-64s %-6s %12s %12s %-4s %s\n", "figure", "world", "measured", "goal", "met", "beside a peer")
	for _, f := range r.figures {
		goal, beside := "", ""
		if f.goal != 0 || f.unit == none {
			goal = number(f.goal, f.unit)
			if f.least {
				goal = ">= " + goal
			}
		}
		if f.peer != "" {
			beside = fmt.Sprintf("%.2f x %s (%s)", f.value/f.than, f.peer, number(f.than, f.unit))
		}
		line := fmt.Sprintf("%-64s %-6s %12s %12s %-4s %s", f.what, f.world, number(f.value, f.unit), goal, f.met(), beside)
		fmt.Fprintln(out, strings.TrimRight(line, " "))
	}
}

// number writes a value with three figures or so.
func number(v float64, unit string) string {
	if unit == none {
		return fmt.Sprintf("%.0f", v)
	}
	digits := 0
	switch {
	case v < 1:
		digits = 2
	case v < 100:
		digits = 1
	}
	return fmt.Sprintf("%.*f %s", digits, v, unit)
}

// times are how long things took, in milliseconds.
type times []float64

// at gives a percentile of sorted times, from 0 to 1; 0 when there are none.
func (t times) at(p float64) float64 {
	if len(t) == 0 {
		return 0
	}
	return t[min(len(t)-1, int(p*float64(len(t))))]
}

// row prints a line with percentiles.
func row(out io.Writer, name string, t times, perSecond float64) {
	fmt.Fprintf(out, "  %-44s %8.1f %8.1f %8.1f %8.1f", name, t.at(.5), t.at(.95), t.at(.99), t.at(1))
	if perSecond > 0 {
		fmt.Fprintf(out, " %10.1f", perSecond)
	}
	fmt.Fprintln(out)
}

// heads prints the heads of rows.
func heads(out io.Writer, more string) {
	line := fmt.Sprintf("  %-44s %8s %8s %8s %8s %10s", "ms", "p50", "p95", "p99", "max", more)
	fmt.Fprintln(out, strings.TrimRight(line, " "))
}
