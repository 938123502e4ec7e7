package guidance

import (
	"context"
	"slices"
)

// Vectors keep, beside a case, what its question means, as a model has it. They
// are derived from the log, may be missing, and go when a case is anonymised.
type Vectors interface {
	// KeepVector keeps one of a case that is still as it was at seq, in the place
	// of that of any model; of one that has moved it keeps nothing. An empty one
	// says that there is nothing to be made. Error: CodeInvalid for a model that
	// is no text, or a vector of more than MaxVector bytes.
	KeepVector(ctx context.Context, id string, seq int64, model string, vector []byte) error

	// VectorsOf gives those of a model that these cases have, by case.
	VectorsOf(ctx context.Context, model string, ids []string) (map[string][]byte, error)

	// WithoutVector gives cases that have none of a model, the newest change
	// first.
	WithoutVector(ctx context.Context, model string, limit int) ([]string, error)
}

// MaxVector is how many bytes a vector has at most.
const MaxVector = 64 << 10

// CheckVector refuses what KeepVector does not take: stores call it first.
func CheckVector(model string, vector []byte) error {
	if len(vector) > MaxVector || model == "" {
		return errKept
	}
	return checkText(model, MaxShort)
}

// A memoryVector is one of a model.
type memoryVector struct {
	model  string
	vector []byte
}

// KeepVector implements Vectors.
func (m *Memory) KeepVector(ctx context.Context, id string, seq int64, model string, vector []byte) error {
	if err := CheckVector(model, vector); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if c, err := m.find(ctx, id); err == nil && c.row.Seq == seq {
		c.vector = memoryVector{model, append([]byte{}, vector...)}
	}
	return ctx.Err()
}

// VectorsOf implements Vectors.
func (m *Memory) VectorsOf(ctx context.Context, model string, ids []string) (map[string][]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := map[string][]byte{}
	for _, id := range ids {
		if c := m.cases[id]; c != nil && c.vector.vector != nil && c.vector.model == model {
			out[id] = c.vector.vector
		}
	}
	return out, ctx.Err()
}

// WithoutVector implements Vectors.
func (m *Memory) WithoutVector(ctx context.Context, model string, limit int) (ids []string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var rows []Row
	for _, c := range m.cases {
		if c.vector.vector == nil || c.vector.model != model {
			rows = append(rows, c.row)
		}
	}
	slices.SortFunc(rows, newestFirst)
	for _, r := range rows[:min(len(rows), max(limit, 0))] {
		ids = append(ids, r.ID)
	}
	return ids, ctx.Err()
}
