package lang

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Language is a language code as in BCP 47.
type Language string

// The languages Detect tells apart.
const (
	Bokmal  Language = "nb"
	Nynorsk Language = "nn"
	English Language = "en"
	Swedish Language = "sv"
	Danish  Language = "da"
)

// languages fixes the index of each language in a scores value, and the order
// in which ties are settled.
var languages = [...]Language{Bokmal, Nynorsk, English, Swedish, Danish}

// scores holds one number for each of languages.
type scores [len(languages)]float64

const (
	maxWords = 40  // words looked at; enough for any question
	maxBytes = 300 // bytes looked at
	prior    = 0.6 // what bokmål has before the first word

	// A neighbour language needs this much more than Norwegian: Swedish and
	// Danish questions are rare here, and bokmål shares most of their words.
	neighbourLead = 1.0
)

// Detect returns the language of a question, bokmål when in doubt.
func Detect(text string) Language {
	l, _ := DetectWithConfidence(text)
	return l
}

// DetectWithConfidence is Detect with a confidence between 0 (nothing to go
// by) and 1. Below 0.2 the language is a guess.
func DetectWithConfidence(text string) (Language, float64) {
	s := score(text)
	s[0] += prior
	s[3] -= neighbourLead
	s[4] -= neighbourLead
	best, second := 0, -1
	for i := range s {
		if s[i] > s[best] {
			best = i
		}
	}
	for i := range s {
		if i != best && (second < 0 || s[i] > s[second]) {
			second = i
		}
	}
	lead := s[best] - max(s[second], 0)
	return languages[best], max(0, min(1, lead/(max(s[best], 0)+2)))
}

// Frame returns the language of the fixed texts around an answer to a question
// in l. Swedish and Danish questions are understood and answered in bokmål.
func Frame(l Language) Language {
	switch l {
	case Nynorsk, English:
		return l
	}
	return Bokmal
}

// score adds up what each word says.
func score(text string) scores {
	if len(text) > maxBytes {
		cut := maxBytes
		for cut > 0 && !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut]
	}
	words := split(strings.ToLower(text))
	if len(words) > maxWords {
		words = words[:maxWords]
	}
	var sum scores
	for i := 0; i < len(words); {
		if n := data.quoted(words[i:]); n > 0 && n < len(words) {
			i += n
			continue
		}
		for l, v := range data.word(words[i]) {
			sum[l] += v
		}
		i++
	}
	return sum
}

// split returns the words of a text in lower case: letters, with hyphens and
// apostrophes inside. Words with digits are codes and are left out.
func split(lower string) []string {
	words := make([]string, 0, maxWords)
	for w := range strings.FieldsFuncSeq(lower, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && r != '-' && r != '\'' && r != '’'
	}) {
		w = strings.Trim(w, "-'’")
		if w != "" && strings.IndexFunc(w, unicode.IsDigit) < 0 {
			words = append(words, w)
		}
	}
	return words
}
