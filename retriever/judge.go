package retriever

import (
	"math"
	"regexp"
	"slices"

	"kiveileder/retriever/index"
)

// A Class is what a message turns out to be.
type Class string

const (
	Covered        Class = "covered"        // the sources answer
	Uncertain      Class = "uncertain"      // in the field; what is nearest may not answer
	Declined       Class = "declined"       // outside the field, or no question at all
	Smalltalk      Class = "smalltalk"      // Intent says which
	WantsPerson    Class = "wants_person"   // asks for a person, or disagrees
	Underspecified Class = "underspecified" // in the field, but the purpose is missing
)

// A Verdict is the judgement of a message.
type Verdict struct {
	Class      Class    `json:"class"`
	Answers    float64  `json:"answers"`          // estimated probability that the first hits answer
	Unanswered float64  `json:"unanswered"`       // estimated probability that it asks for what the sources do not say
	Intent     string   `json:"intent,omitempty"` // of Smalltalk, WantsPerson and Declined
	Topic      string   `json:"topic,omitempty"`  // nearest topic of questions that the sources do not answer, or from outside
	TopicTitle string   `json:"topic_title,omitempty"`
	Agencies   []string `json:"agencies,omitempty"` // who would know
}

// The classes that the judge's models tell apart.
const (
	cCovered = iota
	cUnanswered
	cOutside
	cSmalltalk
	cPerson
	cUnder
	cRefuse
	nClasses
)

// groupOf gives the class that an example belongs to, -1 for what is none.
func (r *Retriever) groupOf(k index.Kind, ref int32) int {
	switch k {
	case index.Question:
		return cCovered
	case index.Unanswered:
		return cUnanswered
	case index.Outside:
		return cOutside
	case index.Intent:
		switch r.intents[ref].Kind {
		case "smalltalk":
			return cSmalltalk
		case "escalate":
			return cPerson
		case "clarify":
			return cUnder
		}
		return cRefuse
	}
	return -1
}

// clues of a message for the judge: per class the nearest examples by meaning
// and by letters, the votes of the nearest of all, the linear model's view;
// then how the search went.
const (
	perClass = 5  // nearest, mean of four, n-grams, votes, linear
	maxWants = 16 // things that a question can ask for (corpus/asks.yaml)
	nClues   = perClass*nClasses + 16 + 2*maxWants
)

type clues [nClues]float32

// voters is how many of the nearest examples vote.
const voters = 12

// A nearness tells how near a message is to the examples of each class, by
// meaning and by letters, which class the nearest of all belong to, and which
// intent and topics are nearest.
type nearness struct {
	cos, grams [nClasses]best
	votes      [nClasses]float32
	intent     map[string]int32       // by kind of intent: the nearest
	topic      [index.Kinds]nearTopic // of Unanswered and Outside
}

type nearTopic struct {
	ref  int32
	near float32
	any  bool
}

func (r *Retriever) nearnessOf(ms []index.Match, prior [nClasses]float32, skip int) nearness {
	n := nearness{intent: map[string]int32{}}
	voting := make([]vote, 0, voters+1)
	top := map[string]float32{}
	for _, x := range ms {
		g := r.groupOf(x.Kind, x.Ref)
		if g < 0 || int(x.Entry) == skip {
			continue
		}
		n.cos[g].add(x.Cos)
		n.grams[g].add(x.Grams)
		near := x.Cos + 0.5*x.Grams
		voting = castVote(voting, vote{near, g})
		switch x.Kind {
		case index.Unanswered, index.Outside:
			if t := &n.topic[x.Kind]; !t.any || near > t.near {
				*t = nearTopic{x.Ref, near, true}
			}
		case index.Intent:
			kind := r.intents[x.Ref].Kind
			if s, ok := top[kind]; !ok || x.Cos+x.Grams > s {
				top[kind], n.intent[kind] = x.Cos+x.Grams, x.Ref
			}
		}
	}
	all := float32(0)
	for _, v := range voting {
		// the bank has many more covered questions than others: a vote counts
		// by the share of its class
		s := float32(math.Exp(float64(6*(v.near-voting[0].near)))) / max(prior[v.class], 1e-3)
		n.votes[v.class] += s
		all += s
	}
	for g := range n.votes {
		n.votes[g] /= max(all, 1e-9)
	}
	return n
}

// cluesOf makes the clues of an examined message. linear are the scores of a
// model that has not seen the message.
func (r *Retriever) cluesOf(x exam, ranked []scored, linear []float32) clues {
	var c clues
	k := 0
	put := func(xs ...float32) { k += copy(c[k:], xs) }
	n := &x.near
	for g := range nClasses {
		put(n.cos[g].top[0], n.cos[g].mean(), n.grams[g].top[0], n.votes[g], linear[g]/4)
	}
	first, second := ranked[0], ranked[min(1, len(ranked)-1)]
	gap := n.cos[cCovered].top[0] - n.cos[cUnanswered].top[0]
	put(1, first.score/10, (first.score-second.score)/4,
		float32(shareOfTop(ranked, 1)), float32(shareOfTop(ranked, 3)),
		first.f[fBest]-first.f[fMean], first.f[fPassage], first.f[fSentence], first.f[fGrams], first.f[fRawBest],
		float32(math.Log(1+float64(len(x.text))))/6,
		max(0, gap), max(0, -gap),
		float32(len(x.refs)), x.unknown, first.score/10-n.cos[cUnanswered].top[0])
	for i := range maxWants {
		asks, lacks := float32(0), float32(0)
		if i < len(r.wants) && r.wants[i].Asks.MatchString(x.text) {
			asks = 1
			if r.lacks(first.passage, r.wants[i]) {
				lacks = 1
			}
		}
		put(asks, lacks)
	}
	return c
}

// A vote of a near example for its class.
type vote struct {
	near  float32
	class int
}

// castVote keeps the nearest voters, nearest first.
func castVote(near []vote, v vote) []vote {
	if len(near) == voters && v.near <= near[voters-1].near {
		return near
	}
	i := len(near)
	for i > 0 && near[i-1].near < v.near {
		i--
	}
	near = slices.Insert(near, i, v)
	return near[:min(voters, len(near))]
}

// shareOfTop gives the share of the listwise probability that the first n
// passages hold.
func shareOfTop(ranked []scored, n int) float64 {
	top := float64(ranked[0].score)
	all, first := 0.0, 0.0
	for i, s := range ranked {
		p := math.Exp(float64(s.score) - top)
		all += p
		if i < n {
			first += p
		}
	}
	return first / all
}

// A Judge tells from clues what a message is and whether the hits answer.
type Judge struct {
	Linear  *Linear
	Prior   [nClasses]float32 // each class's share of the examples
	Class   [nClasses][nClues]float32
	Answers [nClues]float32
}

func (j *Judge) classes(c *clues) []float64 {
	s := make([]float32, nClasses)
	for g := range s {
		for i, x := range c {
			s[g] += j.Class[g][i] * x
		}
	}
	return softmax(s)
}

func (j *Judge) answers(c *clues) float64 {
	s := 0.0
	for i, x := range c {
		s += float64(j.Answers[i] * x)
	}
	return sigmoid(s)
}

// Set on the routing sets beside the threshold (docs/decisions.md).
const (
	// outside is the probability from which on a message counts as out of the
	// field: sending off what belongs here is worse than handing over what
	// does not.
	outside = 0.80
	// tooLittle is the probability from which on a message says too little to
	// be answered, and plainly the one from which on nothing speaks against it.
	tooLittle, plainly = 0.65, 0.95
	// sure is the probability of an answer from which on a message is answered
	// although it looks like one that says too little or asks for a person
	// ("Hva er Normen?", "Hvordan kontakter jeg veiledningstjenesten?").
	sure = 0.93
)

// verdict judges an examined message.
func (r *Retriever) verdict(x exam, ranked []scored) Verdict {
	j := r.judge
	c := r.cluesOf(x, ranked, j.Linear.scores(wordFeatures(x.text), x.vec))
	p := j.classes(&c)
	v := Verdict{Answers: j.answers(&c), Unanswered: p[cUnanswered]}
	if answers, ok := r.answersGiven(x, ranked); ok {
		v.Answers = answers
	}
	likely := slices.Index(p, slices.Max(p))
	if p[likely] < 0.5 {
		likely = none
	}
	switch {
	case likely == cSmalltalk && r.chatty(x, v.Answers):
		v.Class, v.Intent = Smalltalk, r.nearestIntent(x, "smalltalk")
	case likely == cPerson && v.Answers < sure:
		v.Class, v.Intent = WantsPerson, r.nearestIntent(x, "escalate")
	case likely == cRefuse:
		v.Class, v.Intent = Declined, r.nearestIntent(x, "decline")
	case p[cUnder] >= tooLittle && (p[cUnder] >= plainly || v.Answers < sure) && !r.specific(x.text):
		v.Class = Underspecified
	case p[cOutside]+p[cRefuse]+p[cSmalltalk] > outside:
		v.Class = Declined
	case v.Answers >= r.threshold:
		v.Class = Covered
	default:
		v.Class = Uncertain
	}
	kind := index.Unanswered
	if v.Class == Declined {
		kind = index.Outside
	}
	// who would know is only said when a question of theirs is nearest of all
	near := kind == index.Outside || x.near.cos[cUnanswered].top[0] >= x.near.cos[cCovered].top[0]
	if t := x.near.topic[kind]; t.any && near {
		topic := r.topics[t.ref]
		v.Topic, v.TopicTitle, v.Agencies = topic.Key, topic.Title, topic.Agency
	}
	return v
}

// ownMatter and definition tell that a short message asks a question of law
// after all: "Kan vi bruke ChatGPT?", "Hva er kunstig intelligens?".
var (
	ownMatter  = regexp.MustCompile(`(?i)(^|\P{L})(vi|vår|vårt|våre|oss|we|our)(\P{L}|$)`)
	definition = regexp.MustCompile(`(?i)^\s*(hva|kva|what)\s+(er|betyr|menes|tyder|is|are|does)\s`)
)

// chatty reports whether a message that looks like small talk is: it nearly is
// one of the examples, or nothing speaks for a question.
func (r *Retriever) chatty(x exam, answers float64) bool {
	if x.near.grams[cSmalltalk].top[0] >= 0.9 {
		return true
	}
	return !ownMatter.MatchString(x.text) && !(definition.MatchString(x.text) && answers >= r.threshold)
}

// nearestIntent gives the name of the nearest intent of a kind.
func (r *Retriever) nearestIntent(x exam, kind string) string {
	if ref, ok := x.near.intent[kind]; ok {
		return r.intents[ref].Intent
	}
	return ""
}
