package queue_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kiveileder"
	"kiveileder/corpus"
	"kiveileder/retriever"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/register"
	"kiveileder/services/queue"
)

// publish publishes the answer of a case as a person would: what the machine
// proposes, with the hospital's name taken out.
func publish(t *testing.T, q queue.Calls, d queue.DeskCase) queue.DeskCase {
	t.Helper()
	p, err := q.Proposal(t.Context(), bodil, d.ID)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(p.Marks, func(m register.Mark) bool { return m.Text == "Haukeland" }) {
		t.Errorf("the hospital is not proposed: %+v", p.Marks)
	}
	pub := p.Publication
	pub.Title, pub.Question = "REK for bilder", "Må vi søke REK for bilder ved et sykehus?"
	return do(t, q, d.ID, bodil, guidance.Published, pub)
}

func sources(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "sources", "*", "passages.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// An answer that is published stands in the register and among the documents
// that are searched, and is shown to the next who asks; when what it leans on
// changes, it is looked at again by itself and answers nobody meanwhile.
func TestFromOneToMany(t *testing.T) {
	both(t, func(t *testing.T, w *world, q queue.Calls) {
		ctx := t.Context()
		c, err := q.HandOver(ctx, "k", queue.HandOver{ID: "0", Question: "Noe annet?", Agency: "hdir"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := q.Proposal(ctx, bodil, c.ID); kiveileder.ErrorCode(err) != kiveileder.CodeConflict {
			t.Errorf("a publication without an answer: %v", err)
		}
		d := answered(t, q, "k")
		if p, err := q.Answers(ctx, queue.AnswersQuery{}); err != nil || len(p.Answers)+p.Total != 0 {
			t.Fatalf("before: %v, %v", p, err)
		}
		d = publish(t, q, d)
		if d.State != guidance.IsPublished || d.Address != "/svar/"+d.Number {
			t.Errorf("published: %s at %q", d.State, d.Address)
		}
		p, err := q.Answers(ctx, queue.AnswersQuery{Words: "bilder"})
		all := p.Answers
		if err != nil || len(all) != 1 || p.Total != 1 || all[0].Status != guidance.Valid || !slices.Contains(all[0].Agencies, "dmp") {
			t.Fatalf("the register: %+v, %v", all, err)
		}
		if _, err := q.Answer(ctx, "KI-2026-0001"); kiveileder.ErrorCode(err) != kiveileder.CodeNotFound {
			t.Errorf("a case that is not published: %v", err)
		}
		if err := w.queue.Settle(ctx); err != nil {
			t.Fatal(err)
		}
		if got := sources(t, w.dir); len(got) != 1 || w.told != 1 {
			t.Fatalf("documents %v, told %d times", got, w.told)
		}
		if err := w.queue.Settle(ctx); err != nil || w.told != 1 {
			t.Errorf("settled again: %v, told %d times", err, w.told)
		}

		w.hits = []retriever.Hit{{Passage: kiveileder.Passage{ID: "svar-x/y", Source: register.SourceID(d.Number)}}}
		w.ask("next", "Trenger vi REK for røntgenbilder?")
		f, err := q.Form(ctx, "next", kiveileder.Bokmal)
		if err != nil || len(f.Near) != 1 || f.Near[0].URL != d.Address || f.Near[0].Published != "2026-11-23" {
			t.Errorf("the next asker is shown %+v, %v", f.Near, err)
		}

		w.ground = ground("• Trenger ingen godkjenning")
		if err := w.queue.Settle(ctx); err != nil {
			t.Fatal(err)
		}
		e, err := q.Answer(ctx, d.Number)
		if err != nil || e.Status != guidance.UnderReview || !strings.Contains(e.Reason, "Avklare formål") {
			t.Errorf("after the source changed: %s, %q, %v", e.Status, e.Reason, err)
		}
		if got := sources(t, w.dir); len(got) != 0 {
			t.Errorf("it still answers: %v", got)
		}
		list, err := q.List(ctx, bodil, queue.DeskQuery{Review: true})
		if err != nil || len(list.Cases) != 1 || list.Count["review"] != 1 {
			t.Errorf("to be reviewed: %+v, %v", list, err)
		}
		do(t, q, d.ID, anne, guidance.Unpublished, guidance.UnpublishedData{Reason: "Kilden er endret."})
		if e, err = q.Answer(ctx, d.Number); err != nil || e.Status != guidance.Retracted || e.Reason != "Kilden er endret." {
			t.Errorf("withdrawn: %+v, %v", e, err)
		}
	})
}

// What is published is embedded once, before others hear of it; where nobody can
// embed, it is published all the same, and later made good.
func TestPacked(t *testing.T) {
	w := newWorld(t)
	var packed []string
	var away error
	w.queue.Pack = func(_ context.Context, doc *corpus.Corpus, had []byte) ([]byte, error) {
		if string(had) == "vectors" || away != nil {
			return nil, away
		}
		packed = append(packed, doc.Sources[0].ID)
		return []byte("vectors"), nil
	}
	settle := func(told, times int) string {
		t.Helper()
		if err := w.queue.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		if w.told != told || len(packed) != times {
			t.Errorf("told %d times, packed %v; want %d and %d", w.told, packed, told, times)
		}
		kept, _ := filepath.Glob(filepath.Join(w.dir, "sources", "*", register.Vectors))
		return fmt.Sprint(len(kept))
	}
	d := publish(t, w.queue, answered(t, w.queue, "k"))
	if kept := settle(1, 1); kept != "1" || packed[0] != register.SourceID(d.Number) {
		t.Errorf("%s files of vectors, of %v", kept, packed)
	}
	settle(1, 1)
	away = errors.New("the retriever is away")
	publish(t, w.queue, answered(t, w.queue, "other"))
	if kept := settle(2, 1); kept != "1" || len(sources(t, w.dir)) != 2 {
		t.Errorf("%s files of vectors, %v published", kept, sources(t, w.dir))
	}
	away = nil
	if kept := settle(3, 2); kept != "2" {
		t.Errorf("%s files of vectors, want those of both", kept)
	}
	settle(3, 2)
}

// An answer whose last day is over is looked at again.
func TestLastDay(t *testing.T) {
	w := newWorld(t)
	d := answered(t, w.queue, "k")
	p, err := w.queue.Proposal(t.Context(), bodil, d.ID)
	if err != nil {
		t.Fatal(err)
	}
	p.Publication.ValidUntil = "2026-12-31"
	do(t, w.queue, d.ID, bodil, guidance.Published, p.Publication)
	for _, c := range []struct {
		on   time.Time
		want guidance.Standing
	}{
		{time.Date(2026, 12, 31, 12, 0, 0, 0, time.UTC), guidance.Valid},
		{time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC), guidance.UnderReview},
	} {
		w.now = c.on
		if err := w.queue.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		if e, err := w.queue.Answer(t.Context(), d.Number); err != nil || e.Status != c.want {
			t.Errorf("on %s: %s, %v", c.on.Format(time.DateOnly), e.Status, err)
		}
	}
}

func TestSimilar(t *testing.T) {
	both(t, func(t *testing.T, w *world, q queue.Calls) {
		ctx := t.Context()
		old := publish(t, q, answered(t, q, "k"))
		c, err := q.HandOver(ctx, "other", queue.HandOver{ID: "1", Question: "Må vi søke REK for bildene våre etter helseforskningsloven § 9?", Agency: "hdir"})
		if err != nil {
			t.Fatal(err)
		}
		s, err := q.Similar(ctx, bodil, c.ID)
		if err != nil || len(s.Cases) != 1 || s.Cases[0].Number != old.Number || len(s.Answers) != 1 || len(s.Answers[0].Why) == 0 {
			t.Errorf("similar: %+v, %v", s, err)
		}
		if _, err := q.Similar(ctx, guidance.Actor{ID: "e", Role: guidance.Lawyer, Agency: "datatilsynet"}, c.ID); kiveileder.ErrorCode(err) != kiveileder.CodeNotFound {
			t.Errorf("to another agency: %v", err)
		}
	})
}
