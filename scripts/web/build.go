package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"kiveileder/web"
)

// build bundles the pages' scripts and styles, and writes the manifest that
// ties them to the sources.
func build(dir string) (map[string][]byte, error) {
	src := func(names ...string) []string {
		for i, n := range names {
			names[i] = filepath.Join(dir, "src", n)
		}
		return names
	}
	modules := options(dir)
	modules.EntryPoints = src("app.ts", "page.ts", "app.css", "desk.css")
	modules.Format = api.FormatESModule
	desk, err := deskOptions(dir)
	if err != nil {
		return nil, err
	}
	desk.EntryPoints = src("desk.ts")
	// what the page loads only when there is a case: it builds on what app.js has
	later := options(dir)
	later.EntryPoints = src("case.ts")
	later.Format = api.FormatESModule
	later.External = []string{"./app.js"}
	admin := options(dir) // likewise, of the desk for those who run it
	admin.EntryPoints = src("desk-admin.ts")
	admin.Format = api.FormatESModule
	admin.External = []string{"./desk.js"}
	boot := options(dir)
	boot.EntryPoints = src("boot.ts")
	boot.Format = api.FormatIIFE // it runs before the first paint; modules wait

	files, err := deskTexts(dir)
	if err != nil {
		return nil, err
	}
	for _, o := range []api.BuildOptions{modules, later, desk, admin, boot} {
		if err := bundle(o, files); err != nil {
			return nil, err
		}
	}
	for _, name := range []string{"app.css", "desk.css"} {
		if err := undefined(files[name]); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	inputs, err := web.InputsHash(dir)
	if err != nil {
		return nil, err
	}
	manifest := web.Manifest{Inputs: inputs, Outputs: map[string]string{}}
	for name, b := range files {
		manifest.Outputs[name] = web.HashOf(b)
	}
	b, err := json.MarshalIndent(manifest, "", "  ")
	if err != nil {
		return nil, err
	}
	files[web.ManifestName] = append(b, '\n')
	return files, nil
}

// testModules bundles what has no need of a browser, for tests to load.
func testModules(dir string) (map[string][]byte, error) {
	o := options(dir)
	o.EntryPoints = []string{filepath.Join(dir, "src", "testing.ts"), filepath.Join(dir, "src", "desk-testing.ts")}
	o.Format = api.FormatESModule
	o.MinifyIdentifiers, o.MinifySyntax, o.MinifyWhitespace = false, false, false
	o.OutExtension = map[string]string{".js": ".mjs"}
	files := map[string][]byte{}
	return files, bundle(o, files)
}

func options(dir string) api.BuildOptions {
	return api.BuildOptions{
		Bundle:            true,
		Outdir:            filepath.Join(dir, "static"),
		AbsWorkingDir:     "", // the caller's
		Target:            api.ES2022,
		Charset:           api.CharsetUTF8,
		LegalComments:     api.LegalCommentsEndOfFile,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
		MinifyWhitespace:  true,
		Conditions:        []string{}, // Lit's own warnings are for its development build
		TsconfigRaw:       `{"compilerOptions": {"useDefineForClassFields": true, "verbatimModuleSyntax": true}}`,
	}
}

func bundle(o api.BuildOptions, files map[string][]byte) error {
	result := api.Build(o)
	if len(result.Errors) > 0 {
		text := api.FormatMessages(result.Errors, api.FormatMessagesOptions{Kind: api.ErrorMessage})
		return errors.New(strings.Join(text, "\n"))
	}
	for _, w := range result.Warnings {
		return fmt.Errorf("%s", w.Text)
	}
	for _, f := range result.OutputFiles {
		files[filepath.Base(f.Path)] = f.Contents
	}
	return nil
}

var (
	used    = regexp.MustCompile(`var\((--ds-[\w-]+)`)
	defined = regexp.MustCompile(`(--ds-[\w-]+)\s*:`)
)

// undefined finds tokens of the design system that a rule uses and our theme
// does not give: the browser would drop the rule without a word.
func undefined(css []byte) error {
	given := map[string]bool{}
	for _, m := range defined.FindAllSubmatch(css, -1) {
		given[string(m[1])] = true
	}
	missing := map[string]bool{}
	for _, m := range used.FindAllSubmatch(css, -1) {
		if !given[string(m[1])] {
			missing[string(m[1])] = true
		}
	}
	if len(missing) == 0 {
		return nil
	}
	var names []string
	for n := range missing {
		names = append(names, n)
	}
	slices.Sort(names)
	return fmt.Errorf("the theme lacks %s", strings.Join(names, ", "))
}

func zipped(b []byte) int {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		panic(err) // unreachable: the level is a constant
	}
	_, _ = w.Write(b)
	_ = w.Close()
	return out.Len()
}
