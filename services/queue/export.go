package queue

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"kiveileder"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/export"
	"kiveileder/services/rules"
)

// Export implements Calls. Who asked stands in it by name for those who have
// worked on the case, and for those who run the service.
func (q *Queue) Export(ctx context.Context, who guidance.Actor, id, format string, l kiveileder.Language) (File, error) {
	snap, err := q.Cases.Load(ctx, id)
	if err != nil {
		return File{}, err
	}
	seen, err := guidance.ForAgency(snap, who)
	if err != nil {
		return File{}, err
	}
	o := export.Options{Language: l, Agency: func(key string) (string, string) { return q.name(key), "" }, Fact: q.fact}
	if who.Role == guidance.Admin || slices.Contains(members(snap), who.ID) {
		// the service opens it: whether this person may see it was asked above
		c, err := q.Cases.Contact(ctx, id, guidance.Actor{ID: "export", Role: guidance.System})
		switch {
		case err == nil:
			c = c.Public()
			o.Contact = &c
		case !errors.Is(err, guidance.ErrNoOne):
			return File{}, err
		}
	}
	c, err := export.Case(seen, o)
	if err != nil {
		return File{}, err
	}
	var b bytes.Buffer
	f := File{}
	if f.Type, f.Name, err = export.Write(&b, format, c); err != nil {
		return File{}, err
	}
	f.Content = b.Bytes()
	return f, nil
}

// fact puts a fact and its value into words.
func (q *Queue) fact(key string, value any, l kiveileder.Language) (name, words string) {
	set := q.Rules()
	if set == nil {
		return key, fmt.Sprint(value)
	}
	f, ok := set.Fact(key)
	if !ok {
		return key, fmt.Sprint(value)
	}
	return f.Label.Get(l), valueOf(f, value, l)
}

func valueOf(f rules.Fact, value any, l kiveileder.Language) string {
	list, several := value.([]any)
	if !several {
		list = []any{value}
	}
	out := ""
	for _, v := range list {
		word := fmt.Sprint(v)
		if i := slices.IndexFunc(f.Values, func(x rules.Value) bool { return x.Key == word }); i >= 0 {
			word = f.Values[i].Label.Get(l)
		}
		if out != "" {
			out += ", "
		}
		out += word
	}
	return out
}
