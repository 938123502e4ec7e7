package web

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"kiveileder"
)

// The scripts are bundled with the first file, the desk's with the third too, that of cases with the fourth;
// the words of the second are of pages that are rendered in every language here.
var (
	//go:embed texts.json
	textsFile []byte
	//go:embed texts-rules.json
	ruleTextsFile []byte
	//go:embed texts-desk.json
	deskTextsFile []byte
	//go:embed texts-case.json
	caseTextsFile []byte
)

// texts are the pages' own words, by key and language.
var texts = func() map[string]map[string]string {
	var m map[string]map[string]string
	for _, file := range [][]byte{textsFile, ruleTextsFile, deskTextsFile, caseTextsFile} {
		if err := json.Unmarshal(file, &m); err != nil {
			panic(fmt.Sprintf("web: texts: %v", err))
		}
	}
	return m
}()

// text gives the words that a page is rendered with. A page that asks for an
// unknown key shows the key; a test holds that none does.
func text(key string) string { return textIn(key, kiveileder.Bokmal) }

func textIn(key string, lang kiveileder.Language) string {
	if s := texts[key][string(lang)]; s != "" {
		return s
	}
	return key
}

// filled puts values into a text: "{n}" becomes what follows "n".
func filled(text string, values ...any) string {
	for i := 0; i+1 < len(values); i += 2 {
		text = strings.ReplaceAll(text, fmt.Sprintf("{%v}", values[i]), fmt.Sprint(values[i+1]))
	}
	return text
}

var months = [...]string{"januar", "februar", "mars", "april", "mai", "juni",
	"juli", "august", "september", "oktober", "november", "desember"}

// dateIn writes an ISO date as people read it: "14. februar 2024", "14 February
// 2024". Anything else is given back as it is.
func dateIn(iso string, lang kiveileder.Language) string {
	d, err := time.Parse(time.DateOnly, iso)
	if err != nil {
		return iso
	}
	if lang == kiveileder.English {
		return d.Format("2 January 2006")
	}
	return fmt.Sprintf("%d. %s %d", d.Day(), months[d.Month()-1], d.Year())
}
