// Package register turns one answer into many: what ki.veiledning has answered
// and a person has made safe to show stands in a public register, and becomes a
// source of the corpus.
//
//	Begin      a publication to begin with, made of the answer that was sent
//	Propose    what a person should look at in it before everybody reads it
//	FromCase   the entry that everybody may read
//	Documents  the files by which an entry is found and quoted
//	Ground     what entries lean on, and which of them to look at again
//	Near       earlier cases and answers that are near to a case
//
// An entry is made of guidance.PublishedData alone, field by field. Nothing of
// the case that a person has not published gets into it: no name of those who
// answered, none of those who asked.
package register

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"kiveileder"
	"kiveileder/corpus/ingest"
	"kiveileder/internal/oslo"
	"kiveileder/services/guidance"
	"kiveileder/services/rules"
)

// An Entry is what everybody may read of a case.
type Entry struct {
	Number     string              `json:"number"` // KI-2026-0042
	URL        string              `json:"url"`    // /svar/KI-2026-0042
	Title      string              `json:"title"`
	Question   string              `json:"question"`
	Answer     string              `json:"answer,omitempty"` // in short
	Sections   []guidance.Section  `json:"sections,omitempty"`
	Quotes     []Quote             `json:"quotes,omitempty"`
	References []string            `json:"references,omitempty"`
	Agencies   []string            `json:"agencies"` // keys of those that stand behind it
	Topics     []string            `json:"topics,omitempty"`
	Language   kiveileder.Language `json:"language"`
	Published  time.Time           `json:"published"`             // when it was first
	Current    time.Time           `json:"current"`               // when the words that stand there now were
	Updated    time.Time           `json:"updated"`               // when its words, or how it stands, last changed
	Earlier    []time.Time         `json:"earlier,omitempty"`     // when the texts that it replaced were published
	Confirmed  time.Time           `json:"confirmed,omitzero"`    // when somebody last looked at it and found that it holds
	ValidUntil string              `json:"valid_until,omitempty"` // ISO date, the last day
	Status     guidance.Standing   `json:"status"`
	Reason     string              `json:"reason,omitempty"`  // of a review or a withdrawal
	Reasons    rules.Text          `json:"reasons,omitempty"` // the same in every language, where the service gave it

	// Asked and Leans are for the service: they are not part of what is shown.
	Asked map[kiveileder.Language][]string `json:"-"`
	Leans []guidance.Lean                  `json:"-"`
}

// A Quote is one in an answer, with the place where it stands.
type Quote struct {
	rules.Quote
	URL string `json:"url"` // /kilder/formal-2024#helseforskning-gdnq
}

// Day gives the day in Norway, as an ISO date.
func Day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(oslo.Zone).Format(time.DateOnly)
}

// Address gives where the entry of a case stands.
func Address(number string) string { return "/svar/" + number }

var isNumber = regexp.MustCompile(`^KI-\d{4}-\d{4,}$`).MatchString

// FromCase gives the entry of a case, false when the case never had one. A
// withdrawn one is given too. Whether its last day is over is for On to say.
func FromCase(number string, c guidance.Case) (Entry, bool) {
	status, why, since := c.Standing()
	if status == guidance.Unpublic || !isNumber(number) {
		return Entry{}, false
	}
	p := c.Publication
	e := Entry{
		Number: number, URL: Address(number), Title: p.Title, Question: p.Question, Answer: p.Answer, Sections: p.Sections,
		References: p.References, Agencies: p.Agencies, Topics: p.Topics, Language: cmp.Or(p.Language, kiveileder.Bokmal),
		Published: p.At, Current: p.At, Updated: since, Earlier: p.Earlier, Confirmed: p.Confirmed, ValidUntil: p.ValidUntil, Status: status, Reason: why, Reasons: c.Reasons(),
		Asked: p.Asked, Leans: p.Leans,
	}
	if len(p.Earlier) > 0 {
		e.Published = p.Earlier[0]
	}
	for _, q := range p.Quotes {
		e.Quotes = append(e.Quotes, Quote{q, place(q)})
	}
	return e, true
}

func place(q rules.Quote) string {
	source, anchor, _ := strings.Cut(q.Passage, "/")
	return "/kilder/" + cmp.Or(q.Source, source) + "#" + anchor
}

// On gives the entry as it stands on a day (ISO date): one whose last day is
// over is to be looked at again.
func (e Entry) On(day string) Entry {
	if e.Status == guidance.Valid && e.ValidUntil != "" && e.ValidUntil < day {
		e.Status, e.Reasons = guidance.UnderReview, Over(e.ValidUntil)
		e.Reason = e.Reasons[kiveileder.Bokmal]
		if t, err := time.ParseInLocation(time.DateOnly, e.ValidUntil, oslo.Zone); err == nil {
			e.Updated = t.AddDate(0, 0, 1)
		}
	}
	return e
}

// Over gives the reason for a review of an answer whose last day is over.
func Over(day string) rules.Text {
	norwegian, english := day, day
	if t, err := time.Parse(time.DateOnly, day); err == nil {
		norwegian, english = t.Format("2.1.2006"), t.Format("2 January 2006")
	}
	out := rules.Text{}
	for _, l := range kiveileder.Languages {
		if out[l] = say.Words("over", norwegian)[l]; l == kiveileder.English {
			out[l] = say.Words("over", english)[l]
		}
	}
	return out
}

// Why gives the reason of a review or a withdrawal for a reader of a language,
// and the language that it is in: bokmål for what a person wrote.
func (e Entry) Why(l kiveileder.Language) (text string, in kiveileder.Language) {
	if e.Reasons[l] != "" {
		return e.Reasons[l], l
	}
	return e.Reason, kiveileder.Bokmal
}

// Begin gives a publication to begin with: the newest answer that was sent. A
// person makes it safe to show; what they should look at, says Propose. With
// one published before it begins with that when no newer answer was sent.
func Begin(c guidance.Case) guidance.PublishedData {
	var newest guidance.Answer
	if n := len(c.Answers); n > 0 {
		newest = c.Answers[n-1]
	}
	if p := c.Publication; p != nil && p.Seq > newest.Seq {
		return p.PublishedData
	}
	d := guidance.PublishedData{
		Title: c.Title, Question: c.Received.Question, Sections: newest.Draft.Sections, Quotes: newest.Draft.Quotes,
		References: slices.Clone(newest.Draft.References), Agencies: newest.Agencies, Topics: c.Topics,
	}
	for _, s := range d.Sections {
		for _, r := range References(s.Text) {
			if !slices.ContainsFunc(d.References, func(x string) bool { return sameReference(x, r) }) {
				d.References = append(d.References, r)
			}
		}
	}
	if own := ownWords(c.Received); len(own) > 0 {
		d.Asked = map[kiveileder.Language][]string{kiveileder.Bokmal: own}
	}
	return d
}

// mostOwn is how many of an asker's own questions are proposed, and longestOwn
// how long one may be: a story finds nothing.
const mostOwn, longestOwn = 3, 300

// ownWords gives the questions of the asker's conversation that ask what was
// handed over, in other words than it: the next one who asks may use them. A
// person sees them, with what Propose marks in them, before they are published.
func ownWords(r guidance.ReceivedData) (out []string) {
	if r.Language != "" && r.Language != kiveileder.Bokmal { // they are shown to be changed in bokmål alone
		return nil
	}
	of := wordsOf(r.Question)
	seen := map[string]bool{questionKey(r.Question): true, questionKey(r.Title): true}
	for _, l := range r.Transcript {
		if l.Automated {
			continue
		}
		for _, q := range question.FindAllString(l.Text, -1) {
			q = strings.Join(strings.Fields(q), " ")
			key := questionKey(q)
			if seen[key] || utf8.RuneCountInString(q) > longestOwn || leftMarker.MatchString(q) || dice(of, wordsOf(q)) < leastWords {
				continue
			}
			seen[key] = true
			if out = append(out, q); len(out) == mostOwn {
				return out
			}
		}
	}
	return out
}

// question finds sentences that ask, with two words at least.
var question = regexp.MustCompile(`[^.!?\n]*\pL[ ,]+\pL[^.!?\n]*\?`)

// A Part is a passage of an entry: what is found, quoted and linked to.
type Part struct {
	Section int    // index into Sections; -1 for the short answer
	Anchor  string // on the entry's page; it stays when the words change
	Heading string // the question that it answers
	Text    string // paragraphs and items, a line each; at most kiveileder.MaxQuoteChars
}

// Parts cuts an entry into passages, along its sections and paragraphs. The
// same entry gives the same parts.
func (e Entry) Parts() (out []Part) {
	cut := func(section int, anchor, heading, text string) {
		d := ingest.Document{Blocks: blocks(text)}
		for i, c := range ingest.Chunk(d) {
			p := Part{Section: section, Anchor: anchor, Heading: heading, Text: c.Text}
			if c.Lead != "" && !strings.HasPrefix(c.Text, c.Lead) && len([]rune(c.Lead+c.Text)) < kiveileder.MaxQuoteChars {
				p.Text = c.Lead + "\n" + c.Text
			}
			if i > 0 {
				p.Anchor = fmt.Sprintf("%s-%d", anchor, i+1)
			}
			out = append(out, p)
		}
	}
	cut(-1, "svar", e.Question, e.Answer)
	for i, s := range e.Sections {
		cut(i, fmt.Sprintf("del-%d", i+1), cmp.Or(s.Question, e.Question), s.Text)
	}
	return out
}

var listItem = regexp.MustCompile(`^(?:([-*•–])|(\d{1,2}[.)]|[a-z][.)]))\s+(\S.*)$`)

// blocks reads what a lawyer wrote: a line is a paragraph, or an item of a list.
func blocks(text string) (out []ingest.Block) {
	for line := range strings.Lines(text) {
		words := strings.Join(strings.Fields(line), " ")
		m := listItem.FindStringSubmatch(words)
		switch {
		case words == "":
		case m != nil && m[1] != "":
			out = append(out, ingest.Block{Kind: ingest.Item, Marker: "•", Text: m[3]})
		case m != nil:
			out = append(out, ingest.Block{Kind: ingest.Item, Marker: m[2], Text: m[3]})
		default:
			out = append(out, ingest.Block{Kind: ingest.Paragraph, Text: words})
		}
	}
	for i := range out[:max(0, len(out)-1)] {
		out[i].Lead = out[i].Kind == ingest.Paragraph && strings.HasSuffix(out[i].Text, ":") && out[i+1].Kind == ingest.Item
	}
	return out
}
