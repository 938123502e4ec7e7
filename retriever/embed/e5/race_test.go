//go:build race

package e5

// raceDetector makes the arithmetic some 50 times slower; tests that do much
// of it do less.
const raceDetector = true
