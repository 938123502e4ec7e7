package main

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

var variable = regexp.MustCompile(`\bKIVEILEDER_[A-Z0-9_]+`)

// notOurs are read by docker compose or by scripts, not by the service.
var notOurs = []string{"KIVEILEDER_PORT", "KIVEILEDER_IMAGE", "KIVEILEDER_VERSION", "KIVEILEDER_TEST_POSTGRES", "KIVEILEDER_TEST_REDIS"}

// variableNames gives the variables that `kiveileder config` prints.
func variableNames(config string) []string {
	var out []string
	for line := range strings.Lines(config) {
		if name := variable.FindString(line); name != "" && strings.HasPrefix(strings.TrimSpace(line), name) {
			out = append(out, name)
		}
	}
	return out
}

// checkVariables finds variables that the service does not know, in all that
// is deployed and in what is written about it. A secret NAME may be NAME_FILE.
func checkVariables(repo fs.FS, known []string) ([]string, error) {
	if len(known) < 5 {
		return nil, fmt.Errorf("only %d variables are known", len(known))
	}
	files := []string{"docker-compose.yml", runbookFile}
	err := fs.WalkDir(repo, "deploy", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && !strings.HasSuffix(path, ".go") {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	var problems []string
	for _, name := range files {
		b, err := fs.ReadFile(repo, name)
		if err != nil {
			return nil, err
		}
		found := variable.FindAllString(string(b), -1)
		slices.Sort(found)
		for _, v := range slices.Compact(found) {
			if v = strings.TrimSuffix(v, "_FILE"); !slices.Contains(known, v) && !slices.Contains(notOurs, v) {
				problems = append(problems, fmt.Sprintf("%s: %s is no variable of the service", name, v))
			}
		}
	}
	return problems, nil
}
