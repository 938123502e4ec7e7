// An answer as a turn of the conversation. Its words are in the answer's own
// language, whatever the language of the page.
import { html, nothing } from 'lit';
import { safeURL } from './blocks.ts';
import { citation, reference } from './citation.ts';
import { toCase } from './parts.ts';
import { chat } from './state.ts';
import type { Answer, Ask, HandOver, Option, Reply } from './protocol.ts';
import { badge, carrier, ifs, path } from './steps.ts';
import type { Talk } from './talk.ts';
import { label, number, t } from './texts.ts';

const shown = 2; // citations that are not folded away

/** answer gives the turn. apart says that the question does not stand right above. */
export function answer(talk: Talk, e: Reply, apart: boolean) {
  const a = e.answer;
  const lang = a.language || 'nb';
  const cites = a.citations ?? [];
  const id = `e${e.offset}`;
  const cardID = (i: number) => `${id}-${i + 1}`;
  const stepID = (i: number) => `${id}-p${i + 1}`;
  // what a finding shows does not stand below a second time
  const below = cites.map((_, i) => i).filter((i) => carrier(a, i) < 0);
  const jumps = (list: number[] = []) => {
    const steps = new Set<number>(); // one that shows both sides is led to once
    return list.filter((i) => cites[i]).map((i) => {
      const n = carrier(a, i);
      if (n < 0) return html` ${jump(cardID(i), t('quote_n', { n: below.indexOf(i) + 1 }, lang))}`;
      if (steps.has(n)) return nothing;
      steps.add(n);
      return html` ${jump(stepID(n), t('step_n', { n: n + 1 }, lang))}`;
    });
  };
  const all = below.map((i, n) => citation(cites[i]!, n + 1, cardID(i), lang));
  // what lawyers answered to just this goes before what the rules say in general
  const first = a.findings?.length && cites[below[0] ?? -1]?.url.startsWith('/svar/') ? all.slice(0, 1) : [];
  const cards = all.slice(first.length);
  const question = talk.messageAt(e.reply_to);
  const latest = talk.entries.findLast((x) => x.type === 'answer' && x.answer.findings?.length) === e;
  // what was taken out stands under the question, when that knows it
  const masked = a.masked?.length && !question?.masked?.length ? a.masked : [];

  return html`<article class="turn answer" lang=${lang} id=${id} data-status=${a.status}>
    <h3 tabindex="-1">${t('answer_heading', {}, lang)} ${badge('status_', a.status, lang)}</h3>
    ${apart && question ? html`<p class="reply-to">${t('reply_to', {}, lang)} <q>${question.text}</q></p>` : nothing}
    ${masked.length ? html`<p class="box warn masked">${maskedWords(masked, lang)}</p>` : nothing}
    <p class="lead">${a.lead}</p>
    ${a.ask ? ask(talk, e, a.ask, lang) : nothing}
    ${first.length ? html`<section class="citations"><h4 class="away">${t('citations', {}, lang)}</h4><ul class="cards">${first}</ul></section>` : nothing}
    ${a.findings?.length ? path(a, stepID, lang, !below.length, latest ? sheetButton(lang) : nothing) : nothing}
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

const sheetButton = (lang: string) => html`<p class="actions to-sheet">
  <button type="button" class="ds-button" data-variant="secondary" @click=${() => dispatchEvent(new CustomEvent('ki-sheet'))}>${t('sheet_open', {}, lang)}</button></p>`;

// jump leads to a card or a step, also when it is folded away.
function jump(id: string, words: string) {
  const go = (e: Event) => {
    e.preventDefault();
    const card = document.getElementById(id);
    for (const fold of [card?.closest('details'), card?.querySelector('details')]) if (fold) fold.open = true;
    card?.focus({ preventScroll: true });
    card?.scrollIntoView({ block: 'start' });
  };
  return html`<a href="#${id}" @click=${go}>${words}</a>`;
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
  const handed = question && chat.current.cases.find((c) => c.question === question);
  return html`<section class=${a.status === 'escalate' ? 'box hand-over strong' : 'box hand-over'}>
    <h4>${t('hand_over', {}, lang)}</h4>
    <p>${to.text}</p>
    ${handed ? html`<p>${t('hand_done', {}, lang)} <a href="#case-${handed.id}" @click=${(e: Event) => toCase(e, handed)}>${t('case_n', { number: handed.number }, lang)}</a></p>`
      : chat.takesCases ? html`<p class="actions"><button type="button" class="ds-button hand" data-variant=${a.status === 'escalate' ? 'primary' : 'secondary'} aria-haspopup="dialog"
      @click=${() => dispatchEvent(new CustomEvent('ki-hand', { detail: { question } }))}>${t('hand_button', {}, lang)}</button></p>` : to.email ? html`<p><a class="mail" href=${mail(a, to, question, masked, lang)}>${t('write_to', { email: to.email }, lang)}</a></p>` : nothing}
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
