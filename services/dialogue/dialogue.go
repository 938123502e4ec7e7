// Package dialogue makes one turn: from what a person wrote to an answer that
// quotes the sources, asks back, declines, or hands over to a person.
package dialogue

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"kiveileder"
	"kiveileder/corpus"
	"kiveileder/retriever"
	"kiveileder/services/dialogue/lang"
	"kiveileder/services/privacy"
)

// Limits of a message.
const (
	MaxQuestionChars = 4000
	MaxHistory       = 20
	maxFacts         = 8 << 10 // bytes of JSON
)

// Mailbox is where a question goes that a person should answer, until the
// queue of ki.veiledning takes it.
const Mailbox = "ki.veiledning@helsedir.no"

// A Searcher finds passages and judges whether they answer.
// *retriever.Retriever and *retriever.Client are Searchers.
type Searcher interface {
	Search(ctx context.Context, q retriever.Query) (retriever.Result, error)
}

// A Library tells of sources and of what is known about them.
type Library interface {
	Source(id string) (kiveileder.Source, bool)
	Passages(source string) []kiveileder.Passage
	// ConflictsOf gives the known conflicts that a passage is a side of.
	ConflictsOf(passage string) []corpus.ConflictSides
	// NotesOn gives what a reader should know of a quote from a source: names
	// that have changed since.
	NotesOn(src kiveileder.Source, quote string, texts corpus.Texts, lang kiveileder.Language) []string
}

// Deps are what a dialogue speaks with. Without Rules and Reader it answers by
// the sources alone.
type Deps struct {
	Search   Searcher
	Library  Library
	Texts    corpus.Texts
	Signals  corpus.Signals
	Rules    Rules
	Reader   Reader
	Versions kiveileder.Versions
	Today    func() string // the ISO date that a source's age is counted from
}

// A Dialogue makes turns. It keeps nothing between them and is safe for
// concurrent use.
type Dialogue struct {
	search   Searcher
	library  Library
	texts    corpus.Texts
	signals  corpus.Signals
	rules    Rules
	reader   Reader
	versions kiveileder.Versions
	today    func() string
}

// New gives a dialogue.
func New(d Deps) *Dialogue {
	return &Dialogue{
		search: d.Search, library: d.Library, texts: d.Texts, signals: d.Signals,
		rules: d.Rules, reader: d.Reader, versions: d.Versions, today: d.Today,
	}
}

// Turn answers one message. The error is a *kiveileder.Error with a message
// in the person's language when the message itself is at fault.
func (d *Dialogue) Turn(ctx context.Context, t kiveileder.Turn) (kiveileder.Answer, error) {
	if err := d.Check(&t); err != nil {
		return kiveileder.Answer{}, err
	}
	masked := privacy.Mask(t.Question)
	masked.Text = d.looked(masked.Text)
	for _, k := range t.Masked {
		masked.Kinds = append(masked.Kinds, privacy.Kind(k))
	}
	kinds := masked.Kinds
	var history []string
	for _, h := range t.History {
		m := privacy.Mask(h)
		history = append(history, d.looked(m.Text))
		kinds = append(kinds, m.Kinds...)
	}
	language := t.Language
	if language == "" {
		// the marks of masking are Norwegian words
		language = kiveileder.Language(lang.Frame(lang.Detect(marker.ReplaceAllString(longer(t.Question, t.Original, t.History), " "))))
	}
	a := kiveileder.Answer{
		Conversation: t.Conversation,
		Language:     language,
		Automated:    true,
		Findings:     []kiveileder.Finding{},
		Citations:    []kiveileder.Citation{},
		Conflicts:    []kiveileder.Conflict{},
		Missing:      []string{},
		Masked:       kindNames(kinds),
		Versions:     d.versions,
		Notice:       d.texts.Get("notice", language),
	}
	if d.signals.Crisis.MatchString(masked.Text) { // before anything else, whatever else is said
		a.Facts, a.Unknown = orEmpty(t.Known), t.Unknown
		a.Status, a.Lead = kiveileder.Declined, d.texts.Get("declined_self-harm-and-crisis", language)
		return a, nil
	}
	if d.signals.Anew.MatchString(masked.Text) { // nothing from before counts
		t.Known, t.Unknown, t.Original, t.Awaited, t.Asked, history = map[string]any{}, nil, "", "", 0, nil
	}
	p, err := d.understand(t, d.plainWords(masked), history)
	if err != nil {
		return kiveileder.Answer{}, err
	}
	original := maskedBefore(t.Original)
	original.Text = d.looked(original.Text)
	a.Facts, a.Unknown, a.Reply = p.facts, p.unknown, p.reply
	if d.rules != nil {
		a.Read, a.UnknownRead = d.chips(p, language)
	}
	query := retriever.Query{Text: d.forSearch(masked), History: history, K: 3 * kiveileder.MaxCitations}
	if p.reply {
		query.Text, query.History = d.forSearch(original), before(history, original.Text)
		if d.aboutPerson(original) { // still, whatever is told besides
			masked = original
		}
	}
	res, err := d.find(ctx, query, p, masked.Text)
	if err != nil {
		return kiveileder.Answer{}, err
	}
	if res.Corpus != "" { // another than ours, perhaps, while a change goes round
		a.Versions.Corpus = res.Corpus
	}
	d.decide(&a, res, masked, p, t)
	if len(a.Citations) > 0 {
		a.Confidence = round(res.Verdict.Answers)
	}
	return a, nil
}

// maxAside is the most characters of a message that may have nothing to do with
// the project that is known.
const maxAside = 80

// goesOn tells that a message leans on the one before it.
var goesOn = regexp.MustCompile(`(?i)^\s*(og|men|eller|enn|så|hva (med|om)|kva (med|om)|hvis|dersom|viss|om|and|but|or|what (about|if)|if|so)\b`)

// find searches with the message and, where it does not say it, the purpose
// that is known. What is no question of the field by itself ("Takk!", "Kan jeg
// snakke med noen?") does not become one by the purpose.
func (d *Dialogue) find(ctx context.Context, q retriever.Query, p project, text string) (retriever.Result, error) {
	purpose := ""
	if p.words["purpose"] == "" { // else the message says it
		purpose = d.purposeWords(p.facts)
	}
	with := q
	with.Text += purpose
	if purpose == "" || p.reply || len(p.fresh) > 0 || utf8.RuneCountInString(text) > maxAside {
		return d.search.Search(ctx, with)
	}
	alone := q
	alone.History = nil
	res, err := d.search.Search(ctx, alone)
	if err != nil {
		return res, err
	}
	switch c := res.Verdict.Class; {
	case c == retriever.Smalltalk, c == retriever.WantsPerson, c == retriever.Declined && !goesOn.MatchString(text):
		return res, nil
	}
	found, err := d.search.Search(ctx, with)
	if err != nil || sameFirst(found, res) {
		return found, err
	}
	// what the purpose finds by itself is its explanation, and no answer to the message
	bare, err := d.search.Search(ctx, retriever.Query{Text: strings.TrimSpace(purpose), K: 1})
	switch {
	case err != nil || !sameFirst(found, bare):
		return found, err
	case len(q.History) == 0:
		return res, nil // it was looked for alone already
	}
	return d.search.Search(ctx, q)
}

// sameFirst reports whether two searches found the same first.
func sameFirst(a, b retriever.Result) bool {
	return len(a.Hits) == 0 || len(b.Hits) == 0 || a.Hits[0].Passage.ID == b.Hits[0].Passage.ID
}

// tellsLanguage is from how many characters a message tells its language.
const tellsLanguage = 25

// longer gives a message, or, when it is too short to tell a language, the
// question that it may reply to; and when that is too short as well, the newest
// of the messages before that is not, or all of them.
func longer(message, original string, history []string) string {
	if utf8.RuneCountInString(message) >= tellsLanguage || original == "" {
		return message
	}
	said := append(slices.Clone(history), original)
	for _, text := range slices.Backward(said) {
		if utf8.RuneCountInString(text) >= tellsLanguage {
			return text
		}
	}
	return strings.Join(append(said, message), " ")
}

func orEmpty(facts map[string]any) map[string]any {
	if facts == nil {
		return map[string]any{}
	}
	return facts
}

// before gives what stands in a history before a text.
func before(history []string, text string) []string {
	for i := len(history) - 1; i >= 0; i-- {
		if history[i] == text {
			return history[:i]
		}
	}
	return history
}

// Check refuses what cannot be a message, with words that its writer may read,
// and cuts a history that is too long.
func (d *Dialogue) Check(t *kiveileder.Turn) error {
	language := t.Language
	if language == "" {
		language = t.Prefers
	}
	switch t.Language {
	case "", kiveileder.Bokmal, kiveileder.Nynorsk, kiveileder.English:
	default:
		return kiveileder.Errorf(kiveileder.CodeInvalid, "%s", d.texts.Get("error_language", t.Prefers))
	}
	all := append([]string{t.Question}, t.History...)
	for _, s := range all {
		if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
			return kiveileder.Errorf(kiveileder.CodeInvalid, "%s", d.texts.Get("error_text", language))
		}
		if utf8.RuneCountInString(s) > MaxQuestionChars {
			return kiveileder.Errorf(kiveileder.CodeInvalid, "%s", d.texts.Get("error_long", language, MaxQuestionChars))
		}
	}
	if b, err := json.Marshal(t.Facts); err != nil || len(b) > maxFacts {
		return kiveileder.Errorf(kiveileder.CodeInvalid, "%s", d.texts.Get("error_json", language))
	}
	if err := d.checkFacts(t.Facts); err != nil {
		return err
	}
	if strings.TrimSpace(t.Question) == "" && (t.Original == "" || len(t.Facts) == 0) {
		return kiveileder.Errorf(kiveileder.CodeInvalid, "%s", d.texts.Get("error_empty", language))
	}
	if len(t.History) > MaxHistory {
		t.History = t.History[len(t.History)-MaxHistory:]
	}
	return nil
}

// decide sets the answer's status and words from what was found and what the
// rules say.
func (d *Dialogue) decide(a *kiveileder.Answer, res retriever.Result, masked privacy.Result, p project, t kiveileder.Turn) {
	v := res.Verdict
	// who describes a project is in the field, whatever the words are near to
	describes := p.reply || p.read >= 2
	asked := subject(t, p, masked.Text)
	p.who = d.asksWhom(p.facts, asked)
	p.foundFirst = forms.MatchString(masked.Text) || d.namesWho(res, p.who)
	if v.Class == retriever.Declined && v.Intent == "" && d.signals.Obligation.MatchString(masked.Text) && d.signals.InField(masked.Text) {
		// names of machines that no example has, above all: a person should look
		v = retriever.Verdict{Class: retriever.Uncertain, Answers: v.Answers, Unanswered: 1}
		res.Verdict = v
	}
	if v.Class == retriever.Underspecified && !describes && len(p.facts) == 0 && d.signals.Question.MatchString(masked.Text) &&
		(d.signals.Fixed.MatchString(masked.Text) || v.Answers >= likelyAnswered && d.signals.Whom.MatchString(masked.Text)) {
		// the purpose would not change what is said of it
		v.Class = retriever.Uncertain
		if v.Answers >= likelyAnswered {
			v.Class = retriever.Covered
		}
		res.Verdict = v
	}
	if !p.reply {
		switch intent := d.signals.Means(masked.Text); {
		case intent == corpus.Vague:
			v.Class, v.Intent = retriever.Underspecified, intent
		case intent != "":
			v.Class, v.Intent, describes = retriever.Smalltalk, intent, false
		}
	}
	switch {
	case v.Class == retriever.Smalltalk && !describes:
		a.Status, a.Lead = kiveileder.Smalltalk, d.texts.Get(v.Intent, a.Language)
		return
	case v.Class == retriever.Declined && !describes:
		a.Status, a.Lead = kiveileder.Declined, d.declined(v, a.Language)
		return
	case d.signals.Dispute.MatchString(masked.Text) && !p.reply && p.facts[topicFact] == nil: // who disagrees with a tool does not with us
		a.Status, a.Lead = kiveileder.Escalate, d.texts.Get("disagrees", a.Language)
		d.handOver(a, v, asked)
		return
	case v.Class == retriever.WantsPerson && !p.reply:
		a.Status, a.Lead = kiveileder.Escalate, d.texts.Get(v.Intent, a.Language)
		d.handOver(a, v, asked)
		return
	case d.aboutPerson(masked): // a case is not answered by a quote
		a.Status, a.Lead = kiveileder.Escalate, d.texts.Get("personal_case", a.Language)
		d.handOver(a, v, asked)
		return
	case len(p.who) > 0 && len(p.facts) > 0 && d.byRules(a, p, res, t, masked.Text):
		return
	case len(p.who) > 0 && len(p.facts) == 0 && v.Class != retriever.Covered && v.Unanswered < besideWhenLittle && d.sayWho(a, p, res, t, masked.Text):
		return
	case !p.reply && p.said() == 0 && v.Answers >= plainlyAnswered && oneSentence(masked.Text):
		// a question in general that the sources answer ("Hva er distribuert
		// maskinlæring?"), though the rules call its subject unclear
	case !p.reply && oneSentence(masked.Text) && d.answeredBefore(res):
		// what agencies have answered they need not be asked again, nor the rules
	case len(p.fresh) > 0 || p.reply:
		if d.byRules(a, p, res, t, masked.Text) {
			return
		}
	case v.Class == retriever.Underspecified && len(p.facts) > 0 && d.byRules(a, p, res, t, masked.Text):
		return // what is missing was said before
	case v.Class == retriever.Underspecified && d.clarify(a, p, res, t):
		return
	case d.noReply(p, t, v, masked.Text) && (d.byRules(a, p, res, t, masked.Text) || d.clarify(a, p, res, t)):
		if a.Ask != nil {
			a.Lead = d.texts.Get("not_understood", a.Language)
		}
		return
	}
	d.cite(a, res.Hits, kiveileder.MaxCitations)
	switch {
	case len(a.Citations) == 0:
		a.Status, a.Lead = kiveileder.Escalate, d.texts.Get("no_source", a.Language)
	case v.Class != retriever.Covered:
		a.Status, a.Lead = kiveileder.Escalate, d.texts.Get("uncertain", a.Language)
	case res.Hits[0].Passage.Open && !asksForQuestions.MatchString(masked.Text):
		a.Status, a.Lead = kiveileder.Escalate, d.texts.Get("open_question", a.Language)
	case saysUnclear(a.Citations[0].Quote):
		a.Status, a.Lead = kiveileder.Escalate, d.texts.Get("unclear_rules", a.Language)
	default:
		a.Status, a.Lead = kiveileder.Answered, d.sourcesSay(a)
	}
	d.handOver(a, v, asked)
}

// noReply reports whether a message that should reply to a question back does
// not, and is nothing else either: it asks nothing, says nothing of the project,
// and the sources have nothing on it, or it begins with a yes or a no.
func (d *Dialogue) noReply(p project, t kiveileder.Turn, v retriever.Verdict, text string) bool {
	first, _, _ := strings.Cut(strings.ReplaceAll(bare(text), ",", " "), " ")
	_, yesOrNo := yesNo[first]
	return !p.reply && t.Awaited != "" && len(p.fresh) == 0 && slices.Contains(p.open(), t.Awaited) &&
		!d.signals.Question.MatchString(text) && (yesOrNo || v.Class == retriever.Uncertain)
}

// sourcesSay leads in what was found, and says so when the first of it is old,
// unless a finding rests on it: that says itself what holds.
func (d *Dialogue) sourcesSay(a *kiveileder.Answer) string {
	carried := slices.ContainsFunc(a.Findings, func(f kiveileder.Finding) bool { return slices.Contains(f.Citations, 0) })
	if len(a.Citations) > 0 && !carried {
		if date := a.Citations[0].Date; len(date) >= 4 && yearsBetween(date, d.today()) >= 3 {
			return d.texts.Get("answered_old", a.Language, date[:4])
		}
	}
	return d.texts.Get("answered", a.Language)
}

func (d *Dialogue) declined(v retriever.Verdict, l kiveileder.Language) string {
	for _, key := range []string{"declined_" + v.Intent, "declined_" + v.Topic} {
		if d.texts.Has(key) {
			return d.texts.Get(key, l)
		}
	}
	return d.texts.Get("declined", l)
}

// maxGuessed is how many of those who would know are taken from the nearest
// topic: further down its list they help less than they confuse.
const maxGuessed = 2

// handOver offers a person: always within reach, also under a sure answer. Who
// would know goes by the question's own words, for a hand-over under any
// answer; where they do not say it, by the nearest topic that the sources do
// not answer.
func (d *Dialogue) handOver(a *kiveileder.Answer, v retriever.Verdict, question string) {
	names, mentions := d.remit(question, a.Language)
	a.HandOver = &kiveileder.HandOver{Email: Mailbox, Agencies: names}
	who := ""
	if a.Status == kiveileder.Escalate {
		if len(names) == 0 {
			mentions = v.Agencies[:min(len(v.Agencies), maxGuessed)]
			a.HandOver.Topic, a.HandOver.Agencies = v.TopicTitle, mentions
		}
		if len(mentions) > 0 {
			who = d.texts.Get("hand_over_agencies", a.Language, strings.Join(mentions, ", "))
		}
	}
	a.HandOver.Text = d.texts.Get("hand_over", a.Language, who)
}

// subject gives the words that a turn is about: a reply's are those of the
// question that it replies to, with its own.
func subject(t kiveileder.Turn, p project, text string) string {
	if p.reply {
		return t.Original + "\n" + text
	}
	return text
}

// remit names the agencies whose field a question is in by its words, as they
// are called and as they are named inside a sentence.
func (d *Dialogue) remit(question string, l kiveileder.Language) (names, mentions []string) {
	if d.rules == nil {
		return nil, nil
	}
	for _, key := range d.signals.Remit(question) {
		ag, ok := d.rules.Agency(key)
		if !ok {
			continue
		}
		name := ag.Short // as it is called in Norwegian
		if l == kiveileder.English {
			name = ag.Name.Get(l)
		}
		names, mentions = append(names, name), append(mentions, ag.Mention.Get(l))
	}
	return names, mentions
}

// clarify asks back, when too little is said to be answered, for what the rules
// would ask first. It reports whether there is anything to ask, and it was not
// asked too often.
func (d *Dialogue) clarify(a *kiveileder.Answer, p project, res retriever.Result, t kiveileder.Turn) bool {
	open := p.open()
	if len(open) == 0 || t.Asked >= maxAsked {
		return false
	}
	a.Status, a.Lead = kiveileder.Clarify, d.clarifies(open[0], a.Language)
	a.Missing = p.result.Missing
	a.Ask, a.Asked = d.ask(open[0], a.Language), t.Asked+1
	d.cite(a, res.Hits, 2)
	d.handOver(a, res.Verdict, subject(t, p, t.Question))
	return true
}

// clarifies leads in a question back while there is nothing else to say.
func (d *Dialogue) clarifies(fact string, l kiveileder.Language) string {
	if fact == "purpose" {
		return d.texts.Get("clarify", l)
	}
	return d.texts.Get("clarify_fact", l)
}

// asksForQuestions tells that a message wants to know what is asked, and not
// the answer to it.
var asksForQuestions = regexp.MustCompile(`(?i)(spørsmål|spør|problemstilling|lurer|question|issue|asked)`)

// saysUnclear reports whether a quote itself says that the rules are unclear.
func saysUnclear(quote string) bool {
	q := strings.ToLower(quote)
	for _, s := range []string{"er uklart", "er uklare"} {
		if strings.Contains(q, s) {
			return true
		}
	}
	return false
}

// aboutPerson reports whether a message names a person as a case does: a birth
// number, a record's number, or a name beside a word that tells of a case. An
// address to reply to, or a name under a question, is none.
func (d *Dialogue) aboutPerson(m privacy.Result) bool {
	for _, k := range m.Kinds {
		switch k {
		case privacy.Email, privacy.Phone, privacy.Account, privacy.Address:
		case privacy.Name:
			if d.signals.Case.MatchString(m.Text) {
				return true
			}
		default:
			return true
		}
	}
	return false
}
