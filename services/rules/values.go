package rules

import (
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"kiveileder"
)

// take checks facts and gives them in one form: their values by fact, open
// when not given, and the facts as they are used. Lists are sorted as the
// values stand in facts.yaml, each value once. Null and an empty list mean
// that the fact is not given. The error names the fact and what may stand
// there; it repeats at most a short unknown value.
func (s *Set) take(facts map[string]any) ([]ref.Val, map[string]any, error) {
	vals := make([]ref.Val, len(s.Facts))
	for i := range vals {
		vals[i] = s.open[i]
	}
	used := make(map[string]any, len(facts))
	for _, key := range sortedKeys(facts) {
		i, ok := s.factIndex[key]
		if !ok {
			return nil, nil, say.Error(kiveileder.CodeInvalid, "unknown_fact", short(key))
		}
		val, plain, err := s.Facts[i].value(facts[key])
		if err != nil {
			return nil, nil, err
		}
		if val != nil {
			vals[i], used[key] = val, plain
		}
	}
	return vals, used, nil
}

// value checks one value; all are nil when the fact is not given.
func (f *Fact) value(v any) (ref.Val, any, error) {
	if v == nil {
		return nil, nil, nil
	}
	switch f.Type {
	case YesNo:
		if b, ok := v.(bool); ok {
			return types.Bool(b), b, nil
		}
		return nil, nil, say.Error(kiveileder.CodeInvalid, "yes_no", f.Key)
	case One:
		str, ok := v.(string)
		if !ok {
			return nil, nil, say.Error(kiveileder.CodeInvalid, "one_of", f.Key, f.list())
		}
		if _, ok := f.index[str]; !ok {
			return nil, nil, f.unknown(str)
		}
		return types.String(str), str, nil
	}
	list, ok := stringList(v)
	if !ok {
		return nil, nil, say.Error(kiveileder.CodeInvalid, "list_of", f.Key, f.list())
	}
	for _, str := range list {
		if _, ok := f.index[str]; !ok {
			return nil, nil, f.unknown(str)
		}
	}
	if len(list) == 0 {
		return nil, nil, nil
	}
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b string) int { return f.index[a] - f.index[b] })
	list = slices.Compact(list)
	return types.NewStringList(types.DefaultTypeAdapter, list), list, nil
}

func (f *Fact) unknown(v string) error {
	return say.Error(kiveileder.CodeInvalid, "value", f.Key, short(v), f.list())
}

func (f *Fact) list() string {
	keys := make([]string, len(f.Values))
	for i, v := range f.Values {
		keys[i] = v.Key
	}
	return strings.Join(keys, ", ")
}

// short quotes what somebody sent, so that it shows and cannot fill a page.
func short(s string) string {
	if r := []rune(s); len(r) > 40 {
		s = string(r[:40]) + "…"
	}
	return strconv.Quote(s)
}

func stringList(v any) ([]string, bool) {
	switch v := v.(type) {
	case []string:
		return v, true
	case []any:
		out := make([]string, len(v))
		for i, e := range v {
			s, ok := e.(string)
			if !ok {
				return nil, false
			}
			out[i] = s
		}
		return out, true
	}
	return nil, false
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
