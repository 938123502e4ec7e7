package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A server is a process that is measured from outside.
type server struct {
	name  string
	bin   string
	args  []string
	env   []string
	cmd   *exec.Cmd
	url   string // http://…
	ready time.Duration
	links chan string // by which people of a trial sign in, as they are printed
}

var address = regexp.MustCompile(`http://\S+`)

// start starts a role and waits until it is ready. Started again, it has the
// address that it had.
func (s *server) start(ctx context.Context) error {
	if err := s.launch(ctx); err != nil {
		return err
	}
	for begin := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		resp, err := http.Get(s.url + "/readyz")
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				s.ready += time.Since(begin)
				return nil
			}
		}
		if time.Since(begin) > 30*time.Second {
			s.stop()
			return fmt.Errorf("%s is not ready in 30 s", s.name)
		}
	}
}

// launch starts a process and waits for the line that tells its address.
func (s *server) launch(ctx context.Context) error {
	begin := time.Now()
	s.cmd = exec.CommandContext(ctx, s.bin, s.args...)
	s.cmd.Env, s.cmd.Stderr = s.env, os.Stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	if s.url = address.FindString(line); err != nil || s.url == "" {
		s.stop()
		return fmt.Errorf("%s did not start: %q %w", s.name, line, err)
	}
	s.ready = time.Since(begin)
	s.links = make(chan string, 100)
	go s.listen(lines)
	return nil
}

// listen keeps the links that a process prints, until it ends.
func (s *server) listen(lines *bufio.Reader) {
	defer close(s.links)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		if link := address.FindString(line); strings.Contains(link, "/login/demo") {
			s.links <- link
		}
	}
}

func (s *server) socket() string { return "ws" + strings.TrimPrefix(s.url, "http") + "/v1/chat" }

// stop asks it to end, as who restarts it would, and waits.
func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	_ = s.cmd.Wait() // an end by a signal is none that fails
}

// kill ends it at once.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// rss gives the resident memory in KB, as Linux counts it.
func (s *server) rss() float64 {
	var kb float64
	_, _ = fmt.Sscan(about(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid), "VmRSS"), &kb) // zero when it has ended
	return kb
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
