package guidance_test

import (
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kiveileder"
	"kiveileder/corpus"
	"kiveileder/services/guidance"
	"kiveileder/services/rules"
)

func TestPropose(t *testing.T) {
	files, err := fs.Sub(corpus.Files, "rules")
	if err != nil {
		t.Fatal(err)
	}
	set, err := rules.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	var unclear rules.Outcome // one that an agency behind the service would settle
	known := guidance.InService(set)
	for _, o := range set.Outcomes {
		if o.Kind == rules.Unclear && len(o.Authority) > 0 && known(o.Authority[0]) {
			unclear = o
		}
	}
	if unclear.Key == "" {
		t.Fatal("no outcome is unclear: the test has nothing to go by")
	}
	for name, c := range map[string]struct {
		findings []kiveileder.Finding
		would    []string
		want     []string
		unclear  []string
	}{
		"nothing to go by":        {nil, nil, []string{"hdir"}, nil},
		"one who is not with us":  {[]kiveileder.Finding{{Outcome: "rek_prior_approval", Kind: rules.Required}}, nil, []string{"hdir"}, nil},
		"who would know":          {nil, []string{"DMP"}, []string{"dmp"}, nil},
		"by a former name":        {nil, []string{"Statens legemiddelverk"}, []string{"dmp"}, nil},
		"several who would know":  {nil, []string{"DMP", "Datatilsynet"}, []string{"dmp", "datatilsynet"}, nil},
		"nobody knows the name":   {[]kiveileder.Finding{{Outcome: "nothing"}}, []string{"", "NASA"}, []string{"hdir"}, nil},
		"what is unclear is more": {[]kiveileder.Finding{{Outcome: unclear.Key, Kind: rules.Unclear}}, []string{"Helsetilsynet"}, unclear.Authority, []string{unclear.Key}},
	} {
		p := guidance.Propose(set, c.findings, c.would)
		if d := cmp.Diff(c.want, p.Agencies); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if d := cmp.Diff(c.unclear, p.Unclear); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	if p := guidance.Propose(set, []kiveileder.Finding{{Outcome: "rek_prior_approval"}}, nil); len(p.Topics) == 0 {
		t.Error("no topics")
	}
	if !known("dmp") || known("rek") || known("") {
		t.Error("agencies in the service are not told from others")
	}
}
