// An answer as a turn of the conversation. Its words are in the answer's own
// language, whatever the language of the page.
import { citation, reference } from './citation.js';
import { h, safeURL } from './dom.js';
import { known, number, t } from './texts.js';

const shown = 2; // citations that are not folded away

// answer gives the article. turn is {id, question, answer, chosen}; on has
// what the reader can do: choose(option), say(words).
export function answer(turn, on) {
  const a = turn.answer;
  const lang = a.language || 'nb';
  const tt = (key, values) => t(key, values, lang);
  const cites = a.citations ?? [];
  const cardID = (i) => `${turn.id}-${i + 1}`;
  const jumps = (list) => (list ?? []).filter((i) => cites[i]).map((i) => [' ', jump(cardID(i), tt('quote_n', { n: i + 1 }))]);
  const cards = cites.map((c, i) => citation(c, i + 1, cardID(i), lang, on.say));

  return h('article', { class: 'turn answer', lang, id: turn.id, 'data-status': a.status },
    h('h3', { tabindex: '-1' }, tt('answer_heading'), ' ',
      h('span', { class: `badge ${word(a.status)}` }, label('status_', a.status, tt))),
    a.masked?.length > 0 && h('p', { class: 'box warn masked' },
      tt('masked', { kinds: a.masked.map((k) => label('kind_', k, tt, 'kind_other')).join(', ') })),
    h('p', { class: 'lead' }, a.lead),
    a.ask && ask(turn, a.ask, on, tt),
    a.findings?.length > 0 && h('section', { class: 'findings' }, h('h4', {}, tt('findings')),
      h('ul', {}, a.findings.map((f) => finding(f, jumps, tt)))),
    a.conflicts?.length > 0 && h('section', { class: 'box warn conflict' }, h('h4', {}, tt('conflict')),
      a.conflicts.map((c) => h('p', {}, c.text, jumps(c.citations)))),
    cites.length > 0 && h('section', { class: 'citations' }, h('h4', { class: 'away' }, tt('citations')),
      h('ul', { class: 'cards' }, cards.slice(0, shown)),
      cards.length > shown && h('details', { class: 'more' },
        h('summary', {}, tt('more_quotes', { n: cards.length - shown })),
        h('ul', { class: 'cards' }, cards.slice(shown)))),
    a.hand_over && handOver(turn, a, lang, tt),
    a.notice && h('p', { class: 'notice' }, a.notice),
    about(a, lang, tt),
  );
}

// label translates a word of the service; one that is newer than this page is
// shown as it is, or as the other text.
function label(prefix, value, tt, other) {
  if (known(prefix + value)) return tt(prefix + value);
  return other ? tt(other) : String(value);
}

const word = (s) => String(s).replace(/[^a-z_]/g, '');

// jump leads to a card, also when it is folded away.
function jump(id, text) {
  return h('a', { href: `#${id}`, onclick: (e) => {
    e.preventDefault();
    const card = document.getElementById(id);
    const fold = card.closest('details');
    if (fold) fold.open = true;
    card.focus({ preventScroll: true });
    card.scrollIntoView({ block: 'start' });
  } }, text);
}

function finding(f, jumps, tt) {
  const more = [
    f.authority && `${tt('authority')}: ${f.authority}`,
    f.legal_basis?.length > 0 && `${tt('legal_basis')}: ${f.legal_basis.join(', ')}`,
  ].filter(Boolean).join('. ');
  return h('li', {},
    h('span', { class: `badge ${word(f.kind)}` }, label('finding_', f.kind, tt)), ' ', f.text, jumps(f.citations),
    more && h('small', {}, more));
}

function ask(turn, a, on, tt) {
  const id = `${turn.id}-ask`;
  return h('section', { class: 'box ask' },
    h('h4', { id }, a.question),
    h('div', { class: 'replies', role: 'group', 'aria-labelledby': id },
      (a.options ?? []).map((o) => {
        const chosen = turn.reply === o.value;
        return h('button', { type: 'button', 'aria-pressed': String(chosen), onclick: () => on.choose(turn, a, o) },
          chosen && h('span', { 'aria-hidden': 'true' }, '✓ '), o.label);
      })),
    a.why && h('p', { class: 'why' }, h('strong', {}, tt('why_asked')), ' ', a.why),
  );
}

function handOver(turn, a, lang, tt) {
  const to = a.hand_over;
  return h('section', { class: a.status === 'escalate' ? 'box hand-over strong' : 'box hand-over' },
    h('h4', {}, tt('hand_over')),
    h('p', {}, to.text),
    to.email && h('p', {}, h('a', { class: 'mail', href: mail(turn, a, lang, tt) }, tt('write_to', { email: to.email }))));
}

// mail prefills a letter with the question and where the passages stand. A
// question with personal data stays out: e-mail is no place for it.
function mail(turn, a, lang, tt) {
  const masked = a.masked?.length > 0;
  const question = masked ? tt('mail_question_masked') : turn.question.slice(0, 1000);
  const found = (a.citations ?? []).map((c, i) => `${i + 1}. ${reference(c, lang)}\n${safeURL(c.url)?.href ?? ''}`);
  const body = [tt('mail_question'), question, ''];
  if (found.length) body.push(tt('mail_found'), ...found);
  // mail programs cut what is longer than about 2000 characters
  let text = body.join('\r\n');
  while (encodeURIComponent(text).length > 1900 && found.length) {
    found.pop();
    text = [...body.slice(0, 3), ...(found.length ? [tt('mail_found'), ...found] : [])].join('\r\n');
  }
  return `mailto:${encodeURIComponent(a.hand_over.email).replace('%40', '@')}` +
    `?subject=${encodeURIComponent(tt('mail_subject'))}&body=${encodeURIComponent(text)}`;
}

function about(a, lang, tt) {
  const rows = [];
  if (a.citations?.length > 0 && typeof a.confidence === 'number') {
    rows.push([tt('confidence'), `${number(Math.round(a.confidence * 100), lang)} %`]);
  }
  for (const key of ['corpus', 'rules', 'model', 'build']) {
    if (a.versions?.[key]) rows.push([tt(`version_${key}`), a.versions[key]]);
  }
  if (!rows.length) return null;
  return h('details', { class: 'about' }, h('summary', {}, tt('about_answer')),
    h('dl', {}, rows.map(([k, v]) => h('div', {}, h('dt', {}, k), h('dd', {}, v)))));
}
