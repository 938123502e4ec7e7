//go:build !race

package e5

const raceDetector = false
