// The list of cases.
import { html, nothing } from 'lit';
import { live } from 'lit/directives/live.js';
import { repeat } from 'lit/directives/repeat.js';
import type { Toggle } from './filters.ts';
import * as filters from './filters.ts';
import { icon } from './icons.ts';
import { dead, stateTag } from './parts.ts';
import { desk, me } from './state.ts';
import type { Row } from './types.ts';
import { ask, button, tag } from './ui.ts';
import type { Key } from './words.ts';
import { agency, dueWords, full, label, list, person, t, topic, when } from './words.ts';

const toggleWords: Record<Toggle, Key> = {
  mine: 'desk_f_mine', own: 'desk_f_own', unread: 'desk_f_unread', late: 'desk_f_late', sign: 'desk_f_sign', review: 'desk_f_review',
};
const counts: Record<Toggle, string> = { mine: 'mine', own: 'agency', unread: 'unread', late: 'late', sign: 'sign', review: 'review' };

let timer = 0;
function search(e: Event) {
  const text = (e.target as HTMLInputElement).value;
  window.clearTimeout(timer);
  timer = window.setTimeout(() => { if (text !== desk.filter.text) desk.setFilter({ ...desk.filter, text }); }, 300);
}

export function listView() {
  const f = desk.filter;
  const open = desk.count['open'];
  return html`<div class="list">
    <div class="title"><h1 tabindex="-1">${t('desk_title')}</h1>
      ${open === undefined ? nothing : html`<p class="count">${t('desk_count_open', { n: open })}</p>`}${desk.permissions.includes('case.head') ? html`<a href="/desk?drift">${t('desk_admin')}</a>` : nothing}</div>
    <section class="filters" aria-label=${t('desk_filters')}>
      <div class="toggles" role="group" aria-label=${t('desk_filters')}>
        ${filters.toggles.filter((x) => (x === 'own' ? desk.count['agency'] !== undefined : x !== 'sign' || me.agency)).map((x) => html`<button type="button" class="toggle" aria-pressed=${String(f.on.includes(x))} @click=${() => desk.setFilter(filters.toggled(f, x))}>${t(toggleWords[x])}${desk.count[counts[x]] === undefined ? nothing : html` <span class="n">${desk.count[counts[x]]}</span>`}</button>`)}
      </div>
      <div class="pick">
        <label>${t('desk_f_search')}<input id="search" type="search" class="ds-input" .value=${live(f.text)} placeholder=${t('desk_f_search_hint')} autocomplete="off" @input=${search}
          @keydown=${(e: KeyboardEvent) => { if (e.key === 'Enter') { window.clearTimeout(timer); desk.setFilter({ ...f, text: (e.target as HTMLInputElement).value }); } }}></label>
        <label>${t('desk_f_state')}<select class="ds-input" .value=${live(f.state)} @change=${(e: Event) => desk.setFilter({ ...f, state: (e.target as HTMLSelectElement).value })}>
          ${['open', 'all', ...filters.states].map((s) => html`<option value=${s} ?selected=${s === f.state}>${label('desk_state_', s)}</option>`)}</select></label>
        <label>${t('desk_f_agency')}<select class="ds-input" .value=${live(f.agency)} ?disabled=${f.on.includes('own')} @change=${(e: Event) => desk.setFilter({ ...f, agency: (e.target as HTMLSelectElement).value })}>
          <option value="">${t('desk_f_any_agency')}</option>
          ${desk.info.agencies.map((a) => html`<option value=${a.key} ?selected=${a.key === f.agency}>${agency(a.key)}</option>`)}</select></label>
      </div>
      ${views()}
    </section>
    <p class="fresh" ?hidden=${!desk.fresh}>${desk.fresh ? button(t('desk_fresh_show', { n: desk.fresh }), () => desk.load(), { variant: 'primary' }) : nothing}</p>
    ${body()}
    ${dead()}
  </div>`;
}

function views() {
  const names = Object.keys(desk.views).sort((a, b) => a.localeCompare(b));
  const now = filters.write(desk.filter);
  return html`<div class="views">
    ${names.length ? html`<span id="views-label">${t('desk_views')}</span><ul aria-labelledby="views-label">${names.map((n) => html`<li class="view ${desk.views[n] === now ? 'here' : ''}">
      <button type="button" aria-pressed=${String(desk.views[n] === now)} @click=${() => desk.setFilter(filters.read(desk.views[n] ?? ''))}>${n}</button>
      <button type="button" class="drop" aria-label=${t('desk_view_drop', { name: n })} @click=${() => void desk.dropView(n)}>${icon('close')}</button></li>`)}</ul>` : nothing}
    ${now && !Object.values(desk.views).includes(now) ? button(t('desk_view_save'), () => ask({
      under: 'view', title: t('desk_view_save'), fields: [{ name: 'name', label: t('desk_view_name'), kind: 'text' }], submit: t('desk_save'),
      run: async (v) => { await desk.saveView(v['name'] ?? ''); desk.say(t('desk_view_saved')); return true; },
    }), { variant: 'tertiary' }) : nothing}
    ${now ? button(t('desk_f_reset'), () => desk.setFilter(filters.standard()), { variant: 'tertiary' }) : nothing}
  </div>`;
}

function body() {
  if (desk.failed) return html`<div class="box bad" role="alert"><p>${desk.failed}</p>${button(t('desk_again'), () => desk.load())}</div>`;
  if (desk.loading && !desk.rows.length) return html`<p class="none">${t('desk_loading')}</p>`;
  if (!desk.rows.length) return html`<p class="none">${t(filters.write(desk.filter) ? 'desk_none_filter' : 'desk_none')}</p>`;
  return html`<table class="rows" role="table" aria-label=${t('desk_title')} aria-busy=${String(desk.loading)}>
      <thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">${t('desk_col_case')}</th><th role="columnheader" scope="col">${t('desk_col_state')}</th><th role="columnheader" scope="col">${t('desk_col_due')}</th>
        <th role="columnheader" scope="col">${t('desk_col_agencies')}</th><th role="columnheader" scope="col">${t('desk_col_holder')}</th><th role="columnheader" scope="col">${t('desk_col_changed')}</th></tr></thead>
      <tbody role="rowgroup">${repeat(desk.rows, (r) => r.id, line)}</tbody></table>
    ${desk.next ? html`<p class="more">${button(t('desk_more'), () => desk.more())}</p>` : nothing}`;
}

const ended = ['answered', 'published', 'referred', 'withdrawn', 'closed'];

function line(r: Row) {
  const here = desk.presence.of(r.id);
  const mine = r.holder?.id === me.id;
  return html`<tr role="row" class=${r.unread ? 'unread' : ''}>
    <th role="rowheader" scope="row"><a class="open" href="/desk/${encodeURIComponent(r.id)}" data-case=${r.id}>${r.unread ? html`<span class="new">${icon('dot')}<span class="away">${t('desk_unread')} </span></span>` : nothing}<span class="nr">${r.number}</span> <span class="what">${r.title || t('desk_untitled')}</span></a>
      ${r.topics?.length ? html`<span class="topics">${r.topics.map(topic).join(' · ')}</span>` : nothing}</th>
    <td role="cell">${stateTag(r.state)}${r.review ? html` ${tag(t('desk_in_review'), 'warning')}` : nothing}
      ${r.state === 'signoff' && r.unsigned?.length ? html`<small>${t('desk_waits_for', { who: list(r.unsigned.map(agency)) })}</small>` : nothing}</td>
    <td role="cell" class="due">${r.due && !ended.includes(r.state) ? html`<span class=${r.late ? 'late' : ''}>${r.late ? icon('warn') : nothing}${dueWords(r.due)}</span>` : html`<span class="col">${t('desk_col_due')}: </span><span class="faint">${r.state === 'waiting' ? t('desk_target_paused') : '–'}</span>`}</td>
    <td role="cell"><span class="col">${t('desk_col_agencies')}: </span>${(r.agencies ?? []).map(agency).join(', ') || '–'}</td>
    <td role="cell"><span class="col">${t('desk_col_holder')}: </span>${r.holder ? html`<span class=${mine ? 'mine' : ''}>${r.held ? icon('lock') : nothing}${person(r.holder, me.id)}</span>` : html`<span class="faint">${t('desk_nobody')}</span>`}
      ${here.map((p) => html`<small class="here">${icon(p.doing === 'writes' ? 'pen' : 'eye')} ${t(p.doing === 'writes' ? 'desk_writes' : 'desk_looks', { who: p.name })}</small>`)}</td>
    <td role="cell"><span class="col">${t('desk_col_changed')}: </span><time datetime=${r.changed} title=${full(r.changed)}>${when(r.changed)}</time></td>
  </tr>`;
}

/** move puts the focus on the next row, or the one before. */
export function move(step: number): void {
  const all = [...document.querySelectorAll<HTMLElement>('.rows a.open')];
  if (!all.length) return;
  const at = all.findIndex((a) => a.closest('tr')?.contains(document.activeElement));
  const to = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.max(0, Math.min(all.length - 1, at + step))];
  to?.focus();
  to?.scrollIntoView({ block: 'nearest' });
}
