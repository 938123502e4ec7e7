package mail

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestCut(t *testing.T) {
	h, err := loadHabits()
	if err != nil {
		t.Fatal(err)
	}
	const old = "> –– Skriv svaret ditt over denne linjen ––\n>\n> Vi trenger å vite mer for å svare\n> Er samtykke innhentet?"
	for name, c := range map[string]struct{ text, want string }{
		"nothing but the reply": {"Ja, fra alle.", "Ja, fra alle."},
		"Gmail": {
			"Ja, fra alle.\n\nman. 2. mars 2026 kl. 10:30 skrev ki.veiledning <\nsvar+abc@ki.example.no>:\n\n" + old, "Ja, fra alle.",
		},
		"Gmail, nynorsk": {
			"Ja, frå alle.\n\nmån. 2. mars 2026 kl. 10:30 skreiv ki.veiledning:\n\n" + old, "Ja, frå alle.",
		},
		"Apple Mail, with a signature": {
			"Ja.\n\nSendt fra min iPhone\n\n> 2. mars 2026 kl. 10:30 skrev ki.veiledning <svar@ki.example.no>:\n> \n> Er samtykke innhentet?", "Ja.",
		},
		"Outlook, no marks": {
			"Ja, fra alle.\n\nHilsen Kari\n\nFra: ki.veiledning <ki@ki.example.no>\nSendt: mandag 2. mars 2026 10:30\nTil: Kari\nEmne: ki.veiledning, sak KI-2026-0042\n\nVi trenger å vite mer", "Ja, fra alle.\n\nHilsen Kari",
		},
		"Outlook, with a rule": {
			"Yes.\n\n________________________________\nFrom: ki.veiledning <ki@ki.example.no>\nSent: Monday\nTo: Kari\nSubject: x\n\nold", "Yes.",
		},
		"Outlook, bold names": {
			"Yes.\n\n*From:* ki.veiledning\n*Sent:* Monday\n*To:* Kari\n\nold", "Yes.",
		},
		"Outlook, Original Message": {"Yes.\n\n-----Original Message-----\nFrom: ki\n\nold", "Yes."},
		"Opprinnelig melding":       {"Ja.\n\n-----Opprinnelig melding-----\nFra: ki\n\ngammelt", "Ja."},
		"On … wrote, wrapped": {
			"Yes, all of them.\n\nOn Mon, Mar 2, 2026 at 10:30 AM ki.veiledning\n<svar+abc@ki.example.no> wrote:\n\n> We need to know more\n> Is consent given?", "Yes, all of them.",
		},
		"our marker without marks":    {"Ja.\n\n–– Skriv svaret ditt over denne linjen ––\n\nVi trenger å vite mer", "Ja."},
		"our marker, wrapped":         {"Ja.\n\n> –– Skriv svaret ditt over\n> denne linjen ––\n> gammelt", "Ja."},
		"our marker in English":       {"Yes.\n-- Write your reply above this line --\nold", "Yes."},
		"a signature":                 {"Ja.\n\n-- \nKari Nordmann\nSykehuset", "Ja."},
		"a mobile's line, at the end": {"Ja.\n\nHent Outlook for iOS", "Ja."},

		// What must stay.
		"within the old mail": {
			"> Er samtykke innhentet?\nJa, fra alle.\n> Hvem er dataansvarlig?\nSykehuset.", "> Er samtykke innhentet?\nJa, fra alle.\n> Hvem er dataansvarlig?\nSykehuset.",
		},
		"under the old mail": {
			"Den 2. mars 2026 kl. 10:30 skrev ki.veiledning:\n" + old + "\n\nJa, fra alle.", "Den 2. mars 2026 kl. 10:30 skrev ki.veiledning:\n" + old + "\n\nJa, fra alle.",
		},
		"only the old mail":           {old, old},
		"only a signature":            {"-- \nKari", "-- \nKari"},
		"the law, with a mark":        {"Loven sier:\n\n> Forskningsprosjekter må godkjennes.", "Loven sier:\n\n> Forskningsprosjekter må godkjennes."},
		"From: in a sentence":         {"Data hentes slik.\nFra: journalen\nog fra registeret.", "Data hentes slik.\nFra: journalen\nog fra registeret."},
		"he wrote, in a sentence":     {"Som REK skrev i brevet:\nprosjektet er kvalitetssikring.", "Som REK skrev i brevet:\nprosjektet er kvalitetssikring."},
		"their own quote, with a day": {"Som REK skrev i 2024:\n> Prosjektet er kvalitetssikring.", "Som REK skrev i 2024:\n> Prosjektet er kvalitetssikring."},
		"a list with hyphens":         {"Vi bruker\n--- journal\n--- register", "Vi bruker\n--- journal\n--- register"},
		"a rule, then much text":      {"A\n--\n" + strings.Repeat("linje\n", 12) + "slutt", "A\n--\n" + strings.Repeat("linje\n", 12) + "slutt"},
		"Original Message inside":     {"The original message was lost.", "The original message was lost."},
	} {
		t.Run(name, func(t *testing.T) {
			if got := h.cut(c.text); got != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, c.want)
			}
		})
	}
}

// Whatever comes, the new text is the beginning of the whole, and not empty
// when that is not.
func TestCutOnlyFromTheEnd(t *testing.T) {
	h, err := loadHabits()
	if err != nil {
		t.Fatal(err)
	}
	pieces := []string{
		"Ja.", "", "> sitat", "-- ", "--", "Fra: a", "Sendt: b", "Til: c", "Den 2. mars 2026 kl. 10:30 skrev x:", "> Den 2.3.2026 10:30, skrev x:", "-----Original Message-----",
		"–– Skriv svaret ditt over", "denne linjen ––", "Sendt fra min iPhone", ">>> x", "________", "  ",
	}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 12).Draw(t, "lines"), "\n")
		got, whole := h.cut(text), strings.TrimSpace(text)
		if !strings.HasPrefix(whole, got) || got == "" && whole != "" {
			t.Fatalf("of %q was kept %q", whole, got)
		}
	})
}
