package app

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup"

	"kiveileder"
	"kiveileder/corpus"
	"kiveileder/retriever"
	"kiveileder/retriever/builtin"
	"kiveileder/retriever/embed"
	"kiveileder/retriever/embed/e5"
	"kiveileder/retriever/embed/openai"
	"kiveileder/services/dialogue"
	"kiveileder/services/reading"
	"kiveileder/services/rules"
)

// A state is one version of everything that answers are made from. A change
// makes a new one; turns under way end with the one they began with.
type state struct {
	retriever *retriever.Retriever
	library   *corpus.Library
	texts     corpus.Texts
	rules     *rules.Set // nil for a corpus without rules
	check     func(*kiveileder.Turn) error
	evaluate  func(map[string]any, time.Time, kiveileder.Language) (dialogue.Evaluation, error)
	dialogue  dialogue.Turner
	versions  kiveileder.Versions
	passages  int
	added     string // signature of the data folder that it was made from
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
	return s, os.DirFS(c.Corpus), err
}

// load makes the state: the snapshot and what stands in the data folder.
func (c Config) load(ctx context.Context, e embed.Embedder) (*state, error) {
	snap, files, err := c.snapshot()
	if err != nil {
		return nil, err
	}
	version, err := corpus.Hash(files)
	if err != nil {
		return nil, err
	}
	if version != snap.Version {
		return nil, fmt.Errorf("the corpus (%s) and its snapshot (%s) do not fit: make it again with `kiveileder corpus build`", version, snap.Version)
	}
	// the rules take a fifth of a second to compile: beside the rest, not after it
	var set *rules.Set
	var reader *reading.Reader
	var beside errgroup.Group
	beside.Go(func() (err error) { set, err = loadRules(files); return err })
	beside.Go(func() (err error) { reader, err = loadReader(files); return err })
	texts, err := corpus.LoadTexts(files)
	if err != nil {
		return nil, err
	}
	signals, err := corpus.LoadSignals(files)
	if err != nil {
		return nil, err
	}
	added, err := c.signature()
	if err != nil {
		return nil, err
	}
	st := &state{added: added, texts: texts}
	all := snap.Corpus
	if st.added != "" {
		added, err := corpus.Load(os.DirFS(c.Data))
		if err != nil {
			return nil, fmt.Errorf("data folder %s: %w", c.Data, err)
		}
		if problems := corpus.Lint(added, all); len(problems) > 0 {
			return nil, fmt.Errorf("data folder %s: %s", c.Data, problems[0])
		}
		cache := c.readVectors(e.ID())
		n := len(cache)
		if st.retriever, all, err = retriever.Extend(ctx, snap, e, added, cache); err != nil {
			return nil, err
		}
		if len(cache) > n {
			if err := c.writeVectors(e.ID(), cache); err != nil {
				return nil, err
			}
		}
		version += "+" + st.added
	} else if st.retriever, err = retriever.Open(ctx, snap, e); err != nil {
		return nil, err
	}
	st.library = corpus.NewLibrary(all)
	st.passages = len(all.Passages)
	st.versions = kiveileder.Versions{Corpus: version, Model: e.ID(), Build: Build()}
	deps := dialogue.Deps{Search: st.retriever, Library: st.library, Texts: texts, Signals: signals, Today: today}
	if err := beside.Wait(); err != nil {
		return nil, err
	}
	if set != nil && reader != nil {
		if files != fs.FS(corpus.Files) { // those that ship are proved by the tests
			if problems := rules.Lint(set, all.Passages); len(problems) > 0 {
				return nil, fmt.Errorf("rules: %s (and %d more; see kiveileder rules lint)", problems[0], len(problems)-1)
			}
		}
		st.rules, st.versions.Rules = set, set.Hash()
		deps.Rules, deps.Reader = set, reader
	}
	deps.Versions = st.versions
	d := dialogue.New(deps)
	st.check, st.evaluate, st.dialogue = d.Check, d.Evaluate, d
	if c.CacheSize > 0 {
		st.dialogue = dialogue.NewCache(st.dialogue, c.CacheSize)
	}
	return st, nil
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

// signature changes when the data folder's documents or questions do; it is
// empty when there are none. A folder that can't be read is an error: its
// documents must not vanish without a word.
func (c Config) signature() (string, error) {
	names, err := filepath.Glob(filepath.Join(c.Data, "sources", "*", "passages.jsonl"))
	if err != nil || len(names) == 0 {
		return "", err
	}
	whole := ""
	for _, part := range []string{"sources", "questions"} {
		h, err := corpus.Hash(os.DirFS(filepath.Join(c.Data, part)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("data folder %s: %w", c.Data, err)
		}
		whole += h[:min(8, len(h))]
	}
	return whole, nil
}

type vectorFile struct {
	Model   string
	Vectors retriever.Cache
}

// readVectors gives the kept vectors of added documents; none when there are
// none yet or they are another model's.
func (c Config) readVectors(model string) retriever.Cache {
	f, err := os.Open(filepath.Join(c.Data, "vectors.gob"))
	if err != nil {
		return retriever.Cache{}
	}
	defer f.Close()
	var v vectorFile
	if gob.NewDecoder(f).Decode(&v) != nil || v.Model != model || v.Vectors == nil {
		return retriever.Cache{} // they are made again
	}
	return v.Vectors
}

func (c Config) writeVectors(model string, vs retriever.Cache) error {
	return writeFile(filepath.Join(c.Data, "vectors.gob"), 0o644, func(f *os.File) error {
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

// Build gives the version of the binary: its module version or commit.
func Build() string {
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
