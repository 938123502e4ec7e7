package app

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"kiveileder"
	"kiveileder/corpus"
	"kiveileder/retriever"
	"kiveileder/retriever/builtin"
	"kiveileder/retriever/embed"
	"kiveileder/retriever/embed/e5"
	"kiveileder/retriever/embed/openai"
	"kiveileder/retriever/index"
	"kiveileder/retriever/index/pgvector"
	"kiveileder/services/dialogue"
	"kiveileder/services/guidance/register"
	"kiveileder/services/queue"
	"kiveileder/services/reading"
	"kiveileder/services/rules"
)

// parts say what a process holds.
type parts struct {
	search bool // the retriever
	answer bool // dialogue and rules
}

// A state is one version of everything that answers are made from. A change
// makes a new one; turns under way end with the one they began with.
type state struct {
	retriever *retriever.Retriever // nil where it is not held
	index     *pgvector.Index      // of the retriever, nil where vectors are compared in the process
	library   *corpus.Library
	ground    func() *register.Ground // what answers of the queue lean on; made when it is asked for
	texts     corpus.Texts
	rules     *rules.Set         // nil for a corpus without rules
	dialogue  *dialogue.Dialogue // nil where it is not held
	turner    dialogue.Turner    // the dialogue behind its cache
	versions  kiveileder.Versions
	passages  int
	added     string // version of the documents that it was made from
}

// Embedder gives the embedder that the configuration names.
func (c Config) Embedder() (embed.Embedder, error) {
	if c.EmbedURL == "" {
		return e5.Default()
	}
	return openai.New(openai.Options{
		BaseURL: c.EmbedURL, Model: c.EmbedModel, Dim: c.EmbedDim, APIKey: c.EmbedKey,
		QueryPrefix: "query: ", PassagePrefix: "passage: ",
	})
}

// snapshot gives the corpus that is served and the files that it comes from.
func (c Config) snapshot() (*retriever.Snapshot, fs.FS, error) {
	if c.Corpus == "" {
		s, err := builtin.Snapshot()
		return s, corpus.Files, err
	}
	b, err := os.ReadFile(filepath.Join(c.Corpus, "snapshot.bin"))
	if err != nil {
		return nil, nil, fmt.Errorf("corpus %s has no snapshot, make it with `kiveileder corpus build --dir %s`: %w", c.Corpus, c.Corpus, err)
	}
	s, err := retriever.ReadSnapshot(b)
	if err != nil {
		return nil, nil, err
	}
	files := os.DirFS(c.Corpus)
	version, err := corpus.Hash(files)
	if err == nil && version != s.Version { // that the built-in ones fit is proved by a test
		err = fmt.Errorf("the corpus (%s) and its snapshot (%s) do not fit: make it again with `kiveileder corpus build`", version, s.Version)
	}
	return s, files, err
}

// fixed is what a state holds that added documents do not change.
type fixed struct {
	snap    *retriever.Snapshot
	texts   corpus.Texts
	signals corpus.Signals
	rules   *rules.Set // nil for a corpus without rules
	reader  *reading.Reader
}

// loadFixed reads it. What is in the binary is read once, a folder's each time.
func (a *App) loadFixed() (*fixed, error) {
	if a.fixed != nil {
		return a.fixed, nil
	}
	snap, files, err := a.cfg.snapshot()
	if err != nil {
		return nil, err
	}
	f := &fixed{snap: snap}
	// the rules take a fifth of a second to compile: beside the rest, not after it
	var beside errgroup.Group
	beside.Go(func() (err error) { f.rules, err = loadRules(files); return err })
	beside.Go(func() (err error) { f.reader, err = loadReader(files); return err })
	f.texts, err = corpus.LoadTexts(files)
	if err == nil {
		f.signals, err = corpus.LoadSignals(files)
	}
	if err := errors.Join(err, beside.Wait()); err != nil {
		return nil, err
	}
	if files == fs.FS(corpus.Files) {
		a.fixed = f
	}
	return f, nil
}

// load makes the state of the parts that the process holds: the corpus that is
// served and what was added to it.
func (a *App) load(ctx context.Context) (*state, error) {
	a.loading.Lock()
	defer a.loading.Unlock()
	f, err := a.loadFixed()
	if err != nil {
		return nil, err
	}
	snap, version := f.snap, f.snap.Version
	more, err := a.added(ctx, snap.Corpus)
	if err != nil {
		return nil, err
	}
	if more.signature != "" {
		version += "+" + more.signature
	}
	st := &state{added: more.version, texts: f.texts}
	var all *corpus.Corpus
	if a.parts.search {
		if all, err = a.searching(ctx, st, snap, more); err != nil {
			return nil, err
		}
	} else {
		all = corpus.Join(snap.Corpus, more.corpus)
	}
	st.library = corpus.NewLibrary(all)
	st.passages = len(all.Passages)
	st.versions = kiveileder.Versions{Corpus: version, Model: snap.Model, Build: Build()}
	if f.rules != nil && f.reader != nil {
		if a.fixed == nil { // those that ship are proved by the tests
			if problems := rules.Lint(f.rules, all.Passages); len(problems) > 0 {
				return nil, fmt.Errorf("rules: %s (and %d more; see kiveileder rules lint)", problems[0], len(problems)-1)
			}
		}
		st.rules, st.versions.Rules = f.rules, f.rules.Hash()
	}
	st.ground = sync.OnceValue(func() *register.Ground { return register.NewGround(st.library, st.rules) })
	if a.parts.answer {
		a.answering(st, f.signals, f.reader)
	}
	return st, nil
}

// answering adds the dialogue to a state.
func (a *App) answering(st *state, signals corpus.Signals, reader *reading.Reader) {
	deps := dialogue.Deps{Search: a.far, Library: st.library, Texts: st.texts, Signals: signals, Today: today, Versions: st.versions}
	if st.retriever != nil {
		deps.Search = st.retriever
	}
	if st.rules != nil {
		deps.Rules, deps.Reader = st.rules, reader
	}
	st.dialogue = dialogue.New(deps)
	st.turner = st.dialogue
	if a.cfg.CacheSize > 0 {
		st.turner = dialogue.NewCacheOver(st.dialogue, a.answers, dialogue.CacheOptions{Versions: st.versions, Today: today, Metrics: a.figures})
	}
}

// An addition is what was taken in beside the corpus that is served.
type addition struct {
	corpus    *corpus.Corpus
	files     fs.FS
	version   string // of documents.Version
	signature string // of the files; empty when there are none
}

// added reads what was taken in. Documents that do not hold what a corpus must
// are an error.
func (a *App) added(ctx context.Context, base *corpus.Corpus) (addition, error) {
	m := addition{corpus: &corpus.Corpus{}}
	var err error
	if m.version, err = a.docs.Version(ctx); err != nil {
		return m, err
	}
	if m.files, err = a.docs.Files(ctx); err != nil {
		return m, err
	}
	if m.signature, err = signature(m.files); err != nil || m.signature == "" {
		return m, err
	}
	where := "added documents"
	if a.cfg.DatabaseURL == "" {
		where = "data folder " + a.cfg.Data
	}
	if m.corpus, err = corpus.Load(m.files); err != nil {
		return m, fmt.Errorf("%s: %w", where, err)
	}
	if problems := corpus.Lint(m.corpus, base); len(problems) > 0 {
		return m, fmt.Errorf("%s: %s", where, problems[0])
	}
	return m, nil
}

// searching adds the retriever to a state, and gives the corpora that it
// searches as one. It stands on the corpus that is served and what was taken in;
// published answers, of which there is a new one now and then, stand beside
// that. Vectors of added texts that were not at hand are kept for the next time.
func (a *App) searching(ctx context.Context, st *state, snap *retriever.Snapshot, more addition) (all *corpus.Corpus, err error) {
	others, answers := register.Split(more.corpus)
	cache := readVectors(more.files, a.embedder.ID())
	unpackVectors(more.files, a.embedder.ID(), answers, cache)
	n := len(cache)
	base := a.base
	if !base.Of(snap, others) {
		var open retriever.Opener // in the process
		if a.index != nil {
			open = func(ctx context.Context, version string, es []index.Entry) (index.Index, error) {
				x, err := a.inDatabase(ctx, version, es)
				if err != nil {
					return nil, err
				}
				return &watchedIndex{x, a.dropped}, nil
			}
		}
		if base, err = retriever.NewBase(ctx, snap, a.embedder, others, cache, open); err != nil {
			return nil, err
		}
	}
	if st.retriever, all, err = base.Extend(ctx, answers, cache); err != nil {
		return nil, err
	}
	if x, ok := st.retriever.Index().(*watchedIndex); ok {
		st.index = x.Index
	}
	a.base = base
	if len(cache) > n && a.index == nil { // in the database whoever takes in or publishes keeps them: replicas would all do it at once
		err = a.docs.Change(ctx, func(dir string) error { return writeVectors(dir, a.embedder.ID(), cache) })
	}
	st.retriever.Observe = a.stages
	return all, err
}

// unpackVectors puts the vectors that stand beside published answers into a
// cache. What cannot be used is made again.
func unpackVectors(files fs.FS, model string, answers *corpus.Corpus, cache retriever.Cache) {
	for doc := range register.Each(answers) {
		if b, err := fs.ReadFile(files, "sources/"+doc.Sources[0].ID+"/"+register.Vectors); err == nil {
			_ = retriever.Unpack(b, model, doc, cache)
		}
	}
}

// packer gives what embeds published answers where they are published; nil where
// nothing can.
func (a *App) packer() register.Packer {
	e, _ := a.embeds()
	if e == nil {
		return nil
	}
	return func(ctx context.Context, doc *corpus.Corpus, had []byte) ([]byte, error) {
		return retriever.Pack(ctx, e, doc, had)
	}
}

// meaning gives what compares the questions of cases; nil where nothing can.
func (a *App) meaning() queue.Meaning {
	e, snap := a.embeds()
	if e == nil {
		return nil
	}
	return retriever.NewMeaning(e, snap)
}

// embeds gives what embeds for the queue, here or in another process, and the
// snapshot that it is of; nil where nothing can.
func (a *App) embeds() (embed.Embedder, *retriever.Snapshot) {
	snap, _, err := a.cfg.snapshot()
	switch {
	case err != nil: // it was read before
		return nil, nil
	case a.embedder != nil:
		return a.embedder, snap
	case a.role == Services:
		return retriever.NewEmbedder(a.next, snap), snap
	}
	return nil, nil
}

// loadRules gives the rules of a corpus, nil when it has none. Rules that do not
// hold what a lint asks are refused: a wrong rule is worse than none.
func loadRules(files fs.FS) (*rules.Set, error) {
	dir, err := folder(files, "rules")
	if dir == nil || err != nil {
		return nil, err
	}
	s, err := rules.Load(dir)
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	return s, nil
}

// loadReader gives the reader of facts, nil when there is none.
func loadReader(files fs.FS) (*reading.Reader, error) {
	dir, err := folder(files, "rules/reading")
	if dir == nil || err != nil {
		return nil, err
	}
	r, err := reading.Load(dir)
	if err != nil {
		return nil, fmt.Errorf("rules/reading: %w", err)
	}
	return r, nil
}

// folder gives a folder, nil when it is not there.
func folder(files fs.FS, name string) (fs.FS, error) {
	if _, err := fs.Stat(files, name); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return fs.Sub(files, name)
}

func today() string { return time.Now().Format(time.DateOnly) }

type vectorFile struct {
	Model   string
	Vectors retriever.Cache
}

// vectorName is the file of kept vectors among the documents.
const vectorName = "vectors.gob"

// readVectors gives the kept vectors of added documents; none when there are
// none yet or they are another model's.
func readVectors(files fs.FS, model string) retriever.Cache {
	b, err := fs.ReadFile(files, vectorName)
	if err != nil {
		return retriever.Cache{}
	}
	var v vectorFile
	if gob.NewDecoder(bytes.NewReader(b)).Decode(&v) != nil || v.Model != model || v.Vectors == nil {
		return retriever.Cache{} // they are made again
	}
	return v.Vectors
}

func writeVectors(dir, model string, vs retriever.Cache) error {
	return writeFile(filepath.Join(dir, vectorName), 0o644, func(f *os.File) error {
		return gob.NewEncoder(f).Encode(vectorFile{model, vs})
	})
}

// writeFile writes a file whole or not at all.
func writeFile(name string, mode fs.FileMode, write func(f *os.File) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	err = write(f)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := os.Chmod(f.Name(), mode); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(name))
}

// syncFolder makes a new name in a folder survive a power cut.
func syncFolder(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// version is set where the binary is built without its history:
// -ldflags "-X kiveileder/internal/app.version=…".
var version string

// Build gives the version of the binary: what it was told, its commit or its
// module's version.
func Build() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return s.Value[:12]
		}
	}
	return info.Main.Version
}
