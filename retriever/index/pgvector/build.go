package pgvector

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"kiveileder/retriever/index"
	"kiveileder/retriever/lexical"
)

// mostDims is the number of dimensions up to which a vector fits a page and a
// graph.
const mostDims = 3999

// Build makes a generation of the version unless there is one. Generations
// that are there stay as they are and go on being searched. It is done in one
// transaction: on any error, or when the process dies, nothing is left of it.
// Of several processes that build the same version one does, and the others
// wait for it.
//
// A version names its entries: with other entries it must be another.
func (s *Store) Build(ctx context.Context, version string, entries []index.Entry) error {
	if ok, err := s.Has(ctx, version); ok || err != nil {
		return err
	}
	select {
	case s.building <- struct{}{}:
		defer func() { <-s.building }()
	case <-ctx.Done():
		return wrap(ctx, "build", ctx.Err())
	}
	if ok, err := s.Has(ctx, version); ok || err != nil { // built while waiting
		return err
	}
	p, err := s.prepare(ctx, entries)
	if err != nil {
		return fmt.Errorf("pgvector: build: %w", err)
	}
	return wrap(ctx, "build", pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		return s.build(ctx, tx, version, p)
	}))
}

// prepared is what becomes a generation.
type prepared struct {
	*shape
	entries []index.Entry
	dim     int
	clouds  [index.Kinds]cloud
	letters [sides]*lexical.Index
}

func (s *Store) prepare(ctx context.Context, entries []index.Entry) (*prepared, error) {
	p := &prepared{shape: &shape{}, entries: entries}
	for i := range p.letters {
		p.letters[i] = lexical.NewIndex()
	}
	for i := range entries {
		e := &entries[i]
		if i == 0 {
			p.dim = len(e.Vector)
		}
		switch {
		case len(e.Vector) != p.dim || p.dim > mostDims:
			return nil, fmt.Errorf("entry %d has %d dimensions, the first %d; at most %d are possible", i, len(e.Vector), p.dim, mostDims)
		case e.Kind.OfPassage() && int(e.Ref) >= len(entries):
			return nil, fmt.Errorf("passage %d has no text", e.Ref)
		case i%1024 == 0 && ctx.Err() != nil:
			return nil, ctx.Err()
		}
		n := 0
		if e.Kind.Lexical() {
			text := e.Letter
			if text == "" {
				text = e.Text
			}
			ts := lexical.Terms(text)
			n = len(ts)
			p.letters[side(e.Kind)].Add(ts)
		}
		if err := p.add(e.Kind, e.Ref, n); err != nil {
			return nil, err
		}
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	for k, of := range p.ofKind {
		c := newCloud(entries, of, p.dim)
		if x := c.Lever + c.Norm + c.Error; math.IsNaN(x) || math.IsInf(x, 0) {
			return nil, fmt.Errorf("kind %d has vectors that are not finite", k)
		}
		// below that, looking at all is as fast
		c.HNSW = s.opts.HNSW != nil && len(of) > max(s.opts.Whole, 1000)
		p.clouds[k] = c
	}
	return p, nil
}

func (s *Store) build(ctx context.Context, tx pgx.Tx, version string, p *prepared) error {
	// building takes as long as it takes, whatever the pool allows a query
	if _, err := tx.Exec(ctx, `select set_config(name, '0', true) from pg_settings where name in
		('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')`); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended($1, 7061))`, version+"\n"+s.form()); err != nil {
		return err
	}
	id, ok, err := s.find(ctx, tx, version)
	if ok || err != nil {
		return err
	}
	if id != 0 { // its tables are gone
		if _, err := tx.Exec(ctx, dropTables(id)+`delete from index_generation where id = `+fmt.Sprint(id)); err != nil {
			return err
		}
	}
	if err := tx.QueryRow(ctx, `insert into index_generation (version, form, dim, entries, statistics, directory)
		values ($1, $2, $3, $4, $5, $6) returning id`,
		version, s.form(), p.dim, len(p.entries), p.clouds, p.directory()).Scan(&id); err != nil {
		return err
	}
	for _, fill := range []func(context.Context, pgx.Tx, int32, *prepared) error{s.fillEntries, s.fillBlocks, s.fillPostings} {
		if err := fill(ctx, tx, id, p); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) fillEntries(ctx context.Context, tx pgx.Tx, id int32, p *prepared) error {
	half := make([]uint16, p.dim+1)
	for k, of := range p.ofKind {
		if len(of) == 0 {
			continue
		}
		table := entryTable(id, index.Kind(k))
		if _, err := tx.Exec(ctx, fmt.Sprintf(`create table %s (no integer not null, w halfvec(%d) storage plain not null)`, table, p.dim+1)); err != nil {
			return err
		}
		c := &p.clouds[k]
		err := copyRows(ctx, tx, table+" (no, w)", func(row *rowWriter) error {
			for _, n := range of {
				c.store(half, &p.entries[n], nil)
				row.begin(2)
				row.integer(n)
				row.halfvec(half)
				if err := row.end(); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if c.HNSW {
			if err := s.graph(ctx, tx, table); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `analyze `+table); err != nil {
			return err
		}
	}
	return nil
}

// graph builds the HNSW index, after the rows are there, which is several times
// faster than beside.
func (s *Store) graph(ctx context.Context, tx pgx.Tx, table string) error {
	h, workers := s.opts.HNSW, 0
	if s.parallel {
		workers = h.BuildWorkers
	}
	if _, err := tx.Exec(ctx, `select set_config('maintenance_work_mem', $1, true), set_config('max_parallel_maintenance_workers', $2, true)`,
		h.BuildMemory, fmt.Sprint(workers)); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, fmt.Sprintf(`create index on %s using hnsw (w halfvec_ip_ops) with (m = %d, ef_construction = %d)`, table, h.M, h.EfConstruction))
	return err
}

func (s *Store) fillBlocks(ctx context.Context, tx pgx.Tx, id int32, p *prepared) error {
	table := blockTable(id)
	if _, err := tx.Exec(ctx, `create table `+table+` (no integer not null, body bytea storage external not null)`); err != nil {
		return err
	}
	of := map[int32][]int32{}
	for n, b := range p.block {
		of[b] = append(of[b], int32(n))
	}
	var body []byte
	return fillTable(ctx, tx, table, []string{"no", "body"}, func(row *rowWriter) error {
		for b := int32(-p.blocks); int(b) < len(p.heads); b++ {
			if b == 0 && len(p.heads) == 0 {
				break
			}
			body = appendBlock(body[:0], p.entries, of[b])
			row.begin(2)
			row.integer(b)
			row.bytes(body)
			if err := row.end(); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Store) fillPostings(ctx context.Context, tx pgx.Tx, id int32, p *prepared) error {
	table := postingTable(id)
	// terms are bytes: they are compared as such, whatever the database's order
	if _, err := tx.Exec(ctx, `create table `+table+` (term bytea not null, texts bytea, others bytea)`); err != nil {
		return err
	}
	terms := slices.AppendSeq(slices.Collect(p.letters[texts].Terms()), p.letters[others].Terms())
	slices.Sort(terms)
	var body []byte
	return fillTable(ctx, tx, table, []string{"term", "texts", "others"}, func(row *rowWriter) error {
		for _, t := range slices.Compact(terms) {
			row.begin(3)
			row.bytes([]byte(t))
			for _, side := range []int{texts, others} {
				body = appendPostings(body[:0], p.letters[side].Postings(t))
				row.bytes(body)
			}
			if err := row.end(); err != nil {
				return err
			}
		}
		return nil
	})
}

// fillTable copies rows into a new table. When they are there, its first column
// becomes its key.
func fillTable(ctx context.Context, tx pgx.Tx, table string, columns []string, rows func(row *rowWriter) error) error {
	if err := copyRows(ctx, tx, table+" ("+strings.Join(columns, ", ")+")", rows); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `alter table `+table+` add primary key (`+columns[0]+`); analyze `+table)
	return err
}

func entryTable(id int32, k index.Kind) string { return fmt.Sprintf("index_entry_%d_%d", id, k) }
func blockTable(id int32) string               { return fmt.Sprintf("index_block_%d", id) }
func postingTable(id int32) string             { return fmt.Sprintf("index_posting_%d", id) }

func dropTables(id int32) string {
	names := []string{blockTable(id), postingTable(id)}
	for k := range index.Kinds {
		names = append(names, entryTable(id, k))
	}
	return `drop table if exists ` + strings.Join(names, ", ") + `; `
}
