package privacy

// Weights of the two control digits of a birth number, with weight 1 for the
// control digit itself (folkeregisterforskriften § 2-2-1).
var (
	weightsK1 = [10]int{3, 7, 6, 1, 8, 9, 4, 5, 2, 1}
	weightsK2 = [11]int{5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1}
)

// controlRest returns the remainders modulo 11 of the two weighted sums of an
// 11-digit number, control digits included.
func controlRest(digits string) (k1, k2 int) {
	for i, w := range weightsK1 {
		k1 += w * int(digits[i]-'0')
	}
	for i, w := range weightsK2 {
		k2 += w * int(digits[i]-'0')
	}
	return k1 % 11, k2 % 11
}

// validToday reports whether both control digits are right by the rules for
// numbers issued before 2032.
func validToday(digits string) bool {
	k1, k2 := controlRest(digits)
	return k1 == 0 && k2 == 0
}

// valid2032 reports whether the control digits are right by the rules for
// numbers issued from 1 January 2032: the first sum may leave 0, 1, 2 or 3, the
// second must leave 0. The other digits then tell neither sex nor century.
func valid2032(digits string) bool {
	k1, k2 := controlRest(digits)
	return k1 <= 3 && k2 == 0
}

// validAccount reports whether the last digit of an 11-digit account number is
// right. The sum is the same as for the second control digit of a birth number.
func validAccount(digits string) bool {
	_, k2 := controlRest(digits)
	return k2 == 0
}

// Month offsets of the synthetic series.
const (
	monthNAV = 40 // NAV, and the H-numbers of the health service
	monthNHN = 65 // Norsk Helsenett
	monthTax = 80 // Skatteetaten (Tenor)
)

// dayD is what a D-number adds to the day.
const dayD = 40

// identityKind says what an 11-digit number would be by its date part, and
// whether the date is possible. Control digits are not looked at. The century
// is unknown, so 29 February is possible in every year.
func identityKind(digits string) (Kind, bool) {
	day, month := twoDigits(digits[0:]), twoDigits(digits[2:])
	kind := BirthNumber
	if day > dayD {
		day -= dayD
		kind = DNumber
	}
	switch {
	case month > monthTax:
		month, kind = month-monthTax, SyntheticNumber
	case month > monthNHN:
		month, kind = month-monthNHN, SyntheticNumber
	case month > monthNAV:
		month, kind = month-monthNAV, SyntheticNumber
	}
	if month < 1 || month > 12 || day < 1 || day > daysIn[month] {
		return "", false
	}
	return kind, true
}

var daysIn = [13]int{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

func twoDigits(s string) int { return int(s[0]-'0')*10 + int(s[1]-'0') }

// isHelpNumber reports whether the digits are a common help number
// (FH-nummer): first digit 8 or 9, nine random digits, today's control digits.
func isHelpNumber(digits string) bool {
	return digits[0] >= '8' && validToday(digits)
}
