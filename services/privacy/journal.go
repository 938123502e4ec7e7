package privacy

import "regexp"

// The words that a journal number or another number of one person's case
// follows. "journal" and "pasient" alone need six digits.
var (
	journalRE = regexp.MustCompile(`(?i)(?:^|[^\p{L}\p{N}])(?:(?:pasient)?journal-?\s?(?:nummer|nr|id)|pasient-?\s?(?:id|nummer|nr)|pas\.?\s?nr|` +
		`npr-?\s?(?:id|nummer|nr|løpenummer)|patient\s?-?(?:id|no|number|nr)|mrn|medical record (?:number|no)|` +
		`henvisnings-?(?:id|nr|nummer)|rekvisisjons-?(?:id|nr|nummer)|prøve-?(?:id|nr|nummer)|dips-?(?:id|nr)|duf-?\s?(?:nr|nummer)|hpr-?\s?(?:nr|nummer))` +
		`(?:et)?\.?\s?(?:er|is|var|lik)?\s?[:#=]?\s?([\p{L}]{0,4}-?\d[\d./ -]*\d)`)
	journalBare = regexp.MustCompile(`(?i)(?:^|[^\p{L}\p{N}])(?:journal|pasient|patient|pasienten)\s?(?:nr|no)?\.?\s?[:#]?\s?(\d{6,10})`)
)

// journalDigits is the least number of digits of a journal number.
const journalDigits = 4

// findJournalNumbers takes the number and leaves the word before it. Eleven
// digits with a possible birth date are left for the identity numbers.
func (f *finder) findJournalNumbers() {
	for _, re := range []*regexp.Regexp{journalRE, journalBare} {
		for _, m := range re.FindAllStringSubmatchIndex(f.text, -1) {
			start, end := m[2], f.trimNumber(m[2], m[3])
			digits := ""
			for i := start; i < end; i++ {
				if isDigit(rune(f.text[i])) {
					digits += f.text[i : i+1]
				}
			}
			if len(digits) < journalDigits || isDigit(f.after(end)) {
				continue
			}
			if re == journalBare && f.goesOn(end) {
				continue
			}
			if len(digits) == 11 {
				if _, ok := identityKind(digits); ok || isHelpNumber(digits) {
					continue
				}
			}
			f.take(start, end, JournalNumber)
		}
	}
}

// goesOn reports whether more digits follow the blank or mark at end, so that
// the number may be the first part of an identity number.
func (f *finder) goesOn(end int) bool {
	switch f.after(end) {
	case ' ', '.', '-', '/':
		return isDigit(f.after(end + 1))
	}
	return false
}

// trimNumber ends a journal number at the second blank: "1234 5678" is one
// number, "1234 5678 90" may be a number and an amount.
func (f *finder) trimNumber(start, end int) int {
	const longest = 24 // bytes; longer rows are cut there
	end = min(end, start+longest)
	blanks := 0
	for i := start; i < end; i++ {
		if f.text[i] == ' ' {
			if blanks++; blanks == 2 {
				end = i
			}
		}
	}
	for end > start && !isDigit(rune(f.text[end-1])) {
		end--
	}
	return end
}
