package guidance

import (
	"strings"
	"testing"
)

func TestFlowLint(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"a state that is not there":      {"to: signoff,", "to: sign_off,", `no state "sign_off"`},
		"no way out":                     {"from: [signoff], to: answered,", "from: [signoff], to: same,", "state answered is never reached"},
		"a kind that is not there":       {"kind: bypassed", "kind: bypass", `(bypass): no such kind`},
		"a kind that is not used":        {"kind: bypassed", "kind: noted", "kind bypassed has no transition"},
		"a role that is not there":       {"roles: [lead, admin]", "roles: [lead, boss]", `no role "boss"`},
		"a guard that is not there":      {"guards: [says_something]}", "guards: [says_much]}", `no guard "says_much"`},
		"a guard that is not used":       {", may_publish", "", "guard may_publish is used by no transition"},
		"a guard without nynorsk":        {`nn: "Skriv noko først.", `, "", "guard says_something has no words in nn"},
		"a condition that is not there":  {"when: [returned]", "when: [back]", `no condition "back"`},
		"nobody may":                     {"roles: [system], guards: []", "roles: [], guards: []", "nobody can ever do it"},
		"one hides another":              {"to: drafting, when: [returned]", "to: drafting", "an earlier one is always taken"},
		"a role decides where it stands": {"withdrawn], to: reopened, roles: [asker]", "withdrawn], to: answered, roles: [asker]", "who did it must not decide"},
		"a key that is not there":        {"roles: [lead, admin]", "rols: [lead]", "rols"},
		"a quiet kind that is not there": {"quiet: [claimed", "quiet: [claim", `no kind "claim"`},
	} {
		text := strings.Replace(string(transitionsFile), c.old, c.new, 1)
		if text == string(transitionsFile) {
			t.Errorf("%s: %q is not in the file", name, c.old)
		}
		if _, err := ParseFlow([]byte(text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := ParseFlow(transitionsFile); err != nil {
		t.Error(err)
	}
	if err := func() error { // without the ways out of it
		f := *TheFlow
		f.Ends = []State{Answered, IsPublished, IsReferred, IsWithdrawn, IsClosed}
		f.Transitions = nil
		for _, x := range TheFlow.Transitions {
			if x.To == sameState || x.To != IsReopened {
				f.Transitions = append(f.Transitions, x)
			}
		}
		return f.Lint()
	}(); err == nil || !strings.Contains(err.Error(), "state reopened is never reached") {
		t.Errorf("without a way to it: %v", err)
	}
}
