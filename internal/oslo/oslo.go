// Package oslo is the zone that days in Norway are in. It is in the binary,
// since containers have no zones; time/tzdata would add all 600 of them, 450
// kB.
package oslo

import (
	_ "embed"
	"time"
)

// The file is Europe/Oslo of the tz database, as Go ships it in
// lib/time/zoneinfo.zip.
//
//go:embed Oslo.tzif
var file []byte

// Zone is Europe/Oslo.
var Zone = func() *time.Location {
	l, err := time.LoadLocationFromTZData("Europe/Oslo", file)
	if err != nil { // unreachable: a test reads the file
		panic(err)
	}
	return l
}()
