// Who does what with a case, and until when: the right of it.
import { html, nothing } from 'lit';
import { live } from 'lit/directives/live.js';
import { safeURL } from '../blocks.ts';
import * as api from './api.ts';
import { factValue } from './asked.ts';
import { claim, paper, sendForm } from './draft.ts';
import { icon } from './icons.ts';
import * as model from './model.ts';
import { anonymiseForm, reassignForm, tried } from './parts.ts';
import { desk, me } from './state.ts';
import type { Contact, DeskCase, Mail, Similar, Standing } from './types.ts';
import { ask, button, dialogs, events, fold, grow, reasonField, tag, trouble } from './ui.ts';
import { agency, day, full, label, list, mailReason, of, person, standing, t, when } from './words.ts';

export function togetherView(c: DeskCase) {
  return html`<h2 tabindex="-1" id="together">${t('desk_together')}</h2>
    ${news()}${holding(c)}${signing(c)}${targets(c)}${tasks(c)}${notes(c)}${agencies(c)}${answers(c)}${publication(c)}${contact(c)}${similar(c)}${mails(c)}
    ${fold('log', t('desk_log'), () => html`${events([...desk.past, ...(c.log ?? [])].reverse())}${trouble('log')}${desk.earlier() ? html`<p class="actions">${button(t('desk_log_older', { n: desk.earlier() }), () => tried('log', () => desk.older()), { variant: 'tertiary', id: 'older' })}</p>` : nothing}`, { mark: String(c.log?.at(-1)?.seq ?? 0) })}
    ${rest(c)}`;
}

// ---- what came since it was last looked at

const news = () => (desk.came.length ? html`<section class="panel came" aria-labelledby="came-title"><h3 id="came-title" tabindex="-1">${t('desk_came', { n: desk.came.length })}</h3>${events(desk.came.slice(-8))}
  <p class="actions">${button(t('desk_came_ok'), () => { desk.came = []; desk.change(); document.getElementById('together')?.focus(); }, { variant: 'tertiary' })}</p></section>` : nothing);

// ---- who has it

function holding(c: DeskCase) {
  const mine = c.holder?.id === me.id;
  const other = Boolean(c.held && !mine);
  const here = desk.presence.of(c.id);
  return html`<section class="panel holding"><h3 tabindex="-1">${t('desk_holder')}</h3>
    <p class="has ${mine ? 'mine' : ''}">${c.holder ? html`${icon('lock')} ${mine ? t('desk_you_have') : t(c.held ? 'desk_has' : 'desk_had', { who: person(c.holder) })}` : t('desk_nobody_has')}</p>
    ${desk.lost ? html`<p class="box warn" role="alert">${icon('warn')} ${t('desk_lease_lost', { who: person(desk.lost.lease?.holder ?? c.holder) })}</p>` : nothing}
    ${here.length ? html`<ul class="here">${here.map((p) => html`<li>${icon(p.doing === 'writes' ? 'pen' : 'eye')} ${t(p.doing === 'writes' ? 'desk_writes' : 'desk_looks', { who: p.agency ? `${p.name} (${agency(p.agency)})` : p.name })}</li>`)}</ul>` : nothing}
    ${trouble('claimed')}${trouble('released')}
    <p class="actions">
      ${desk.may('claimed') && !mine && !other ? button(t('desk_claim'), claim, { variant: 'primary', icon: 'lock', busy: 'claimed', id: 'claim' }) : nothing}
      ${desk.may('taken_over') && other ? button(t('desk_take_over'), () => reasonForm('taken_over', t('desk_take_over'), t('desk_take_over_text', { who: person(c.holder) }), (reason) => ({ from: c.lease?.holder.id ?? c.holder?.id ?? '', reason })), { id: 'claim' }) : nothing}
      ${desk.may('released') && mine ? button(t('desk_release'), () => desk.act('released', {}), { variant: 'tertiary', busy: 'released' }) : nothing}</p></section>`;
}

/** reasonForm is a decision that needs a reason. */
export function reasonForm(kind: string, title: string, text: string, data: (reason: string) => Record<string, unknown>, o: { danger?: boolean; help?: string } = {}) {
  ask({ under: kind, title, text, fields: [reasonField(o.help)], submit: title, ...(o.danger && { danger: true }), run: (v) => desk.act(kind, data(v['reason'] ?? '')) });
}

// ---- sign-offs

const ended = (c: DeskCase) => ['answered', 'published', 'referred', 'withdrawn', 'closed'].includes(c.state);

const saidWords = { approve: 'desk_said_approve', reserve: 'desk_said_reserve', return: 'desk_said_return', '': 'desk_said_nothing' } as const;
const saidColours = { approve: 'success', reserve: 'warning', return: 'warning', '': 'neutral' } as const;
const saidIcons = { approve: 'ok', reserve: 'warn', return: 'returned', '': 'clock' } as const;

function signing(c: DeskCase) {
  const now = model.newest(c);
  if (!now) return nothing;
  const all = model.verdicts(c);
  const stale = Boolean(desk.editor?.newer) || Boolean(desk.editor?.dirty);
  const unsigned = all.filter((v) => v.said !== 'approve' && v.said !== 'reserve').map((v) => v.agency);
  const bypassed = Boolean(c.bypass && c.bypass.hash === now.hash);
  const ready = c.state === 'signoff' && (!unsigned.length || bypassed);
  const mine = all.find((v) => v.agency === me.agency);
  const sign = (verdict: string, title: string, text: string, needs: boolean) => ask({
    under: 'signed', title, text: html`<p>${text}</p><p class="fine">${t('desk_exact', { n: now.number, hash: now.hash.slice(0, 12) })}</p>`,
    fields: [{ ...reasonField(), optional: !needs }], submit: title, ...(verdict === 'return' && { danger: true }),
    run: (v) => desk.act('signed', { agency: me.agency, hash: now.hash, verdict, ...(v['reason'] && { reason: v['reason'] }) }),
  });
  return html`<section class="panel signing"><h3 tabindex="-1" id="signing">${t('desk_signing')}</h3>
    ${c.state === 'signoff' || !ended(c) ? html`<p class="fine">${c.state === 'signoff' ? t('desk_signing_on', { n: now.number }) : t('desk_signing_not')}</p>` : nothing}
    <ul class="verdicts">${all.map((v) => html`<li><span class="who">${agency(v.agency)}</span> ${tag(html`${icon(saidIcons[v.said])} ${t(saidWords[v.said])}`, saidColours[v.said])}
      ${v.sign ? html`<small>${person(v.sign.by, me.id)}, ${when(v.sign.at)}</small>${v.sign.reason ? html`<p class="words">${v.sign.reason}</p>` : nothing}` : v.void ? html`<small>${t('desk_said_old', { what: t(saidWords[v.void.verdict as 'approve'] ?? 'desk_said_nothing').toLowerCase() })}</small>` : nothing}</li>`)}</ul>
    ${c.bypass && bypassed ? html`<p class="box warn">${icon('warn')} ${t('desk_bypassed', { who: person(c.bypass.by, me.id), agencies: list(c.bypass.agencies.map(agency)) })} <span class="words">${c.bypass.reason}</span></p>` : nothing}
    ${stale && c.state === 'signoff' && desk.may('signed') ? html`<p class="fine">${icon('warn')} ${t('desk_sign_stale')}</p>` : nothing}
    <p class="actions">
      ${desk.may('signed') && me.agency && !stale ? html`${mine?.said === 'approve' ? nothing : button(t('desk_approve'), () => sign('approve', t('desk_approve'), t('desk_approve_text', { agency: agency(me.agency) }), false), { variant: 'primary', icon: 'ok', id: 'approve' })}
        ${button(t('desk_reserve'), () => sign('reserve', t('desk_reserve'), t('desk_reserve_text', { agency: agency(me.agency) }), true))}
        ${button(t('desk_return'), () => sign('return', t('desk_return'), t('desk_return_text'), true), { icon: 'returned' })}` : nothing}
      ${ready && desk.may('sent') ? button(t('desk_send'), () => sendForm(c), { variant: 'primary', id: 'send' }) : nothing}
      ${c.state === 'signoff' && unsigned.length && !bypassed && desk.may('bypassed') ? button(t('desk_bypass'), () => reasonForm('bypassed', t('desk_bypass'), t('desk_bypass_text', { agencies: list(unsigned.map(agency)) }), (reason) => ({ hash: now.hash, agencies: unsigned, reason }), { danger: true }), { variant: 'tertiary' }) : nothing}</p>
    ${ready && !desk.may('sent') ? html`<p class="fine">${t('desk_send_holder', { who: person(c.holder, me.id) })}</p>` : nothing}</section>`;
}

// ---- time

function targets(c: DeskCase) {
  const all = (c.targets ?? []).filter((s) => s.target !== 'receipt');
  if (!all.length) return nothing;
  const late = all.some((s) => s.overdue && !s.done);
  return fold('targets', t('desk_targets'), html`<dl class="targets">${all.map((s) => html`<div class=${s.overdue && !s.done ? 'late' : s.soon ? 'soon' : ''}><dt>${of(s.name, s.target)}</dt>
      <dd>${s.overdue && !s.done ? icon('warn') : s.done ? icon('ok') : icon('clock')} ${standing(s)}${s.due && !s.done ? html` <time class="fine" datetime=${s.due}>${full(s.due)}</time>` : nothing}
      ${s.reason ? html`<p class="words">${s.reason}</p>` : nothing}
      ${s.law?.length ? html`<details><summary>${t('desk_law')}<span class="away"> ${of(s.name, s.target)}</span></summary><ul>${s.law.map((l) => html`<li lang="nb"><strong>${l.paragraph}</strong>: ${l.says} <small>${[t(l.in_force ? 'desk_law_force' : 'desk_law_not_force'), ...(l.binding ? [] : [t('desk_law_not_binding')]), ...(l.unconfirmed ? [t('desk_law_unconfirmed')] : [])].join(', ')}</small></li>`)}</ul></details>` : nothing}</dd></div>`)}</dl>
    ${(c.informed ?? []).map((n) => html`<div class="words"><p class="fine">${t('desk_informed', { when: when(n.at), who: agency(n.agency) })}${n.until && !n.until.startsWith('0001') ? html`, ${t('desk_informed_until', { date: day(n.until) })}` : nothing}</p>${n.text}</div>`)}
    <p class="actions">${desk.may('informed') ? button(t('desk_inform'), () => ask({
      under: 'informed', title: t('desk_inform'), text: t('desk_inform_text'), fields: [{ name: 'text', label: t('desk_inform_why'), kind: 'area' }, { name: 'until', label: t('desk_inform_until'), kind: 'date', optional: true }], submit: t('desk_inform_do'),
      run: (v) => desk.act('informed', { text: v['text'] ?? '', ...(v['until'] && { until: model.closing(v['until']) }) }),
    }), { variant: 'tertiary' }) : nothing}
    ${desk.may('extended') && all.some(mayExtend) ? button(t('desk_extend'), () => ask({
      under: 'extended', title: t('desk_extend'), fields: [
        { name: 'target', label: t('desk_extend_target'), kind: 'select', options: all.filter(mayExtend).map((s): [string, string] => [s.target, of(s.name, s.target)]) },
        { name: 'until', label: t('desk_extend_until'), kind: 'date' }, reasonField()], submit: t('desk_extend'),
      run: (v) => desk.act('extended', { target: v['target'], until: model.closing(v['until'] ?? ''), reason: v['reason'] ?? '' }),
    }), { variant: 'tertiary' }) : nothing}</p>`, { open: true, mark: late ? html`${icon('warn')} ${t('desk_late')}` : nothing });
}

const mayExtend = (s: Standing) => !s.done && !s.lifted && (s.may_extend ?? desk.info.targets.some((x) => (x.target ?? x.key) === s.target));

// ---- the asker

function tasks(c: DeskCase) {
  const all = c.tasks ?? [];
  const open = all.filter((x) => !x.replied).length;
  if (!all.length && !desk.may('asked')) return nothing;
  return fold('tasks', t('desk_tasks'), html`${silence(c)}${all.length ? html`<ul class="tasks">${all.map((x) => html`<li><p class="asked-text">${x.text}</p>
      <p class="fine">${agency(x.agency)} · ${when(x.at)}${x.fact ? html` · ${of(desk.info.facts.find((f) => f.key === x.fact)?.name, x.fact)}` : nothing}</p>
      ${x.replied ? html`<div class="reply"><p class="fine">${t('desk_replied', { when: when(x.replied) })}</p>${x.reply ? html`<p class="asked-text">${x.reply}</p>` : nothing}${Object.entries(x.facts ?? {}).map(([k, v]) => html`<p>${of(desk.info.facts.find((f) => f.key === k)?.name, k)}: <strong>${factValue(k, v)}</strong></p>`)}</div>` : tag(t('desk_task_open'), 'warning')}</li>`)}</ul>` : nothing}
    ${desk.may('asked') ? html`<form class="ask-form" @submit=${(ev: SubmitEvent) => {
      ev.preventDefault();
      const { ask: text, fact } = desk.jots;
      void desk.act('asked', { text: text.trim(), ...(fact && { fact }) }).then((done) => { if (done) { desk.jot({ ask: '', fact: '' }); desk.say(t('desk_asked_done')); } });
    }}>
      <label>${t('desk_ask')}<textarea rows="3" id="ask" .value=${live(desk.jots.ask)} placeholder=${t('desk_ask_hint')} @input=${(e: Event) => { grow(e); desk.jot({ ask: (e.target as HTMLTextAreaElement).value }); }}></textarea></label>
      <label>${t('desk_ask_fact')}<select class="ds-input" .value=${live(desk.jots.fact)} @change=${(e: Event) => {
        const fact = (e.target as HTMLSelectElement).value;
        const f = desk.info.facts.find((x) => x.key === fact);
        desk.jot({ fact, ...(f && !desk.jots.ask.trim() && { ask: f.question[c.received.language ?? 'nb'] ?? of(f.question) }) });
      }}><option value="">${t('desk_ask_no_fact')}</option>${desk.info.facts.filter((f) => !f.never_asked).map((f) => html`<option value=${f.key} ?selected=${f.key === desk.jots.fact}>${of(f.name, f.key)}</option>`)}</select></label>
      <p class="fine">${t('desk_ask_seen')}</p>${trouble('asked')}
      <p class="actions"><button type="submit" class="ds-button" data-variant="secondary">${t('desk_ask_do')}</button></p></form>` : nothing}`,
  { open: open > 0, mark: open ? tag(t('desk_tasks_open', { n: open }), 'warning') : nothing });
}

// silence says that the asker does not reply, and what to do about it.
function silence(c: DeskCase) {
  const told = c.told?.find((x) => x.kind === 'asker_silent');
  const reminded = c.silence?.reminded ?? [];
  const end = c.state === 'closed' ? c.closing : undefined;
  return html`${told ? html`<p class="box warn">${icon('warn')} ${of(told.text)}</p>` : nothing}
    ${reminded.length ? html`<p class="fine">${t('desk_reminded', { dates: list(reminded.map(day)) })}</p>` : nothing}
    ${end ? html`<p class="box">${t('desk_closed_until', { date: day(end.at), until: day(end.until ?? end.at) })}${end.reason ? html` <span class="words">${end.reason}</span>` : nothing}</p>` : nothing}
    ${trouble('reminded')}<p class="actions">
    ${desk.may('closed') ? button(t('desk_end'), () => ask({ under: 'closed', title: t('desk_end'), text: t('desk_end_text'), fields: [{ ...reasonField(), label: t('desk_end_why'), optional: true }], submit: t('desk_end'), danger: true, run: (v) => desk.act('closed', { ...(v['reason'] && { reason: v['reason'] }) }) }), { id: 'close' }) : nothing}
    ${desk.may('reminded') ? button(t('desk_remind'), () => void desk.act('reminded', {}).then((done) => { if (done) desk.say(t('desk_reminded_done')); }), { variant: 'tertiary', busy: 'reminded', id: 'remind' }) : nothing}</p>`;
}

// ---- internal notes: their own colour, sign and place, so that nobody takes one for the answer

function notes(c: DeskCase) {
  const all = c.notes ?? [];
  const j = desk.jots;
  const alone = (c.agencies?.length ?? 0) < 2;
  return fold('notes', html`<span class="intern">${icon('lock')} ${t('desk_intern')}</span> ${t('desk_notes')}`, html`
    ${all.length ? html`<ul class="notes-list">${all.map((n) => html`<li><p class="who">${person(n.by, me.id)} · <time datetime=${n.at}>${when(n.at)}</time> · ${n.all ? t('desk_note_all') : t('desk_note_own', { agency: agency(n.agency) })}</p><p class="asked-text">${n.text}</p></li>`)}</ul>` : html`<p class="fine">${t('desk_notes_none')}</p>`}
    ${desk.may('noted') && me.agency ? html`<form class="note-form" @submit=${(ev: SubmitEvent) => {
      ev.preventDefault();
      void desk.act('noted', { agency: me.agency, text: j.note.trim(), ...(j.all && !alone && { all: true }) }).then((done) => { if (done) { desk.jot({ note: '' }); document.getElementById('note')?.focus(); } });
    }}>
      <label>${t('desk_note_new')}<textarea rows="3" id="note" .value=${live(j.note)} @input=${(e: Event) => { grow(e); desk.jot({ note: (e.target as HTMLTextAreaElement).value }); }}></textarea></label>
      ${alone ? nothing : html`<label class="check"><input type="checkbox" .checked=${live(j.all)} @change=${(e: Event) => desk.jot({ all: (e.target as HTMLInputElement).checked })}> ${t('desk_note_to_all')}</label>`}
      <p class="fine">${t('desk_note_never')}</p>${trouble('noted')}
      <p class="actions"><button type="submit" class="ds-button" data-variant="secondary">${t('desk_note_do')}</button></p></form>` : nothing}`,
  { open: all.length > 0 || Boolean(j.note), className: 'internal', mark: all.length ? String(all.length) : nothing });
}

// ---- agencies

function agencies(c: DeskCase) {
  const on = c.agencies ?? [];
  const others = desk.info.agencies.filter((a) => !on.includes(a.key));
  const reassign = desk.permissions.includes('case.reassign') && others.length > 0;
  return fold('agencies', t('desk_agencies'), html`<ul class="agencies">${on.map((a) => {
    const inv = (c.log ?? []).findLast((e) => e.kind === 'invited' && e.data?.['agency'] === a);
    return html`<li><span>${agency(a)}</span>${inv ? html`<small>${t('desk_invited_by', { who: person(inv.actor, me.id) })}: ${String(inv.data['reason'] ?? '')}</small>` : nothing}
      ${desk.may('uninvited') && on.length > 1 && a !== c.holder?.agency ? button(t('desk_uninvite'), () => reasonForm('uninvited', t('desk_uninvite'), t('desk_uninvite_text', { agency: agency(a) }), (reason) => ({ agency: a, reason }), { danger: true }), { variant: 'tertiary', label: `${t('desk_uninvite')}: ${agency(a)}` }) : nothing}</li>`;
  })}</ul>
    <p class="actions">${desk.may('invited') && others.length ? button(t('desk_invite'), () => ask({
      under: 'invited', title: t('desk_invite'), text: t('desk_invite_text'), fields: [{ name: 'agency', label: t('desk_agency'), kind: 'select', options: others.map((a): [string, string] => [a.key, agency(a.key)]) }, reasonField(t('desk_invite_help'))], submit: t('desk_invite'),
      run: (v) => desk.act('invited', { agency: v['agency'], reason: v['reason'] ?? '' }),
    }), { icon: 'plus' }) : nothing}
    ${reassign ? button(t('desk_reassign'), () => reassignForm(c, async (now) => {
      if (now) desk.take(now);
      else await desk.open(c.id); // it is no business of theirs any more
    }), { variant: 'tertiary' }) : nothing}</p>`, { mark: String(on.length) });
}

// ---- what was answered, and what everybody may read

function answers(c: DeskCase) {
  if (!c.answers?.length && !c.referral) return nothing;
  return html`<section class="panel"><h3 tabindex="-1">${t('desk_sent_title')}</h3>
    ${(c.answers ?? []).map((a) => html`<p>${icon('ok')} ${t('desk_sent_at', { when: full(a.at), who: list(a.agencies.map(agency)) })}${a.bypassed?.length ? html` <small>${t('desk_sent_without', { who: list(a.bypassed.map(agency)) })}</small>` : nothing}</p>
      <details><summary>${t('desk_sent_show')}</summary>${paper(c, a.draft)}</details>`)}
    ${c.referral ? html`<p>${t('desk_referred_to', { to: c.referral })}</p>` : nothing}</section>`;
}

function publication(c: DeskCase) {
  const p = c.publication;
  const can = desk.may('published');
  if (!p && !can) return c.state === 'answered' && !c.received.publish ? html`<p class="fine panel">${t('desk_may_not_publish')}</p>` : nothing;
  const withdrawn = typeof p?.withdrawn === 'string' && p.withdrawn;
  return html`<section class="panel"><h3 tabindex="-1">${t('desk_publication')}</h3>
    ${p ? html`<p>${c.address ? html`<a href=${c.address}>${p.title}</a>` : p.title} ${withdrawn ? tag(t('desk_pub_withdrawn'), 'warning') : p.review ? tag(t('desk_in_review'), 'warning') : tag(t('desk_pub_valid'), 'success')}</p>
      ${withdrawn || p.review ? html`<p class="words">${withdrawn || of(p.reasons, p.review)}</p>` : nothing}${p.valid_until ? html`<p class="fine">${t('desk_pub_until', { date: day(p.valid_until) })}</p>` : nothing}` : html`<p class="fine">${t('desk_publish_hint')}</p>`}
    ${trouble('publication')}
    <p class="actions">${can ? button(t(p ? 'desk_publish_again' : 'desk_publish'), () => dialogs.open({ kind: 'publish' }), { variant: p ? 'secondary' : 'primary', id: 'publish' }) : nothing}
      ${desk.may('review_began') && p && !p.review && !withdrawn ? button(t('desk_review'), () => reasonForm('review_began', t('desk_review'), t('desk_review_text'), (reason) => ({ reason })), { variant: 'tertiary' }) : nothing}
      ${desk.may('review_ended') ? button(t('desk_review_end'), () => reasonForm('review_ended', t('desk_review_end'), t('desk_review_end_text'), (reason) => ({ reason })), { variant: 'tertiary' }) : nothing}
      ${desk.may('unpublished') ? button(t('desk_unpublish'), () => reasonForm('unpublished', t('desk_unpublish'), t('desk_unpublish_text'), (reason) => ({ reason }), { danger: true }), { variant: 'tertiary' }) : nothing}</p></section>`;
}

// ---- shown when asked for

function contact(c: DeskCase) {
  if (!c.received.has_contact) return nothing;
  const got = desk.contact;
  return fold('contact', t('desk_contact'), html`${got === undefined ? html`<p class="fine">${t('desk_contact_text')}</p>${trouble('contact')}<p class="actions">${button(t('desk_contact_show'), () => tried('contact', async () => { desk.contact = await api.call<Contact>('GET', api.at(c.id, '/contact')); }))}</p>`
    : got === null ? html`<p class="fine">${t('desk_contact_none')}</p>` : html`<dl class="facts-list">${([['name', got.name], ['email', got.email], ['phone', got.phone]] as const).filter(([, v]) => v).map(([k, v]) => html`<div><dt>${label('desk_contact_', k)}</dt><dd>${v}</dd></div>`)}</dl>
      <p class="actions">${button(t('desk_contact_hide'), () => { desk.contact = undefined; desk.change(); }, { variant: 'tertiary' })}</p>`}`);
}

function similar(c: DeskCase) {
  const s = desk.similar;
  const look = () => tried('similar', async () => { desk.similar = await api.call<Similar>('GET', api.at(c.id, '/similar')); });
  const cases = s?.cases ?? [];
  const found = s?.answers ?? [];
  return fold('similar', t('desk_similar'), html`${s ? html`
      ${found.length ? html`<h4>${t('desk_similar_answers')}</h4><ul>${found.map((a) => html`<li><a href=${safeURL(a.url)?.href ?? ''} target="_blank" rel="noopener">${a.title}</a> <small>${a.number}</small>${a.why?.length ? html`<p class="fine">${a.why.map((w) => of(w)).join(' · ')}</p>` : nothing}</li>`)}</ul>` : nothing}
      ${cases.length ? html`<h4>${t('desk_similar_cases')}</h4><ul>${cases.map((m) => html`<li>${m.id ? html`<a href=${`/desk/${encodeURIComponent(m.id)}`}>${m.number} ${m.title ?? ''}</a>` : `${m.number} ${m.title ?? ''}`}${m.why?.length ? html`<p class="fine">${m.why.map((w) => of(w)).join(' · ')}</p>` : nothing}</li>`)}</ul>` : nothing}
      ${!cases.length && !found.length ? html`<p class="fine">${t('desk_similar_none')}</p>` : nothing}`
    : html`${trouble('similar')}<p class="actions">${button(t('desk_similar_look'), look)}</p>`}`);
}

const mailColours: Record<string, string> = { queued: 'info', sent: 'success', kept: 'warning', dead: 'danger' };

function mails(c: DeskCase) {
  const open = new Set((c.state === 'waiting' ? c.tasks ?? [] : []).filter((x) => !x.replied).map((x) => x.id));
  const all = (c.mails ?? []).filter((m) => m.kind !== 'reminder' || m.status !== 'queued' || open.has(m.seq)); // one that reminds of nothing is never sent
  if (!all.length) return nothing;
  const lost = (m: Mail) => m.status !== 'dropped' && c.undelivered?.includes(m.id); // one that was dismissed is dealt with
  const bad = all.filter((m) => m.status === 'dead' || lost(m)).length;
  return fold('mails', t('desk_mails'), html`<ul class="mails">${all.map((m) => html`<li>${label('desk_mail_', m.kind)} ${tag(lost(m) ? t('desk_mail_undelivered') : label('desk_mail_', m.status), lost(m) ? 'danger' : mailColours[m.status] ?? 'neutral')} <time class="fine" datetime=${m.at}>${when(m.at)}</time>
      ${m.reason ? html`<p class="words">${mailReason(m.reason)}</p>` : nothing}
      ${m.status === 'dead' && desk.permissions.includes('mail.dead') ? button(t('desk_mail_again'), () => tried('mails', async () => { await api.call('POST', `/v1/mails/${encodeURIComponent(m.id)}/again`, {}); await desk.refreshCase(); }), { variant: 'tertiary' }) : nothing}</li>`)}</ul>${trouble('mails')}`,
  { open: bad > 0, mark: bad ? html`${icon('warn')} ${bad}` : String(all.length) });
}

// ---- the rest

const formats = [['pdf', 'PDF'], ['html', 'HTML'], ['json', 'JSON'], ['noark', 'Noark 5']] as const;

function rest(c: DeskCase) {
  return html`<section class="panel rest"><h3 tabindex="-1">${t('desk_more_to_do')}</h3>
    ${trouble('referred')}${trouble('reopened')}
    <p class="actions">${desk.may('referred') ? button(t('desk_refer'), () => ask({
      under: 'referred', title: t('desk_refer'), text: t('desk_refer_text'), fields: [{ name: 'to', label: t('desk_refer_to'), kind: 'text' }, reasonField(t('desk_refer_help'))], submit: t('desk_refer'),
      run: (v) => desk.act('referred', { to: v['to'] ?? '', reason: v['reason'] ?? '' }),
    })) : nothing}
    ${desk.may('reopened') ? button(t('desk_reopen'), () => reasonForm('reopened', t('desk_reopen'), t('desk_reopen_text'), (reason) => ({ reason }))) : nothing}
    ${desk.permissions.includes('case.anonymise') && !c.anonymised ? button(t('desk_anonymise'), () => anonymiseForm(c, ended(c), async (text) => { await desk.refreshCase(); desk.say(text); }), { variant: 'tertiary' }) : nothing}</p>
    <p class="exports">${t('desk_export')} ${formats.map(([f, name]) => html`<a class="ds-button" data-variant="tertiary" href=${api.at(c.id, `/export?format=${f}`)} download>${name}</a>`)}</p></section>`;
}
