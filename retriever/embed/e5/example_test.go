package e5_test

import (
	"context"
	"fmt"
	"log"

	"kiveileder/retriever/embed"
	"kiveileder/retriever/embed/e5"
)

// Which of two passages answers a question? The inner product is the cosine.
func Example() {
	model, err := e5.Default()
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	question, err := model.Embed(ctx, embed.Query, []string{"Hvor lenge må vi ta vare på loggene?"})
	if err != nil {
		log.Fatal(err)
	}
	passages, err := model.Embed(ctx, embed.Passage, []string{
		"Logs shall be kept for a period of at least six months.",
		"Leverandøren skal merke systemet med navn og adresse.",
	})
	if err != nil {
		log.Fatal(err)
	}
	cosine := func(a, b []float32) (sum float32) {
		for i := range a {
			sum += a[i] * b[i]
		}
		return sum
	}
	fmt.Println(cosine(question[0], passages[0]) > cosine(question[0], passages[1]))
	// Output: true
}
