// Package corpus holds the data that KI-veileder speaks from: the sources with
// their passages, the bank of questions, the questions that the sources do not
// answer, and the glossary. It loads and lints them; it decides nothing.
//
// The files and their forms are described in FORMAT.md beside this file.
package corpus

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"kiveileder"
)

// Files is what of the built-in corpus is read at the start: the rules and the
// service's own words. All else is in the snapshot (package builtin).
//
//go:embed texts.yaml signals.yaml rules
var Files embed.FS

// A Corpus is everything that was read, in a stable order.
type Corpus struct {
	Sources    []Meta
	Passages   []kiveileder.Passage      // by source, in the order of the document
	Questions  []kiveileder.BankQuestion // by passage
	Unanswered []kiveileder.Negative
	Outside    []kiveileder.Negative
	Topics     []kiveileder.Topic // of Unanswered and Outside
	Intents    []Intent
	Glossary   Glossary
	Conflicts  []Conflict
	Asked      []Asked
}

// Load reads a corpus from a file system laid out like corpus/: sources/<id>,
// questions/, glossary.yaml, conflicts.yaml. Files other than the sources may
// be missing. The error names the file.
func Load(fsys fs.FS) (*Corpus, error) {
	c := &Corpus{}
	dirs, err := fs.Glob(fsys, "sources/*/meta.yaml")
	if err != nil {
		return nil, err
	}
	for _, name := range dirs {
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		m, err := parseMeta(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path.Dir(name), err)
		}
		b, err = fs.ReadFile(fsys, path.Join(path.Dir(name), "passages.jsonl"))
		if err != nil {
			return nil, err
		}
		ps, err := parsePassages(b)
		if err != nil {
			return nil, fmt.Errorf("%s/passages.jsonl: %w", path.Dir(name), err)
		}
		c.Sources = append(c.Sources, m)
		c.Passages = append(c.Passages, ps...)
	}
	for _, m := range c.Sources {
		if err := c.loadBank(fsys, m.ID); err != nil {
			return nil, err
		}
	}
	if c.Unanswered, err = c.loadNegatives(fsys, "questions/unanswered.yaml"); err != nil {
		return nil, err
	}
	if c.Outside, err = c.loadNegatives(fsys, "questions/outside.yaml"); err != nil {
		return nil, err
	}
	if err := decode(fsys, "questions/intents.yaml", &c.Intents); err != nil {
		return nil, err
	}
	if err := decode(fsys, "glossary.yaml", &c.Glossary); err != nil {
		return nil, err
	}
	if err := decode(fsys, "asks.yaml", &c.Asked); err != nil {
		return nil, err
	}
	return c, decode(fsys, "conflicts.yaml", &c.Conflicts)
}

// decode reads a YAML file strictly; a missing or empty file leaves v as it is.
func decode(fsys fs.FS, name string, v any) error {
	b, err := fs.ReadFile(fsys, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	if err := yaml.NewDecoder(bytes.NewReader(b), yaml.Strict()).Decode(v); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// bankEntry is one passage's questions in a question file.
type bankEntry struct {
	Passage   string   `yaml:"passage"`
	Formal    []string `yaml:"formal,omitempty"`
	Everyday  []string `yaml:"everyday,omitempty"`
	Keywords  []string `yaml:"keywords,omitempty"`
	Situation []string `yaml:"situation,omitempty"`
	Nynorsk   []string `yaml:"nynorsk,omitempty"`
	English   []string `yaml:"english,omitempty"`
}

func (c *Corpus) loadBank(fsys fs.FS, source string) error {
	var entries []bankEntry
	if err := decode(fsys, "questions/"+source+".yaml", &entries); err != nil {
		return err
	}
	for _, e := range entries {
		add := func(style string, lang kiveileder.Language, qs []string) {
			for _, q := range qs {
				c.Questions = append(c.Questions, kiveileder.BankQuestion{Passage: e.Passage, Text: q, Lang: lang, Style: style})
			}
		}
		add("formal", kiveileder.Bokmal, e.Formal)
		add("everyday", kiveileder.Bokmal, e.Everyday)
		add("keywords", kiveileder.Bokmal, e.Keywords)
		add("situation", kiveileder.Bokmal, e.Situation)
		add("nynorsk", kiveileder.Nynorsk, e.Nynorsk)
		add("english", kiveileder.English, e.English)
	}
	return nil
}

type topicEntry struct {
	Topic  string   `yaml:"topic"`
	Title  string   `yaml:"title"`
	Agency []string `yaml:"agency,omitempty"`
	Near   bool     `yaml:"near,omitempty"`
	NB     []string `yaml:"nb,omitempty"`
	NN     []string `yaml:"nn,omitempty"`
	EN     []string `yaml:"en,omitempty"`
}

func (c *Corpus) loadNegatives(fsys fs.FS, name string) ([]kiveileder.Negative, error) {
	var entries []topicEntry
	if err := decode(fsys, name, &entries); err != nil {
		return nil, err
	}
	var out []kiveileder.Negative
	for _, e := range entries {
		c.Topics = append(c.Topics, kiveileder.Topic{Key: e.Topic, Title: e.Title, Agency: e.Agency, Near: e.Near})
		for lang, qs := range byLanguage(e.NB, e.NN, e.EN) {
			for _, q := range qs {
				out = append(out, kiveileder.Negative{Topic: e.Topic, Text: q, Lang: lang})
			}
		}
	}
	return out, nil
}

// byLanguage gives the lists with their languages, always in the same order.
func byLanguage(nb, nn, en []string) func(func(kiveileder.Language, []string) bool) {
	return func(yield func(kiveileder.Language, []string) bool) {
		_ = yield(kiveileder.Bokmal, nb) && yield(kiveileder.Nynorsk, nn) && yield(kiveileder.English, en)
	}
}

// An Intent is a kind of message that is no question of law: a greeting, a
// wish for a person.
type Intent struct {
	Intent string   `yaml:"intent"`
	Kind   string   `yaml:"kind"` // smalltalk, escalate, clarify, decline
	NB     []string `yaml:"nb,omitempty"`
	NN     []string `yaml:"nn,omitempty"`
	EN     []string `yaml:"en,omitempty"`
}

// Messages gives the intent's examples with their languages.
func (i Intent) Messages() func(func(kiveileder.Language, []string) bool) {
	return byLanguage(i.NB, i.NN, i.EN)
}

// A Conflict is a known disagreement between sources. It is told when one of
// its sides is quoted.
type Conflict struct {
	Key   string                         `yaml:"key"`
	Sides []Side                         `yaml:"sides"`
	Text  map[kiveileder.Language]string `yaml:"text"`
}

// A Side is what one source says in a conflict.
type Side struct {
	Source     string `yaml:"source"`
	Snippet    string `yaml:"snippet"` // verbatim part of one passage
	Superseded bool   `yaml:"superseded,omitempty"`
}

// Hash gives the version of the corpus's files in fsys: the same files, the
// same hash. It is cheap enough for every start.
func Hash(fsys fs.FS) (string, error) {
	h := sha256.New()
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && strings.HasPrefix(d.Name(), ".") && name != "." {
			return fs.SkipDir // a document that is being taken in
		}
		if err != nil || d.IsDir() || !hashed(name) {
			return err
		}
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		fmt.Fprintf(h, "%s %d\n", name, len(b))
		h.Write(b)
		return nil
	})
	return hex.EncodeToString(h.Sum(nil))[:16], err
}

// hashed reports whether a file is part of what is found and quoted. The
// originals and the readable texts are not, their passages are; nor are the
// service's own words, and the rules, which have a hash of their own.
func hashed(name string) bool {
	if base := path.Base(name); base == "texts.yaml" || base == "signals.yaml" || strings.HasPrefix(name, "rules/") {
		return false
	}
	return strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, "passages.jsonl")
}

// Passage gives the passage with the id.
func (c *Corpus) Passage(id string) (kiveileder.Passage, bool) {
	i := slices.IndexFunc(c.Passages, func(p kiveileder.Passage) bool { return p.ID == id })
	if i < 0 {
		return kiveileder.Passage{}, false
	}
	return c.Passages[i], true
}

// Join gives two corpora as one, the second behind the first.
func Join(a, b *Corpus) *Corpus {
	all := *a
	all.Sources = slices.Concat(a.Sources, b.Sources)
	all.Passages = slices.Concat(a.Passages, b.Passages)
	all.Questions = slices.Concat(a.Questions, b.Questions)
	all.Topics = slices.Concat(a.Topics, b.Topics)
	all.Intents = slices.Concat(a.Intents, b.Intents)
	all.Conflicts = slices.Concat(a.Conflicts, b.Conflicts)
	return &all
}
