package guidance_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"kiveileder"
	"kiveileder/services/guidance"
)

// Each text of a log is filled with words of its own; of those that are
// internal the asker sees none.
func TestAskerSeesNothingInternal(t *testing.T) {
	d := signoff(t)
	d.does(anne, guidance.Noted, guidance.NotedData{Text: "INTERNAL-1", All: true})
	d.does(bodil, guidance.Noted, guidance.NotedData{Text: "INTERNAL-2"})
	d.does(bodil, guidance.Signed, guidance.SignedData{Hash: d.hash(), Verdict: guidance.Reserve, Reason: "INTERNAL-3"})
	view := func() string {
		b, err := json.Marshal(guidance.ForAsker(d.snap.Number, d.snap.Case))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if strings.Contains(view(), "Ja.") {
		t.Errorf("the draft is seen before it was sent: %s", view())
	}
	d.does(cato, guidance.Bypassed, guidance.BypassedData{Hash: d.hash(), Reason: "INTERNAL-4"})
	d.does(anne, guidance.Sent, guidance.SentData{Hash: d.hash()})
	for _, name := range []string{"INTERNAL", "Anne", "Bodil", "anne", "conversation-1", "kari@"} {
		if strings.Contains(view(), name) {
			t.Errorf("the asker sees %s: %s", name, view())
		}
	}
	if !strings.Contains(view(), "Ja.") {
		t.Errorf("the asker does not see the answer: %s", view())
	}
}

// Even of a case in which every text there is has been filled, the view holds
// only what is named in it.
func TestAskerViewOfEverything(t *testing.T) {
	var c guidance.Case
	n := 0
	fill(reflect.ValueOf(&c).Elem(), "Case", &n)
	b, err := json.Marshal(guidance.ForAsker("KI", c))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range strings.Split(string(b), `"`) {
		if !strings.HasPrefix(part, "Case.") {
			continue
		}
		allowed := false
		for _, p := range []string{"Case.State", "Case.Received.Question", "Case.Received.Project", "Case.Agencies", "Case.Referral", "Case.Tasks", "Case.Added.Text",
			"Case.Received.Language", "Case.Referred", "Case.Again.Text", "Case.Informed.Agency", "Case.Informed.InformedData.Text", "Case.Answers.Draft", "Case.Answers.Agencies"} {
			allowed = allowed || strings.HasPrefix(part, p)
		}
		if !allowed {
			t.Errorf("the asker sees %s", part)
		}
	}
}

// fill writes into each text where it stands.
func fill(v reflect.Value, path string, n *int) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)))
		return
	case !v.CanSet():
		return
	}
	switch v.Kind() {
	case reflect.String:
		*n++
		v.SetString(fmt.Sprint(path, "-", *n))
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), path+"."+v.Type().Field(i).Name, n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), path, n)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), path, n)
	case reflect.Map:
		value := reflect.New(v.Type().Elem()).Elem()
		if value.Kind() == reflect.Interface {
			value.Set(reflect.ValueOf(path + "-map"))
		} else {
			fill(value, path, n)
		}
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("k").Convert(v.Type().Key()), value)
	}
}

func TestForAgency(t *testing.T) {
	d := signoff(t)
	d.does(anne, guidance.Noted, guidance.NotedData{Text: "HDIR ALONE"})
	d.does(bodil, guidance.Noted, guidance.NotedData{Text: "DMP ALONE"})
	d.does(bodil, guidance.Noted, guidance.NotedData{Text: "FOR BOTH", All: true})
	d.refused("own_agency", bodil, guidance.Noted, guidance.NotedData{Agency: "hdir", Text: "x"})
	eva := guidance.Actor{ID: "eva", Role: guidance.Lawyer, Agency: "datatilsynet"}
	analyst := guidance.Actor{ID: "f", Role: guidance.Analyst, Agency: "dmp"}
	for _, c := range []struct {
		who     guidance.Actor
		sees    string
		contact bool
	}{
		{anne, "HDIR BOTH", true}, {cato, "HDIR BOTH", true}, {bodil, "DMP BOTH", true}, {dina, "", false}, {analyst, "", false}, {eva, "nothing", false}, {person, "nothing", false},
	} {
		got, err := guidance.ForAgency(d.snap, c.who)
		if (c.sees == "nothing") != errors.Is(err, guidance.ErrNoCase) {
			t.Errorf("%s: %v", c.who.ID, err)
		}
		b, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		for word, note := range map[string]string{"HDIR": "HDIR ALONE", "DMP": "DMP ALONE", "BOTH": "FOR BOTH"} {
			if strings.Contains(string(b), note) != strings.Contains(c.sees, word) {
				t.Errorf("%s: sees %q: %v", c.who.ID, note, strings.Contains(string(b), note))
			}
		}
		who, err := d.Contact(t.Context(), "c1", c.who)
		if c.contact != (err == nil && who.Email == "kari@example.no") || !c.contact && !errors.Is(err, guidance.ErrNoCase) {
			t.Errorf("%s: contact %v, %v", c.who.ID, who, err)
		}
	}
}

// What is no text is refused; HTML is text and stays what it is.
func TestHostileTexts(t *testing.T) {
	huge := strings.Repeat("å", 10<<20/2)
	for name, c := range map[string]struct {
		text string
		ok   bool
	}{
		"markup":            {`<script>alert(1)</script><img src=x onerror=alert(1)> &amp; ' " {{.}} ${x}`, true},
		"line breaks":       {"a\r\nb\tc\u2028d", true},
		"emoji":             {"👩‍⚕️ ok", true},
		"100 000 letters":   {strings.Repeat("å", guidance.MaxText), true},
		"one letter more":   {strings.Repeat("å", guidance.MaxText+1), false},
		"10 MB":             {huge, false},
		"NUL":               {"a\x00b", false},
		"control":           {"a\x1b[31mb", false},
		"broken UTF-8":      {"a\xffb", false},
		"turned round":      {"a\u202eb", false},
		"nothing but space": {" \n ", false},
	} {
		d := newDesk(t)
		d.does(anne, guidance.Claimed, nil)
		d.does(anne, guidance.Assessed, nil)
		for kind, data := range map[guidance.Kind]any{
			guidance.Noted: guidance.NotedData{Text: c.text}, guidance.Asked: guidance.AskedData{Text: c.text},
		} {
			err := d.tries(anne, kind, data)
			if (err == nil) != c.ok || err != nil && kiveileder.ErrorCode(err) != kiveileder.CodeInvalid {
				t.Errorf("%s, %s: %.200v", name, kind, err)
			}
		}
		if c.ok && (d.snap.Case.Notes[0].Text != c.text || d.snap.Case.Tasks[0].Text != c.text) {
			t.Errorf("%s: it became another text", name)
		}
	}
}

func TestHostileCommands(t *testing.T) {
	d := newDesk(t)
	deep := strings.Repeat(`{"a":`, 50) + "1" + strings.Repeat("}", 50)
	for name, c := range map[string]guidance.Command{
		"a kind that is not there":  {Actor: anne, Kind: "deleted"},
		"a field that is not there": {Actor: anne, Kind: guidance.Claimed, Data: json.RawMessage(`{"holder":"me"}`)},
		"no JSON":                   {Actor: anne, Kind: guidance.Noted, Data: json.RawMessage(`{`)},
		"two values":                {Actor: anne, Kind: guidance.Noted, Data: json.RawMessage(`{"text":"a"} {"text":"b"}`)},
		"deep facts":                {Actor: person, Kind: guidance.Replied, Data: json.RawMessage(`{"task":1,"facts":` + deep + `}`)},
		"10 MB of JSON":             {Actor: anne, Kind: guidance.Noted, Data: json.RawMessage(`{"text":"` + strings.Repeat("x", 10<<20) + `"}`)},
		"many texts":                {Actor: anne, Kind: guidance.DraftSaved, Data: guidance.DraftSavedData{Draft: guidance.Draft{References: strings.Split(strings.Repeat("0123456789,", 200_000), ",")}}},
		"NUL in a name":             {Actor: guidance.Actor{ID: "a", Name: "\x00", Role: guidance.Lawyer, Agency: "hdir"}, Kind: guidance.Claimed},
		"a long command":            {ID: strings.Repeat("x", 10_000), Actor: anne, Kind: guidance.Claimed},
	} {
		if _, _, err := d.Do(t.Context(), "c1", c); kiveileder.ErrorCode(err) != kiveileder.CodeInvalid {
			t.Errorf("%s: %.200v", name, err)
		}
	}
	for _, id := range []string{"", "a b", "../c", "a\x00", strings.Repeat("x", 65)} {
		if _, err := d.Open(t.Context(), id, person, guidance.ReceivedData{Question: "?"}, guidance.Contact{}); kiveileder.ErrorCode(err) != kiveileder.CodeInvalid {
			t.Errorf("id %q: %v", id, err)
		}
	}
	for _, c := range []guidance.Contact{{Email: "kari"}, {Email: "Kari <kari@example.no>"}, {Email: "a@b.no\r\nBcc: x@y.no"}, {Name: "a\nb"}, {Email: "a@b.no,c@d.no"}} {
		if _, err := d.Open(t.Context(), "c2", person, guidance.ReceivedData{Question: "?"}, c); kiveileder.ErrorCode(err) != kiveileder.CodeInvalid || strings.Contains(err.Error(), "kari") {
			t.Errorf("contact %q: %v", c, err)
		}
	}
	// the same hand-over again is the same case; another, or somebody else's, is not
	same := guidance.ReceivedData{Question: "Må vi søke REK? Jeg er Kari, tlf. 99 88 77 66.", Publish: true}
	again, err := d.Open(t.Context(), "c1", person, same, guidance.Contact{})
	if err != nil || again.Number != d.snap.Number || again.Case.Seq != 1 {
		t.Errorf("again: %+v, %v", again, err)
	}
	if _, err := d.Open(t.Context(), "c1", person, guidance.ReceivedData{Question: "Noe annet?", Publish: true}, guidance.Contact{}); !errors.Is(err, guidance.ErrReused) {
		t.Errorf("another question: %v", err)
	}
	if _, err := d.Open(t.Context(), "c1", guidance.Actor{ID: "other", Role: guidance.Asker}, guidance.ReceivedData{Question: "?"}, guidance.Contact{}); !errors.Is(err, guidance.ErrMoved) {
		t.Errorf("another's id: %v", err)
	}
	if strings.Contains(d.snap.Case.Received.Question, "99 88") {
		t.Errorf("not masked: %s", d.snap.Case.Received.Question)
	}
}

// An asker's number moves only when what they see does: from the times of the
// others one could read when somebody works on the case.
func TestAskerSeq(t *testing.T) {
	d := newDesk(t)
	view := func() guidance.AskerView { return guidance.ForAsker(d.snap.Number, d.snap.Case) }
	for _, step := range []struct {
		who  guidance.Actor
		kind guidance.Kind
		data any
		told bool
	}{
		{anne, guidance.Claimed, nil, false},
		{anne, guidance.Assessed, nil, true}, // under assessment now
		{anne, guidance.Noted, guidance.NotedData{Text: "Internt."}, false},
		{anne, guidance.DraftSaved, draft(0, "Ja."), false}, // drafting is assessment to an asker
		{anne, guidance.Asked, guidance.AskedData{Text: "Hva?"}, true},
		{person, guidance.Added, guidance.AddedData{Text: "Mer."}, true},
		{anne, guidance.Released, nil, false},
	} {
		before := view()
		d.does(step.who, step.kind, step.data)
		after := view()
		if told := after.Seq != before.Seq; told != step.told {
			t.Errorf("%s: the asker is told: %v", step.kind, told)
		}
		before.Seq = after.Seq
		if !step.told && !reflect.DeepEqual(before, after) {
			t.Errorf("%s changes what the asker sees, who is not told", step.kind)
		}
	}
}
