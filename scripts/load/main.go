// Command load measures the service on this machine, in one process and in
// three roles, each beside a peer in the same run where there is one.
//
//		go run ./scripts/load [-world one,three] [-only questions,idle,fanout,cases,storm,restart,search,profile]
//
//	  - questions: from question to answer, new ones and repeated ones, at several
//	    numbers of clients, and in which part the time goes;
//	  - idle: what sockets cost that say nothing, beside a bare echo;
//	  - fanout: an answer to a thousand sockets in one conversation, and to one,
//	    beside a bare loop that writes to all;
//	  - cases: a lawyer's answer to the open page of the one who asked;
//	  - storm: ten thousand clients dropped at once and coming back;
//	  - restart: every process stopped and started in turn, under load;
//	  - search: a hundred thousand passages in Postgres, beside its full text and
//	    pgvector alone (world three only);
//	  - profile: where the processor's time goes, by role.
//
// It builds the binary, starts it on free ports of the loopback address, prints
// tables and stops by itself. The world three needs the servers that
// KIVEILEDER_TEST_POSTGRES and KIVEILEDER_TEST_REDIS name; it makes a database
// and a key prefix of its own there and takes them away again. Nothing is sent
// anywhere else.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

type options struct {
	worlds, only   []string
	n              int
	clients        []int
	sockets        int
	idle           time.Duration
	listeners      int
	events         int
	passages, asks int
	file           string
	limit          time.Duration
}

// The scenarios, in the order in which they run.
var scenarios = []struct {
	name   string
	worlds []string
	run    func(context.Context, *bench) error
}{
	{"questions", both, questions},
	{"idle", both, idle},
	{"fanout", both, fanout},
	{"cases", both, cases},
	{"storm", both, storm},
	{"restart", both, restart},
	{"search", []string{three}, search},
	{"profile", both, profile},
}

// The worlds: all in one process on a file, or gateways, services and
// retriever over Postgres and Redis.
const one, three = "one", "three"

var both = []string{one, three}

func main() {
	if len(os.Args) == 2 && os.Args[1] == peerArg {
		peer()
		return
	}
	if len(os.Args) == 4 && os.Args[1] == hostArg {
		if err := host(os.Args[2], os.Args[3]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	o, err := parse()
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, o.limit)
	err = run(ctx, o, os.Stdout)
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func parse() (options, error) {
	var o options
	var names []string
	for _, s := range scenarios {
		names = append(names, s.name)
	}
	worlds := flag.String("world", one, "worlds to measure: one, three or one,three")
	only := flag.String("only", strings.Join(names, ","), "what to measure")
	clients := flag.String("clients", "1,10,50", "numbers of clients that ask at once")
	flag.IntVar(&o.n, "n", 300, "questions in each measurement")
	flag.IntVar(&o.sockets, "sockets", 10_000, "sockets that are idle, or dropped")
	flag.DurationVar(&o.idle, "idle", time.Minute, "how long idle sockets are watched")
	flag.IntVar(&o.listeners, "listeners", 1_000, "sockets in one conversation")
	flag.IntVar(&o.events, "events", 200, "answers that they are told, at most 400")
	flag.IntVar(&o.passages, "passages", 100_000, "passages to search in")
	flag.IntVar(&o.asks, "asks", 300, "searches in each measurement")
	flag.StringVar(&o.file, "questions", "corpus/eval/own-retrieval.jsonl", "where the questions come from")
	flag.DurationVar(&o.limit, "limit", 50*time.Minute, "longest time of it all")
	flag.Parse()
	for c := range strings.SplitSeq(*clients, ",") {
		k, err := strconv.Atoi(strings.TrimSpace(c))
		if err != nil || k < 1 {
			return o, fmt.Errorf("clients %q: want numbers", c)
		}
		o.clients = append(o.clients, k)
	}
	var err error
	if o.worlds, err = among("world", *worlds, both); err != nil {
		return o, err
	}
	o.only, err = among("only", *only, names)
	return o, err
}

// among splits a list whose members must be known.
func among(flag, list string, known []string) ([]string, error) {
	out := strings.Split(list, ",")
	for _, x := range out {
		if !slices.Contains(known, x) {
			return nil, fmt.Errorf("%s %q: want some of %s", flag, x, strings.Join(known, ","))
		}
	}
	return out, nil
}

// A bench is what a scenario gets to work with.
type bench struct {
	options
	bin    string // the service
	dir    string // of this scenario
	shape  string // one or three
	out    io.Writer
	report *report
}

func run(ctx context.Context, o options, out io.Writer) error {
	dir, err := os.MkdirTemp("", "kiveileder-load-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	bin := filepath.Join(dir, "kiveileder")
	if b, err := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", bin, "./cmd/kiveileder").CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w\n%s", err, b)
	}
	r := &report{}
	if err := r.machine(ctx, o, bin); err != nil {
		return err
	}
	fmt.Fprintln(out, r.head)
	var failed error // the others are measured nevertheless
	for _, s := range scenarios {
		for _, shape := range s.worlds {
			if !slices.Contains(o.only, s.name) || !slices.Contains(o.worlds, shape) || ctx.Err() != nil {
				continue
			}
			fmt.Fprintf(out, "\n%s, world %s\n", s.name, shape)
			b := &bench{options: o, bin: bin, dir: filepath.Join(dir, s.name+"-"+shape), shape: shape, out: out, report: r}
			if err := s.run(ctx, b); err != nil {
				failed = errors.Join(failed, fmt.Errorf("%s, world %s: %w", s.name, shape, err))
				fmt.Fprintln(out, "  FAILED:", err)
			}
		}
	}
	r.print(out)
	return failed
}
