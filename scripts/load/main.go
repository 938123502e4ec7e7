// Command load measures a running service on this machine: time to ready,
// memory, size, and how long questions take, new ones and repeated ones.
//
//	go run ./scripts/load [-n 300] [-clients 1,2,8] [-questions corpus/eval/own-retrieval.jsonl]
//
// It builds the binary, starts it on a free port of the loopback address,
// asks over HTTP, prints a table and stops. It sends nothing anywhere else.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

func main() {
	n := flag.Int("n", 300, "questions in each measurement")
	clients := flag.String("clients", "1,2,8", "numbers of clients that ask at once")
	file := flag.String("questions", "corpus/eval/own-retrieval.jsonl", "where the questions come from")
	flag.Parse()
	if err := run(*n, *clients, *file, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func run(n int, clients, file string, out io.Writer) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	questions, err := readQuestions(file)
	if err != nil {
		return err
	}
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
	s, err := start(ctx, bin, dir)
	if err != nil {
		return err
	}
	defer s.stop()
	fmt.Fprintf(out, "binary              %6.1f MB\n", float64(info.Size())/1e6)
	fmt.Fprintf(out, "start to ready      %6.0f ms\n", s.ready.Seconds()*1e3)
	fmt.Fprintf(out, "RSS when ready      %6.1f MB\n", s.rss())
	fmt.Fprintf(out, "\n%-22s %8s %8s %8s %8s %10s\n", "", "p50 ms", "p95 ms", "p99 ms", "max ms", "a second")
	asked := 0
	for c := range strings.SplitSeq(clients, ",") {
		k, err := strconv.Atoi(strings.TrimSpace(c))
		if err != nil || k < 1 {
			return fmt.Errorf("clients %q: want numbers", c)
		}
		// a new question each time: the words change, so no cache knows it
		next := func(i int) string { return fmt.Sprintf("%s (%d)", questions[i%len(questions)], asked+i) }
		if err := s.measure(ctx, out, fmt.Sprintf("new, %d clients", k), n, k, next); err != nil {
			return err
		}
		asked += n
	}
	same := func(i int) string { return questions[i%10] }
	if err := s.measure(ctx, io.Discard, "", 10, 1, same); err != nil {
		return err
	}
	if err := s.measure(ctx, out, "repeated, 1 client", 5*n, 1, same); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nRSS afterwards      %6.1f MB\n", s.rss())
	return nil
}

func readQuestions(file string) ([]string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var out []string
	for line := range bytes.Lines(b) {
		var c struct {
			Q string `json:"q"`
		}
		if err := json.Unmarshal(line, &c); err != nil {
			return nil, err
		}
		out = append(out, c.Q)
	}
	if len(out) < 10 {
		return nil, errors.New("want at least ten questions")
	}
	return out, nil
}

type server struct {
	cmd   *exec.Cmd
	url   string
	ready time.Duration
}

var address = regexp.MustCompile(`http://\S+`)

func start(ctx context.Context, bin, dir string) (*server, error) {
	begin := time.Now()
	s := &server{cmd: exec.CommandContext(ctx, bin, "serve", "--addr", "127.0.0.1:0", "--data", filepath.Join(dir, "data"), "--rate-limit", "0", "--log-level", "error")}
	s.cmd.Stderr = os.Stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if s.url = address.FindString(line); err != nil || s.url == "" {
		s.stop()
		return nil, fmt.Errorf("the service did not start: %q %w", line, err)
	}
	for {
		resp, err := http.Get(s.url + "/readyz")
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				s.ready = time.Since(begin)
				return s, nil
			}
		}
		if time.Since(begin) > 30*time.Second {
			s.stop()
			return nil, errors.New("not ready in 30 s")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (s *server) stop() {
	_ = s.cmd.Process.Signal(os.Interrupt)
	_ = s.cmd.Wait()
}

// rss gives the resident memory in MB, as Linux counts it.
func (s *server) rss() float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.SplitSeq(string(b), "\n") {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kb / 1e3
		}
	}
	return 0
}

func (s *server) measure(ctx context.Context, out io.Writer, name string, n, clients int, question func(int) string) error {
	var (
		next  atomic.Int64
		mu    sync.Mutex
		took  []float64
		first error
		wg    sync.WaitGroup
	)
	begin := time.Now()
	for range clients {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				t := time.Now()
				err := s.ask(ctx, question(i))
				mu.Lock()
				took = append(took, time.Since(t).Seconds()*1e3)
				if err != nil && first == nil {
					first = err
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if first != nil {
		return first
	}
	slices.Sort(took)
	at := func(p float64) float64 { return took[min(len(took)-1, int(p*float64(len(took))))] }
	fmt.Fprintf(out, "%-22s %8.1f %8.1f %8.1f %8.1f %10.1f\n", name, at(.5), at(.95), at(.99), took[len(took)-1], float64(n)/time.Since(begin).Seconds())
	return nil
}

func (s *server) ask(ctx context.Context, question string) error {
	b, err := json.Marshal(map[string]string{"question": question})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/v1/ask", bytes.NewReader(b))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %s", resp.Status)
	}
	return err
}
