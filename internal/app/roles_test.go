package app_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"kiveileder/internal/app"
	"kiveileder/internal/loopback"
	"kiveileder/internal/stacktest"
)

// roleVar makes this test binary a role of the service.
const roleVar = "KIVEILEDER_TEST_ROLE"

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVar); role != "" {
		if err := beRole(app.Role(role)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// beRole serves as the command line would, configured by the environment.
func beRole(role app.Role) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	var cfg app.Config
	p, err := kong.New(&cfg)
	if err != nil {
		return err
	}
	if _, err := p.Parse(nil); err != nil {
		return err
	}
	a, err := app.NewRole(ctx, cfg, role, app.Logger(cfg, os.Stderr))
	if err != nil {
		return err
	}
	return a.Serve(ctx, os.Stdout)
}

// A process is a role that runs, and can be stopped and killed.
type process struct {
	t    testing.TB
	role app.Role
	env  []string
	addr string // stays the same when it is started again
	cmd  *exec.Cmd
}

func (p *process) url() string { return "http://" + p.addr }

// startRole starts a role and waits until it is ready.
func startRole(t testing.TB, role app.Role, env ...string) *process {
	t.Helper()
	addr, err := loopback.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, role: role, addr: addr, env: env}
	p.start()
	t.Cleanup(p.kill)
	return p
}

// start starts it and waits until it is ready.
func (p *process) start() {
	p.t.Helper()
	p.cmd = exec.Command(os.Args[0])
	p.cmd.Env = append(append(os.Environ(), roleVar+"="+string(p.role), "KIVEILEDER_ADDR="+p.addr, "KIVEILEDER_LOG_LEVEL=error",
		"KIVEILEDER_RATE_LIMIT=0", "KIVEILEDER_DATA="+p.t.TempDir()), p.env...)
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || !strings.Contains(line, p.addr) {
		p.t.Fatalf("%s: %q, %v", p.role, line, err)
	}
	for begin := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		resp, err := http.Get(p.url() + "/readyz")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Since(begin) > atMost(10*time.Second) {
			p.t.Fatalf("%s is not ready: %v", p.role, err)
		}
	}
}

// stop asks it to end and waits for it.
func (p *process) stop() {
	p.t.Helper()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("%s ended with %v", p.role, err)
	}
}

// kill ends it at once, as a crash does. It may have ended.
func (p *process) kill() {
	if p.cmd.Process.Kill() == nil {
		_ = p.cmd.Wait()
	}
}

// A world is the service in three roles, each as often as wanted.
type world struct{ gateways, services, retrievers []*process }

// startWorld starts n of each role over a database and a Redis of their own.
// It skips the test where there are none. env is added to every role's.
func startWorld(t testing.TB, n int, env ...string) *world {
	t.Helper()
	redis, prefix := stacktest.Redis(t)
	env = append([]string{
		"KIVEILEDER_DATABASE_URL=" + stacktest.Postgres(t), "KIVEILEDER_REDIS_URL=" + redis, "KIVEILEDER_REDIS_PREFIX=" + prefix,
		"KIVEILEDER_ROLE_TOKEN=a token of the tests, 32 bytes or more", "KIVEILEDER_SECRET=a secret of the tests, 32 bytes or more",
	}, env...)
	w := &world{}
	for range n {
		w.retrievers = append(w.retrievers, startRole(t, app.Retriever, env...))
	}
	for range n {
		w.services = append(w.services, startRole(t, app.Services, slices.Concat(env, []string{"KIVEILEDER_RETRIEVER_URL=" + urls(w.retrievers)})...))
	}
	for range n {
		w.gateways = append(w.gateways, startRole(t, app.Gateway, slices.Concat(env, []string{"KIVEILEDER_SERVICES_URL=" + urls(w.services)})...))
	}
	return w
}

func urls(ps []*process) string {
	var out []string
	for _, p := range ps {
		out = append(out, p.url())
	}
	return strings.Join(out, ",")
}
