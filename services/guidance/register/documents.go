package register

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"kiveileder"
	"kiveileder/corpus"
	"kiveileder/retriever/lexical"
	"kiveileder/services/guidance"
)

// note says on the page of the source what it is.
const note = "An answer that agencies behind ki.veiledning gave to a question and published. It is guidance, not law."

// maxAsked is how many questions in other words an entry has in each language.
const maxAsked = 30

// SourceID gives the id of the source that stands for a case's entry.
func SourceID(number string) string { return "svar-" + strings.ToLower(number) }

var isAnswer = regexp.MustCompile(`^svar-ki-\d{4}-\d{4,}$`).MatchString

// Documents are the files by which entries are found and quoted: each entry is
// a source of its own, so that a quote of it has its own title, agencies and
// date. They stand among other added documents, laid out like the corpus. The
// same entries give the same bytes, wherever and in whatever order.
//
// Only what is valid on the day is among them: what is withdrawn, under review
// or past its last day must not be answered with.
type Documents struct {
	files map[string]map[string][]byte // by source: its files; questions.yaml is the bank's
}

// NewDocuments makes the files. Names gives the name of an agency by its key;
// nil: the key. taken are questions that other documents have already: no
// question stands in a corpus twice. Of entries with the same question the
// newest has it.
func NewDocuments(day string, names func(key string) string, taken []string, entries ...Entry) (Documents, error) {
	d := Documents{map[string]map[string][]byte{}}
	asked := map[string]bool{}
	for _, q := range taken {
		asked[questionKey(q)] = true
	}
	for _, e := range Newest(entries) {
		e = e.On(day)
		if e.Status != guidance.Valid {
			continue
		}
		files, err := e.files(names, func(q string) bool {
			key := questionKey(q)
			was := asked[key] || strings.TrimSpace(q) == "" || leftMarker.MatchString(q) // nobody asks of "[navn]"
			asked[key] = true
			return !was
		})
		if err != nil {
			return d, fmt.Errorf("document of %s: %w", e.Number, err)
		}
		if files != nil {
			d.files[SourceID(e.Number)] = files
		}
	}
	return d, nil
}

// questionKey is what two questions share that corpus.Lint counts as one.
func questionKey(q string) string {
	if key := lexical.Fold(q); key != "" {
		return key
	}
	return q
}

// A bank is an entry's questions as they stand in questions/.
type bank struct {
	Passage  string   `yaml:"passage"`
	Formal   []string `yaml:"formal,omitempty"`
	Everyday []string `yaml:"everyday,omitempty"`
	Nynorsk  []string `yaml:"nynorsk,omitempty"`
	English  []string `yaml:"english,omitempty"`
}

// files gives meta.yaml, passages.jsonl, original.txt and questions.yaml of an
// entry; nil for one without words. free reports whether a question may be
// asked, and takes it.
func (e Entry) files(names func(string) string, free func(string) bool) (map[string][]byte, error) {
	source := SourceID(e.Number)
	m := corpus.Meta{Format: "plain", Source: kiveileder.Source{
		ID: source, Title: e.Title, Kind: kiveileder.KindAnswer, Published: Day(e.Published), Language: string(e.Language), URL: e.URL, Note: note,
	}}
	if day := Day(e.Updated); day != m.Published {
		m.Updated = day
	}
	for _, a := range e.Agencies {
		if names != nil {
			a = names(a)
		}
		m.Publisher = append(m.Publisher, a)
	}
	var passages, original bytes.Buffer
	enc := json.NewEncoder(&passages)
	enc.SetEscapeHTML(false)
	first := map[int]string{} // passage by section
	fmt.Fprintf(&original, "%s\n\n%s\n", e.Title, e.Question)
	heading := e.Question
	for _, p := range e.Parts() {
		id := source + "/" + p.Anchor
		if first[p.Section] == "" {
			first[p.Section] = id
		}
		if p.Heading != heading {
			heading = p.Heading
			fmt.Fprintf(&original, "\n%s\n", heading)
		}
		fmt.Fprintf(&original, "\n%s\n", strings.ReplaceAll(p.Text, "\n", "\n\n"))
		if err := enc.Encode(kiveileder.Passage{ID: id, Source: source, Section: headings(e.Title, p.Heading), Text: p.Text}); err != nil {
			return nil, err
		}
	}
	if len(first) == 0 {
		return nil, nil
	}
	meta, err := yaml.Marshal(m)
	if err != nil {
		return nil, err
	}
	questions, err := yaml.Marshal(e.bank(first, free))
	if err != nil {
		return nil, err
	}
	return map[string][]byte{"meta.yaml": meta, "passages.jsonl": passages.Bytes(), "original.txt": original.Bytes(), "questions.yaml": questions}, nil
}

func headings(title, question string) []string {
	if title == question {
		return []string{title}
	}
	return []string{title, question}
}

// bank gives the questions that an entry answers: its own and those in other
// words by the first passage, each section's by that section's.
func (e Entry) bank(first map[int]string, free func(string) bool) (out []bank) {
	ask := func(b *bank, l kiveileder.Language, own bool, questions ...string) {
		to := map[kiveileder.Language]*[]string{kiveileder.Nynorsk: &b.Nynorsk, kiveileder.English: &b.English}[l]
		switch {
		case to != nil:
		case own:
			to = &b.Formal
		default:
			to = &b.Everyday
		}
		for _, q := range questions[:min(len(questions), maxAsked)] {
			q = strings.Join(strings.Fields(q), " ")
			if free(q) {
				*to = append(*to, q)
			}
		}
	}
	for section := -1; section < len(e.Sections); section++ {
		id := first[section]
		if id == "" {
			continue
		}
		b := bank{Passage: id}
		if len(out) == 0 {
			ask(&b, e.Language, true, e.Question)
			ask(&b, e.Language, false, e.Title)
			for _, l := range kiveileder.Languages {
				ask(&b, l, false, e.Asked[l]...)
			}
		}
		if section >= 0 {
			ask(&b, e.Language, true, e.Sections[section].Question)
		}
		if len(out) == 0 || len(b.Formal)+len(b.Nynorsk)+len(b.English) > 0 {
			out = append(out, b)
		}
	}
	return out
}

// Asked gives the questions of all documents in a folder but those of entries:
// what NewDocuments may not ask again.
func Asked(files fs.FS) ([]string, error) {
	if _, err := fs.Stat(files, "sources"); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	c, err := corpus.Load(files)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, q := range c.Questions {
		if source, _, _ := strings.Cut(q.Passage, "/"); !isAnswer(source) {
			out = append(out, q.Text)
		}
	}
	return out, nil
}

// Stand reports whether the files in a folder are these already, and no other
// entry's are there.
func (d Documents) Stand(files fs.FS) (bool, error) {
	there, err := standing(files)
	if err != nil {
		return false, err
	}
	for _, id := range there {
		if d.files[id] == nil {
			return false, nil
		}
	}
	for id, want := range d.files {
		if !slices.Contains(there, id) || !same(files, id, want) {
			return false, nil
		}
	}
	return true, nil
}

// standing gives the sources in a folder that stand for entries.
func standing(files fs.FS) (out []string, err error) {
	names, err := fs.Glob(files, "sources/*")
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		if id := path.Base(n); isAnswer(id) {
			out = append(out, id)
		}
	}
	return out, nil
}

func fileOf(source, name string) string {
	if name == "questions.yaml" {
		return "questions/" + source + ".yaml"
	}
	return "sources/" + source + "/" + name
}

func same(files fs.FS, source string, want map[string][]byte) bool {
	for name, b := range want {
		if got, err := fs.ReadFile(files, fileOf(source, name)); err != nil || !bytes.Equal(got, b) {
			return false
		}
	}
	return true
}

// Put makes the files in a folder these, and gives how many sources came, went
// or changed. What stands there already is not touched. Whoever reads meanwhile
// sees each source whole or not at all, and so they stand after a crash: then
// the next Put mends what is missing. Two at once are for the caller to forbid.
func (d Documents) Put(dir string) (changed int, err error) {
	left, err := filepath.Glob(filepath.Join(dir, ".svar-*")) // by one that did not end
	if err != nil {
		return 0, err
	}
	for _, name := range left {
		if err := os.RemoveAll(name); err != nil {
			return 0, err
		}
	}
	files := os.DirFS(dir)
	there, err := standing(files)
	if err != nil {
		return 0, err
	}
	for _, id := range there {
		if d.files[id] == nil {
			if err := take(dir, id); err != nil {
				return changed, fmt.Errorf("take %s out: %w", id, err)
			}
			changed++
		}
	}
	ids := make([]string, 0, len(d.files))
	for id := range d.files {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		if same(files, id, d.files[id]) {
			continue
		}
		if err := put(dir, id, d.files[id]); err != nil {
			return changed, fmt.Errorf("put %s in: %w", id, err)
		}
		changed++
	}
	return changed, nil
}

// put takes the questions away before the passages that they point to change,
// and brings them last: without them a source is right too.
func put(dir, id string, files map[string][]byte) error {
	questions := filepath.Join(dir, filepath.FromSlash(fileOf(id, "questions.yaml")))
	if err := os.RemoveAll(questions); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(questions), 0o755); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(dir, "sources"), 0o755); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(dir, ".svar-*") // nobody reads what begins with a dot
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if err := os.Chmod(tmp, 0o755); err != nil {
		return err
	}
	for name, b := range files {
		if name != "questions.yaml" {
			if err := os.WriteFile(filepath.Join(tmp, name), b, 0o644); err != nil {
				return err
			}
		}
	}
	// vectors go with texts: those of texts that stay are used again
	if b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(fileOf(id, Vectors)))); err == nil {
		if err := os.WriteFile(filepath.Join(tmp, Vectors), b, 0o644); err != nil {
			return err
		}
	}
	if err := away(dir, id); err != nil {
		return err
	}
	if err := os.Rename(tmp, filepath.Join(dir, "sources", id)); err != nil {
		return err
	}
	bank := filepath.Join(dir, ".svar-"+id+".yaml")
	if err := os.WriteFile(bank, files["questions.yaml"], 0o644); err != nil {
		return err
	}
	return errors.Join(os.Rename(bank, questions), os.RemoveAll(filepath.Join(dir, ".old-"+id)))
}

// take takes a source out, first of all from those that are found.
func take(dir, id string) error {
	if err := away(dir, id); err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(filepath.Join(dir, filepath.FromSlash(fileOf(id, "questions.yaml")))), os.RemoveAll(filepath.Join(dir, ".old-"+id)))
}

// away moves a source out of sight, in one step.
func away(dir, id string) error {
	old := filepath.Join(dir, ".old-"+id)
	if err := os.RemoveAll(old); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(dir, "sources", id), old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
