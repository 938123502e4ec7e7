package lexical

import (
	"testing"
)

func TestIndexScore(t *testing.T) {
	x := NewIndex()
	for i, text := range []string{
		"Dispensasjon fra taushetsplikten søkes hos REK.",
		"Leverandøren skal CE-merke medisinsk utstyr.",
		"Dataansvarlig gjennomfører personvernkonsekvensvurdering før behandlingen starter, og dokumenterer den.",
		"Etter § 29 kan departementet gi dispensasjon.",
	} {
		if n := x.Add(Terms(text)); n != i {
			t.Fatalf("document %d got number %d", i, n)
		}
	}
	for _, c := range []struct {
		name, query string
		first       int
	}{
		{"same words", "CE-merking av medisinsk utstyr", 1},
		{"compound", "konsekvensvurdering", 2},
		{"typing error", "dispensassjon taushetplikt", 0},
		{"paragraph", "hva står i paragraf 29", 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			scores := make([]float32, x.Len())
			for i := range scores {
				scores[i] = 99 // what stood there before is overwritten
			}
			x.Score(Terms(c.query), scores)
			best := 0
			for i, s := range scores {
				if s < 0 || s > 2.2 {
					t.Errorf("score %v is no share", s)
				}
				if s > scores[best] {
					best = i
				}
			}
			if best != c.first || scores[best] == 0 {
				t.Errorf("scores %v: first is %d, want %d", scores, best, c.first)
			}
		})
	}
}

func TestIndexScoreOfNothing(t *testing.T) {
	x := NewIndex()
	x.Score(Terms("noe"), nil) // no documents
	x.Add(nil)
	x.Add(Terms("samtykke"))
	for _, query := range []string{"", "helt andre ord", "?"} {
		scores := []float32{7, 7}
		x.Score(Terms(query), scores)
		if scores[0] != 0 || scores[1] != 0 {
			t.Errorf("Score(%q) = %v, want zeros", query, scores)
		}
	}
	scores := []float32{7, 7}
	x.Score(Terms("samtykke"), scores)
	if scores[0] != 0 || scores[1] <= 0 {
		t.Errorf("Score = %v, want the second alone", scores)
	}
}

// A word twice in the query counts once: people repeat themselves.
func TestIndexScoreRepeatedTerm(t *testing.T) {
	x := NewIndex()
	x.Add(Terms("samtykke fra pasienten"))
	x.Add(Terms("godkjenning fra REK"))
	once, twice := make([]float32, 2), make([]float32, 2)
	x.Score(Terms("samtykke"), once)
	x.Score(Terms("samtykke samtykke"), twice)
	if once[0] != twice[0] {
		t.Errorf("score %v for a word, %v for it twice", once[0], twice[0])
	}
}
