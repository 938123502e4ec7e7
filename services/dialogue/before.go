package dialogue

import (
	"kiveileder"
	"kiveileder/retriever"
)

// answeredBefore reports whether a published answer to the same question was
// found first.
func (d *Dialogue) answeredBefore(res retriever.Result) bool {
	if res.Verdict.Class != retriever.Covered || len(res.Hits) == 0 {
		return false
	}
	src, ok := d.library.Source(res.Hits[0].Passage.Source)
	return ok && src.Kind == kiveileder.KindAnswer
}
