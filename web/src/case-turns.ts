// Cases as turns of the conversation.
import { agencies, blocks, chat, date, day, html, icon, isOpen, mark, nothing, optionsOf, safeURL, store } from './app.js';
import { field, formOf, pending, sendReply } from './case-fields.ts';
import { showForm, showWithdraw } from './case-form.ts';
import type { Key } from './case-words.ts';
import { base, t } from './case-words.ts';
import type { AskerCase, CaseAnswer, CaseQuote, CaseTask } from './protocol.ts';
import type { Errand, Talk } from './talk.ts';

// ---- the case: its number, how it stands, what happens next

export function cardTurn(talk: Talk, c: AskerCase) {
  const may = (kind: string) => c.may?.includes(kind) && !talk.gone;
  const names = agencies(c);
  const rows: [string, unknown][] = [
    [t('case_sent'), day(c.opened)],
    ...(c.agencies?.length ? [[t('case_with'), names] as [string, unknown]] : []),
    ...(c.expected ? [[t('case_expected'), day(c.expected)] as [string, unknown]] : []),
  ];
  return html`<article class="turn case-card" id="case-${c.id}" aria-live="off">
    <h3 tabindex="-1">${base('case_n', { number: c.number })} ${mark(c)}</h3>
    <p class="asked-text">${c.question}</p>
    <dl class="known">${rows.map(([k, v]) => html`<div><dt>${k}</dt><dd>${v}</dd></div>`)}</dl>
    <p class="next">${next(c)}</p>
    ${c.state === 'referred' && c.referred ? html`<p class="written">${c.referred}</p>` : nothing}
    ${c.closed?.reason ? html`<p class="written">${c.closed.reason}</p>` : nothing}
    ${mailLine(c)}
    ${isOpen(c) ? stays(talk) : nothing}
    ${pending(talk, c, 'withdrawn')}
    <div class="case-actions">
      ${may('added') ? field(talk, c, 'added') : nothing}
      ${may('reopened') && !c.answers?.length ? field(talk, c, 'reopened') : nothing}
      ${may('withdrawn') ? html`<p><button type="button" class="ds-button" data-variant="tertiary" aria-haspopup="dialog" @click=${() => showWithdraw(talk, c)}>${icon('bin')} ${t('case_withdraw')}</button></p>` : nothing}
    </div>
  </article>`;
}

const nexts: Record<string, Key> = {
  received: 'case_next_received', assessment: 'case_next_assessment', waiting: 'case_next_waiting', answered: 'case_next_answered',
  published: 'case_next_published', referred: 'case_next_referred', withdrawn: 'case_next_withdrawn', reopened: 'case_next_reopened',
};

function next(c: AskerCase) {
  const until = c.closed?.until;
  if (c.state === 'closed') return until && Date.parse(until) > Date.now() ? t('case_next_closed', { date: day(until) }) : t('case_next_closed_late');
  const to = c.referral ? t('case_referred_to', { to: c.referral }) : '';
  const url = c.published && c.address ? safeURL(c.address) : null;
  return html`${c.state === 'referred' ? to : ''} ${t(nexts[c.state] ?? 'case_next_assessment')}${url ? html` <a href=${url.href}>${t('case_published_at')}</a>` : nothing}`;
}

function mailLine(c: AskerCase) {
  if (c.undelivered) return html`<p class="box warn">${t('case_undelivered')}</p>`;
  if (c.not_sent) return html`<p class="box warn">${t('case_not_sent')}</p>`;
  if (!isOpen(c)) return nothing;
  return html`<p class="fine">${t(c.has_mail ? 'case_mailed' : 'case_no_mail')}</p>`;
}

// stays says how the way back to the conversation is kept.
function stays(talk: Talk) {
  const link = `${location.origin}/#sak=${talk.id}`;
  return html`<p class="actions stays">
    ${store.remembers() ? nothing : html`<span>${t('case_this_tab')}</span>
      <button type="button" class="ds-button" data-variant="secondary" @click=${() => { chat.remember(true); chat.say(t('case_remembered'), 6); }}>${t('case_remember')}</button>`}
    <ki-copy .text=${link} .words=${t('case_copy_link')}></ki-copy> <span class="hint">${t('case_link_note')}</span></p>`;
}

// ---- on its way

export function pendingTurn(talk: Talk, e: Errand) {
  const lost = chat.line !== 'connected' && chat.line !== 'http';
  return html`<article class=${e.error ? 'turn failed' : 'turn case-card waiting'} id="errand-${e.id}" data-errand=${e.id} aria-live="off">
    <h3 tabindex="-1">${icon(e.error ? 'stopped' : lost ? 'offline' : 'connecting')} ${t(e.error ? 'case_hand_failed' : lost ? 'case_hand_waits' : 'case_hand_going')}</h3>
    <p class="asked-text">${e.hand?.question}</p>
    ${e.error ? html`<p>${e.error.message || base('case_failed')}</p><p class="actions">
      <button type="button" class="ds-button" @click=${() => showForm(talk, '', e)}>${t('case_hand_edit')}</button>
      <button type="button" class="ds-button" data-variant="secondary" @click=${() => chat.again(talk, e)}>${base('try_again')}</button>
      <button type="button" class="ds-button" data-variant="tertiary" @click=${() => chat.drop(talk, e)}>${t('case_hand_drop')}</button></p>`
      : html`<p class="fine">${t('case_hand_once')}</p>`}
  </article>`;
}

// ---- what the lawyers ask, and what was written to them

export function taskTurn(talk: Talk, c: AskerCase, x: CaseTask) {
  const who = x.agency ? agencies(c, [x.agency]) : base('case_lawyers');
  const options = x.options ?? (x.fact ? optionsOf(talk, x.fact) : []);
  const open = !x.replied && c.may?.includes('replied') && !talk.gone;
  const going = talk.errands.some((e) => e.tell?.case === c.id && e.tell.data['task'] === x.id && !e.error);
  const id = `case-${c.id}-t${x.id}`;
  return html`<article class="turn people task" id=${id}>
    <h3 tabindex="-1">${t('case_asks', { who })} ${x.replied || open || c.state !== 'closed' ? html`<span class="ds-tag" data-color=${x.replied ? 'success' : 'warning'}>${t(x.replied ? 'case_replied' : 'case_to_reply')}</span>` : nothing}</h3>
    <p class="when">${base('case_n', { number: c.number })}, ${day(x.at)}</p>
    <p class="written" id="${id}-q">${x.text}</p>
    ${!x.replied && c.reminded?.length ? html`<p class="fine">${t('case_reminded', { date: day(c.reminded.at(-1) ?? '') })}</p>` : nothing}
    ${x.replied ? html`<div class="reply"><p class="who">${t('case_you_replied', { date: day(x.replied) })}</p><p class="written">${x.reply}</p></div>`
      : html`${pending(talk, c, 'replied', x.id)}
        ${open && !going && options.length ? html`<div class="replies" role="group" aria-labelledby="${id}-q">${options.map((o) => html`<button type="button" class="ds-button" data-variant="secondary"
          @click=${() => sendReply(talk, c, x, o.label, x.fact ? { [x.fact]: o.value } : {})}>${o.label}</button>`)}</div>` : nothing}
        ${open && !going ? formOf(talk, c, 'replied', x) : nothing}`}
  </article>`;
}

export const addedTurn = (c: AskerCase, text: string) => html`<article class="turn question" aria-live="off">
  <h3 tabindex="-1">${t('case_you_added', { number: c.number })}</h3><p>${text}</p></article>`;

export const againTurn = (c: AskerCase, text: string) => html`<article class="turn question" aria-live="off">
  <h3 tabindex="-1">${t('case_you_reopened', { number: c.number })}</h3><p>${text}</p></article>`;

/** informedTurn shows a preliminary reply: why it takes time, and until when. */
export function informedTurn(c: AskerCase, x: NonNullable<AskerCase['informed']>[number], n: number) {
  const who = x.agency ? agencies(c, [x.agency]) : base('case_lawyers');
  return html`<article class="turn people" id="case-${c.id}-i${n}">
    <h3 tabindex="-1">${t('case_informs', { who })}</h3>
    <p class="when">${base('case_n', { number: c.number })}, <time datetime=${x.at}>${day(x.at)}</time></p>
    <p class="written">${x.text}</p>
    ${x.until ? html`<p class="fine">${t('case_informed_until', { date: day(x.until) })}</p>` : nothing}
  </article>`;
}

// ---- the answer: written by people

export function answerTurn(talk: Talk, c: AskerCase, x: CaseAnswer) {
  const who = agencies(c, x.agencies?.length ? x.agencies : c.agencies);
  const { sections = [], quotes = [], references = [] } = x.answer;
  const last = c.answers?.at(-1) === x;
  return html`<article class="turn people lawyers" id="case-${c.id}-a${x.seq}">
    <h3 tabindex="-1">${t('case_answer', { who })}</h3>
    <p class="when"><span class="ds-tag" data-color="success">${t('case_by_people')}</span> ${base('case_n', { number: c.number })}, <time datetime=${x.at}>${day(x.at)}</time></p>
    ${last ? nothing : html`<p class="box warn">${t('case_newer')}</p>`}
    ${sections.map((s) => html`<section>${s.question ? html`<h4>${s.question}</h4>` : nothing}${blocks(s.text)}</section>`)}
    ${quotes.length ? html`<section class="quotes"><h4>${t('case_quotes')}</h4>${quotes.map((q) => quote(talk, q))}</section>` : nothing}
    ${references.length ? html`<section><h4>${t('case_references')}</h4><ul lang="nb">${references.map((r) => html`<li>${r}</li>`)}</ul></section>` : nothing}
    ${last && c.may?.includes('reopened') && !talk.gone ? html`<div class="case-actions">${field(talk, c, 'reopened')}</div>` : nothing}
  </article>`;
}

// quote gives a quote with what is known of its source: from the service, or
// from the conversation when that quoted the same.
function quote(talk: Talk, q: CaseQuote) {
  const all = talk.answers.flatMap((a) => [...a.citations ?? [], ...(a.findings ?? []).flatMap((f) => f.quotes ?? [])]);
  const known = all.findLast((c) => c.passage === q.passage) ?? all.findLast((c) => c.source === q.source);
  const at = known?.passage === q.passage ? known.url : '';
  const url = safeURL(q.url ?? (at || `/kilder/${encodeURIComponent(q.source)}#${encodeURIComponent(q.passage.slice(q.passage.indexOf('/') + 1))}`));
  const when = q.date ?? known?.date;
  const publisher = q.publisher ?? known?.publisher;
  return html`<figure class="quote"><blockquote lang="nb" cite=${url?.href ?? nothing}>${blocks(q.text)}</blockquote>
    <figcaption class="source">${url ? html`<a href=${url.href} lang=${q.title ?? known?.title ? 'nb' : nothing}>${q.title ?? known?.title ?? base('read_source')}</a>` : q.title ?? known?.title ?? q.source}${publisher ? html`, <span lang="nb">${publisher}</span>` : nothing}${when ? html`, <time datetime=${when}>${date(when)}</time>` : nothing}</figcaption></figure>`;
}
