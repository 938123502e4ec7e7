// Answers for the states that a running service gives only now and then: the
// page must show all of them, whatever the service makes of a question today.

const versions = { corpus: '1f2e3d', rules: '', model: 'e5-small' };
const notice = 'Dette er et automatisk svar med ordrette sitater fra kildene. Du kan alltid spørre et menneske.';
const hand_over = { text: 'Send spørsmålet til ki.veiledning, der jurister fra flere etater svarer sammen.', email: 'post@example.no' };

const base = {
  conversation: 'c1', status: 'answered', language: 'nb', automated: true, lead: 'Dette sier kildene:', findings: [], citations: [],
  conflicts: [], facts: {}, missing: [], masked: [], confidence: 0.87, versions, notice, hand_over,
};

const quote = (n, more = {}) => ({
  source: 'eksempel', passage: `eksempel/avsnitt-${n}`, title: 'Et eksempel på en kilde', publisher: 'Helsedirektoratet, FHI',
  date: '2024-02-14', section: ['Formål', 'Helseforskning'], quote: `Avsnitt ${n} sier:\n• ett punkt\n• to punkter`,
  url: `/kilder/eksempel#avsnitt-${n}`, superseded: false, ...more,
});

export const full = {
  ...base,
  status: 'escalate',
  lead: 'Jeg er ikke sikker på at kildene svarer på dette.',
  masked: ['navn', 'fodselsnummer', 'noe_nytt'],
  findings: [{
    outcome: 'rek_prior_approval', kind: 'required', text: 'Prosjektet må ha forhåndsgodkjenning.', authority: 'REK',
    legal_basis: ['helseforskningsloven § 9'], rule: 'R1, R3a', citations: [0], quotes: [],
  }, {
    outcome: 'dpia', kind: 'consider', text: 'Personvernkonsekvenser bør vurderes.', prepare: 'Snakk med personvernombudet.', authority: 'Datatilsynet',
    legal_basis: ['personvernforordningen artikkel 35'], purposes: ['Helseforskning'], inferred: true, rule: 'r2', citations: [], quotes: [quote(5), quote(6, { superseded: true })],
  }],
  ifs: { fact: 'consent', question: 'Er det gitt samtykke?', cases: [
    { value: 'all', label: 'Ja, fra alle', findings: [] },
    { value: 'none', label: 'Nei', findings: [{ outcome: 'exemption', kind: 'required', text: 'Søk dispensasjon.', rule: 'r3', citations: [], quotes: [quote(7)] }] },
  ] },
  citations: [
    quote(1, { lead: 'Eksempler er:', quote: '2. fortsetter en liste\n3. og så videre' }),
    quote(2, { superseded: true, note: 'Statens legemiddelverk heter nå Direktoratet for medisinske produkter.', date: '2021-10-01' }),
    quote(3, { publisher: '', date: '', section: [] }),
    quote(4, { quote: '<img src=x onerror=alert(1)> er bare tekst', url: 'javascript:alert(1)' }),
  ],
  conflicts: [{ text: 'Kildene fra 2021 og 2024 forklarer dette ulikt.', citations: [0, 3] }],
  hand_over: { ...hand_over, agencies: ['Datatilsynet'], topic: 'Personvern' },
};

// the lawyers have answered to just this before
export const published = {
  ...full, status: 'answered', lead: 'Dette sier kildene:', masked: [], ifs: undefined,
  findings: [{ ...full.findings[0], citations: [2, 3], quotes: [quote(3), quote(4)] }],
  citations: [quote(1, { title: 'Fallsensor med KI', url: '/svar/KI-2026-0001', note: 'Dette er et svar som ki.veiledning har gitt og publisert. Det er veiledning, ikke lov.' }), quote(2), quote(3), quote(4)],
  conflicts: [{ text: 'Kildene fra 2021 og 2024 forklarer dette ulikt.', citations: [2, 3] }],
};

// as the service makes it of an answer like full
export const sheet = {
  language: 'nb', at: '2026-11-22T10:30:00Z', status: 'escalate', lead: full.lead,
  questions: [{ at: '2026-11-22T10:29:00Z', text: 'Vi vil forske på [navn].\nTrenger vi <b>REK</b>?' }, { at: '2026-11-22T10:30:00Z', text: 'Fra noen' }],
  facts: [
    { fact: 'purpose', name: 'Formål', label: 'helseforskning', told: false, words: 'vil forske' },
    { fact: 'consent', name: 'Samtykke', label: 'samtykke fra noen', told: true },
    { fact: 'linkage', name: 'Sammenstilling', label: 'Vet ikke', told: false },
  ],
  path: [
    ...full.findings.map((f, i) => ({ ...f, number: i + 1 })),
    { number: 3, outcome: 'x', kind: 'unclear', text: 'Kildene avgjør det ikke.', rule: 'R14', quotes: [quote(8, { date: '', publisher: '' })] },
    { number: 4, outcome: 'y', kind: 'noe_nytt', text: 'Et slag som siden ikke kjenner.', rule: 'Z', quotes: [] },
  ],
  open: { question: 'Er det gitt samtykke?', missing: [{ fact: 'data_sources', name: 'Datakilder' }], ifs: full.ifs },
  conflicts: [{ text: 'Kildene fra 2021 og 2024 forklarer dette ulikt.', quotes: [quote(1)] }],
  quotes: [quote(2), quote(4, { quote: '<img src=x onerror=alert(1)> er bare tekst', url: 'javascript:alert(1)' })],
  hand_over, versions, notice,
};

export const clarify = {
  ...base,
  status: 'clarify',
  lead: 'Det kommer an på hva prosjektet skal gjøre.',
  missing: ['purpose'],
  citations: [quote(1)],
  ask: {
    fact: 'purpose', question: 'Hva skal prosjektet oppnå?', why: 'Formålet avgjør hvilke regler som gjelder.',
    options: [{ value: 'health_research', label: 'Forskning på helse og sykdom' }, { value: 'internal_qa', label: 'Kontrollere kvaliteten hos oss' }],
  },
};

export const answered = { ...base, citations: [quote(1), quote(2)] };
export const english = { ...base, language: 'en', lead: 'This is what the sources say:', citations: [quote(1)] };
export const declined = { ...base, status: 'declined', lead: 'Dette kan jeg ikke hjelpe med.', hand_over: undefined };
export const smalltalk = { ...base, status: 'smalltalk', lead: 'Hei! Spør meg om reglene.', hand_over: undefined, notice: '' };
