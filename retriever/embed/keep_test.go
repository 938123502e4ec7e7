package embed_test

import (
	"context"
	"errors"
	"testing"

	"kiveileder/retriever/embed"
	"kiveileder/retriever/embed/embedtest"
)

func TestKeep(t *testing.T) {
	embedtest.Test(t, func(*testing.T) embed.Embedder { return embed.Keep(embedtest.Hash(64), 3) })
}

// counted tells how many texts of each kind reach a model.
type counted struct {
	embed.Embedder
	n    map[embed.Kind]int
	fail error
}

func (c *counted) Embed(ctx context.Context, kind embed.Kind, texts []string) ([][]float32, error) {
	if c.fail != nil {
		return nil, c.fail
	}
	c.n[kind] += len(texts)
	return c.Embedder.Embed(ctx, kind, texts)
}

// A question is embedded once while it is among those asked last, also beside
// others; a passage each time.
func TestKeepEmbedsOnce(t *testing.T) {
	model := &counted{Embedder: embedtest.Hash(64), n: map[embed.Kind]int{}}
	e := embed.Keep(model, 2)
	for _, step := range []struct {
		name  string
		kind  embed.Kind
		texts []string
		want  int // texts that the model has embedded by then
	}{
		{"new", embed.Query, []string{"helseforskning"}, 1},
		{"again", embed.Query, []string{"helseforskning"}, 1},
		{"beside a new one", embed.Query, []string{"statistikk", "helseforskning"}, 2},
		{"the older one once more", embed.Query, []string{"helseforskning"}, 2},
		{"a third, for which the other makes room", embed.Query, []string{"kvalitetsforbedring"}, 3},
		{"the one asked since", embed.Query, []string{"helseforskning"}, 3},
		{"the one that made room", embed.Query, []string{"statistikk"}, 4},
		{"a passage", embed.Passage, []string{"helseforskning"}, 1},
		{"a passage again", embed.Passage, []string{"helseforskning"}, 2},
	} {
		if _, err := e.Embed(t.Context(), step.kind, step.texts); err != nil {
			t.Fatal(err)
		}
		if got := model.n[step.kind]; got != step.want {
			t.Errorf("%s: the model has embedded %d, want %d", step.name, got, step.want)
		}
	}
}

// What a caller does with its vectors does not reach the next, and an error is
// not kept.
func TestKeepKeepsItsOwn(t *testing.T) {
	model := &counted{Embedder: embedtest.Hash(64), n: map[embed.Kind]int{}, fail: errors.New("model gone")}
	e := embed.Keep(model, 8)
	if _, err := e.Embed(t.Context(), embed.Query, []string{"samtykke"}); !errors.Is(err, model.fail) {
		t.Errorf("error %v, want %v", err, model.fail)
	}
	model.fail = nil
	first, err := e.Embed(t.Context(), embed.Query, []string{"samtykke"})
	if err != nil {
		t.Fatal(err)
	}
	want := first[0][0]
	for range 2 {
		first[0][0] = 99
		if first, err = e.Embed(t.Context(), embed.Query, []string{"samtykke"}); err != nil {
			t.Fatal(err)
		}
		if first[0][0] != want {
			t.Errorf("the vector begins with %v, want %v", first[0][0], want)
		}
	}
}
