package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// imageProblem says what is wrong with an image's name: it must say which.
func imageProblem(image string) string {
	name, tag, ok := strings.Cut(image[strings.LastIndex(image, "/")+1:], ":")
	if !strings.Contains(image, "@sha256:") && (!ok || tag == "" || tag == "latest") {
		return fmt.Sprintf("image %s (%s) has no fixed tag", image, name)
	}
	return ""
}

// checkCompose holds every service to the same habits, and the whole to one
// port on the machine itself.
func checkCompose(resolved []byte) ([]string, error) {
	var f struct {
		Services map[string]struct {
			Image       string           `json:"image"`
			Restart     string           `json:"restart"`
			ReadOnly    bool             `json:"read_only"`
			CapDrop     []string         `json:"cap_drop"`
			SecurityOpt []string         `json:"security_opt"`
			Command     []string         `json:"command"`
			PidsLimit   int              `json:"pids_limit"`
			Privileged  bool             `json:"privileged"`
			Profiles    []string         `json:"profiles"`
			Health      *map[string]any  `json:"healthcheck"`
			Environment map[string]any   `json:"environment"`
			Ports       []map[string]any `json:"ports"`
			Deploy      struct {
				Resources struct {
					Limits struct {
						Memory any `json:"memory"`
					} `json:"limits"`
				} `json:"resources"`
			} `json:"deploy"`
		} `json:"services"`
	}
	if err := json.Unmarshal(resolved, &f); err != nil {
		return nil, err
	}
	if len(f.Services) == 0 {
		return nil, errors.New("no services")
	}
	var problems []string
	published := 0
	for _, name := range slices.Sorted(maps.Keys(f.Services)) {
		s := f.Services[name]
		problem := func(format string, args ...any) {
			problems = append(problems, "docker-compose.yml: "+name+": "+fmt.Sprintf(format, args...))
		}
		ours := strings.Contains(s.Image, "ki-veileder")
		if p := imageProblem(s.Image); p != "" {
			problem("%s", p)
		}
		if s.Restart == "" {
			problem("no restart policy")
		}
		if !s.ReadOnly {
			problem("its file system can be written to")
		}
		if !slices.Contains(s.CapDrop, "ALL") || s.Privileged {
			problem("keeps capabilities")
		}
		if !slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
			problem("may gain privileges")
		}
		if s.Deploy.Resources.Limits.Memory == nil || s.PidsLimit == 0 {
			problem("no limit of memory or processes")
		}
		if s.Health == nil && !ours { // ours comes with the image
			problem("no health check")
		}
		if len(s.Profiles) == 0 {
			published += len(s.Ports)
		}
		for _, p := range s.Ports {
			if p["host_ip"] != "127.0.0.1" {
				problem("port %v is open beyond 127.0.0.1", p["published"])
			}
		}
	}
	if published != 1 {
		problems = append(problems, fmt.Sprintf("docker-compose.yml: %d ports are published, want one", published))
	}
	return problems, nil
}

type container struct {
	Name      string                       `yaml:"name"`
	Image     string                       `yaml:"image"`
	Startup   any                          `yaml:"startupProbe"`
	Liveness  any                          `yaml:"livenessProbe"`
	Readiness any                          `yaml:"readinessProbe"`
	Resources map[string]map[string]string `yaml:"resources"`
	Security  struct {
		Escalation   *bool               `yaml:"allowPrivilegeEscalation"`
		ReadOnly     bool                `yaml:"readOnlyRootFilesystem"`
		Capabilities map[string][]string `yaml:"capabilities"`
	} `yaml:"securityContext"`
}

type podSpec struct {
	Mount    *bool `yaml:"automountServiceAccountToken"`
	Security struct {
		NonRoot bool              `yaml:"runAsNonRoot"`
		Seccomp map[string]string `yaml:"seccompProfile"`
	} `yaml:"securityContext"`
	Init       []container `yaml:"initContainers"`
	Containers []container `yaml:"containers"`
}

// checkManifests holds every pod to what Kubernetes calls "restricted", and
// the long-lived ones to probes.
func checkManifests(rendered []byte) ([]string, error) {
	var problems []string
	dec := yaml.NewDecoder(bytes.NewReader(rendered))
	pods := 0
	for {
		var m struct {
			Kind     string `yaml:"kind"`
			Metadata struct {
				Name string `yaml:"name"`
			} `yaml:"metadata"`
			Spec yaml.MapSlice `yaml:"spec"`
		}
		err := dec.Decode(&m)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		spec, err := podOf(m.Kind, m.Spec)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", m.Kind, m.Metadata.Name, err)
		}
		if spec == nil {
			continue
		}
		pods++
		for _, p := range podProblems(*spec, m.Kind == "Deployment") {
			problems = append(problems, m.Kind+" "+m.Metadata.Name+": "+p)
		}
	}
	if pods == 0 {
		return nil, errors.New("no pods")
	}
	return problems, nil
}

// podOf gives the pod that a resource makes, or nil.
func podOf(kind string, spec yaml.MapSlice) (*podSpec, error) {
	b, err := yaml.Marshal(spec)
	if err != nil {
		return nil, err
	}
	var template struct {
		Template struct {
			Spec podSpec `yaml:"spec"`
		} `yaml:"template"`
	}
	switch kind {
	case "Deployment", "Job":
		err = yaml.Unmarshal(b, &template)
		return &template.Template.Spec, err
	case "Pod":
		err = yaml.Unmarshal(b, &template.Template.Spec)
		return &template.Template.Spec, err
	}
	return nil, nil
}

func podProblems(p podSpec, longLived bool) []string {
	var problems []string
	if p.Mount == nil || *p.Mount {
		problems = append(problems, "has a token of the cluster")
	}
	if !p.Security.NonRoot || p.Security.Seccomp["type"] != "RuntimeDefault" {
		problems = append(problems, "may be root, or make any system call")
	}
	for _, c := range slices.Concat(p.Init, p.Containers) {
		problem := func(s string) { problems = append(problems, c.Name+": "+s) }
		if s := imageProblem(c.Image); s != "" {
			problem(s)
		}
		if c.Security.Escalation == nil || *c.Security.Escalation || !slices.Contains(c.Security.Capabilities["drop"], "ALL") {
			problem("may gain privileges")
		}
		if !c.Security.ReadOnly {
			problem("its file system can be written to")
		}
		if c.Resources["limits"]["memory"] == "" || c.Resources["requests"]["cpu"] == "" {
			problem("no limit of memory, or no request of processors")
		}
	}
	if longLived {
		for _, c := range p.Containers {
			if c.Liveness == nil || c.Readiness == nil {
				problems = append(problems, c.Name+": a probe is missing")
			}
		}
	}
	return problems
}
