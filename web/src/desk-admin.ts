// What an administrator does: moves cases, deletes what is known of a person,
// sends letters again or dismisses them, logs people out. No case is read here.
// Loaded when somebody is there.
import { agency, anonymiseForm, api, ask, button, day, dead, desk, dueWords, Failed, html, icon, label, me, nothing, person, randomID, reasonField, reassignForm, rolesOf, stateTag, t, tried, when, why } from './desk.js';
import type { Head, Mail, SignedIn } from './desk/types.ts';

class Office {
  number = '';
  email = ''; // what was looked for last, by one of both
  heads: Head[] | null = null;
  sealed: string[] = []; // numbers of cases that may have the address, too
  next = '';
  people: SignedIn[] | null = null;
  failed: Record<string, string> = {};
  done = ''; // what was done last: it stays until something else is
  private asked = 0;

  /** find looks for an address or a number; without one, for what is open. An address goes in no URL. */
  async find(more = false): Promise<void> {
    const mine = ++this.asked;
    delete this.failed['heads'];
    try {
      const q = new URLSearchParams({ ...(this.number && { number: this.number }), ...(more && { after: this.next }) });
      const r = await (this.email ? api.call<Heads>('POST', '/v1/desk/heads', { email: this.email }) : api.call<Heads>('GET', `/v1/desk/heads?${q}`));
      if (mine !== this.asked) return;
      this.heads = more ? [...this.heads ?? [], ...r.cases] : r.cases;
      this.next = r.next ?? '';
      this.sealed = r.sealed ?? [];
    } catch (e) {
      if (mine !== this.asked) return;
      this.failed['heads'] = !this.email && e instanceof Failed && e.status === 400 ? t('desk_admin_bad_number') : why(e);
    }
    desk.change();
  }

  async who(): Promise<void> {
    delete this.failed['people'];
    try { this.people = (await api.call<{ people: SignedIn[] }>('GET', '/v1/people')).people; } catch (e) { this.failed['people'] = why(e); }
    desk.change();
  }

  did(text: string): void { this.done = text; desk.change(); }
}
const office = new Office();

interface Heads { cases: Head[]; next?: string; sealed?: string[] }

/** open fetches what the page shows. */
export function open(): void {
  if (desk.permissions.includes('case.head')) void office.find();
  if (desk.permissions.includes('access')) void office.who();
}

/** adminView is for those who run the service, and for those who have nothing to do at the desk but be logged in. */
export function adminView() {
  const may = (p: string) => desk.permissions.includes(p);
  const admin = may('case.head');
  return html`<div class="admin">
    <div class="title"><h1 tabindex="-1">${t(admin ? 'desk_admin' : 'desk_nothing')}</h1>${desk.lists ? html`<a href="/desk">${t('desk_admin_list')}</a>` : nothing}</div>
    <p>${admin ? t('desk_admin_text') : t('desk_nothing_text', { roles: rolesOf(me.roles) })}</p>
    <div role="status">${office.done ? html`<p class="box done">${icon('ok')} ${office.done}</p>` : nothing}</div>
    ${admin ? cases() : nothing}
    ${may('mail.dead') ? dead(may('mail.dismiss') ? (m) => button(t('desk_mail_drop'), () => dropForm(m), { variant: 'tertiary', label: `${t('desk_mail_drop')}: ${m.number ?? ''} ${label('desk_mail_', m.kind)}` }) : () => nothing) : nothing}
    ${may('access') ? people() : nothing}</div>`;
}

const found = (o: Office) => {
  const n = o.heads?.length ?? 0;
  const words = o.email ? (['desk_admin_email_found', 'desk_admin_email_none'] as const) : o.number ? (['desk_admin_found', 'desk_admin_none'] as const) : (['desk_admin_open', 'desk_admin_none_open'] as const);
  return t(words[n ? 0 : 1], { n, more: o.next ? '+' : '' });
};

function cases() {
  const o = office;
  const search = (name: 'number' | 'email') => (e: SubmitEvent) => {
    e.preventDefault();
    const text = String(new FormData(e.target as HTMLFormElement).get(name) ?? '').trim();
    Object.assign(o, { number: '', email: '', [name]: text });
    void o.find();
  };
  return html`<section aria-labelledby="admin-cases"><h2 id="admin-cases" tabindex="-1">${t('desk_cases')}</h2>
    <form class="line-form" role="search" aria-label=${t('desk_admin_number')} @submit=${search('number')}><label>${t('desk_admin_number')}<input class="ds-input" id="search" name="number" type="search" maxlength="20" placeholder="KI-2026-0042" .value=${o.number}></label>
      <button type="submit" class="ds-button" data-variant="secondary">${t('desk_find_do')}</button></form>
    ${desk.permissions.includes('case.find') ? html`<form class="line-form" role="search" method="post" aria-label=${t('desk_admin_email')} @submit=${search('email')}><label>${t('desk_admin_email')}<input class="ds-input" id="search-email" name="email" inputmode="email" autocomplete="off" autocapitalize="none" spellcheck="false" maxlength="254" aria-describedby="search-email-help" .value=${o.email}></label>
      <button type="submit" class="ds-button" data-variant="secondary" aria-label=${`${t('desk_find_do')}: ${t('desk_admin_email')}`}>${t('desk_find_do')}</button></form>
    <p class="fine" id="search-email-help">${t('desk_admin_email_help')}</p>` : nothing}
    ${o.failed['heads'] ? html`<div class="box bad" role="alert"><p>${o.failed['heads']}</p></div>`
      : !o.heads ? html`<p class="none">${t('desk_loading')}</p>`
      : html`<p class="fine" aria-live="polite">${found(o)}</p>
        ${o.sealed.length ? html`<div class="box warn"><p>${icon('warn')} ${t('desk_admin_email_sealed', { numbers: o.sealed.join(', ') })}</p></div>` : nothing}
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

// dropForm dismisses a letter. Tried again after a lost answer it is the same command.
const dropForm = (m: Mail) => {
  const ids = new Map<string, string>(); // by the reason
  ask({
    under: `drop ${m.id}`, title: t('desk_mail_drop_title', { number: m.number ?? '' }), text: t('desk_mail_drop_text'), fields: [reasonField(t('desk_anonymise_help'))], submit: t('desk_mail_drop'), danger: true,
    run: (v) => tried(`drop ${m.id}`, async () => {
      const reason = v['reason'] ?? '';
      const id = ids.get(reason) ?? randomID();
      ids.set(reason, id);
      await api.call('POST', api.at(m.case, `/mails/${encodeURIComponent(m.id)}/dismiss`), { id, reason });
      await desk.findDead();
      office.did(t('desk_mail_drop_done', { number: m.number ?? '' }));
    }),
  });
};

const endForm = (p: SignedIn) => ask({
  under: `end ${p.id}`, title: t('desk_people_end'), text: t('desk_people_end_text', { who: p.name }), fields: [], submit: t('desk_people_end'), danger: true,
  run: (_v) => tried(`end ${p.id}`, async () => {
    await api.call('DELETE', `/v1/people/${encodeURIComponent(p.id)}/sessions`);
    await office.who();
    office.did(t('desk_people_ended', { who: p.name }));
  }),
});

