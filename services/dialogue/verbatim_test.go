package dialogue

import "testing"

func TestAsWritten(t *testing.T) {
	const slide = "Må skje i samsvar\nmed taushetsplikten\n• Samtykke fra pasienten\n• Unntak i lov"
	for _, c := range []struct{ name, quote, want string }{
		{"the same", "Må skje i samsvar", "Må skje i samsvar"},
		{"a line break for a blank", "samsvar med taushetsplikten", "samsvar\nmed taushetsplikten"},
		{"with the marks of a list", "taushetsplikten • Samtykke fra pasienten", "taushetsplikten\n• Samtykke fra pasienten"},
		{"without them", "taushetsplikten Samtykke fra", "taushetsplikten\n• Samtykke fra"},
		{"to the end", "pasienten Unntak i lov", "pasienten\n• Unntak i lov"},
		{"beyond the end", "Unntak i lov eller", "Unntak i lov eller"},
		{"other words", "Skal skje i samsvar med", "Skal skje i samsvar med"},
		{"two words are not one", "Må skjei samsvar", "Må skjei samsvar"},
		{"nothing", "", ""},
	} {
		if got := asWritten(slide, c.quote); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
