package timing

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kiveileder"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/deadline"
)

func TestStatus(t *testing.T) {
	s := received(t, "2026-06-08 09:00", true)
	x := s.status(Assessment, "2026-06-10 14:00")
	want := Standing{Target: Assessment, Name: deadline.Text{"nb": "Første vurdering", "nn": "Første vurdering", "en": "First assessment"},
		Due: oslo(t, "2026-06-11 15:00").UTC(), Left: 8 * 60, Soon: true, MayExtend: true, Unconfirmed: true}
	if d := cmp.Diff(want, x); d != "" {
		t.Error(d)
	}
	p := s.status(Preliminary, "2026-06-10 14:00")
	if len(p.Law) != 3 || !p.Law[0].InForce || !p.Law[0].Unconfirmed || p.Law[1].InForce || !p.Law[1].Binding || p.MayExtend {
		t.Errorf("%+v", p)
	}
	b, err := json.Marshal(Status(s.Snapshot, oslo(t, "2026-06-10 14:00")))
	if err != nil || strings.Contains(string(b), "0001-01-01") || !strings.Contains(string(b), `"due":"2026-06-11T13:00:00Z"`) {
		t.Errorf("%v\n%s", err, b)
	}

	s.on("2026-06-09 10:00", anne, guidance.AssessedData{}, guidance.ExtendedData{Target: Answer, Until: oslo(t, "2026-09-01 15:00"), Reason: "Ferie."})
	if x := s.status(Answer, "2026-06-10 10:00"); !x.Extended || x.Reason != "Ferie." || show(x.Due) != "2026-09-01 15:00" {
		t.Errorf("extended: %+v", x)
	}
	s.on("2026-06-11 10:00", anne, guidance.AskedData{Text: "?"})
	if x := s.status(Answer, "2026-06-12 10:00"); !x.Paused || x.Overdue {
		t.Errorf("paused: %+v", x)
	}
	s.on("2026-06-12 10:00", asker, guidance.WithdrawnData{})
	if got := Status(s.Snapshot, oslo(t, "2027-06-12 10:00")); len(got) != 1 || got[0].Target != Assessment {
		t.Errorf("of a case that ended: %+v", got)
	}
	if got := Status(guidance.Snapshot{}, oslo(t, "2027-06-12 10:00")); len(got) != 0 {
		t.Errorf("of none: %+v", got)
	}
}

func TestTargets(t *testing.T) {
	var keys []string
	for _, x := range Targets() {
		keys = append(keys, x.Target)
		for _, lang := range kiveileder.Languages {
			if x.Name[lang] == "" {
				t.Errorf("%s has no name in %s", x.Target, lang)
			}
		}
	}
	if d := cmp.Diff([]string{Assessment, Answer}, keys); d != "" {
		t.Error(d)
	}
	for _, key := range []string{Receipt, Assessment, Answer, Preliminary} {
		if _, ok := theRules().Target(key); !ok {
			t.Errorf("targets.yaml has no %s", key)
		}
	}
	if n := len(theRules().Targets); n != 4 {
		t.Errorf("%d targets: which event reaches the new one?", n)
	}
}

func TestCheckExtension(t *testing.T) {
	s := received(t, "2026-06-08 09:00", true).on("2026-06-09 10:00", anne, guidance.AssessedData{})
	at := oslo(t, "2026-06-10 10:00")
	for name, c := range map[string]struct {
		d    guidance.ExtendedData
		want string
	}{
		"later":            {guidance.ExtendedData{Target: Answer, Until: oslo(t, "2026-09-01 15:00"), Reason: "r"}, ""},
		"earlier than due": {guidance.ExtendedData{Target: Answer, Until: oslo(t, "2026-06-12 15:00"), Reason: "r"}, "senere enn den som gjelder"},
		"in the past":      {guidance.ExtendedData{Target: Answer, Until: oslo(t, "2026-06-01 15:00"), Reason: "r"}, "fram i tid"},
		"done":             {guidance.ExtendedData{Target: Assessment, Until: oslo(t, "2026-09-01 15:00"), Reason: "r"}, "gjelder ikke lenger"},
		"not exempt":       {guidance.ExtendedData{Target: Preliminary, Until: oslo(t, "2026-09-01 15:00"), Reason: "r"}, "kan ikke utsettes"},
		"unknown":          {guidance.ExtendedData{Target: "x", Until: oslo(t, "2026-09-01 15:00"), Reason: "r"}, "finnes ikke"},
	} {
		err := CheckExtension(s.Case, c.d, at)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if code := kiveileder.ErrorCode(err); err != nil && code != kiveileder.CodeInvalid && code != kiveileder.CodeConflict {
			t.Errorf("%s: code %s", name, code)
		}
	}
}
