package queue

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"

	"kiveileder"
	"kiveileder/services/guidance"
)

const pageRows, maxRows = 50, 200

// everything is a limit that no list reaches.
const everything = math.MaxInt32

var errPage = say.Error(kiveileder.CodeInvalid, "page")

// List implements Calls: cases of the person's agency, or of any where the
// role may see all. The store looks and counts; no more rows are read than are
// shown.
func (q *Queue) List(ctx context.Context, who guidance.Actor, w DeskQuery) (DeskPage, error) {
	page := DeskPage{Cases: []DeskRow{}, Count: map[string]int{}}
	limit := w.Limit
	if limit <= 0 {
		limit = pageRows
	}
	limit = min(limit, maxRows)
	f, err := w.filter(who, q.now())
	if err != nil {
		return page, err
	}
	if err := q.count(ctx, who, page.Count); err != nil {
		return page, err
	}
	f.Limit = limit + 1 // one more says that there is another page
	rows, err := q.Cases.Store.List(ctx, f)
	if err != nil {
		return page, err
	}
	for i, r := range rows {
		if i == limit {
			page.Next = pageAfter(rows[i-1])
			break
		}
		page.Cases = append(page.Cases, deskRow(r, q.now()))
	}
	return page, nil
}

// visible is what somebody may see in the list at all: what their agency is on,
// or everything.
func visible(who guidance.Actor, now time.Time) guidance.Filter {
	f := guidance.Filter{Reader: who.ID, Rested: now.Add(-terms["typing"])} // then nobody knows who has read it
	if who.Role != guidance.Admin {
		f.Agency, f.Nobodys = who.Agency, who.Agency == ""
	}
	return f
}

// filter gives what the store looks for.
func (w DeskQuery) filter(who guidance.Actor, now time.Time) (guidance.Filter, error) {
	f := visible(who, now)
	f.States, f.Holder, f.Text, f.Unread = w.States, w.Holder, strings.ToLower(strings.TrimSpace(w.Text)), w.Unread
	f.Beside, f.Register, f.Review = w.Agency, w.Review, w.Review
	if f.Holder == "me" {
		f.Holder = who.ID
	}
	if w.Late {
		f.Due = now
	}
	if w.Sign {
		f.States, f.Unsigned, f.Nobodys = []guidance.State{guidance.AtSignOff}, who.Agency, f.Nobodys || who.Agency == ""
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

func deskRow(r guidance.Row, now time.Time) DeskRow {
	rests := slices.Contains(guidance.TheFlow.Ends, r.State) && now.Sub(r.Changed) > terms["typing"]
	return DeskRow{Row: r, Held: r.Holder != nil, Unread: !rests && r.Seq > r.Seen, Late: !r.Due.IsZero() && r.Due.Before(now)}
}

// count counts what is not at an end, and what is to be reviewed, of all that
// somebody may see.
func (q *Queue) count(ctx context.Context, who guidance.Actor, n map[string]int) error {
	f := visible(who, q.now())
	f.States = guidance.TheFlow.Open
	c, err := q.Cases.Store.Count(ctx, f, guidance.Tally{Holder: who.ID, Unsigned: who.Agency, Due: q.now()})
	if err != nil {
		return err
	}
	n["open"], n["mine"], n["free"], n["unread"], n["late"], n["sign"] = c.All, c.Held, c.Free, c.Unread, c.Due, c.Unsigned
	f.States, f.Reader, f.Review = nil, "", true
	c, err = q.Cases.Store.Count(ctx, f, guidance.Tally{})
	n["review"] = c.All
	return err
}
