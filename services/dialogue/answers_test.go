package dialogue_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"kiveileder"
	"kiveileder/internal/stacktest"
	"kiveileder/retriever"
	"kiveileder/services/dialogue"
	"kiveileder/services/dialogue/cachetest"
)

func TestMemoryAnswers(t *testing.T) {
	cachetest.Run(t, func(*testing.T) (a, b dialogue.Answers) {
		m := dialogue.NewMemoryAnswers(100)
		return m, m
	})
}

func TestRedisAnswers(t *testing.T) {
	cachetest.Run(t, func(t *testing.T) (a, b dialogue.Answers) {
		address, prefix := stacktest.Redis(t)
		return redisAnswers(t, address, prefix), redisAnswers(t, address, prefix)
	})
}

func redisAnswers(t testing.TB, address, prefix string) dialogue.Answers {
	return dialogue.NewRedisAnswers(stacktest.OpenRedis(t, address, prefix), 100)
}

// While a change of the corpus goes round, a retriever may search another
// version than the dialogue has: the answer says which, and is not kept.
func TestCacheOfAnotherCorpus(t *testing.T) {
	search := finds(covered, approval)
	cache := dialogue.NewCacheOver(open(t, search), dialogue.NewMemoryAnswers(10), dialogue.CacheOptions{Versions: versions})
	for i, c := range []struct {
		searched string // corpus that the retriever has
		says     string // the answer
		searches int    // so far
	}{
		{"c0", "c0", 1},
		{"c0", "c0", 2},
		{versions.Corpus, versions.Corpus, 3}, // the retriever has caught up
		{versions.Corpus, versions.Corpus, 3},
		{"c0", versions.Corpus, 3}, // kept
	} {
		search.result.Corpus = c.searched
		a := ask(t, cache, kiveileder.Turn{Question: "Må vi søke REK?"})
		if a.Versions.Corpus != c.says || len(search.asked) != c.searches {
			t.Errorf("step %d: an answer from %q after %d searches, want %q after %d", i, a.Versions.Corpus, len(search.asked), c.says, c.searches)
		}
	}
}

// Another version, or another day, is another answer.
func TestCacheKey(t *testing.T) {
	answers := dialogue.NewMemoryAnswers(100)
	day := "2026-11-22"
	today := func() string { return day }
	made := func(v kiveileder.Versions) int {
		next := &counter{}
		ask(t, dialogue.NewCacheOver(next, answers, dialogue.CacheOptions{Versions: v, Today: today}), kiveileder.Turn{Question: "Må vi søke?"})
		return len(next.turns)
	}
	v := kiveileder.Versions{Corpus: "c", Rules: "r", Model: "m", Build: "b"}
	for _, c := range []struct {
		name string
		v    kiveileder.Versions
		day  string
		want int
	}{
		{"the first", v, day, 1},
		{"again", v, day, 0},
		{"another corpus", kiveileder.Versions{Corpus: "x", Rules: "r", Model: "m", Build: "b"}, day, 1},
		{"other rules", kiveileder.Versions{Corpus: "c", Rules: "x", Model: "m", Build: "b"}, day, 1},
		{"another model", kiveileder.Versions{Corpus: "c", Rules: "r", Model: "x", Build: "b"}, day, 1},
		{"another build", kiveileder.Versions{Corpus: "c", Rules: "r", Model: "m", Build: "x"}, day, 1},
		{"the next day", v, "2026-11-23", 1},
		{"the first again", v, day, 0},
	} {
		day = c.day
		if n := made(c.v); n != c.want {
			t.Errorf("%s: made %d times, want %d", c.name, n, c.want)
		}
	}
}

// What is kept elsewhere holds nothing that tells who asked.
func TestAnswersAreMasked(t *testing.T) {
	address, prefix := stacktest.Redis(t)
	c := stacktest.OpenRedis(t, address, prefix)
	for _, v := range []retriever.Verdict{covered, {Class: retriever.Uncertain}, {Class: retriever.WantsPerson, Intent: "wants_person"}} {
		cache := dialogue.NewCacheOver(open(t, finds(v, approval)), dialogue.NewRedisAnswers(c, 10), dialogue.CacheOptions{})
		for _, q := range []string{
			"Pasienten 01019012480 Kari Nordmann skal med i forskningsprosjektet, ring 99 88 77 66. Må vi søke REK?",
			"Vi skal forske på kunstig intelligens med helseopplysninger fra journalen til kari.nordmann@example.no",
		} {
			ask(t, cache, kiveileder.Turn{Question: q, History: []string{"Kari Nordmann, født 01019012480, har kreft"}, Conversation: "samtalen"})
		}
	}
	keys, err := c.Do(t.Context(), "keys", prefix+"answer:*").StringSlice()
	if err != nil || len(keys) == 0 {
		t.Fatalf("%d answers are kept, %v", len(keys), err)
	}
	for _, k := range keys {
		b, err := c.Get(t.Context(), k).Result()
		if err != nil {
			t.Fatal(err)
		}
		for _, personal := range []string{"01019012480", "Nordmann", "99 88", "kari.", "samtalen"} {
			if strings.Contains(b, personal) || strings.Contains(k, personal) {
				t.Errorf("%s stands in %s = %s", personal, k, b)
			}
		}
	}
}

// Whatever the line to Redis does, an answer comes, from memory when it was
// made here.
func TestAnswersFaults(t *testing.T) {
	address, prefix := stacktest.Redis(t)
	for _, w := range []stacktest.Way{stacktest.Cut, stacktest.Silent, stacktest.Half(10)} {
		t.Run(w.Name, func(t *testing.T) {
			t.Parallel()
			through, fault := stacktest.Proxy(t, address)
			client := stacktest.OpenRedis(t, through, prefix+w.Name)
			next := &counter{}
			cache := dialogue.NewCacheOver(next, dialogue.NewRedisAnswers(client, 10), dialogue.CacheOptions{})
			far := dialogue.NewRedisAnswers(stacktest.OpenRedis(t, address, prefix+w.Name), 10)
			turn := func(q string) {
				t.Helper()
				start := time.Now()
				if _, err := cache.Turn(t.Context(), kiveileder.Turn{Question: q}); err != nil {
					t.Error(err)
				}
				if took := time.Since(start); took > 5*time.Second {
					t.Errorf("it took %v", took)
				}
			}
			turn("a")
			w.Spoil(fault)
			for range 3 {
				turn("a")
				turn("b")
			}
			if len(next.turns) != 2 {
				t.Errorf("made %d times, want 2", len(next.turns))
			}
			fault.Mend()
			for end := time.Now().Add(30 * time.Second); client.State() != nil; time.Sleep(5 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatal("it does not come back")
				}
			}
			turn("c")
			n := 0
			others := dialogue.NewCacheOver(turnFunc(func() { n++ }), far, dialogue.CacheOptions{})
			for _, q := range []string{"a", "c"} {
				ask(t, others, kiveileder.Turn{Question: q})
			}
			if n != 0 {
				t.Errorf("made %d times elsewhere", n)
			}
		})
	}
}

type turnFunc func()

func (f turnFunc) Turn(context.Context, kiveileder.Turn) (kiveileder.Answer, error) {
	f()
	return kiveileder.Answer{}, nil
}
