// An answer as a turn of the conversation. Its words are in the answer's own
// language, whatever the language of the page.
import { html, nothing } from 'lit';
import { blocks, safeURL } from './blocks.ts';
import { citation, reference } from './citation.ts';
import { chat } from './state.ts';
import type { Answer, Ask, Citation, Finding, HandOver, Ifs, Option, Reply } from './protocol.ts';
import type { Talk } from './talk.ts';
import { date, label, number, t } from './texts.ts';

const shown = 2; // citations that are not folded away

const colours: Record<string, string> = {
  answered: 'success', permitted: 'success', not_required: 'success', escalate: 'warning', unclear: 'warning',
  clarify: 'info', required: 'info', consider: 'info',
};

const badge = (prefix: string, value: string, lang: string) =>
  html`<span class="ds-tag badge" data-color=${colours[value] ?? 'neutral'}>${label(prefix, value, lang)}</span>`;

/** answer gives the turn. apart says that the question does not stand right above. */
export function answer(talk: Talk, e: Reply, apart: boolean) {
  const a = e.answer;
  const lang = a.language || 'nb';
  const cites = a.citations ?? [];
  const id = `e${e.offset}`;
  const cardID = (i: number) => `${id}-${i + 1}`;
  const jumps = (list: number[] = []) => list.filter((i) => cites[i]).map((i) => html` ${jump(cardID(i), t('quote_n', { n: i + 1 }, lang))}`);
  const cards = cites.map((c, i) => citation(c, i + 1, cardID(i), lang));
  const question = talk.messageAt(e.reply_to);
  // what was taken out stands under the question, when that knows it
  const masked = a.masked?.length && !question?.masked?.length ? a.masked : [];

  return html`<article class="turn answer" lang=${lang} id=${id} data-status=${a.status}>
    <h3 tabindex="-1">${t('answer_heading', {}, lang)} ${badge('status_', a.status, lang)}</h3>
    ${apart && question ? html`<p class="reply-to">${t('reply_to', {}, lang)} <q>${question.text}</q></p>` : nothing}
    ${masked.length ? html`<p class="box warn masked">${maskedWords(masked, lang)}</p>` : nothing}
    <p class="lead">${a.lead}</p>
    ${a.ask ? ask(talk, e, a.ask, lang) : nothing}
    ${a.findings?.length ? findings(a.findings, cites, jumps, lang) : nothing}
    ${a.ifs?.cases?.length ? ifs(a.ifs, lang) : nothing}
    ${a.conflicts?.length ? html`<section class="box warn conflict"><h4>${t('conflict', {}, lang)}</h4>
      ${a.conflicts.map((c) => html`<p>${c.text}${jumps(c.citations)}</p>`)}</section>` : nothing}
    ${cards.length ? html`<section class="citations"><h4 class="away">${t('citations', {}, lang)}</h4>
      <ul class="cards">${cards.slice(0, shown)}</ul>
      ${cards.length > shown ? html`<details class="more">
        <summary>${t('more_quotes', { n: cards.length - shown }, lang)}</summary>
        <ul class="cards">${cards.slice(shown)}</ul></details>` : nothing}</section>` : nothing}
    ${a.hand_over ? handOver(a, a.hand_over, question?.text ?? '', Boolean(a.masked?.length || question?.masked?.length), lang) : nothing}
    ${a.notice ? html`<p class="notice">${a.notice}</p>` : nothing}
    ${about(a, lang)}
  </article>`;
}

export const maskedWords = (kinds: string[], lang?: string) =>
  t('masked', { kinds: kinds.map((k) => label('kind_', k, lang, 'kind_other')).join(', ') }, lang);

// jump leads to a card, also when it is folded away.
function jump(id: string, words: string) {
  const go = (e: Event) => {
    e.preventDefault();
    const card = document.getElementById(id);
    const fold = card?.closest('details');
    if (fold) fold.open = true;
    card?.focus({ preventScroll: true });
    card?.scrollIntoView({ block: 'start' });
  };
  return html`<a href="#${id}" @click=${go}>${words}</a>`;
}

function findings(list: Finding[], cites: Citation[], jumps: (list?: number[]) => unknown, lang: string) {
  // a purpose that all of them hold for is said once
  const purposes = (f?: Finding) => (f?.purposes ?? []).join(', ');
  const shared = list.every((f) => purposes(f) === purposes(list[0])) ? purposes(list[0]) : '';
  return html`<section class="findings"><h4>${t('findings', {}, lang)}</h4>
    ${shared ? html`<p class="shared">${t('holds_for', {}, lang)}: ${shared}</p>` : nothing}
    <ul>${list.map((f) => finding(shared ? { ...f, purposes: [] } : f, cites, jumps, lang))}</ul></section>`;
}

function finding(f: Finding, cites: Citation[], jumps: (list?: number[]) => unknown, lang: string) {
  const more = [
    f.authority && `${t('authority', {}, lang)}: ${f.authority}`,
    f.legal_basis?.length && `${t('legal_basis', {}, lang)}: ${f.legal_basis.join(', ')}`,
    f.purposes?.length && `${t('holds_for', {}, lang)}: ${f.purposes.join(', ')}`,
  ].filter(Boolean).join('. ');
  // what is quoted below anyway is only pointed to
  const below = (f.citations ?? []).map((i) => cites[i]?.passage);
  const quotes = (f.quotes ?? []).filter((c) => !below.includes(c.passage));
  return html`<li>${badge('finding_', f.kind, lang)} <div>
    <p class="what">${f.text}${jumps(f.citations)}</p>
    ${f.prepare ? html`<p><strong>${t('prepare', {}, lang)}</strong> ${f.prepare}</p>` : nothing}
    ${more ? html`<small>${more}</small>` : nothing}
    ${f.inferred ? html`<small class="inferred">${t('inferred', {}, lang)}</small>` : nothing}
    ${quotes.length ? html`<details><summary>${t('rests_on', { n: quotes.length }, lang)}</summary>${quotes.map((c) => short(c, lang))}</details>` : nothing}
  </div></li>`;
}

// short gives a quote that a finding rests on, without a card around it.
function short(c: Citation, lang: string) {
  const url = safeURL(c.url);
  return html`<blockquote lang="nb" cite=${url?.href ?? nothing}>${c.lead ? html`<p class="lead-in">${c.lead}</p>` : nothing}${blocks(c.quote, Boolean(c.lead))}</blockquote>
    <p class="source">${url ? html`<a href=${url.href} lang="nb">${c.title}</a>` : html`<span lang="nb">${c.title}</span>`}, ${c.date ? date(c.date, lang) : t('date_unknown', {}, lang)}
      ${c.superseded ? html`<span class="ds-tag" data-color="warning">${t('old_source', {}, lang)}</span>` : nothing}</p>`;
}

// ifs tell what would follow from each value of a fact that stays open.
function ifs(x: Ifs, lang: string) {
  return html`<section class="box ifs"><h4>${x.question}</h4>
    ${x.cases?.map((c) => html`<details><summary>${t('if_so', { label: c.label }, lang)}</summary>
      ${c.findings?.length ? html`<ul class="plain">${c.findings.map((f) => finding(f, [], () => nothing, lang))}</ul>` : html`<p>${t('if_nothing', {}, lang)}</p>`}</details>`)}
  </section>`;
}

function ask(talk: Talk, e: Reply, a: Ask, lang: string) {
  const id = `e${e.offset}-ask`;
  const chosen = talk.chosen(e.offset, a);
  // an old question back is changed by its fact: the service takes replies to the last one
  const old = chosen !== undefined || talk.entries.some((x) => x.type === 'answer' && x.offset > e.offset);
  return html`<section class="box ask">
    <h4 id=${id}>${a.question}</h4>
    <div class="replies" role="group" aria-labelledby=${id}>
      ${(a.options ?? []).map((o) => html`<button type="button" class="ds-button" data-variant=${o === chosen ? 'primary' : 'secondary'}
        aria-pressed=${String(o === chosen)} ?disabled=${old} @click=${() => reply(talk, a, o)}>${o === chosen ? html`<span aria-hidden="true">✓</span>` : nothing}${o.label}</button>`)}
    </div>
    ${a.why ? html`<p class="why"><strong>${t('why_asked', {}, lang)}</strong> ${a.why}</p>` : nothing}
  </section>`;
}

function reply(talk: Talk, a: Ask, o: Option) {
  if (talk !== chat.current) return;
  chat.ask(o.label, { [a.fact]: o.value });
  document.getElementById('question')?.focus({ preventScroll: true });
}

function handOver(a: Answer, to: HandOver, question: string, masked: boolean, lang: string) {
  return html`<section class=${a.status === 'escalate' ? 'box hand-over strong' : 'box hand-over'}>
    <h4>${t('hand_over', {}, lang)}</h4>
    <p>${to.text}</p>
    ${to.email ? html`<p><a class="mail" href=${mail(a, to, question, masked, lang)}>${t('write_to', { email: to.email }, lang)}</a></p>` : nothing}
  </section>`;
}

// mail prefills a letter with the question and where the passages stand. A
// question with personal data stays out: e-mail is no place for it.
function mail(a: Answer, to: HandOver, question: string, masked: boolean, lang: string): string {
  const head = [t('mail_question', {}, lang), masked ? t('mail_question_masked', {}, lang) : question.slice(0, 1000), ''];
  const found = (a.citations ?? []).map((c, i) => `${i + 1}. ${reference(c, lang)}\n${safeURL(c.url)?.href ?? ''}`);
  const body = () => [...head, ...(found.length ? [t('mail_found', {}, lang), ...found] : [])].join('\r\n');
  // mail programs cut what is longer than about 2000 characters
  while (encodeURIComponent(body()).length > 1900 && found.length) found.pop();
  return `mailto:${encodeURIComponent(to.email).replace('%40', '@')}` +
    `?subject=${encodeURIComponent(t('mail_subject', {}, lang))}&body=${encodeURIComponent(body())}`;
}

function about(a: Answer, lang: string) {
  const rows: [string, string][] = [];
  if (a.citations?.length && typeof a.confidence === 'number') {
    rows.push([t('confidence', {}, lang), `${number(Math.round(a.confidence * 100), lang)} %`]);
  }
  for (const key of ['corpus', 'rules', 'model', 'build']) {
    const v = a.versions?.[key];
    if (v) rows.push([label('version_', key, lang), v]);
  }
  if (!rows.length) return nothing;
  return html`<details class="about"><summary>${t('about_answer', {}, lang)}</summary>
    <dl>${rows.map(([k, v]) => html`<div><dt>${k}</dt><dd>${v}</dd></div>`)}</dl></details>`;
}
