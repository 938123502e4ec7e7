package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/pprof"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"kiveileder/internal/app"
)

// hostArg makes this program a host of roles, with the world and the file of
// the profile. The profile begins with SIGUSR1.
const hostArg = "-host"

// hosted gives the roles of a world, those that are called first.
func hosted(shape string) []app.Role {
	if shape == one {
		return []app.Role{app.Everything}
	}
	return []app.Role{app.Retriever, app.Services, app.Gateway}
}

func host(shape, file string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	group, ctx := errgroup.WithContext(ctx)
	var cfg app.Config
	p, err := kong.New(&cfg)
	if err != nil {
		return err
	}
	if _, err := p.Parse(nil); err != nil {
		return err
	}
	cfg.Addr = "127.0.0.1:0"
	url := ""
	for _, role := range hosted(shape) {
		if url, err = begin(ctx, group, cfg, role); err != nil {
			stop()
			return errors.Join(err, group.Wait())
		}
		cfg.RetrieverURL, cfg.ServicesURL = orElse(cfg.RetrieverURL, url), url
	}
	fmt.Println("host listens on", url)
	group.Go(func() error { return record(ctx, file) })
	return group.Wait()
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// begin starts a role and gives its address. All that it starts bears its name.
func begin(ctx context.Context, group *errgroup.Group, cfg app.Config, role app.Role) (url string, err error) {
	out, in := io.Pipe()
	group.Go(func() (err error) {
		defer func() { in.CloseWithError(errors.Join(err, io.EOF)) }()
		pprof.Do(ctx, pprof.Labels("role", string(role)), func(ctx context.Context) {
			var a *app.App
			if a, err = app.NewRole(ctx, cfg, role, zap.NewNop()); err == nil {
				err = a.Serve(ctx, in)
			}
		})
		return err
	})
	line := make([]byte, 200)
	n, err := out.Read(line)
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(address.FindString(string(line[:n]))), nil
}

// record writes a profile from the signal to the end.
func record(ctx context.Context, file string) error {
	now := make(chan os.Signal, 1)
	signal.Notify(now, syscall.SIGUSR1)
	select {
	case <-now:
	case <-ctx.Done():
		return nil
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	<-ctx.Done()
	pprof.StopCPUProfile()
	return f.Close()
}
