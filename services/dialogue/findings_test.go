package dialogue_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"kiveileder"
	"kiveileder/retriever"
)

// What the rules say of a project comes in the order of the path: doubts first,
// then approvals, duties, and last what is not needed.
func TestFindingsInPathOrder(t *testing.T) {
	for _, c := range []struct {
		name  string
		facts known
		want  kiveileder.Status
		order []string // of some of them
	}{
		{"research on records without consent", known{"purpose": "health_research", "data_sources": "patient_record", "consent": "no"},
			kiveileder.Answered, []string{"rek_prior_approval", "rek_dispensation", "dpo_assessment", "normen"}},
		{"research with consent", known{"purpose": "health_research", "data_sources": "patient_record", "consent": "yes"},
			kiveileder.Answered, []string{"rek_prior_approval", "consent_possible_basis", "dpo_assessment", "no_dispensation_needed"}},
		{"quality assurance of one's own", known{"purpose": "internal_qa", "data_sources": "patient_record"},
			kiveileder.Answered, []string{"internal_qa_section_26", "management_decision", "no_dispensation_needed"}},
		{"a register", known{"purpose": "quality_registry", "consent": "yes"},
			kiveileder.Answered, []string{"quality_registry_consent", "gdpr_basis_6_9", "no_external_approval_needed"}},
		{"a product", known{"purpose": "product_development"},
			kiveileder.Escalate, []string{"product_development_rules_unclear", "unclear_seek_guidance"}},
		{"an incident", known{"serious_incident": "yes", "manufacturer_intended_medical_purpose": "yes"},
			kiveileder.Answered, []string{"incident_report_melde", "medical_device"}},
		{"the AI Act", known{"ai_system_type": "chatbot"},
			kiveileder.Answered, []string{"ai_act_limited_risk", "ai_act_in_addition"}},
		{"two purposes", known{"purpose": []any{"statistics", "health_research"}, "data_sources": "patient_record", "consent": "no"},
			kiveileder.Answered, []string{"rek_prior_approval", "rek_dispensation", "hdir_dispensation"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := ask(t, real(t, finds(unsure)), kiveileder.Turn{Question: "Slik er prosjektet vårt.", Facts: c.facts})
			sound(t, a)
			if a.Status != c.want {
				t.Errorf("got %s", brief(a))
			}
			at := -1
			for _, o := range c.order {
				i := slices.Index(outcomes(a.Findings), o)
				if i <= at {
					t.Errorf("%s stands at %d of %q, want it after %d", o, i, outcomes(a.Findings), at)
				}
				at = i
			}
		})
	}
}

// Each finding says for which of several purposes it holds.
func TestFindingsByPurpose(t *testing.T) {
	a := ask(t, real(t, finds(unsure)), kiveileder.Turn{Question: "Slik er det.", Facts: known{
		"purpose": []any{"statistics", "health_research"}, "data_sources": "patient_record", "consent": "no",
	}})
	for _, f := range a.Findings {
		want := map[string][]string{"rek_dispensation": {"helseforskning"}, "hdir_dispensation": {"statistikk"}}[f.Outcome]
		if want != nil && !slices.Equal(f.Purposes, want) {
			t.Errorf("%s holds for %q, want %q", f.Outcome, f.Purposes, want)
		}
	}
}

// Quotes stay as the source has them; everything around them is in the
// language of the message.
func TestFindingsLanguages(t *testing.T) {
	facts := known{"purpose": "health_research", "data_sources": "patient_record"}
	var quotes []string
	seen := map[string]bool{}
	for _, c := range []struct {
		question, lead, label, unknown, purpose string
		want                                    kiveileder.Language
	}{
		{"Dette er et prosjekt om forskning på sykdom hos oss.", "Så langt følger", "Ja, fra alle", "Vet ikke", "Formål: helseforskning", kiveileder.Bokmal},
		{"Dette er eit prosjekt om forsking på sjukdom hos oss, ikkje noko anna.", "Så langt følgjer", "Ja, frå alle", "Veit ikkje", "Formål: helseforsking", kiveileder.Nynorsk},
		{"This is a project about research on disease at our place.", "So far this follows", "Yes, from everyone", "Don't know", "Purpose: health research", kiveileder.English},
	} {
		a := ask(t, real(t, finds(unsure)), kiveileder.Turn{Question: c.question, Facts: facts})
		sound(t, a)
		if a.Language != c.want || a.Status != kiveileder.Clarify || !strings.HasPrefix(a.Lead, c.lead) {
			t.Fatalf("%s %s %q", a.Language, a.Status, a.Lead)
		}
		if first, last := a.Ask.Options[0].Label, a.Ask.Options[len(a.Ask.Options)-1].Label; first != c.label || last != c.unknown {
			t.Errorf("replies from %q to %q", first, last)
		}
		i := slices.IndexFunc(a.Read, func(r kiveileder.FactRead) bool { return r.Fact == "purpose" })
		if i < 0 || a.Read[i].Name+": "+a.Read[i].Label != c.purpose || len(a.Read[i].Options) < 10 {
			t.Errorf("chips %+v", a.Read)
		}
		for _, s := range []string{a.Findings[0].Text, a.Findings[0].Prepare, a.Ask.Question, a.Ask.Why, a.Notice} {
			if s == "" || seen[s] {
				t.Errorf("%s: %q is empty or in another language", c.want, s)
			}
			seen[s] = true
		}
		var said []string
		for _, q := range a.Citations {
			said = append(said, q.Quote)
		}
		if quotes == nil {
			quotes = said
		}
		if diff := cmp.Diff(quotes, said); diff != "" {
			t.Errorf("%s: quotes (-bokmål +got):\n%s", c.want, diff)
		}
	}
}

// When a conflict's other side takes the place of the last citation, no finding
// goes on pointing there; it keeps its own quotes.
func TestConflictTakesAPlace(t *testing.T) {
	other := passageOf(t, "forhåndsgodkjenning fra REK, jf. helseforskningsloven § 33")
	a := ask(t, real(t, finds(unsure)), kiveileder.Turn{Question: "Slik er det.", Facts: known{
		"purpose": "health_research", "data_sources": "patient_record", "consent": "yes",
	}})
	sound(t, a)
	at := slices.IndexFunc(a.Citations, func(c kiveileder.Citation) bool { return c.Passage == other.ID })
	if len(a.Citations) != kiveileder.MaxCitations || at < 0 || len(a.Conflicts) == 0 || !slices.Contains(a.Conflicts[0].Citations, at) {
		t.Fatalf("%d citations, § 33 at %d, conflicts %+v", len(a.Citations), at, a.Conflicts)
	}
	for _, f := range a.Findings {
		if len(f.Quotes) == 0 {
			t.Errorf("%s has no quotes", f.Outcome)
		}
	}
}

// A plain question that the sources answer gets the quote first and is not
// asked back, though facts are missing.
func TestPlainQuestion(t *testing.T) {
	hit := passageOf(t, "Må ha etisk forhåndsgodkjenning fra REK før prosjektet kan iverksettes")
	a := ask(t, real(t, finds(covered, hit)), kiveileder.Turn{Question: "Må helseforskning ha forhåndsgodkjenning?", Facts: known{"purpose": "health_research"}})
	sound(t, a)
	if a.Status != kiveileder.Answered || a.Ask != nil || a.Ifs != nil || a.Lead != "Dette sier kildene:" {
		t.Errorf("%s, lead %q", brief(a), a.Lead)
	}
	if a.Citations[0].Passage != hit.ID || !slices.Contains(outcomes(a.Findings), "rek_prior_approval") || len(a.Missing) == 0 {
		t.Errorf("first quote %s, %s", a.Citations[0].Passage, brief(a))
	}
	// The same words without a question mark describe a project: it is asked back.
	a = ask(t, real(t, finds(covered, hit)), kiveileder.Turn{Question: "Vi driver med forskning.", Facts: known{"purpose": "health_research"}})
	if sound(t, a); a.Status != kiveileder.Clarify || asked(a) != "consent" {
		t.Error(brief(a))
	}
	// A longer description with a question is asked back as well.
	a = ask(t, real(t, finds(covered, hit)), kiveileder.Turn{
		Question: "Slik er prosjektet vårt. Må vi søke noen?",
		Facts:    known{"purpose": "health_research", "data_sources": "patient_record", "cross_institution": true},
	})
	if sound(t, a); a.Status != kiveileder.Clarify || asked(a) != "consent" {
		t.Error(brief(a))
	}
}

// A question about a project for what the rules do not settle goes to people,
// with what the rules do say.
func TestBesideTheRules(t *testing.T) {
	project := known{"purpose": "health_research", "data_sources": "patient_record", "consent": "no"}
	little := retriever.Verdict{Class: retriever.Uncertain, Unanswered: .85}
	never := retriever.Verdict{Class: retriever.Uncertain, Unanswered: .99}
	for _, c := range []struct {
		question string
		verdict  retriever.Verdict
		facts    known
		beside   bool
	}{
		{"Hvor lenge kan opplysningene lagres?", unsure, project, true},
		{"Når kommer svaret fra komiteen?", unsure, project, true},
		{"Hva koster det?", unsure, project, true},
		{"Hvilken artikkel i forordningen er grunnlaget?", unsure, project, true},
		{"Hvor lenge kan vi lagre opplysningene?", unsure, project, true},
		{"Kor mykje må vi betale for dette, og kven får pengane?", unsure, project, true},
		{"How long may we keep the data at our place?", unsure, project, true},
		{"Hvilken artikkel må vi bruke som grunnlag?", unsure, project, true},
		{"Må vi gjøre en DPIA?", unsure, project, true},
		{"Vi vil vite hvor mange som faller. Må vi søke?", unsure, project, false},
		{"How long can the data be kept at our place?", unsure, project, true},
		{"Kor lenge kan opplysningane lagrast hos oss, og kven veit det?", unsure, project, true},
		{"Må vi gjøre noe mer?", never, project, true},
		{"Skal vi si fra til noen?", little, known{"purpose": "health_research"}, true},
		{"Hva må vi gjøre?", little, known{"purpose": "health_research"}, false},
		{"Hva må vi gjøre?", unsure, project, false},
		{"Hvem søker vi til?", unsure, project, false},
		{"Do we need approval from anybody for this?", unsure, project, false},
		{"Hvor raskt må det meldes?", never, known{"serious_incident": "yes", "manufacturer_intended_medical_purpose": "yes"}, true},
		{"Hvor lenge kan opplysningene lagres?", covered, project, false}, // the sources do say
	} {
		t.Run(c.question, func(t *testing.T) {
			hit := passageOf(t, "Må ha etisk forhåndsgodkjenning fra REK før prosjektet kan iverksettes")
			a := ask(t, real(t, finds(c.verdict, hit)), kiveileder.Turn{Question: c.question, Facts: c.facts})
			sound(t, a)
			if c.facts["serious_incident"] != nil { // what to do now is what the rules say
				c.beside = false
			}
			got := a.Status == kiveileder.Escalate && (strings.HasPrefix(a.Lead, "Det du spør om") || strings.HasPrefix(a.Lead, "Det du spør om, finn eg") || strings.HasPrefix(a.Lead, "I cannot find"))
			if got != c.beside || len(a.Findings) == 0 || a.HandOver == nil {
				t.Errorf("beside %v, want %v: %s, %q", got, c.beside, brief(a), a.Lead)
			}
		})
	}
}

// With nothing to show, a question beside the rules is not said to have been
// judged by them.
func TestBesideWithoutFindings(t *testing.T) {
	a := ask(t, real(t, finds(unsure, passageOf(t, "Må ha etisk forhåndsgodkjenning fra REK"))), kiveileder.Turn{
		Question: "Hvor lenge tar det?", Facts: known{"linkage": true},
	})
	sound(t, a)
	if a.Status != kiveileder.Escalate || len(a.Findings) > 0 || !strings.Contains(a.Lead, "ikke sikker på at kildene svarer") || len(a.Citations) == 0 {
		t.Errorf("%s, %q", brief(a), a.Lead)
	}
}

// What the rules leave unclear goes to people, and those who decide are named,
// each once.
func TestUnclearNamesAuthorities(t *testing.T) {
	for _, c := range []struct {
		name     string
		facts    known
		agencies []string
		says     string
	}{
		{"who decides on linked registers", known{"purpose": "health_research", "data_sources": []any{"patient_record", "health_registry"}, "registry_scope": "hds", "linkage": true, "consent": "no"},
			[]string{"De regionale komiteer for medisinsk og helsefaglig forskningsetikk", "Helsedirektoratet", "Helsedataservice"}, "REK, Helsedirektoratet, Helsedataservice."},
		{"a product", known{"purpose": "product_development"}, []string{"Helsedirektoratet"}, "Helsedirektoratet."},
		{"whether it is a device", known{"purpose": "procurement", "manufacturer_intended_medical_purpose": "unclear"}, []string{"Direktoratet for medisinske produkter"}, "Direktoratet for medisinske produkter (DMP)."},
		{"two of them with an authority in common", known{"question_topic": []any{"care_vs_privacy", "patient_opt_out"}}, []string{"Helsedirektoratet", "Datatilsynet"}, "Helsedirektoratet, Datatilsynet."},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := unsure
			v.Agencies, v.TopicTitle = []string{"Statens strålevern"}, "Noe annet" // what the search guesses gives way
			a := ask(t, real(t, finds(v)), kiveileder.Turn{Question: "Hvem avgjør dette?", Facts: c.facts})
			sound(t, a)
			if a.Status != kiveileder.Escalate || !slices.Contains(outcomes(a.Findings), "unclear_seek_guidance") {
				t.Fatal(brief(a))
			}
			want, got := slices.Sorted(slices.Values(c.agencies)), slices.Sorted(slices.Values(a.HandOver.Agencies))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("agencies (-want +got):\n%s", diff)
			}
			if !strings.HasSuffix(a.HandOver.Text, "hos "+c.says) {
				t.Errorf("says %q", a.HandOver.Text)
			}
		})
	}
}

// Two things that are at odds are said and asked about, not judged.
func TestContradiction(t *testing.T) {
	a := ask(t, real(t, finds(unsure)), kiveileder.Turn{Question: "Slik er det.", Facts: known{
		"purpose": "internal_qa", "data_sources": "patient_record", "scientific_method": true,
	}})
	sound(t, a)
	if a.Status == kiveileder.Answered || !slices.Contains(outcomes(a.Findings), "facts_conflict") || slices.Contains(outcomes(a.Findings), "internal_qa_section_26") {
		t.Error(brief(a))
	}
}

func TestQuotesAreShort(t *testing.T) {
	set, _ := ruleSet(t)
	for _, o := range set.Outcomes {
		for _, q := range o.Quotes {
			if n := utf8.RuneCountInString(q.Text); n > kiveileder.MaxQuoteChars {
				t.Errorf("a quote of %s has %d characters", o.Key, n)
			}
		}
	}
}
