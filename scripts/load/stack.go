package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	"kiveileder/scripts/own"
)

// A stack is a database with all tables and a part of Redis that nobody else
// uses.
type stack struct{ *own.Stack }

// newStack makes one. Drop it afterwards.
func newStack(ctx context.Context, bin string) (*stack, error) {
	o, err := own.New(ctx, "load")
	if err != nil {
		return nil, err
	}
	s := &stack{o}
	cmd := exec.CommandContext(ctx, bin, "migrate")
	cmd.Env = append(plainEnv(), s.Env()...)
	if b, err := cmd.CombinedOutput(); err != nil {
		s.drop()
		return nil, fmt.Errorf("migrate: %w\n%s", err, b)
	}
	return s, nil
}

// drop takes it all away. It says what stays.
func (s *stack) drop() {
	if err := s.Drop(); err != nil {
		fmt.Fprintln(os.Stderr, "load: something stays:", err)
	}
}
