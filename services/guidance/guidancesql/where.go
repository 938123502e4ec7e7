package guidancesql

import (
	"encoding/json"
	"strings"

	"kiveileder/services/guidance"
)

// A Dialect is what the two databases say in words of their own.
type Dialect struct {
	Contains string // names the function that says where in its first argument the second one stands, 0 for nowhere
	Aside    string // put before a column, keeps its index from being used; "" when the database knows itself what pays
	Seen     string // gives the number that stands in the column value of guidance_kept, 0 for what is none
}

// Where gives what a filter asks of a case, all but its limit: a condition
// with a question mark for each of the arguments.
func (d Dialect) Where(f guidance.Filter) (condition string, args []any, err error) {
	return d.where(f, "")
}

func (d Dialect) where(f guidance.Filter, aside string) (condition string, args []any, err error) {
	where := []string{"true"}
	also := func(condition string, values ...any) {
		where, args = append(where, condition), append(args, values...)
	}
	if len(f.States) > 0 {
		condition, values := among(f.States)
		also(aside+condition, values...)
	}
	for _, c := range []struct{ column, key string }{{"agencies", f.Agency}, {"agencies", f.Beside}, {"unsigned", f.Unsigned}} {
		if c.key != "" {
			also(d.Contains+"("+c.column+", ?) > 0", quoted(c.key))
		}
	}
	if f.Nobodys {
		also("agencies IN ('null', '[]')")
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
	if f.Review {
		also("published = '" + string(guidance.UnderReview) + "'") // its index is of those alone
	}
	if f.Text != "" {
		also(d.Contains+"(words, ?) > 0", strings.ToLower(f.Text))
	}
	if !f.Due.IsZero() {
		also("due > 0 AND due < ?", Stamp(f.Due))
	}
	if f.After != nil {
		changed := Stamp(f.After.Changed)
		also("changed <= ? AND (changed < ? OR id > ?)", changed, changed, f.After.ID)
	}
	if f.Unread {
		seen, values := d.seen(f.Reader)
		also("seq > "+seen, values...)
		awake, values := awake(f)
		also(awake, values...)
	}
	return strings.Join(where, " AND "), args, nil
}

// quoted gives a key as it stands in a JSON list, with its quotation marks: not
// a part of another key.
func quoted(key string) string {
	b, err := json.Marshal(key)
	if err != nil {
		panic(err) // it is a text
	}
	return string(b)
}

func among(states []guidance.State) (condition string, args []any) {
	for _, s := range states {
		args = append(args, string(s))
	}
	return "state IN (?" + strings.Repeat(", ?", len(states)-1) + ")", args
}

// seen says how far somebody has read a case.
func (d Dialect) seen(reader string) (number string, args []any) {
	if reader == "" {
		return "0", nil
	}
	return "coalesce((SELECT " + d.Seen + " FROM guidance_kept WHERE person = ? AND key = '" + seenPrefix + "' || guidance_case.id), 0)", []any{reader}
}

var seenPrefix = guidance.SeenKey("")

// awake asks of a case that it may be news to somebody.
func awake(f guidance.Filter) (condition string, args []any) {
	if f.Rested.IsZero() {
		return "true", nil
	}
	condition, args = among(guidance.TheFlow.Ends)
	return "NOT (" + condition + " AND changed < ?)", append(args, Stamp(f.Rested))
}

// List gives the statement that finds what a filter asks for.
func (d Dialect) List(f guidance.Filter) (query string, args []any, err error) {
	where, values, err := d.where(f, d.Aside) // rows come in the order of their index, not by state and sorted
	seen, args := d.seen(f.Reader)
	query = "SELECT body, asker, published, " + seen + " FROM guidance_case WHERE " + where + " ORDER BY changed DESC, id LIMIT ?"
	return query, append(append(args, values...), max(f.Limit, 0)), err
}

// Count gives the statement that counts what a filter lets through, by state:
// ScanCount reads its rows.
func (d Dialect) Count(f guidance.Filter, t guidance.Tally) (query string, args []any, err error) {
	columns := []string{"state", "count(*)", "count(*) FILTER (WHERE holder = '')"}
	count := func(wanted bool, condition string, values ...any) {
		if !wanted {
			columns = append(columns, "0")
			return
		}
		columns, args = append(columns, "count(*) FILTER (WHERE "+condition+")"), append(args, values...)
	}
	count(t.Holder != "", "holder = ?", t.Holder)
	count(t.Unsigned != "", d.Contains+"(unsigned, ?) > 0", quoted(t.Unsigned))
	count(!t.Due.IsZero(), "due > 0 AND due < ?", Stamp(t.Due))
	condition, values := awake(f)
	count(f.Reader != "", condition, values...)
	f.After = nil
	where, values, err := d.Where(f)
	by := "state"
	if f.Register || f.Review { // few: they are found by their own index
		by = d.Aside + by
	}
	return "SELECT " + strings.Join(columns, ", ") + " FROM guidance_case WHERE " + where + " GROUP BY " + by, append(args, values...), err
}

// ScanCount reads a row of Count and adds it up. Unread is then too high by
// what CountRead gives.
func ScanCount(row Row, n *guidance.Counts) error {
	var state guidance.State
	var c guidance.Counts
	if err := row.Scan(&state, &c.All, &c.Free, &c.Held, &c.Unsigned, &c.Due, &c.Unread); err != nil {
		return err
	}
	if n.States == nil {
		n.States = map[guidance.State]int{}
	}
	n.States[state] = c.All
	n.All, n.Free, n.Held, n.Unsigned, n.Due, n.Unread = n.All+c.All, n.Free+c.Free, n.Held+c.Held, n.Unsigned+c.Unsigned, n.Due+c.Due, n.Unread+c.Unread
	return nil
}

// CountRead gives the statement that counts what could be news to the filter's
// reader but has been seen: it begins with what they have read, which is less
// than all there is. "" when nothing is to be taken off.
func (d Dialect) CountRead(f guidance.Filter) (query string, args []any, err error) {
	if f.Reader == "" || f.Unread {
		return "", nil, nil
	}
	f.After = nil
	where, values, err := d.Where(f)
	awake, more := awake(f)
	from, to := KeptRange(seenPrefix)
	query = "SELECT count(*) FROM guidance_kept CROSS JOIN guidance_case WHERE person = ? AND key >= ? AND key < ? AND guidance_case.id = substr(key, 6) AND " + d.Seen + " >= seq AND " +
		awake + " AND " + where
	return query, append(append([]any{f.Reader, from, to}, more...), values...), err
}
