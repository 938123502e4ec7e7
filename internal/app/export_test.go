package app

import "time"

// SetResumeInterval makes processes look more often for messages that have no
// answer.
func SetResumeInterval(d time.Duration) { resumeInterval = d }

// SetDrainTime gives requests under way less time when a process stops, until
// restore.
func SetDrainTime(d time.Duration) (restore func()) {
	old := drainTime
	drainTime = d
	return func() { drainTime = old }
}
