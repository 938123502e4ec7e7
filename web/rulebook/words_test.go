package rulebook

import (
	"fmt"
	"io/fs"
	"regexp"
	"sync"
	"testing"

	"kiveileder"
	"kiveileder/corpus"
	"kiveileder/services/rules"
)

// shipped gives the rules that ship.
var shipped = sync.OnceValues(func() (*rules.Set, error) {
	dir, err := fs.Sub(corpus.Files, "rules")
	if err != nil {
		return nil, err
	}
	return rules.Load(dir)
})

func set(t *testing.T) *rules.Set {
	t.Helper()
	s, err := shipped()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSay(t *testing.T) {
	for _, c := range []struct{ expr, nb, nn, en string }{
		{`true`, "alltid", "alltid", "always"},
		{`consent == "no"`, "Samtykke: ikke samtykke", "Samtykke: ikkje samtykke", "Consent: no consent"},
		{`consent in ["no", "partial"]`, "Samtykke: ikke samtykke eller samtykke fra noen", "Samtykke: ikkje samtykke eller samtykke frå nokre", "Consent: no consent or consent from some"},
		{`linkage`, "Sammenstilling: kobles sammen", "Samanstilling: blir kopla saman", "Linkage: linked"},
		{`!linkage`, "Sammenstilling: kobles ikke", "Samanstilling: blir ikkje kopla", "Linkage: not linked"},
		{`p != "quality_registry"`, "Formålet: ikke etablere kvalitetsregister", "Formålet: ikkje etablere kvalitetsregister", "The purpose: not setting up a quality register"},
		{`missing(consent)`, "Samtykke: ikke oppgitt", "Samtykke: ikkje oppgitt", "Consent: not given"},
		{`!missing(consent)`, "Samtykke: oppgitt", "Samtykke: oppgitt", "Consent: given"},
		{`any(data_sources, ["patient_record"])`, "Datakilder: pasientjournal", "Datakjelder: pasientjournal", "Data sources: patient record"},
		{`any(data_sources, ["patient_record", "health_registry"])`, "Datakilder: minst én av pasientjournal og helseregister", "Datakjelder: minst éin av pasientjournal og helseregister", "Data sources: at least one of patient record and health register"},
		{`only(data_sources, ["patient_record"])`, "Datakilder: bare pasientjournal", "Datakjelder: berre pasientjournal", "Data sources: only patient record"},
		{`said(linkage)`, "Sammenstilling: kobles sammen", "Samanstilling: blir kopla saman", "Linkage: linked"},
		{`!said(!linkage)`, "ikke kjent at dette gjelder: Sammenstilling: kobles ikke", "ikkje kjent at dette gjeld: Samanstilling: blir ikkje kopla", "not known to hold: Linkage: not linked"},
		{`!conflict`, "gjelder ikke: opplysningene om prosjektet motsier hverandre", "gjeld ikkje: opplysningane om prosjektet motseier kvarandre", "does not hold: the facts on the project contradict each other"},
		{`no_consent && (has_record || linkage)`,
			"alt dette gjelder: det er ikke samtykke fra alle; (minst ett av dette gjelder: opplysninger hentes fra pasientjournal; Sammenstilling: kobles sammen)",
			"alt dette gjeld: det er ikkje samtykke frå alle; (minst eitt av dette gjeld: opplysningar blir henta frå pasientjournal; Samanstilling: blir kopla saman)",
			"all of this holds: not everybody has consented; (at least one of these holds: data come from the patient record; Linkage: linked)"},
		{`!(linkage && consent == "yes")`, // a denial goes down to each part
			"minst ett av dette gjelder: Sammenstilling: kobles ikke; Samtykke: ikke samtykke fra alle",
			"minst eitt av dette gjeld: Samanstilling: blir ikkje kopla; Samtykke: ikkje samtykke frå alle",
			"at least one of these holds: Linkage: not linked; Consent: not consent from all"},
	} {
		for lang, want := range map[kiveileder.Language]string{"nb": c.nb, "nn": c.nn, "en": c.en} {
			s, err := newSpeaker(set(t), lang)
			if err != nil {
				t.Fatal(err)
			}
			got, err := s.say(c.expr)
			if err != nil || got.String() != want {
				t.Errorf("%s in %s: %q, %v; want %q", c.expr, lang, got, err, want)
			}
		}
	}
}

func TestSayRefuses(t *testing.T) {
	s, err := newSpeaker(set(t), "nb")
	if err != nil {
		t.Fatal(err)
	}
	for _, expr := range []string{`a &&`, `1 < 2`, `false`, `nobody`, `missing(nobody)`, `consent`, `!true`, `size(data_sources) > 1`, `consent == registry_scope`} {
		if c, err := s.say(expr); err == nil {
			t.Errorf("%s is said as %q", expr, c)
		}
	}
}

// raw is what no reader should see: CEL's operators, functions, and names.
var raw = regexp.MustCompile(`&&|\|\||==|!|\[|"|_|\b(said|missing|any|only)\(|%!|\btrue\b|\bfalse\b`)

// Every condition that ships is said in words, in every language.
func TestNoConditionIsShownRaw(t *testing.T) {
	all := set(t)
	for _, lang := range kiveileder.Languages {
		s, err := newSpeaker(all, lang)
		if err != nil {
			t.Fatal(err)
		}
		check := func(where, expr string) {
			c, err := s.say(expr)
			if err != nil {
				t.Errorf("%s: %v", where, err)
			} else if m := raw.FindString(c.String()); m != "" || c.String() == "" {
				t.Errorf("%s: %s is said as %q, with %q", where, expr, c, m)
			}
		}
		for _, c := range all.Shared.Conditions {
			check(c.Name, c.When.Text)
		}
		for _, m := range all.Modules {
			if m.When.Text != "" {
				check(m.Name, m.When.Text)
			}
			for _, r := range m.Rules {
				check(r.ID, r.When.Text)
			}
		}
	}
}

func TestWordsInThreeLanguages(t *testing.T) {
	values := regexp.MustCompile(`%s`)
	for key, text := range words {
		for _, lang := range kiveileder.Languages {
			if text[lang] == "" || len(values.FindAllString(text[lang], -1)) != len(values.FindAllString(text["nb"], -1)) {
				t.Errorf("%s in %s: %q", key, lang, text[lang])
			}
		}
	}
}

func TestFacts(t *testing.T) {
	s, err := newSpeaker(set(t), "nb")
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.facts(`no_consent && listed_with_other && missing(linkage)`)
	if want := "[consent data_sources registry_scope linkage]"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("%v, %v; want %s", got, err, want)
	}
}
