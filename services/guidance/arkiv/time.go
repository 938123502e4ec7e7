package arkiv

import (
	"time"

	"kiveileder/services/guidance/deadline"
)

// stamp writes an instant as the archive reads it, by Norwegian time.
func stamp(t time.Time) string { return t.In(deadline.Oslo).Format("2006-01-02T15:04:05-07:00") }

// date writes the date in Norway.
func date(t time.Time) string { return t.In(deadline.Oslo).Format(time.DateOnly) }
