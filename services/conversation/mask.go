package conversation

import (
	"slices"
	"strconv"

	"kiveileder/services/privacy"
)

// A masker takes personal data out of all that belongs to one message.
type masker struct{ kinds []string }

func (m *masker) text(s string) string {
	r := privacy.Mask(s)
	for _, k := range r.Kinds {
		m.kinds = append(m.kinds, string(k))
	}
	return r.Text
}

// facts gives a copy with every text in it masked, names as well: a client may
// send any.
func (m *masker) facts(facts map[string]any) map[string]any {
	if facts == nil {
		return nil
	}
	return m.value(facts).(map[string]any)
}

func (m *masker) value(v any) any {
	switch v := v.(type) {
	case string:
		return m.text(v)
	case float64: // a number may be a person's
		if s := strconv.FormatFloat(v, 'f', -1, 64); m.text(s) != s {
			return m.text(s)
		}
	case []string:
		out := make([]string, 0, len(v))
		for _, x := range v {
			out = append(out, m.text(x))
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, x := range v {
			out = append(out, m.value(x))
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, x := range v {
			out[m.text(k)] = m.value(x)
		}
		return out
	}
	return v
}

// names gives the kinds of what was taken out, each once, in order.
func (m *masker) names() []string {
	slices.Sort(m.kinds)
	return slices.Compact(m.kinds)
}
