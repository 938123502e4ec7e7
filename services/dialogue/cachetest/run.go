// Package cachetest is the suite that all dialogue.Answers pass.
package cachetest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiveileder"
	"kiveileder/internal/filltest"
	"kiveileder/services/dialogue"
)

// Run runs the suite. open gives the same empty answers as two replicas see
// them, which may be the same value.
func Run(t *testing.T, open func(t *testing.T) (a, b dialogue.Answers)) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, a, b dialogue.Answers)
	}{
		{"nothing at first", testNothing},
		{"every field survives", testFields},
		{"the last one counts", testLast},
		{"made once for many, here and elsewhere", testOnce},
		{"who goes away does not take it from others", testGone},
		{"an error is for all who wait, and not kept", testError},
		{"a panic is an error", testPanic},
		{"a claim that is not kept is no end", testClaim},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a, b := open(t)
			c.test(t, a, b)
		})
	}
}

func key(s string) [32]byte { return sha256.Sum256([]byte(s)) }

func testNothing(t *testing.T, a, b dialogue.Answers) {
	for _, x := range []dialogue.Answers{a, b} {
		if got, ok := x.Get(t.Context(), key("a")); ok {
			t.Errorf("got %+v", got)
		}
	}
}

func testFields(t *testing.T, a, b dialogue.Answers) {
	full := filltest.Value[kiveileder.Answer]("Svar")
	for name, want := range map[string]kiveileder.Answer{
		"full":           full,
		"nothing":        {},
		"empty, not nil": {Findings: []kiveileder.Finding{}, Citations: []kiveileder.Citation{}, Conflicts: []kiveileder.Conflict{}, Facts: map[string]any{}, Missing: []string{}, Masked: []string{}},
		"facts":          {Facts: map[string]any{"ja": true, "tal": 0.1, "liste": []any{"a", "b"}, "ingen": nil, "tekst": "æøå"}, Confidence: 1.0 / 3},
	} {
		a.Put(t.Context(), key(name), want)
		for _, x := range []dialogue.Answers{a, b} {
			got, ok := x.Get(t.Context(), key(name))
			if d := cmp.Diff(want, got); !ok || d != "" {
				t.Errorf("%s: found %v, -put +got:\n%s", name, ok, d)
			}
		}
	}
}

func testLast(t *testing.T, a, b dialogue.Answers) {
	a.Put(t.Context(), key("a"), kiveileder.Answer{Lead: "1"})
	a.Put(t.Context(), key("a"), kiveileder.Answer{Lead: "2"})
	a.Put(t.Context(), key("b"), kiveileder.Answer{Lead: "3"})
	for k, want := range map[string]string{"a": "2", "b": "3"} {
		if got, ok := b.Get(t.Context(), key(k)); !ok || got.Lead != want {
			t.Errorf("%s: %q, %v", k, got.Lead, ok)
		}
	}
}

// A turner answers as the test says, and counts.
type turner struct {
	n    atomic.Int32
	turn func(ctx context.Context, t kiveileder.Turn) (kiveileder.Answer, error)
}

func (x *turner) Turn(ctx context.Context, t kiveileder.Turn) (kiveileder.Answer, error) {
	x.n.Add(1)
	return x.turn(ctx, t)
}

func slowly(_ context.Context, t kiveileder.Turn) (kiveileder.Answer, error) {
	time.Sleep(50 * time.Millisecond)
	return kiveileder.Answer{Lead: "Svar på " + t.Question, Conversation: t.Conversation}, nil
}

func testOnce(t *testing.T, a, b dialogue.Answers) {
	x := &turner{turn: slowly}
	caches := []*dialogue.Cache{dialogue.NewCacheOver(x, a, dialogue.CacheOptions{}), dialogue.NewCacheOver(x, b, dialogue.CacheOptions{})}
	if a == b {
		caches = caches[:1]
	}
	var wg sync.WaitGroup
	for i := range 20 { // no more than Redis has connections for: who waits for one too long makes it himself
		wg.Go(func() {
			conversation := fmt.Sprint(i)
			got, err := caches[i%len(caches)].Turn(t.Context(), kiveileder.Turn{Question: "Må vi søke REK?", Conversation: conversation})
			if err != nil || got.Lead != "Svar på Må vi søke REK?" || got.Conversation != conversation {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	wg.Wait()
	if n := x.n.Load(); n != 1 {
		t.Errorf("made %d times", n)
	}
}

func testGone(t *testing.T, a, _ dialogue.Answers) {
	begun := make(chan struct{})
	x := &turner{turn: func(ctx context.Context, turn kiveileder.Turn) (kiveileder.Answer, error) {
		close(begun)
		got, _ := slowly(ctx, turn)
		return got, ctx.Err()
	}}
	c := dialogue.NewCacheOver(x, a, dialogue.CacheOptions{})
	first, leave := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := c.Turn(first, kiveileder.Turn{Question: "x"}); !errors.Is(err, context.Canceled) {
			t.Errorf("who went away was told %v", err)
		}
	})
	<-begun
	for range 5 {
		wg.Go(func() {
			if got, err := c.Turn(t.Context(), kiveileder.Turn{Question: "x"}); err != nil || got.Lead == "" {
				t.Errorf("who stayed was told %+v, %v", got, err)
			}
		})
	}
	leave()
	wg.Wait()
	if n := x.n.Load(); n != 1 {
		t.Errorf("made %d times", n)
	}
}

func testError(t *testing.T, a, _ dialogue.Answers) {
	away := errors.New("away")
	fail := atomic.Bool{}
	fail.Store(true)
	x := &turner{turn: func(ctx context.Context, turn kiveileder.Turn) (kiveileder.Answer, error) {
		got, err := slowly(ctx, turn)
		if fail.Load() {
			return kiveileder.Answer{}, away
		}
		return got, err
	}}
	c := dialogue.NewCacheOver(x, a, dialogue.CacheOptions{})
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if _, err := c.Turn(t.Context(), kiveileder.Turn{Question: "x"}); !errors.Is(err, away) {
				t.Errorf("error %v", err)
			}
		})
	}
	wg.Wait()
	fail.Store(false)
	if got, err := c.Turn(t.Context(), kiveileder.Turn{Question: "x"}); err != nil || got.Lead == "" {
		t.Errorf("%+v, %v", got, err)
	}
}

func testPanic(t *testing.T, a, _ dialogue.Answers) {
	x := &turner{turn: func(context.Context, kiveileder.Turn) (kiveileder.Answer, error) { panic("01019012480") }}
	c := dialogue.NewCacheOver(x, a, dialogue.CacheOptions{})
	_, err := c.Turn(t.Context(), kiveileder.Turn{Question: "x"})
	if err == nil || kiveileder.ErrorCode(err) != kiveileder.CodeInternal {
		t.Fatalf("error %v", err)
	}
	if got := err.Error(); len(got) < 10 || strings.Contains(got, "01019012480") {
		t.Errorf("error %q", got)
	}
}

// Who has claimed an answer and died, or makes it for too long, holds nobody
// up for good.
func testClaim(t *testing.T, a, b dialogue.Answers) {
	release, ok := a.Claim(t.Context(), key("a"))
	if !ok {
		t.Fatal("nobody has claimed it")
	}
	release()
	if release, ok = b.Claim(t.Context(), key("a")); !ok {
		t.Fatal("it was released")
	}
	release()
	x := &turner{turn: slowly}
	if _, ok := a.Claim(t.Context(), key("b")); !ok { // which is another than the turn's
		t.Fatal("nobody has claimed it")
	}
	if got, err := dialogue.NewCacheOver(x, b, dialogue.CacheOptions{}).Turn(t.Context(), kiveileder.Turn{Question: "x"}); err != nil || got.Lead == "" {
		t.Errorf("%+v, %v", got, err)
	}
	dead := &claimed{Answers: b}
	start := time.Now()
	got, err := dialogue.NewCacheOver(x, dead, dialogue.CacheOptions{}).Turn(t.Context(), kiveileder.Turn{Question: "y"})
	if took := time.Since(start); err != nil || got.Lead == "" || took > 3*time.Second {
		t.Errorf("%+v, %v after %v", got, err, took)
	}
}

// claimed Answers are made by somebody else, who has died.
type claimed struct{ dialogue.Answers }

func (claimed) Claim(context.Context, [32]byte) (func(), bool) { return nil, false }
