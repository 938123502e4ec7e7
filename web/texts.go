package web

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"time"
)

//go:embed texts.json
var textsFile []byte

// texts are the pages' own words, by key and language. The scripts are bundled
// with the same file.
var texts = func() map[string]map[string]string {
	var m map[string]map[string]string
	if err := json.Unmarshal(textsFile, &m); err != nil {
		panic(fmt.Sprintf("web: texts.json: %v", err))
	}
	return m
}()

// text gives the words that a page is rendered with. A page that asks for an
// unknown key shows the key; a test holds that none does.
func text(key string) string {
	if s := texts[key]["nb"]; s != "" {
		return s
	}
	return key
}

var months = [...]string{"januar", "februar", "mars", "april", "mai", "juni",
	"juli", "august", "september", "oktober", "november", "desember"}

// dateInWords writes an ISO date as people read it: "14. februar 2024".
// Anything else is given back as it is.
func dateInWords(iso string) string {
	d, err := time.Parse(time.DateOnly, iso)
	if err != nil {
		return iso
	}
	return fmt.Sprintf("%d. %s %d", d.Day(), months[d.Month()-1], d.Year())
}
