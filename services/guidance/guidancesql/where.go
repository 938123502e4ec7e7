package guidancesql

import (
	"encoding/json"
	"strings"

	"kiveileder/services/guidance"
)

// Where gives what a filter asks of a case, all but its limit: a condition
// with a question mark for each of the arguments. Contains names the
// database's function that says where in its first argument the second one
// stands, 0 for nowhere.
func Where(f guidance.Filter, contains string) (condition string, args []any, err error) {
	where := []string{"true"}
	also := func(condition string, values ...any) {
		where, args = append(where, condition), append(args, values...)
	}
	if len(f.States) > 0 {
		var states []any
		for _, s := range f.States {
			states = append(states, string(s))
		}
		also("state IN (?"+strings.Repeat(", ?", len(states)-1)+")", states...)
	}
	if f.Agency != "" {
		key, err := json.Marshal(f.Agency) // with its quotation marks: not a part of another key
		if err != nil {
			return "", nil, err
		}
		also(contains+"(agencies, ?) > 0", string(key))
	}
	if f.Holder != "" {
		also("holder = ?", f.Holder)
	}
	if f.Asker != "" {
		also("asker = ?", f.Asker)
	}
	if f.Number != "" {
		also("number = ?", f.Number)
	}
	if f.Register {
		also("published <> ''")
	}
	if f.Text != "" {
		also(contains+"(words, ?) > 0", strings.ToLower(f.Text))
	}
	if !f.Due.IsZero() {
		also("due > 0 AND due < ?", Stamp(f.Due))
	}
	if f.After != nil {
		changed := Stamp(f.After.Changed)
		also("changed <= ? AND (changed < ? OR id > ?)", changed, changed, f.After.ID)
	}
	return strings.Join(where, " AND "), args, nil
}
