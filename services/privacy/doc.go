// Package privacy masks personal data in free text before anything is
// logged, stored, embedded or counted.
//
//	r := privacy.Mask("Pasient Kari Nordmann, tlf 46 77 88 99, vil klage")
//	// r.Text  = "Pasient [navn], tlf [telefon], vil klage"
//	// r.Kinds = [navn telefon]
//
// # What it promises
//
// National identity numbers (birth number, D-number, help numbers and the
// synthetic series) are found in the usual spellings, with spaces, dots,
// hyphens, no-break spaces, zero-width characters and full-width digits, also
// when a digit is mistyped, as long as the number stands alone and its date is
// possible. Telephone numbers, e-mail addresses, account numbers, street
// addresses with a postal code, journal numbers and names beside a case word
// are found by shape, word lists and the words around them. Masking masked text
// changes nothing. Mask accepts any bytes, does not panic, and its work grows
// linearly with the length of the text.
//
// # What it does not promise
//
// It is a net, not an anonymiser:
//
//   - A description that points at one person without a name or a number
//     ("mann 54 år fra Vik med ALS", initials, a rare diagnosis and a place) is
//     kept. Dates of birth are kept: they look like every other date.
//   - A lone unknown name without a case word, title or known first name is
//     kept, and so are names in lower case outside the word lists.
//   - Eight digits in one piece are a telephone number only near a word such
//     as "tlf"; lot and case numbers look the same.
//   - A product or firm written as two capitalised words beside a patient may
//     be masked as a name. Losing a product name in a log is the cheaper error.
//   - Ten or twelve digits are an identity number with a digit too few or too
//     many only right after a word such as "fødselsnummer".
//   - Other countries' identity numbers, passport numbers and vehicle plates
//     are not looked for.
//
// # Sources
//
// Control digits: folkeregisterforskriften § 2-2-1, and for numbers issued from
// 1 January 2032 Skatteetaten, "Nytt fødselsnummer fra 2032"
// (https://skatteetaten.github.io/folkeregisteret-api-dokumentasjon/nytt-fodselsnummer-fra-2032/).
// Help numbers: Direktoratet for e-helse, "Identifikatorer for personer"
// (HIS 1001). The word lists in data/ are our own.
package privacy
