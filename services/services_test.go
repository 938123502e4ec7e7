package services_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"kiveileder"
	"kiveileder/internal/rpc"
	"kiveileder/retriever"
	"kiveileder/services"
	"kiveileder/services/conversation"
	"kiveileder/services/dialogue"
	"kiveileder/services/rules"
)

// A fakeRole answers with the question; what it is asked otherwise it gives
// back.
type fakeRole struct {
	*conversation.Service
	asOf time.Time
}

func (fakeRole) Check(t *kiveileder.Turn) error {
	if t.Question == "" {
		return kiveileder.Errorf(kiveileder.CodeInvalid, "Skriv et spørsmål.")
	}
	return nil
}

func (fakeRole) Turn(_ context.Context, t kiveileder.Turn) (kiveileder.Answer, error) {
	return kiveileder.Answer{
		Status: kiveileder.Clarify, Language: t.Language, Lead: t.Question, Facts: t.Facts, Asked: 1, Reply: true, Confidence: 0.1 + 0.2,
		Findings:  []kiveileder.Finding{{Outcome: "rek_prior_approval", Quotes: []kiveileder.Citation{{Quote: "«æøå» <b>"}}}},
		Citations: []kiveileder.Citation{}, Ask: &kiveileder.Ask{Fact: "consent", Options: []kiveileder.Option{{Value: true, Label: "Ja"}}},
	}, nil
}

func (r *fakeRole) Evaluate(_ context.Context, facts map[string]any, asOf time.Time, l kiveileder.Language) (dialogue.Evaluation, error) {
	r.asOf = asOf
	if len(facts) == 0 {
		return dialogue.Evaluation{}, kiveileder.Errorf(kiveileder.CodeInvalid, "Ingen fakta.")
	}
	return dialogue.Evaluation{Outcomes: []string{"x"}, Facts: facts, AsOf: string(l), Trace: []rules.Step{{Rule: "r", State: rules.Fired}}}, nil
}

func (fakeRole) Search(_ context.Context, q retriever.Query) (retriever.Result, error) {
	return retriever.Result{
		Hits:    []retriever.Hit{{Passage: kiveileder.Passage{ID: "a/b", Text: q.Text, Section: []string{"Å"}}, Score: -1.0 / 3}},
		Verdict: retriever.Verdict{Class: retriever.Covered, Answers: 0.7},
	}, nil
}

func newRole() *fakeRole {
	r := &fakeRole{}
	r.Service = conversation.New(conversation.NewMemory("epoch"), r, nil)
	return r
}

// Near and far the same, whatever is done.
func TestClient(t *testing.T) {
	near, behind := newRole(), newRole()
	s := &rpc.Server{}
	services.Handle(s, behind)
	srv := httptest.NewServer(s)
	defer srv.Close()
	c, err := rpc.NewClient(rpc.Options{Name: "services", URLs: srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	far := services.NewClient(c)
	ctx := t.Context()
	for i, do := range []func(r services.Role) (any, error){
		accept("m1", "Må vi søke REK? æøå", map[string]any{"consent": "yes", "purpose": []any{"research"}, "gone": nil}),
		accept("m1", "Må vi søke REK? æøå", nil), // again
		answer(1), answer(1), answer(7),
		accept("m1", "Må vi søke REK? æøå", nil), // answered by now
		accept("m2", "", nil),
		read(0, 10), read(0, 1), read(1, 10), read(9, 10),
		func(r services.Role) (any, error) {
			return r.Evaluate(ctx, map[string]any{"consent": "yes"}, time.Date(2024, 2, 14, 0, 0, 0, 0, time.UTC), kiveileder.English)
		},
		func(r services.Role) (any, error) { return r.Evaluate(ctx, nil, time.Time{}, "") },
		func(r services.Role) (any, error) {
			return r.Search(ctx, retriever.Query{Text: "Må vi søke?", K: 3, History: []string{"før"}})
		},
		func(r services.Role) (any, error) { return nil, r.Delete(ctx, "key") },
		accept("m3", "Hei", nil), answer(1), read(0, 10),
	} {
		a, errA := do(near)
		b, errB := do(far)
		if d := cmp.Diff(a, b, cmpopts.EquateApproxTime(time.Minute), cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%d (-near +far):\n%s", i, d)
		}
		if kiveileder.ErrorCode(errA) != kiveileder.ErrorCode(errB) || kiveileder.ErrorMessage(errA) != kiveileder.ErrorMessage(errB) {
			t.Errorf("%d: near %v, far %v", i, errA, errB)
		}
	}
	if !near.asOf.Equal(behind.asOf) || behind.asOf.IsZero() != near.asOf.IsZero() {
		t.Errorf("as of %v near, %v far", near.asOf, behind.asOf)
	}
}

func accept(id, text string, facts map[string]any) func(services.Role) (any, error) {
	return func(r services.Role) (any, error) {
		m, a, err := r.Accept(context.Background(), "key", kiveileder.Post{ID: id, Question: text, Facts: facts, Language: kiveileder.Nynorsk})
		return []any{m, a}, err
	}
}

func answer(offset int64) func(services.Role) (any, error) {
	return func(r services.Role) (any, error) { return r.Answer(context.Background(), "key", offset) }
}

func read(after int64, limit int) func(services.Role) (any, error) {
	return func(r services.Role) (any, error) { return r.Read(context.Background(), "key", after, limit) }
}

// An evaluation of the real form survives the way: what other systems get
// must not depend on how the roles are spread.
func TestEvaluationIsJSON(t *testing.T) {
	e := dialogue.Evaluation{
		Outcomes: []string{"a"}, Findings: []kiveileder.Finding{{Outcome: "a", Citations: []int{}}}, Purposes: []rules.Judged{{}}, Missing: []string{"m"},
		Ask: &kiveileder.Ask{Fact: "m"}, Escalate: true, Facts: map[string]any{"f": true}, Read: []kiveileder.FactRead{{Fact: "f", Value: true}},
		Trace: []rules.Step{{Rule: "r", State: rules.Open}}, Changes: []rules.Change{{}}, Versions: kiveileder.Versions{Rules: "h"}, AsOf: "2024-02-14",
	}
	b, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var got dialogue.Evaluation
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(got)
	if err != nil || string(again) != string(b) {
		t.Errorf("was  %s\nnow  %s\n%v", b, again, err)
	}
	if d := cmp.Diff(fmt.Sprintf("%#v", e.Findings), fmt.Sprintf("%#v", got.Findings)); d != "" {
		t.Error(d)
	}
}
