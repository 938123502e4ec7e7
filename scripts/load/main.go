// Command load measures a running service on this machine, beside a bare echo
// of the same library in the same run: start, memory and size; how long
// questions take over WebSocket, new ones and repeated ones, at several numbers
// of clients; ten thousand idle sockets; and the same ten thousand dropped at
// once and coming back.
//
//	go run ./scripts/load [-only questions,idle,storm] [-n 300] [-clients 1,10,50] [-sockets 10000]
//
// It builds the binary, starts it on a free port of the loopback address,
// prints tables and stops by itself. It sends nothing anywhere else.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

type options struct {
	n       int
	clients []int
	sockets int
	idle    time.Duration
	file    string
	only    string
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == peerArg {
		peer()
		return
	}
	var o options
	clients := flag.String("clients", "1,10,50", "numbers of clients that ask at once")
	flag.IntVar(&o.n, "n", 300, "questions in each measurement")
	flag.IntVar(&o.sockets, "sockets", 10_000, "idle sockets")
	flag.DurationVar(&o.idle, "idle", time.Minute, "how long they are watched")
	flag.StringVar(&o.file, "questions", "corpus/eval/own-retrieval.jsonl", "where the questions come from")
	flag.StringVar(&o.only, "only", "questions,idle,storm", "what to measure")
	flag.Parse()
	for c := range strings.SplitSeq(*clients, ",") {
		k, err := strconv.Atoi(strings.TrimSpace(c))
		if err != nil || k < 1 {
			fmt.Fprintf(os.Stderr, "load: clients %q: want numbers\n", c)
			os.Exit(2)
		}
		o.clients = append(o.clients, k)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	if err := run(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
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
	info, err := os.Stat(bin)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d processors, %s, binary %.1f MB\n", runtime.NumCPU(), runtime.Version(), float64(info.Size())/1e6)
	for _, part := range []struct {
		name string
		run  func(context.Context, options, string, string, io.Writer) error
	}{{"questions", questions}, {"idle", idle}, {"storm", storm}} {
		if !strings.Contains(o.only, part.name) {
			continue
		}
		fmt.Fprintf(out, "\n%s\n", part.name)
		if err := part.run(ctx, o, bin, filepath.Join(dir, part.name), out); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return nil
}
