package queue

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"time"

	"go.uber.org/zap"

	"kiveileder/services/guidance"
)

// A Meaning says how alike questions are. *retriever.Meaning does.
type Meaning interface {
	// Model names what makes the vectors: those of another one are worth nothing.
	Model() string
	// Vectors gives one for each question, to be kept.
	Vectors(ctx context.Context, questions []string) ([][]float32, error)
	// Place gives where a vector stands: the inner product of two places says how
	// alike they are. nil for what is no vector of the model.
	Place(v []float32) []float32
}

// How often is looked for cases whose question has no vector yet, how many are
// embedded in one call, and how long an open page waits for one.
const (
	meaningEvery = 15 * time.Second
	meaningBatch = 16
	meaningTime  = 2 * time.Second
)

// keepMeaning embeds the questions of cases until ctx ends. In several replicas
// one may be embedded twice: nothing comes of that.
func (q *Queue) keepMeaning(ctx context.Context) {
	if q.Meaning == nil {
		return
	}
	t := time.NewTicker(meaningEvery)
	defer t.Stop()
	for {
		if err := q.Embed(ctx); err != nil && ctx.Err() == nil {
			q.Log.Warn("questions of cases not embedded", zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// Embed makes the vectors that cases lack and keeps them with the cases. One
// that moves meanwhile gets its own the next time.
func (q *Queue) Embed(ctx context.Context) error {
	if q.Meaning == nil {
		return nil
	}
	var before []string
	for {
		ids, err := q.Cases.Store.WithoutVector(ctx, q.Meaning.Model(), meaningBatch)
		if err != nil || len(ids) == 0 || slices.Equal(ids, before) {
			return err
		}
		if _, err := q.embed(ctx, ids); err != nil {
			return err
		}
		before = ids
	}
}

// embed makes the vectors of some cases and keeps them.
func (q *Queue) embed(ctx context.Context, ids []string) (map[string][]byte, error) {
	var snaps []guidance.Snapshot
	var questions []string
	out := map[string][]byte{}
	for _, id := range ids {
		snap, err := q.Cases.Load(ctx, id)
		if err != nil {
			return nil, err
		}
		if snap.Case.Received.Question == "" { // its texts are gone
			if err := q.Cases.Store.KeepVector(ctx, id, snap.Case.Seq, q.Meaning.Model(), nil); err != nil {
				return nil, err
			}
			continue
		}
		snaps, questions = append(snaps, snap), append(questions, snap.Case.Received.Question) // masked when it came
	}
	if len(questions) == 0 {
		return out, nil
	}
	vs, err := q.Meaning.Vectors(ctx, questions)
	if err != nil {
		return nil, err
	}
	if len(vs) != len(questions) {
		return nil, fmt.Errorf("%d vectors of %d questions", len(vs), len(questions))
	}
	for i, snap := range snaps {
		out[snap.ID] = packed(vs[i])
		if err := q.Cases.Store.KeepVector(ctx, snap.ID, snap.Case.Seq, q.Meaning.Model(), out[snap.ID]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// places gives where the questions of cases stand, as far as that is known; that
// of the first one is found out when it is not. Without them cases are near by
// everything else.
func (q *Queue) places(ctx context.Context, ids []string) map[string][]float32 {
	out := map[string][]float32{}
	if q.Meaning == nil || len(ids) == 0 {
		return out
	}
	kept, err := q.Cases.Store.VectorsOf(ctx, q.Meaning.Model(), ids)
	if err == nil && kept[ids[0]] == nil {
		within, cancel := context.WithTimeout(ctx, meaningTime)
		defer cancel()
		var made map[string][]byte
		if made, err = q.embed(within, ids[:1]); err == nil {
			kept[ids[0]] = made[ids[0]]
		}
	}
	if err != nil && ctx.Err() == nil {
		q.Log.Warn("cases not compared in meaning", zap.String("case", ids[0]), zap.Error(err))
	}
	for id, v := range kept {
		if p := q.placed(id, v); p != nil {
			out[id] = p
		}
	}
	return out
}

// A place is where a vector stands.
type place struct {
	vector string
	at     []float32
}

// placed gives where a vector stands, from memory when it was asked for before.
func (q *Queue) placed(id string, vector []byte) []float32 {
	q.traces.mu.Lock()
	p, ok := q.traces.places[id]
	q.traces.mu.Unlock()
	if ok && p.vector == string(vector) {
		return p.at
	}
	p = place{string(vector), q.Meaning.Place(unpacked(vector))}
	q.traces.mu.Lock()
	defer q.traces.mu.Unlock()
	if q.traces.places == nil || len(q.traces.places) > 8*mostCompared {
		q.traces.places = map[string]place{}
	}
	q.traces.places[id] = p
	return p.at
}

func packed(v []float32) []byte {
	out := make([]byte, 0, 4*len(v))
	for _, x := range v {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(x))
	}
	return out
}

func unpacked(b []byte) []float32 {
	out := make([]float32, len(b)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return out
}
