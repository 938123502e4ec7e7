// The answer that is written: the middle of a case.
import { html, nothing } from 'lit';
import { live } from 'lit/directives/live.js';
import { safeURL } from '../blocks.ts';
import * as api from './api.ts';
import { putIn } from './asked.ts';
import { changes, diff } from './diff.ts';
import type { Editor } from './editor.ts';
import { icon } from './icons.ts';
import * as model from './model.ts';
import { offered } from './references.ts';
import { desk, me, why } from './state.ts';
import type { DeskCase, Draft, Hit, Quote, Version } from './types.ts';
import { ask, button, grow, trouble } from './ui.ts';
import { agency, clock, day, full, list, of, person, t, topic, when } from './words.ts';

let last = 0; // the section that was written in last

export function insertQuote(q: Quote): void {
  const e = desk.editor;
  if (!e) return;
  desk.quoted.learn(q.passage, q.text);
  e.draft = { ...e.draft, quotes: [...(e.draft.quotes ?? []), { ...q }] };
  desk.typed();
  desk.say(t('desk_quote_put'));
}

function insertText(text: string) {
  const e = desk.editor;
  const area = document.querySelector<HTMLTextAreaElement>(`#section-${last}`) ?? document.querySelector<HTMLTextAreaElement>('.section textarea');
  if (!e || !area) return;
  const at = area.selectionStart ?? area.value.length;
  area.setRangeText(text, at, area.selectionEnd ?? at, 'end');
  area.dispatchEvent(new InputEvent('input', { bubbles: true }));
  area.focus();
}

/** sourceName gives a document as people know it. */
export const sourceName = (id: string): string => {
  const s = desk.info.sources?.[id];
  return s ? [s.title, s.publisher, s.date ? day(s.date) : ''].filter(Boolean).join(', ') : id;
};

const edit = (change: (d: Draft) => Draft) => {
  const e = desk.editor;
  if (!e) return;
  e.draft = change(e.draft);
  desk.typed();
};

function shown(c: DeskCase, e: Editor, writes: boolean): 'read' | 'write' | 'changes' {
  if (e.show && (e.show !== 'write' || writes)) return e.show;
  return writes && (c.state !== 'signoff' || e.dirty) ? 'write' : 'read';
}

export function draftView(c: DeskCase) {
  const e = desk.editor;
  if (!e) return nothing;
  const writes = desk.may('draft_saved');
  const now = model.newest(c);
  const mode = shown(c, e, writes);
  const others = desk.presence.of(c.id).filter((p) => p.doing === 'writes');
  return html`<div class="draft-top"><h2 tabindex="-1" id="answer">${t('desk_draft')}</h2>${others.length ? html`<p class="writes">${icon('pen')} ${t('desk_writes_now', { who: list(others.map((p) => p.name)) })}</p>` : nothing}</div>
    ${now ? html`<p class="fine of-version">${t('desk_version', { n: now.number, who: person(now.by, me.id), when: when(now.at) })}</p>` : nothing}
    ${assess(c)}${next(c, me.agency)}
    ${e.recovered ? html`<div class="box recovered"><p>${icon('ok')} ${t('desk_recovered_at', { when: when(new Date(e.recovered).toISOString()) })}</p><p class="actions">${button(t('desk_recovered_ok'), () => { e.recovered = 0; desk.change(); }, { variant: 'tertiary' })}${button(t('desk_discard'), () => { e.discard(); desk.change(); }, { variant: 'tertiary' })}</p></div>` : nothing}
    ${e.newer && e.open ? conflict(e, e.newer) : nothing}
    ${e.was ? html`<p class="box">${t('desk_replaced')} ${button(t('desk_undo'), () => { e.undo(); desk.change(); }, { variant: 'tertiary' })}</p>` : nothing}
    ${now ? html`<div class="modes" role="group" aria-label=${t('desk_show')}>${([['read', 'desk_show_text'], ['write', 'desk_show_write'], ['changes', 'desk_show_changes']] as const).filter(([m]) => m !== 'write' || writes)
      .map(([m, words]) => html`<button type="button" aria-pressed=${String(mode === m)} @click=${() => { e.show = m; desk.change(); }}>${t(words)}</button>`)}</div>` : nothing}
    ${mode === 'changes' && now ? versions(c, e) : mode === 'write' ? editor(c, e) : html`${reader(c, now)}${e.newer && !e.open ? html`<p class="came-line newer">${came(e, e.newer)}</p>` : nothing}`}`;
}

// next is what sign-off waits for from who looks at the text.
function next(c: DeskCase, own: string) {
  const now = model.newest(c);
  if (c.state !== 'signoff' || !now || desk.editor?.dirty || desk.editor?.newer) return nothing;
  const waits = c.bypass?.hash === now.hash ? [] : c.unsigned ?? [];
  if (!waits.length && desk.may('sent')) return html`<div class="box next"><p>${t('desk_next_send')}</p><p class="actions">${button(t('desk_send'), () => sendForm(c), { variant: 'primary' })}</p></div>`;
  if (!desk.may('signed') || !waits.includes(own)) return nothing;
  return html`<div class="box next"><p>${t('desk_next_sign', { agency: agency(own) })}</p><p class="actions">${button(t('desk_next_sign_do'), () => {
    desk.setPane('together');
    requestAnimationFrame(() => requestAnimationFrame(() => { const h = document.getElementById('signing'); h?.focus(); h?.scrollIntoView({ block: 'nearest' }); }));
  })}</p></div>`;
}

// ---- before there can be a draft

/** claim takes the case, and leads to what is to be done next. */
export async function claim(): Promise<void> {
  if (!await desk.act('claimed', {})) return;
  desk.setPane('answer');
  requestAnimationFrame(() => requestAnimationFrame(() => (document.getElementById('assess-head') ?? document.getElementById('section-0') ?? document.getElementById('answer'))?.focus()));
}

function assess(c: DeskCase) {
  if (desk.may('draft_saved') || !desk.may('assessed')) {
    const free = desk.may('claimed') && c.holder?.id !== me.id && !c.held;
    if (!desk.may('draft_saved') && free && !c.drafts?.length) {
      return html`<section class="box start"><h3>${t('desk_nobody_has')}</h3><p>${t('desk_claim_first')}</p><p class="actions">${button(t('desk_claim'), claim, { variant: 'primary', icon: 'lock', busy: 'claimed' })}</p></section>`;
    }
    if (!desk.may('draft_saved') && c.held && c.holder?.id !== me.id && !c.drafts?.length) return html`<p class="none">${t('desk_has', { who: person(c.holder) })}</p>`;
    return nothing;
  }
  return html`<section class="box assess"><h3 id="assess-head" tabindex="-1">${t('desk_assess')}</h3><p>${t('desk_assess_text')}</p>
    <form @submit=${(ev: SubmitEvent) => {
      ev.preventDefault();
      const f = new FormData(ev.target as HTMLFormElement);
      const topics = String(f.get('topics') ?? '').split(',').map((s) => s.trim()).filter(Boolean).map((s) => c.topics?.find((key) => topic(key) === s) ?? s);
      void desk.act('assessed', { title: String(f.get('title') ?? '').trim(), text: String(f.get('text') ?? '').trim(), ...(topics.length && { topics }) })
        .then((done) => { if (done) requestAnimationFrame(() => requestAnimationFrame(() => document.getElementById('section-0')?.focus())); });
    }}>
      <label>${t('desk_assess_title')}<input class="ds-input" name="title" maxlength="500" .defaultValue=${c.title}></label>
      <label>${t('desk_assess_topics')}<input class="ds-input" name="topics" maxlength="500" .defaultValue=${(c.topics ?? []).map(topic).join(', ')}></label>
      <label>${t('desk_assess_note')} <span class="intern">${icon('lock')} ${t('desk_intern')}</span><textarea name="text" rows="2" @input=${grow}></textarea></label>
      ${trouble('assessed')}
      <p class="actions"><button type="submit" class="ds-button" id="assess">${t('desk_assess_do')}</button></p></form></section>`;
}

// ---- writing

function editor(c: DeskCase, e: Editor) {
  const d = e.draft;
  const sections = d.sections ?? [];
  const refs = offered(sections.map((s) => s.text), d.references ?? []);
  const set = (i: number, more: Partial<{ question: string; text: string }>) => edit((x) => ({ ...x, sections: (x.sections ?? []).map((s, k) => (k === i ? { ...s, ...more } : s)) }));
  return html`<div class="writing" role="group" aria-label=${t('desk_draft')}>
    ${sections.map((s, i) => html`<div class="section" role="group" aria-label=${t('desk_section_n', { n: i + 1 })}>
      <label class="q">${sections.length > 1 ? t('desk_section_q_n', { n: i + 1 }) : t('desk_section_q')}<input class="ds-input" .value=${live(s.question ?? '')} maxlength="2000" @input=${(ev: Event) => set(i, { question: (ev.target as HTMLInputElement).value })}></label>
      <label>${sections.length > 1 ? t('desk_section_text_n', { n: i + 1 }) : t('desk_section_text')}<textarea id="section-${i}" rows="7" .value=${live(s.text)} @focus=${() => { last = i; }} @input=${(ev: Event) => { grow(ev); set(i, { text: (ev.target as HTMLTextAreaElement).value }); }}></textarea></label>
      ${sections.length > 1 ? html`<p class="section-do">${i ? button(t('desk_section_up'), () => edit((x) => ({ ...x, sections: moved(x.sections ?? [], i) })), { variant: 'tertiary', label: `${t('desk_section_up')}: ${t('desk_section_n', { n: i + 1 })}` }) : nothing}
        ${button(t('desk_remove'), () => { e.was = model.copyOf(e.draft); edit((x) => ({ ...x, sections: (x.sections ?? []).filter((_, k) => k !== i) })); }, { variant: 'tertiary', label: `${t('desk_remove')}: ${t('desk_section_n', { n: i + 1 })}` })}</p>` : nothing}
    </div>`)}
    <div class="tools">${button(t('desk_section_add'), () => { edit((x) => ({ ...x, sections: [...(x.sections ?? []), { question: '', text: '' }] })); }, { variant: 'tertiary', icon: 'plus' })}
      ${desk.info.modules.length ? html`<label class="module">${t('desk_module')}<select class="ds-input" @change=${(ev: Event) => {
        const box = ev.target as HTMLSelectElement;
        const m = desk.info.modules.find((x) => x.key === box.value);
        if (m) insertText(m.text[c.received.language ?? 'nb'] ?? of(m.text));
        box.value = '';
      }}><option value="">${t('desk_module_pick')}</option>${desk.info.modules.map((m) => html`<option value=${m.key}>${of(m.title, m.key)}</option>`)}</select></label>` : nothing}</div>
    <section class="refs-edit"><h3>${t('desk_refs')}</h3>
      ${d.references?.length ? html`<ul class="chips">${d.references.map((r, i) => html`<li class="chip">${r}<button type="button" aria-label=${`${t('desk_remove')}: ${r}`} @click=${() => edit((x) => ({ ...x, references: (x.references ?? []).filter((_, k) => k !== i) }))}>${icon('close')}</button></li>`)}</ul>` : html`<p class="fine">${t('desk_refs_none')}</p>`}
      ${refs.length ? html`<p class="offer">${t('desk_refs_offer')} ${refs.map((r) => button(r, () => edit((x) => ({ ...x, references: [...(x.references ?? []), r] })), { variant: 'tertiary', icon: 'plus', label: t('desk_ref_add', { ref: r }) }))}</p>` : nothing}
      <form class="line-form" @submit=${(ev: SubmitEvent) => {
        ev.preventDefault();
        const box = (ev.target as HTMLFormElement).elements.namedItem('ref') as HTMLInputElement;
        const r = box.value.trim();
        if (r) edit((x) => ({ ...x, references: [...(x.references ?? []).filter((y) => y !== r), r] }));
        box.value = '';
      }}><label>${t('desk_ref_new')}<input class="ds-input" name="ref" maxlength="300"></label><button type="submit" class="ds-button" data-variant="secondary">${t('desk_add')}</button></form></section>
    <section class="quotes-edit"><h3>${t('desk_quotes')}</h3>${quotes(c, d, true)}${finder()}</section>
    ${foot(c, e)}
  </div>`;
}

const moved = <T>(all: T[], i: number): T[] => { const x = [...all]; [x[i - 1], x[i]] = [x[i]!, x[i - 1]!]; return x; };

const verbatimWords = { verbatim: 'desk_mark_verbatim', changed: 'desk_mark_changed', unknown: 'desk_mark_unknown' } as const;

function quotes(c: DeskCase, d: Draft, change: boolean) {
  if (!d.quotes?.length) return html`<p class="fine">${t('desk_quotes_none')}</p>`;
  const checked = desk.may('submitted') || c.state === 'signoff' || c.state === 'answered' || c.state === 'published'; // the service has held every quote against its source
  return html`<ol class="quotes">${d.quotes.map((q, i) => {
    const kind = checked && !desk.editor?.dirty ? 'verbatim' : desk.quoted.is(q);
    const anchor = q.passage.split('/')[1];
    const set = (text: string) => edit((x) => ({ ...x, quotes: (x.quotes ?? []).map((y, k) => (k === i ? { ...y, text } : y)) }));
    return html`<li><label class="away" for="quote-${i}">${t('desk_quote_n', { n: i + 1 })}</label>
      ${change ? html`<textarea id="quote-${i}" class="quote-text" rows="3" lang="nb" .value=${live(q.text)} @input=${(ev: Event) => { grow(ev); set((ev.target as HTMLTextAreaElement).value); }}></textarea>` : html`<blockquote lang="nb"><p class="asked-text">${q.text}</p></blockquote>`}
      <p class="quote-foot"><a href=${`/kilder/${encodeURIComponent(q.source)}${anchor ? `#${anchor}` : ''}`} target="_blank" rel="noopener" lang="nb">${sourceName(q.source)}</a>
        <span class="verbatim ${kind}">${icon(kind === 'verbatim' ? 'ok' : kind === 'changed' ? 'warn' : 'clock')} ${t(verbatimWords[kind])}</span>
        ${change ? button(t('desk_remove'), () => edit((x) => ({ ...x, quotes: (x.quotes ?? []).filter((_, k) => k !== i) })), { variant: 'tertiary', label: `${t('desk_remove')}: ${t('desk_quote_n', { n: i + 1 })}` }) : nothing}</p></li>`;
  })}</ol>`;
}

function finder() {
  return html`<details class="finder" id="finder"><summary>${t('desk_find')}</summary>
    <form class="line-form" role="search" @submit=${(ev: SubmitEvent) => {
      ev.preventDefault();
      const q = String(new FormData(ev.target as HTMLFormElement).get('q') ?? '').trim();
      if (q) void find(q);
    }}><label>${t('desk_find_label')}<input class="ds-input" type="search" name="q" maxlength="500"></label><button type="submit" class="ds-button" data-variant="secondary">${t('desk_find_do')}</button></form>
    <div aria-live="polite">${desk.hits === null ? nothing : html`<p class="fine">${t('desk_find_n', { n: desk.hits.length })}</p>`}</div>
    ${desk.hits?.length ? html`<ul class="quotes">${desk.hits.map((h) => html`<li><blockquote lang="nb"><p class="asked-text">${h.quote}</p></blockquote>
      <p class="fine"><a href=${safeURL(h.url)?.href ?? ''} target="_blank" rel="noopener" lang="nb">${sourceName(h.source)}</a>${h.section?.length ? html` · <span lang="nb">${h.section.join(' › ')}</span>` : nothing}</p>${putIn(h.source, h.passage, h.quote, h.section?.at(-1) ?? sourceName(h.source))}</li>`)}</ul>` : nothing}</details>`;
}

async function find(q: string) {
  try {
    const r = await api.call<{ hits: Hit[] }>('GET', `/v1/search?k=8&q=${encodeURIComponent(q)}`);
    desk.hits = r.hits ?? [];
    for (const h of desk.hits) desk.quoted.learn(h.passage, h.quote);
  } catch (e) { desk.say(why(e)); }
  desk.change();
}

// came says that somebody saved a version, without moving what is read.
const came = (e: Editor, v: Version) => html`<span>${icon('warn')} ${t('desk_newer', { who: person(v.by, me.id), n: v.number })}</span>
  ${e.dirty ? nothing : button(t('desk_take_new'), () => { e.settle('theirs'); e.was = null; desk.change(); })}${button(t(e.dirty ? 'desk_newer_settle' : 'desk_newer_what'), () => settle(e))}`;

const keepWords = { none: 'desk_kept_none', typed: 'desk_kept_typed', kept: 'desk_kept', local: 'desk_kept_local' } as const;

function foot(c: DeskCase, e: Editor) {
  const k = e.keeper;
  const hands = desk.may('submitted');
  const wrong = unfit(c, e, hands);
  const gone = model.voids(c);
  return html`<div class="foot">
    ${trouble('draft')}${wrong ? nothing : trouble('submitted')}
    ${gone.length && e.dirty ? html`<p class="came-line">${icon('warn')} ${t('desk_voids', { who: list(gone.map(agency)) })}</p>` : nothing}
    ${e.newer && !e.open ? html`<p class="came-line newer">${came(e, e.newer)}</p>` : nothing}
    ${wrong ? html`<p class="came-line not-verbatim"><span>${icon('warn')} ${wrong.words}</span> ${button(t('desk_not_verbatim_go'), () => document.getElementById(`quote-${wrong.at}`)?.focus(), { variant: 'tertiary' })}</p>` : nothing}
    <p class="kept" data-state=${k.state}>${e.dirty ? html`${icon(k.state === 'local' ? 'offline' : k.state === 'kept' ? 'ok' : 'clock')} ${t(keepWords[k.state], { time: k.at ? clock(new Date(k.at).toISOString()) : '' })}` : html`${icon('ok')} ${e.base ? t('desk_saved', { n: e.base }) : t('desk_kept_none')}`}</p>
    <p class="actions">${button(t('desk_save_version'), () => save(e), { variant: hands && !e.dirty ? 'secondary' : 'primary', busy: 'draft', id: 'save', off: !e.dirty })}
      ${hands || (c.holder?.id === me.id && (c.state === 'drafting' || (c.state !== 'signoff' && e.dirty))) ? button(t('desk_submit'), () => submit(), { variant: e.dirty ? 'secondary' : 'primary', busy: 'submitted', id: 'submit', off: Boolean(e.newer) }) : html`<span class="fine">${hindrance(c)}</span>`}</p></div>`;
}

// unfit gives the first quote that does not stand like that in its source: as
// far as it is known here while one writes, and as the service has found when
// the text is saved and it lets it go no further.
function unfit(c: DeskCase, e: Editor, hands: boolean): { at: number; words: string } | null {
  if (hands && !e.dirty) return null;
  const kinds = (e.draft.quotes ?? []).map((q) => desk.quoted.is(q));
  const found = !e.dirty && c.state === 'drafting' && c.holder?.id === me.id && Boolean(c.held);
  const at = kinds.indexOf('changed');
  if (at >= 0) return { at, words: t(found ? 'desk_not_verbatim' : 'desk_not_verbatim_yet', { n: at + 1 }) };
  const unknown = kinds.indexOf('unknown');
  return found && unknown >= 0 ? { at: unknown, words: t('desk_not_verbatim_some') } : null;
}

// hindrance says why what is written cannot be handed to sign-off here and now.
function hindrance(c: DeskCase) {
  if (c.state === 'waiting') return t('desk_submit_waits');
  if (!c.holder || !c.held) return c.holder?.id === me.id ? nothing : t('desk_submit_claim');
  return c.holder.id === me.id ? nothing : t('desk_submit_holder', { who: person(c.holder) });
}

/** save makes a version of what is written; when somebody else was first it shows theirs beside it. */
export async function save(e: Editor): Promise<boolean> {
  const done = !e.newer && await desk.save();
  if (!done && e.newer) settle(e);
  return done;
}

/** settle shows what somebody else saved, and what to do about it. */
export function settle(e: Editor): void {
  e.open = true;
  desk.change();
  requestAnimationFrame(() => requestAnimationFrame(() => { const h = document.getElementById('conflict-title'); h?.focus({ preventScroll: true }); h?.scrollIntoView({ block: 'center' }); }));
}

async function submit(): Promise<boolean> {
  if (desk.editor?.dirty && !await save(desk.editor)) return false;
  const hash = desk.c && model.newest(desk.c)?.hash;
  if (!hash) return false;
  const done = await desk.act('submitted', { hash });
  if (done) { if (desk.editor) desk.editor.show = ''; desk.say(t('desk_submitted')); requestAnimationFrame(() => requestAnimationFrame(() => document.getElementById('signing')?.focus())); }
  return done;
}

// ---- reading

/** reader shows a draft as it goes out. */
export function reader(c: DeskCase, v: Version | undefined) {
  if (!v) return desk.may('assessed') || desk.may('claimed') ? nothing : html`<p class="none">${t('desk_no_draft')}</p>`;
  return paper(c, v.draft);
}

export function paper(c: DeskCase, d: Draft) {
  return html`<div class="paper">${(d.sections ?? []).map((s) => html`${s.question ? html`<h3>${s.question}</h3>` : nothing}<p class="asked-text">${s.text}</p>`)}
    ${d.quotes?.length ? html`<h3>${t('desk_quotes')}</h3>${quotes(c, d, false)}` : nothing}
    ${d.references?.length ? html`<h3>${t('desk_refs')}</h3><p>${d.references.join('; ')}</p>` : nothing}</div>`;
}

// ---- differences

/** marked shows the pieces of a difference; marks are words too, not colour alone. */
export function marked(before: string, after: string) {
  const pieces = diff(before, after);
  return html`<p class="fine">${pieces.every((p) => p.kind === 'same') ? t('desk_diff_none') : t('desk_diff_n', { n: changes(pieces) })}</p>
    <div class="diff">${pieces.map((p) => (p.kind === 'same' ? html`<span>${p.text}</span>` : p.kind === 'added' ? html`<ins><span class="away">${t('desk_diff_added')} </span>${p.text}<span class="away"> ${t('desk_diff_end')} </span></ins>` : html`<del><span class="away">${t('desk_diff_taken')} </span>${p.text}<span class="away"> ${t('desk_diff_end')} </span></del>`))}</div>`;
}

function versions(c: DeskCase, e: Editor) {
  const all = c.drafts ?? [];
  const n = all.at(-1)?.number ?? 0; // older ones may not be here
  const draftOf = (x: number): Draft => (x ? all.find((v) => v.number === x)?.draft ?? {} : e.draft);
  const left = e.left || (e.dirty ? n : all.at(-2)?.number ?? n);
  const right = e.right || (e.dirty ? 0 : n);
  const pick = (words: string, value: number, set: (x: number) => void, mine: boolean) => html`<label>${words}<select class="ds-input" .value=${live(String(value))} @change=${(ev: Event) => { set(Number((ev.target as HTMLSelectElement).value)); desk.change(); }}>
    ${all.map((v) => html`<option value=${v.number} ?selected=${v.number === value}>${t('desk_version_n', { n: v.number })} · ${person(v.by, me.id)} · ${when(v.at)}</option>`)}${mine && e.dirty ? html`<option value="0" ?selected=${value === 0}>${t('desk_version_mine')}</option>` : nothing}</select></label>`;
  return html`<div class="versions"><div class="pick">${pick(t('desk_diff_from'), left, (x) => { e.left = x; }, false)}${pick(t('desk_diff_to'), right, (x) => { e.right = x || 0; }, true)}</div>
    ${marked(model.plain(draftOf(left)), model.plain(draftOf(right)))}</div>`;
}

function conflict(e: Editor, v: Version) {
  const who = person(v.by, me.id);
  const dirty = e.dirty;
  return html`<section class="box warn conflict" aria-labelledby="conflict-title"><h3 id="conflict-title" tabindex="-1">${icon('warn')} ${t('desk_newer', { who, n: v.number })}</h3>
    <p>${t(dirty ? 'desk_newer_dirty' : 'desk_newer_clean')}</p>
    <details ?open=${dirty}><summary>${t(dirty ? 'desk_newer_diff' : 'desk_newer_what')}</summary>${dirty ? marked(model.plain(v.draft), model.plain(e.draft)) : marked(model.plain(e.from), model.plain(v.draft))}</details>
    <p class="actions">${dirty ? html`${button(t('desk_take_both'), () => { e.settle('both'); desk.say(t('desk_took_both')); desk.change(); }, { variant: 'primary' })}
      ${button(t('desk_take_mine'), () => { e.settle('mine'); desk.change(); })}` : nothing}
      ${button(t(dirty ? 'desk_take_theirs' : 'desk_take_new'), () => { e.settle('theirs'); desk.change(); }, { variant: dirty ? 'secondary' : 'primary' })}</p></section>`;
}

/** sendForm asks once more before the answer goes out. */
export const sendForm = (c: DeskCase) => ask({
  under: 'sent', title: t('desk_send_title'), text: html`<p>${t('desk_send_text', { who: list((c.agencies ?? []).map(agency)) })}</p><p class="fine">${full(new Date().toISOString())}</p>`, fields: [], submit: t('desk_send'),
  run: async () => { const done = await desk.act('sent', { hash: model.newest(c)?.hash ?? '' }); if (done) desk.say(t('desk_sent')); return done; },
});
