package gateway_test

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"kiveileder/services/guidance"
	"kiveileder/services/queue"
)

// verbs are what can stand in a dialogue. It is filled below: its functions
// are read by readDialogue.
var verbs map[string]func(w *window, rest string)

func init() {
	verbs = map[string]func(w *window, rest string){
		// what a person does
		"åpner": func(w *window, _ string) {
			if f := w.arrive(); f.Type != "opened" || !f.Recovered {
				w.fatal("heard %v", f)
			}
		},
		"åpner over hendelser": func(w *window, _ string) {
			if w.events = true; w.p.id == "" {
				_, begun := get[page](w.p.t, w.p.s, http.MethodPost, "/v1/conversation", "", "")
				w.p.id = begun.Conversation
			}
			if f := w.arrive(); f.Type != "opened" || !f.Recovered {
				w.fatal("heard %v", f)
			}
		},
		"spør": func(w *window, text string) {
			w.p.asked++
			w.write(fmt.Sprint("m", w.p.asked), text)
		},
		"samme melding en gang til": func(w *window, _ string) { w.write(w.id, w.text) },
		"sletter": func(w *window, _ string) {
			w.p.s.send(w.p.t, http.MethodDelete, "/v1/conversation", w.p.id, "").Body.Close()
		},
		"overleverer": func(w *window, text string) {
			w.p.asked++
			w.handOver(fmt.Sprint("h", w.p.asked), text)
		},
		"samme overlevering en gang til": func(w *window, _ string) { w.handOver(w.id, w.text) },
		"gjør": func(w *window, kind string) {
			w.p.asked++
			id := w.p.cases.cases[0].ID
			w.line.say(fmt.Sprintf(`{"type":"case_command","id":"c%d","conversation":%q,"case":%q,"kind":%q,"seen":%d}`, w.p.asked, w.p.id, id, kind, w.cases[id]))
		},
		"nettet faller": func(w *window, _ string) { w.leave() },
		"tilbake":       func(w *window, rest string) { w.events = false; w.comesBack(rest) },
		"tilbake over hendelser": func(w *window, rest string) {
			w.events = true
			w.comesBack(rest)
		},
		"har sett til": func(w *window, rest string) {
			s, err := w.p.store.Read(w.p.t.Context(), keyOf(w.p.t, w.p.id), 0, 1)
			if err != nil {
				w.fatal("%v", err)
			}
			w.epoch, w.offset = s.Epoch, w.number(rest)
		},
		"laster samtalen": func(w *window, rest string) {
			var all []frame
			for more := true; more; {
				_, p := get[page](w.p.t, w.p.s, http.MethodGet, fmt.Sprintf("/v1/conversation?after=%d", len(all)), w.p.id, "")
				all, more = append(all, p.Entries...), p.More
			}
			if want, _, _ := strings.Cut(rest, " "); w.number(want) != int64(len(all)) {
				w.fatal("loaded %d entries", len(all))
			}
			w.offset = int64(len(all))
		},

		// what the lawyers do
		"juristene": func(w *window, state string) { w.p.cases.happens(w.p.t.Context(), guidance.State(state), nil) },

		// what the service does
		"svaret lar vente på seg": func(w *window, _ string) {
			w.p.mu.Lock()
			defer w.p.mu.Unlock()
			w.p.hold = make(chan error, 1)
		},
		"svaret blir ferdig": func(w *window, _ string) { w.p.let(nil) },
		"tjenesten startes på nytt": func(w *window, _ string) {
			w.p.stop()
			w.p.store = w.p.storage.reopen()
			w.p.start()
		},
		"tjenesten tar en pause": func(w *window, _ string) {
			drained := make(chan struct{})
			go func() { defer close(drained); w.p.g.Drain(w.p.t.Context()) }()
			for _, w := range w.p.windows {
				for f := w.line.next(); f.Type != ""; f = w.line.next() {
				}
				if !w.events && w.line.code != 4000 {
					w.fatal("closed with %d", w.line.code)
				}
			}
			<-drained
			w.p.stop()
			w.p.start()
		},
		"for lenge siden": func(w *window, rest string) {
			n, _, _ := strings.Cut(rest, " ")
			w.p.id = newID(w.p.t, 0)
			fill(w.p.t, w.p.store, w.p.id, int(w.number(n)))
		},
		"sikkerhetskopien har": func(w *window, rest string) {
			n, _, _ := strings.Cut(rest, " ")
			key := keyOf(w.p.t, w.p.id)
			old, err := w.p.store.Read(w.p.t.Context(), key, 0, int(w.number(n)))
			if err != nil {
				w.fatal("%v", err)
			}
			w.p.stop()
			w.p.store = w.p.storage.fresh()
			for _, e := range old.Entries {
				if _, _, err := w.p.store.Add(w.p.t.Context(), key, e); err != nil {
					w.fatal("%v", err)
				}
			}
			w.p.start()
		},

		// what a person sees
		"lagret": func(w *window, rest string) {
			offset, text, given := strings.Cut(rest, " ")
			f := w.next()
			if !given {
				text = f.Text
			}
			if f.Type != "message" || f.Offset != w.number(offset) || f.Text != text {
				w.fatal("heard %v", f)
			}
		},
		"svar": func(w *window, rest string) {
			offset, status, _ := strings.Cut(rest, " ")
			if f := w.next(); f.Type != "answer" || f.Offset != w.number(offset) || string(f.Answer.Status) != status {
				w.fatal("heard %v", f)
			}
		},
		"får": func(w *window, rest string) {
			n, _, _ := strings.Cut(rest, " ")
			for range w.number(n) {
				if f := w.next(); f.Type != "message" && f.Type != "answer" {
					w.fatal("heard %v", f)
				}
			}
		},
		"spør tilbake": func(w *window, rest string) {
			if a := w.last.Answer; a == nil || a.Ask == nil || a.Ask.Question != rest {
				w.fatal("the last answer is %+v", a)
			}
		},
		"vet": func(w *window, rest string) {
			name, value, _ := strings.Cut(rest, " er ")
			if a := w.last.Answer; a == nil || a.Facts[name] != value {
				w.fatal("the last answer is %+v", a)
			}
		},
		"maskert": func(w *window, rest string) {
			if got := strings.Join(w.last.Masked, ", "); got != rest {
				w.fatal("masked are %s", got)
			}
		},
		"sak": func(w *window, rest string) {
			if f := w.next(); f.Type != "case" || fmt.Sprintf("%s %d %s", f.Case.Number, f.Case.Seq, f.Case.State) != rest {
				w.fatal("heard %v", f)
			}
		},
		"saker": func(w *window, rest string) {
			_, list := get[map[string][]queue.AskerCase](w.p.t, w.p.s, http.MethodGet, "/v1/conversation/cases", w.p.id, "")
			if int64(len(list["cases"])) != w.number(rest) {
				w.fatal("the cases are %v", list)
			}
		},
		"slettet": func(w *window, _ string) { w.hear("gone") },
		"avvist": func(w *window, code string) {
			if f := w.next(); f.Type != "error" || f.Code != code {
				w.fatal("heard %v", f)
			}
		},
		"ingenting mer": func(w *window, _ string) { w.hearsNothing() },
		"samtalen har": func(w *window, rest string) {
			n, _, _ := strings.Cut(rest, " ")
			_, p := get[page](w.p.t, w.p.s, http.MethodGet, "/v1/conversation?limit=1000", w.p.id, "")
			if p.Offset != w.number(n) || len(p.Entries) != int(p.Offset) {
				w.fatal("the conversation has %v", lines(p.Entries))
			}
		},
	}
}

// comesBack connects anew and checks how much was missed, when that is said.
func (w *window) comesBack(rest string) {
	w.p.t.Helper()
	w.leave()
	had := w.offset
	f := w.arrive()
	switch {
	case rest == "avvist":
		if f.Type != "error" || f.Code != "not_found" {
			w.fatal("heard %v", f)
		}
	case f.Type != "opened":
		w.fatal("heard %v", f)
	case rest == "må laste på nytt":
		if f.Recovered {
			w.fatal("heard %v", f)
		}
	case rest != "":
		n := w.number(strings.TrimPrefix(rest, "mistet "))
		if !f.Recovered || int64(f.Missed) != n || f.Offset != had+n {
			w.fatal("heard %v", f)
		}
	}
}

// Every verb is used: one that no story needs is not worth its lines.
func TestVerbs(t *testing.T) {
	files, err := os.ReadDir("testdata/dialogues")
	if err != nil {
		t.Fatal(err)
	}
	var used []string
	for _, f := range files {
		d, err := readDialogue("testdata/dialogues/" + f.Name())
		if err != nil {
			t.Error(err)
		}
		for _, s := range d {
			used = append(used, s.verb)
		}
	}
	for _, v := range keys(verbs) {
		if !slices.Contains(used, v) {
			t.Errorf("%q is used nowhere", v)
		}
	}
}
