// What an administrator does: moves cases, deletes what is known of a person,
// sends letters again, logs people out. No case is read here.
import { html, nothing } from 'lit';
import * as api from './api.ts';
import { Failed } from './api.ts';
import { icon } from './icons.ts';
import { anonymiseForm, dead, reassignForm, rolesOf, stateTag, tried } from './parts.ts';
import { desk, me, why } from './state.ts';
import type { Head, SignedIn } from './types.ts';
import { ask, button } from './ui.ts';
import { agency, day, dueWords, person, t, when } from './words.ts';

class Office {
  number = '';
  heads: Head[] | null = null;
  next = '';
  people: SignedIn[] | null = null;
  failed: Record<string, string> = {};
  done = ''; // what was done last: it stays until something else is
  private asked = 0;

  /** find looks for a number; without one, for what is open. */
  async find(more = false): Promise<void> {
    const mine = ++this.asked;
    delete this.failed['heads'];
    try {
      const q = new URLSearchParams({ ...(this.number && { number: this.number }), ...(more && { after: this.next }) });
      const r = await api.call<{ cases: Head[]; next?: string }>('GET', `/v1/desk/heads?${q}`);
      if (mine !== this.asked) return;
      this.heads = more ? [...this.heads ?? [], ...r.cases] : r.cases;
      this.next = r.next ?? '';
    } catch (e) {
      if (mine !== this.asked) return;
      this.failed['heads'] = e instanceof Failed && e.status === 400 ? t('desk_admin_bad_number') : why(e);
    }
    desk.change();
  }

  async who(): Promise<void> {
    delete this.failed['people'];
    try { this.people = (await api.call<{ people: SignedIn[] }>('GET', '/v1/people')).people; } catch (e) { this.failed['people'] = why(e); }
    desk.change();
  }

  open(): void {
    if (desk.permissions.includes('case.head')) void this.find();
    if (desk.permissions.includes('access')) void this.who();
  }

  did(text: string): void { this.done = text; desk.change(); }
}
export const office = new Office();

/** adminView is for those who run the service, and for those who have nothing to do at the desk but be logged in. */
export function adminView() {
  const may = (p: string) => desk.permissions.includes(p);
  const admin = may('case.head');
  return html`<div class="admin">
    <div class="title"><h1 tabindex="-1">${t(admin ? 'desk_admin' : 'desk_nothing')}</h1>${desk.lists ? html`<a href="/desk">${t('desk_admin_list')}</a>` : nothing}</div>
    <p>${admin ? t('desk_admin_text') : t('desk_nothing_text', { roles: rolesOf(me.roles) })}</p>
    <div role="status">${office.done ? html`<p class="box done">${icon('ok')} ${office.done}</p>` : nothing}</div>
    ${admin ? cases() : nothing}
    ${may('mail.dead') ? dead(admin) : nothing}
    ${may('access') ? people() : nothing}</div>`;
}

function cases() {
  const o = office;
  const search = (e: SubmitEvent) => { e.preventDefault(); o.number = String(new FormData(e.target as HTMLFormElement).get('number') ?? '').trim(); void o.find(); };
  return html`<section aria-labelledby="admin-cases"><h2 id="admin-cases" tabindex="-1">${t('desk_cases')}</h2>
    <form class="line-form" role="search" @submit=${search}><label>${t('desk_admin_number')}<input class="ds-input" id="search" name="number" type="search" maxlength="20" placeholder="KI-2026-0042" .value=${o.number}></label>
      <button type="submit" class="ds-button" data-variant="secondary">${t('desk_find_do')}</button></form>
    <p class="fine">${t('desk_admin_email')} <code>kiveileder case list --email</code></p>
    ${o.failed['heads'] ? html`<div class="box bad" role="alert"><p>${o.failed['heads']}</p></div>`
      : !o.heads ? html`<p class="none">${t('desk_loading')}</p>`
      : html`<p class="fine" aria-live="polite">${o.heads.length ? t(o.number ? 'desk_admin_found' : 'desk_admin_open', { n: o.heads.length, more: o.next ? '+' : '' }) : t(o.number ? 'desk_admin_none' : 'desk_admin_none_open')}</p>
        ${o.heads.length ? html`<ul class="heads">${o.heads.map(headLine)}</ul>` : nothing}
        ${o.next ? html`<p class="more">${button(t('desk_more'), () => o.find(true))}</p>` : nothing}`}</section>`;
}

const ends = ['answered', 'published', 'referred', 'withdrawn', 'closed'];

function headLine(h: Head) {
  const end = ends.includes(h.state);
  const names = h.agencies.map(agency).join(' · ');
  return html`<li data-case=${h.id}><div class="head"><h3>${h.number}</h3> ${stateTag(h.state)}
    <p class="about">${h.due && !end ? html`<span class=${h.late ? 'late' : ''}>${h.late ? icon('warn') : icon('clock')} ${dueWords(h.due)}</span>` : nothing}
      <span>${names || t('desk_admin_no_agency')}</span> <span>${h.holder ? t('desk_has', { who: person(h.holder) }) : t('desk_nobody_has')}</span>
      <span class="faint">${t('desk_admin_dates', { opened: day(h.opened), changed: when(h.changed) })}</span></p></div>
    <p class="actions">${button(t('desk_reassign'), () => reassignForm(h, async () => { await office.find(); office.did(t('desk_admin_moved', { number: h.number })); }), { label: `${t('desk_reassign')}: ${h.number}` })}
      ${button(t('desk_anonymise'), () => anonymiseForm(h, end, async (text) => { await office.find(); office.did(text); }), { danger: true, label: `${t('desk_anonymise')}: ${h.number}` })}</p></li>`;
}

function people() {
  const o = office;
  return html`<section aria-labelledby="admin-people"><h2 id="admin-people" tabindex="-1">${t('desk_people')}</h2><p class="fine">${t('desk_people_text')}</p>
    ${o.failed['people'] ? html`<div class="box bad" role="alert"><p>${o.failed['people']}</p>${button(t('desk_again'), () => o.who())}</div>` : !o.people ? html`<p class="none">${t('desk_loading')}</p>`
      : html`<ul class="people">${o.people.map((p) => html`<li><div class="head"><h3>${p.name || t('desk_somebody')}${p.id === me.id ? html` <span class="fine">(${t('desk_you').toLowerCase()})</span>` : nothing}</h3>
        <p class="about"><span>${[rolesOf(p.roles), agency(p.agency)].filter(Boolean).join(', ')}</span> <span class="faint">${t(p.sessions === 1 ? 'desk_people_1' : 'desk_people_n', { n: p.sessions })}, ${t('desk_session_used', { when: when(p.used) })}</span></p></div>
        ${p.id === me.id ? nothing : html`<p class="actions">${button(t('desk_people_end'), () => endForm(p), { label: `${t('desk_people_end')}: ${p.name}` })}</p>`}</li>`)}</ul>`}
    <p class="actions">${button(t('desk_people_again'), () => o.who(), { variant: 'tertiary' })}</p></section>`;
}

const endForm = (p: SignedIn) => ask({
  under: `end ${p.id}`, title: t('desk_people_end'), text: t('desk_people_end_text', { who: p.name }), fields: [], submit: t('desk_people_end'), danger: true,
  run: (_v) => tried(`end ${p.id}`, async () => {
    await api.call('DELETE', `/v1/people/${encodeURIComponent(p.id)}/sessions`);
    await office.who();
    office.did(t('desk_people_ended', { who: p.name }));
  }),
});

