package app

import "time"

// SetResumeInterval makes processes look more often for messages that have no
// answer.
func SetResumeInterval(d time.Duration) { resumeInterval = d }
