package queue

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"kiveileder"
	"kiveileder/services/guidance"
)

const pageRows, maxRows, chunk = 50, 200, 500

// everything is a limit that no list reaches.
const everything = math.MaxInt32

var errPage = kiveileder.Errorf(kiveileder.CodeInvalid, "Ugyldig side i listen.")

// List implements Calls: cases of the person's agency, or of any where the
// role may see all.
func (q *Queue) List(ctx context.Context, who guidance.Actor, w DeskQuery) (DeskPage, error) {
	page := DeskPage{Cases: []DeskRow{}, Count: map[string]int{}}
	limit := w.Limit
	if limit <= 0 {
		limit = pageRows
	}
	limit = min(limit, maxRows)
	seen, err := q.allSeen(ctx, who)
	if err != nil {
		return page, err
	}
	if err := q.count(ctx, who, seen, page.Count); err != nil {
		return page, err
	}
	f, err := w.filter(who, q.now())
	if err != nil {
		return page, err
	}
	if f.Limit = limit + 1; w.Unread || w.Sign || w.Review { // the store lets through more than is wanted
		f.Limit = chunk
	}
	for {
		rows, err := q.Cases.Store.List(ctx, f)
		if err != nil {
			return page, err
		}
		for _, r := range rows {
			row := q.row(r, seen)
			if !mine(r, who) || !w.lets(row, who) {
				continue
			}
			if len(page.Cases) == limit {
				page.Next = pageAfter(page.Cases[limit-1].Row)
				return page, nil
			}
			page.Cases = append(page.Cases, row)
		}
		if len(rows) < f.Limit {
			return page, nil
		}
		f.After = &rows[len(rows)-1]
	}
}

// filter gives what the store can look for.
func (w DeskQuery) filter(who guidance.Actor, now time.Time) (guidance.Filter, error) {
	f := guidance.Filter{States: w.States, Agency: w.Agency, Holder: w.Holder, Text: strings.ToLower(strings.TrimSpace(w.Text)), Register: w.Review}
	if f.Agency == "" && who.Role != guidance.Admin {
		f.Agency = who.Agency
	}
	if f.Holder == "me" {
		f.Holder = who.ID
	}
	if w.Late {
		f.Due = now
	}
	if w.Sign {
		f.States = []guidance.State{guidance.AtSignOff}
	}
	if w.After == "" {
		return f, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(w.After)
	var at guidance.Row
	if err != nil || json.Unmarshal(b, &at) != nil || at.ID == "" {
		return f, errPage
	}
	f.After = &at
	return f, nil
}

func pageAfter(r guidance.Row) string {
	b, err := json.Marshal(guidance.Row{ID: r.ID, Changed: r.Changed})
	if err != nil {
		panic(err) // it holds a name and a time
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// lets says whether a row is wanted, in what the store can't tell.
func (w DeskQuery) lets(r DeskRow, who guidance.Actor) bool {
	switch {
	case w.Unread && !r.Unread:
		return false
	case w.Review && !r.Review:
		return false
	case w.Sign && !slices.Contains(r.Unsigned, who.Agency):
		return false
	}
	return true
}

// mine says whether somebody may see a case in the list at all.
func mine(r guidance.Row, who guidance.Actor) bool {
	return who.Role == guidance.Admin || len(r.Agencies) == 0 || slices.Contains(r.Agencies, who.Agency)
}

func (q *Queue) row(r guidance.Row, seen map[string]int64) DeskRow {
	now := q.now()
	rests := slices.Contains(guidance.TheFlow.Ends, r.State) && now.Sub(r.Changed) > terms["typing"] // then nobody knows who has read it
	return DeskRow{Row: r, Held: r.Holder != nil, Unread: !rests && r.Seq > seen[r.ID], Late: !r.Due.IsZero() && r.Due.Before(now)}
}

// allSeen gives how far somebody has read, by case.
func (q *Queue) allSeen(ctx context.Context, who guidance.Actor) (map[string]int64, error) {
	kept, err := q.Cases.Store.Kept(ctx, who.ID, seenKey(""))
	out := make(map[string]int64, len(kept))
	for k, v := range kept {
		out[strings.TrimPrefix(k, seenKey(""))], _ = strconv.ParseInt(string(v), 10, 64)
	}
	return out, err
}

// count counts what is not at an end, and what is to be reviewed, of all that
// somebody may see.
func (q *Queue) count(ctx context.Context, who guidance.Actor, seen map[string]int64, n map[string]int) error {
	own := guidance.Filter{States: guidance.TheFlow.Open, Limit: everything}
	if who.Role != guidance.Admin {
		own.Agency = who.Agency
	}
	rows, err := q.Cases.Store.List(ctx, own)
	if err != nil {
		return err
	}
	for _, name := range []string{"open", "mine", "unread", "late", "sign", "free", "review"} {
		n[name] = 0
	}
	add := func(name string, is bool) {
		if is {
			n[name]++
		}
	}
	for _, r := range rows {
		row := q.row(r, seen)
		add("open", true)
		add("mine", r.Holder != nil && r.Holder.ID == who.ID)
		add("free", r.Holder == nil)
		add("unread", row.Unread)
		add("late", row.Late)
		add("sign", r.State == guidance.AtSignOff && slices.Contains(r.Unsigned, who.Agency))
	}
	published, err := q.Cases.Store.List(ctx, guidance.Filter{Register: true, Agency: own.Agency, Limit: everything})
	for _, r := range published {
		add("review", r.Review)
	}
	return err
}
