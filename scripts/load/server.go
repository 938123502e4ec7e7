package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A server is a process that is measured from outside.
type server struct {
	cmd   *exec.Cmd
	url   string // http://…
	ready time.Duration
}

var address = regexp.MustCompile(`http://\S+`)

// serve starts the service on a data folder and waits until it is ready.
func serve(ctx context.Context, bin, data string) (*server, error) {
	if err := os.MkdirAll(data, 0o755); err != nil {
		return nil, err
	}
	s, err := launch(ctx, bin, "serve", "--addr", "127.0.0.1:0", "--data", filepath.Join(data, "data"), "--rate-limit", "0",
		"--max-sockets", "50000", "--max-per-client", "50000", "--log-level", "error")
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	for {
		resp, err := http.Get(s.url + "/readyz")
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				s.ready += time.Since(begin)
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

// launch starts a process and waits for the line that tells its address.
func launch(ctx context.Context, name string, args ...string) (*server, error) {
	begin := time.Now()
	s := &server{cmd: exec.CommandContext(ctx, name, args...)}
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
		return nil, fmt.Errorf("%s did not start: %q %w", name, line, err)
	}
	s.ready = time.Since(begin)
	return s, nil
}

func (s *server) socket() string { return "ws" + strings.TrimPrefix(s.url, "http") + "/v1/chat" }

func (s *server) stop() {
	_ = s.cmd.Process.Signal(os.Interrupt)
	_ = s.cmd.Wait()
}

// rss gives the resident memory in KB, as Linux counts it.
func (s *server) rss() float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.SplitSeq(string(b), "\n") {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kb
		}
	}
	return 0
}

// cpu gives the processor time that the process has used.
func (s *server) cpu() time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	// the name, in brackets, may hold blanks
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	ticks := 0
	for _, i := range []int{11, 12} { // utime and stime, in hundredths of a second
		n, _ := strconv.Atoi(fields[i])
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}
