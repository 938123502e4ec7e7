package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/goccy/go-yaml"

	"kiveileder/gateway/login"
)

// Where examples of login providers stand, and the agencies that they may name.
const (
	providersFile  = "deploy/login/providers.example.yaml"
	productionFile = "deploy/helm/ki-veileder/examples/production.yaml"
	agenciesFile   = "corpus/rules/agencies.yaml"
)

// checkProviders finds examples of login providers that the service would
// refuse.
func checkProviders(repo fs.FS) ([]string, error) {
	var agencies []struct {
		Agency    string `yaml:"agency"`
		InService bool   `yaml:"in_service"`
	}
	var chart struct {
		Login struct {
			Providers string `yaml:"providers"`
		} `yaml:"login"`
	}
	for name, to := range map[string]any{agenciesFile: &agencies, productionFile: &chart} {
		b, err := fs.ReadFile(repo, name)
		if err != nil {
			return nil, err
		}
		if err := yaml.Unmarshal(b, to); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	var known []string
	for _, a := range agencies {
		if a.InService {
			known = append(known, a.Agency)
		}
	}
	example, err := fs.ReadFile(repo, providersFile)
	if err != nil {
		return nil, err
	}
	var problems []string
	for name, text := range map[string][]byte{providersFile: example, productionFile: []byte(chart.Login.Providers)} {
		list, err := login.ReadProviders(text, known)
		if err == nil && len(list) == 0 {
			err = errors.New("no providers")
		}
		if err != nil {
			problems = append(problems, fmt.Sprintf("%s: %v", name, err))
		}
	}
	return problems, nil
}
