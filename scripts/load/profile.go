package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// profile says where the processor's time goes under questions, by role. The
// roles run in one process of this program then, which is told apart by labels:
// the service itself has no door for profiles.
func profile(ctx context.Context, b *bench) error {
	qs, err := readQuestions(b.file)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(b.dir, 0o755); err != nil {
		return err
	}
	var env []string
	if b.shape == three {
		s, err := newStack(ctx, b.bin)
		if err != nil {
			return err
		}
		defer s.drop()
		env = append(s.Env(), "KIVEILEDER_ROLE_TOKEN="+rand.Text()+rand.Text(), "KIVEILEDER_SECRET="+rand.Text()+rand.Text())
	}
	for _, kind := range []struct {
		name string
		n    int
		talk int
		next func(int) string
	}{
		{"new questions", b.n, 3, func(i int) string { return fmt.Sprintf("%s (p%d)", qs[i%len(qs)], i) }},
		{"repeated questions", 10 * b.n, 1, func(i int) string { return qs[i%10] }},
	} {
		file := filepath.Join(b.dir, strings.ReplaceAll(kind.name, " ", "-"))
		if err := b.profiled(ctx, file, env, asking{kind.name, nil, kind.n, 4, kind.talk, kind.next}); err != nil {
			return err
		}
		spent, err := readProfile(ctx, file)
		if err != nil {
			return err
		}
		b.showProfile(kind.name, kind.n, spent)
	}
	return nil
}

// profiled asks a host of the roles, whose profile is then in the file.
func (b *bench) profiled(ctx context.Context, file string, env []string, a asking) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	h := &server{
		name: "host", bin: self, args: []string{hostArg, b.shape, file},
		env: slices.Concat(plainEnv(), limits, env, []string{"KIVEILEDER_DATA=" + file + "-data"}),
	}
	if err := h.start(ctx); err != nil {
		return err
	}
	defer h.stop()
	a.urls = []string{h.socket()}
	warm := a
	warm.n = min(a.n, 20)
	if _, err := measure(ctx, warm); err != nil {
		return err
	}
	if err := h.cmd.Process.Signal(syscall.SIGUSR1); err != nil {
		return err
	}
	_, err = measure(ctx, a)
	return err
}
