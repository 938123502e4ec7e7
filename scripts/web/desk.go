package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// The desk has many words: of the pages' own it takes those alone that it
// names, and its own it loads in the reader's language.

// deskTexts gives the desk's words in a file for each language.
func deskTexts(dir string) (map[string][]byte, error) {
	all, err := readTexts(filepath.Join(dir, "texts-desk.json"))
	if err != nil {
		return nil, err
	}
	byLang := map[string]map[string]string{}
	for key, text := range all {
		for lang, words := range text {
			if byLang[lang] == nil {
				byLang[lang] = map[string]string{}
			}
			byLang[lang][key] = words
		}
	}
	files := map[string][]byte{}
	for lang, words := range byLang {
		if files["desk-"+lang+".json"], err = json.Marshal(words); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// named finds the keys of texts that are named in scripts and templates.
var named = regexp.MustCompile(`['"](\w+)['"]`)

// deskOptions are those of the desk's script: texts.json has only what is
// named in it or in its page, and what is completed at run time.
func deskOptions(dir string) (api.BuildOptions, error) {
	o := options(dir)
	o.Format = api.FormatESModule
	sources, err := filepath.Glob(filepath.Join(dir, "src", "desk", "*.ts"))
	if err != nil {
		return o, err
	}
	keys := map[string]bool{}
	for _, name := range append(sources, filepath.Join(dir, "templates", "desk.html")) {
		b, err := os.ReadFile(name)
		if err != nil {
			return o, err
		}
		for _, m := range named.FindAllSubmatch(b, -1) {
			keys[string(m[1])] = true
		}
	}
	all, err := readTexts(filepath.Join(dir, "texts.json"))
	if err != nil {
		return o, err
	}
	for key := range all {
		if !keys[key] && !strings.HasPrefix(key, "finding_") {
			delete(all, key)
		}
	}
	b, err := json.Marshal(all)
	if err != nil {
		return o, err
	}
	content := string(b)
	o.Plugins = []api.Plugin{{Name: "texts", Setup: func(build api.PluginBuild) {
		build.OnLoad(api.OnLoadOptions{Filter: `[/\\]texts\.json$`}, func(api.OnLoadArgs) (api.OnLoadResult, error) {
			return api.OnLoadResult{Contents: &content, Loader: api.LoaderJSON}, nil
		})
	}}}
	return o, nil
}

func readTexts(path string) (map[string]map[string]string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var all map[string]map[string]string
	return all, json.Unmarshal(b, &all)
}
