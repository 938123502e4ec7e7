package main

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"kiveileder/internal/loopback"
)

// A world is the service as it is measured. One process is a gateway alone.
type world struct {
	gateways, services, retrievers []*server
	stack                          *stack // nil for one process
}

// limits lets a thousand clients of one address do what they like.
var limits = []string{"KIVEILEDER_RATE_LIMIT=0", "KIVEILEDER_MAX_SOCKETS=50000", "KIVEILEDER_MAX_PER_CLIENT=50000", "KIVEILEDER_LOG_LEVEL=error"}

// world starts the service in the shape that is measured, with two gateways
// where there are three roles and replicas of the others. The gateways of three
// roles have the settings of edge besides.
func (b *bench) world(ctx context.Context, replicas int, edge ...string) (_ *world, err error) {
	w := &world{}
	defer func() {
		if err != nil {
			w.stop()
		}
	}()
	if b.shape == one {
		w.gateways, err = b.roles(ctx, "serve", 1, nil)
		return w, err
	}
	if w.stack, err = newStack(ctx, b.bin); err != nil {
		return nil, err
	}
	env := append(w.stack.Env(), "KIVEILEDER_ROLE_TOKEN="+rand.Text()+rand.Text(), "KIVEILEDER_SECRET="+rand.Text()+rand.Text())
	if w.retrievers, err = b.roles(ctx, "retriever", replicas, env); err != nil {
		return nil, err
	}
	if w.services, err = b.roles(ctx, "services", replicas, append(env, "KIVEILEDER_RETRIEVER_URL="+urls(w.retrievers))); err != nil {
		return nil, err
	}
	w.gateways, err = b.roles(ctx, "gateway", 2, slices.Concat(env, edge, []string{"KIVEILEDER_SERVICES_URL=" + urls(w.services)}))
	return w, err
}

// roles starts replicas of a role.
func (b *bench) roles(ctx context.Context, role string, n int, env []string) (out []*server, err error) {
	for range n {
		dir := filepath.Join(b.dir, rand.Text()[:8])
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return out, err
		}
		addr, err := loopback.FreeAddr()
		if err != nil {
			return out, err
		}
		s := &server{
			name: role, bin: b.bin, args: []string{role},
			env: slices.Concat(plainEnv(), limits, env, []string{"KIVEILEDER_ADDR=" + addr, "KIVEILEDER_DATA=" + dir}),
		}
		if err := s.start(ctx); err != nil {
			for _, s := range out {
				s.stop()
			}
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// plainEnv is the environment without settings of the service.
func plainEnv() []string {
	return slices.DeleteFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, "KIVEILEDER_") })
}

func urls(ss []*server) string {
	var out []string
	for _, s := range ss {
		out = append(out, s.url)
	}
	return strings.Join(out, ",")
}

// sockets gives where clients connect.
func sockets(ss []*server) []string {
	var out []string
	for _, s := range ss {
		out = append(out, s.socket())
	}
	return out
}

// all gives all processes, callers before those whom they call.
func (w *world) all() []*server { return slices.Concat(w.gateways, w.services, w.retrievers) }

// stop ends all of it.
func (w *world) stop() {
	for _, s := range w.all() {
		s.stop()
	}
	if w.stack != nil {
		w.stack.drop()
	}
}

// rss gives the resident memory of processes in KB.
func rss(ss []*server) (kb float64) {
	for _, s := range ss {
		kb += s.rss()
	}
	return kb
}

// cpu gives the processor time of processes.
func cpu(ss []*server) (d time.Duration) {
	for _, s := range ss {
		d += s.cpu()
	}
	return d
}
