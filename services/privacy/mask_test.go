package privacy

import (
	"slices"
	"testing"
)

// Every number here is made up. Birth numbers with right control digits have a
// birth year 33-39 with individual digits 500-999, a series no one living has,
// or are Skatteetaten's own examples.

var maskCases = []struct {
	name, in, want string
	kinds          []Kind
}{
	{"identity: in one piece", "Gjelder 01013870000.", "Gjelder [fødselsnummer].", []Kind{BirthNumber}},
	{"identity: space", "fnr 010138 71228", "fnr [fødselsnummer]", []Kind{BirthNumber}},
	{"identity: dots and hyphen", "født 15.06.39-71216", "født [fødselsnummer]", []Kind{BirthNumber}},
	{"identity: no-break space", "pasient 010138\u00a070000 ringte", "pasient [fødselsnummer] ringte", []Kind{BirthNumber}},
	{"identity: narrow space and en dash", "010138\u202f\u2013\u202f70000", "[fødselsnummer]", []Kind{BirthNumber}},
	{"identity: full-width digits", "nr ０１０１３８７００００", "nr [fødselsnummer]", []Kind{BirthNumber}},
	{"identity: zero-width space inside", "0101387\u200b0000", "[fødselsnummer]", []Kind{BirthNumber}},
	{"identity: Arabic-Indic digits", "٠١٠١٣٨٧٠٠٠٠", "[fødselsnummer]", []Kind{BirthNumber}},
	{"identity: mistyped control digit", "Hun heter ikke 010190 12345", "Hun heter ikke [fødselsnummer]", []Kind{BirthNumber}},
	{"identity: mistyped, dots", "01.01.90-12345", "[fødselsnummer]", []Kind{BirthNumber}},
	{"identity: two in a row", "01013870000, 15063989999", "[fødselsnummer], [fødselsnummer]", []Kind{BirthNumber}},
	{"identity: issued from 2032", "Fødselsnummer 30108299939", "Fødselsnummer [fødselsnummer]", []Kind{BirthNumber}},
	{"identity: issued from 2032, new rest, glued", "id30108299939x", "id[fødselsnummer]x", []Kind{BirthNumber}},
	{"identity: a digit missing", "fødselsnummer: 0101387000", "fødselsnummer: [fødselsnummer]", []Kind{BirthNumber}},
	{"identity: last five digits", "personnummer 71228", "personnummer [fødselsnummer]", []Kind{BirthNumber}},
	{"identity: forgotten space after", "Gjelder 01013870000.Hun er syk", "Gjelder [fødselsnummer].Hun er syk", []Kind{BirthNumber}},
	{"identity: a right number is taken even after a code word", "ref 01013870000", "ref [fødselsnummer]", []Kind{BirthNumber}},
	{"identity: odd grouping, right digits", "010 138 700 00", "[fødselsnummer]", []Kind{BirthNumber}},
	{"identity: four digits of the year", "født 01.01.1938 70000", "født [fødselsnummer]", []Kind{BirthNumber}},
	{"D-number", "D-nummer 41013871211", "D-nummer [d-nummer]", []Kind{DNumber}},
	{"D-number: space", "550639 89982 har ikke bosted", "[d-nummer] har ikke bosted", []Kind{DNumber}},
	{"help number: common", "FH-nummer 91234570000", "FH-nummer [hjelpenummer]", []Kind{HelpNumber}},
	{"help number: no word", "Ukjent mann, 82013870027", "Ukjent mann, [hjelpenummer]", []Kind{HelpNumber}},
	{"help number: month plus 40", "H-nummer 01413870093", "H-nummer [hjelpenummer]", []Kind{HelpNumber}},
	{"synthetic: Tenor", "testperson 01813870076", "testperson [syntetisk nummer]", []Kind{SyntheticNumber}},
	{"synthetic: NAV", "testperson 01413871200", "testperson [syntetisk nummer]", []Kind{SyntheticNumber}},
	{"synthetic: Norsk Helsenett", "testperson 15663970078", "testperson [syntetisk nummer]", []Kind{SyntheticNumber}},
	{"synthetic: D-number in Tenor", "41813871287", "[syntetisk nummer]", []Kind{SyntheticNumber}},

	{"account: dots", "Betal til 1234.56.78903", "Betal til [kontonummer]", []Kind{Account}},
	{"account: mistyped", "konto 1234.56.78901", "konto [kontonummer]", []Kind{Account}},
	{"account: spaces", "overfør til 1234 56 78903 i dag", "overfør til [kontonummer] i dag", []Kind{Account}},
	{"account: one piece, word", "kontonummer 12345678903", "kontonummer [kontonummer]", []Kind{Account}},
	{"account: IBAN", "IBAN NO93 8601 1117 947", "IBAN [kontonummer]", []Kind{Account}},

	{"phone: pairs", "46 77 88 99", "[telefon]", []Kind{Phone}},
	{"phone: 3-2-3", "Nås på 467 78 899.", "Nås på [telefon].", []Kind{Phone}},
	{"phone: word before", "tlf. 46778899", "tlf. [telefon]", []Kind{Phone}},
	{"phone: word after", "46778899 er mobilen min", "[telefon] er mobilen min", []Kind{Phone}},
	{"phone: two after one word", "ring 46778899 eller 22778899", "ring [telefon] eller [telefon]", []Kind{Phone}},
	{"phone: +47", "+47 46 77 88 99", "[telefon]", []Kind{Phone}},
	{"phone: brackets", "(+47) 46778899", "[telefon]", []Kind{Phone}},
	{"phone: 0047", "0047 46778899", "[telefon]", []Kind{Phone}},
	{"phone: foreign", "call +44 20 7946 0958 please", "call [telefon] please", []Kind{Phone}},
	{"phone: nn", "Ring meg, eg har 467 78 899", "Ring meg, eg har [telefon]", []Kind{Phone}},
	{"phone: en", "my phone is 46778899", "my phone is [telefon]", []Kind{Phone}},

	{"e-mail", "Skriv til kari.nordmann@example.no.", "Skriv til [e-post].", []Kind{Email}},
	{"e-mail: plus and unicode", "åse+ki@søk.example.no", "[e-post]", []Kind{Email}},
	{"e-mail: (at)", "ola (at) example.no", "[e-post]", []Kind{Email}},
	{"e-mail: [alfakrøll]", "ola [alfakrøll] example", "[e-post]", []Kind{Email}},
	{"e-mail: words", "ola krøllalfa example punktum no", "[e-post]", []Kind{Email}},
	{"e-mail: next to a public mailbox", "ki.veiledning@helsedir.no, ola@example.no", "ki.veiledning@helsedir.no, [e-post]", []Kind{Email}},

	{"address: postal code", "Send til Storgata 12 B, 5730 Ulvik", "Send til [adresse]", []Kind{Address}},
	{"address: two words", "Karl Johans gate 5, 0154 Oslo", "[adresse]", []Kind{Address}},
	{"address: small letters", "storgata 12, 5730 ulvik", "[adresse]", []Kind{Address}},
	{"address: farm", "Nordre Storhaugen 4, 5730 Ulvik", "[adresse]", []Kind{Address}},
	{"address: word of dwelling, no postal code", "Jeg bor i Bjørkeveien 7", "Jeg bor i [adresse]", []Kind{Address}},

	{"journal number", "journalnr 12345678", "journalnr [journalnummer]", []Kind{JournalNumber}},
	{"journal number: NPR", "NPR-id: 9988776", "NPR-id: [journalnummer]", []Kind{JournalNumber}},
	{"journal number: patient id", "pasient-ID: A-123456", "pasient-ID: [journalnummer]", []Kind{JournalNumber}},
	{"journal number: en", "patient ID 445566 had a scan", "patient ID [journalnummer] had a scan", []Kind{JournalNumber}},
	{"journal number: bare", "Pasient 445566 ble skannet", "Pasient [journalnummer] ble skannet", []Kind{JournalNumber}},

	{"name: after pasient", "Pasient Kari Nordmann vil ha innsyn", "Pasient [navn] vil ha innsyn", []Kind{Name}},
	{"name: number between", "Pasient 01013870000, Asbjørg Tveitnes, klager på vedtaket", "Pasient [fødselsnummer], [navn], klager på vedtaket", []Kind{BirthNumber, Name}},
	{"name: kin", "Mor mi, Berit Hansen, har demens", "Mor mi, [navn], har demens", []Kind{Name}},
	{"name: one name after kin", "Sønnen min Jonas har ADHD", "Sønnen min [navn] har ADHD", []Kind{Name}},
	{"name: nn", "Dottera mi heiter Synnøve", "Dottera mi heiter [navn]", []Kind{Name}},
	{"name: en", "my mother Anne Berg was admitted", "my mother [navn] was admitted", []Kind{Name}},
	{"name: title", "lege Kari Nordmann og dr. Hansen", "lege [navn] og dr. [navn]", []Kind{Name}},
	{"name: fru", "Fru Berg fikk feil svar", "Fru [navn] fikk feil svar", []Kind{Name}},
	{"name: year of birth", "Asbjørg Tveitnes, f. 1954, vil klage", "[navn], f. 1954, vil klage", []Kind{Name}},
	{"name: unknown words beside a diagnosis", "I går fikk Xerxina Qvarfjell diagnosen ALS", "I går fikk [navn] diagnosen ALS", []Kind{Name}},
	{"name: Sami", "Pasienten Máret Sárá ble henvist", "Pasienten [navn] ble henvist", []Kind{Name}},
	{"name: immigrant", "Klageren er Fatima Hussein", "Klageren er [navn]", []Kind{Name}},
	{"name: no case word", "Vi snakket med Ragnhild Kvamme i dag", "Vi snakket med [navn] i dag", []Kind{Name}},
	{"name: double name and initial", "Anne-Lise M. Fossum skrev", "[navn] skrev", []Kind{Name}},
	{"name: small letters", "pasienten kari nordmann ringte", "pasienten [navn] ringte", []Kind{Name}},
	{"name: without ø", "Pasienten Asbjorn Odegard ringte", "Pasienten [navn] ringte", []Kind{Name}},
	{"name: capitals", "PASIENT KARI NORDMANN", "PASIENT [navn]", []Kind{Name}},
	{"name: genitive", "Hva står i Kari Nordmanns journal?", "Hva står i [navn] journal?", []Kind{Name}},
	{"name: again later", "Pasienten Kari Nordmann ringte. Da sa Kari nei.", "Pasienten [navn] ringte. Da sa [navn] nei.", []Kind{Name}},
	{"name: label", "Navn: Qwert Zuiop", "Navn: [navn]", []Kind{Name}},
	{"name: place as surname", "Solveig Voss ble operert", "[navn] ble operert", []Kind{Name}},
	{"name: particle", "Pasienten Jan van Dijk", "Pasienten [navn]", []Kind{Name}},
	{"name: decomposed letters", "Pasienten A\u030ase Berg ringte", "Pasienten [navn] ringte", []Kind{Name}},
	{"name: ordinary word and place as a name", "Min far Odd Vik døde", "Min far [navn] døde", []Kind{Name}},
	{"phone: one piece after a contact word", "Kontakt Kari Bjørnstad på kb@example.no eller 99887766", "Kontakt [navn] på [e-post] eller [telefon]", []Kind{Email, Name, Phone}},
	{"all in one", "Hei, jeg heter Kari Nordmann (01013870000), tlf 46778899, kari@example.no", "Hei, jeg heter [navn] ([fødselsnummer]), tlf [telefon], [e-post]",
		[]Kind{Email, BirthNumber, Name, Phone}},
}

// kept are texts without personal data: Mask returns them as they are.
var kept = []string{
	"",
	"Forskrift nr. 1476 gjelder fra 1. januar 2026.",
	"Forordning (EU) 2017/745 og (EU) 2024/1689 artikkel 6 nr. 1",
	"LOV-1999-07-02-64 § 21 og FOR-2015-05-08-478",
	"FOR-2001-01-05-1373 gjelder ikke",
	"doi 10.1016/j.artint.2020.103327 og https://doi.org/10.1038/s41591-018-0300-7",
	"ISBN 978-82-7846-051-5 og ISBN 8278460515",
	"UDI (01)07038560012345(10)LOT46778899",
	"UDI-DI 07038560012345, lot 46778899",
	"LOT 01019012345",
	"Org.nr. 983 544 622",
	"610 personer deltok i 2024, 12 500 000 kroner",
	"610 000 pasienter og 46 77 88 99 personer",
	"Den 12.03.24 10000 personer",
	"12.03.2024 kl. 14.30-15.45",
	"versjon 2.14.3.1 og modell v4.1.2",
	"jf. §§ 4-1 til 4-3, kapittel 5, side 12",
	"Ring 113 ved akutt fare, 116117 er legevakt, 02800 er sentralbordet",
	"ki.veiledning@helsedir.no, kunstigintelligens@helsedir.no og medisinsk.utstyr@dmp.no",
	"Etter bokstav (a) eller (b) at det er lovlig",
	"Mann 54 år fra Vik med ALS",
	"Kvinne, 32, gravid i uke 30, brystkreft",
	"Kan vi bruke PustPuls på pasienter med kols?",
	"Helse Sør-Øst og Oslo universitetssykehus kjøper KI til pasientbehandling",
	"Pasienten er på St. Olavs hospital, ikke Ahus eller Vestre Viken.",
	"Kreftforeningen og Sykehusinnkjøp svarte pasienten",
	"Siemens Healthineers leverer til Norsk Helsenett",
	"Pasienten har Down syndrom, Parkinson og Alzheimer.",
	"Pasient med Guillain-Barré eller Crohns sykdom",
	"Hvilke leger bruker Copilot til journalnotater?",
	"Vi bruker Sectra Breast når pasienten kommer til mammografi",
	"Leverandøren Lunit Insight sier at diagnosen stilles raskere",
	"Must the patient consent under the AI Act and the GDPR?",
	"Patient Safety and Medical Device Regulation",
	"Pasient- og brukerrettighetsloven § 3-2 og Helsepersonelloven",
	"Krever Helsedirektoratet eller Datatilsynet en DPIA for pasienter?",
	"Er pasienten i Oslo, Bergen eller Mo i Rana?",
	"Skal legen spørje pasienten før ein nyttar ChatGPT?",
	"Kva seier Statsforvaltaren i Vestland om pasientjournal?",
	"Per dag er det liv og even nok, stein på stein",
	"Artikkel 6, 2017 Regulation; Vedlegg VIII, regel 11",
	"Vitaminveien 4, 0483 Oslo",
	"Bruker Norge KI i helsetjenesten? Bruker Microsoft Azure norske servere?",
	"Hei! Hva gjør vi med data fra 1 200 journaler?",
	"Martina Hansens hospital og Haukeland universitetssjukehus",
	"[navn] og [telefon] er masker",
	"Sammenlign 2.0.2.1, 10-12-14-16 og 1/2/3",
	"NS-EN ISO 13485:2016 og IEC 62304",
	"CAS 7732-18-5, ICD-10 G12.2, ATC L01XC02",
	"Doktor Google er ikke lege",
}

func TestMask(t *testing.T) {
	for _, c := range maskCases {
		t.Run(c.name, func(t *testing.T) {
			got := Mask(c.in)
			if got.Text != c.want || !slices.Equal(got.Kinds, c.kinds) {
				t.Errorf("Mask(%q)\n got %q %v\nwant %q %v", c.in, got.Text, got.Kinds, c.want, c.kinds)
			}
			if again := Mask(got.Text); again.Text != got.Text || again.Kinds != nil {
				t.Errorf("Mask(%q) again = %q %v", got.Text, again.Text, again.Kinds)
			}
		})
	}
}

func TestMaskKeeps(t *testing.T) {
	for _, in := range kept {
		if got := Mask(in); got.Text != in || got.Kinds != nil {
			t.Errorf("Mask(%q)\n got %q %v", in, got.Text, got.Kinds)
		}
	}
}

func TestEnoughCases(t *testing.T) {
	if len(maskCases)+len(kept) < 80 || len(kept) < 35 {
		t.Errorf("%d cases, %d of them negative; want 80 and 35", len(maskCases)+len(kept), len(kept))
	}
}
