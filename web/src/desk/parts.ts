// What the list, a case and the administrator's page share.
import { html, nothing } from 'lit';
import * as api from './api.ts';
import { Failed } from './api.ts';
import { icon } from './icons.ts';
import { desk, why } from './state.ts';
import type { DeskCase, Mail } from './types.ts';
import { ask, button, fold, reasonField, tag } from './ui.ts';
import { agency, label, list, mailReason, t, when } from './words.ts';

const colours: Record<string, string> = { received: 'info', reopened: 'info', waiting: 'warning', signoff: 'warning', answered: 'success', published: 'success' };
export const stateTag = (state: string) => tag(label('desk_state_', state), colours[state] ?? 'neutral');

/** rolesOf gives roles in words, without that of everybody. */
export const rolesOf = (roles: string[]): string => list(roles.filter((r) => r !== 'asker').map((r) => label('desk_role_', r)));

/** tried runs what is no command of the case, and tells what went wrong. */
export async function tried(under: string, run: () => Promise<void>): Promise<boolean> {
  delete desk.trouble[under];
  try { await run(); desk.change(); return true; } catch (e) { desk.trouble[under] = { text: why(e), events: [] }; desk.change(); return false; }
}

interface Short { id: string; number: string; agencies?: string[] }

/** reassignForm puts other agencies on a case. done gets the case, when its mover may still read it. */
export const reassignForm = (c: Short, done: (now: DeskCase | undefined) => Promise<void>) => ask({
  under: `reassign ${c.id}`, title: `${t('desk_reassign')}: ${c.number}`, text: t('desk_reassign_text'), submit: t('desk_reassign_do'),
  fields: [{ name: 'agencies', label: t('desk_agencies'), kind: 'checks', value: (c.agencies ?? []).join(','), options: desk.info.agencies.map((a): [string, string] => [a.key, agency(a.key)]) }, reasonField()],
  run: (v) => {
    const to = (v['agencies'] ?? '').split(',').filter(Boolean);
    const same = to.length === (c.agencies ?? []).length && to.every((a) => c.agencies?.includes(a));
    const none = !to.length ? t('desk_reassign_none') : same ? t('desk_reassign_same') : '';
    if (none) { desk.trouble[`reassign ${c.id}`] = { text: none, events: [] }; desk.change(); return Promise.resolve(false); }
    return tried(`reassign ${c.id}`, async () => done(await api.call<DeskCase | undefined>('PUT', api.at(c.id, '/agencies'), { agencies: to, reason: v['reason'] ?? '' })));
  },
});

/** anonymiseForm deletes what is known of who asked; of a case that is not at an end the contact alone. */
export const anonymiseForm = (c: Short, end: boolean, done: (text: string) => Promise<void>) => ask({
  under: `anonymise ${c.id}`, title: `${t('desk_anonymise')}: ${c.number}`, text: t(end ? 'desk_anonymise_text' : 'desk_anonymise_open'), danger: true,
  fields: [{ ...reasonField(t('desk_anonymise_help')) }, { name: 'sure', label: t('desk_anonymise_sure'), kind: 'sure' }], submit: t(end ? 'desk_anonymise_do' : 'desk_anonymise_do_open'),
  run: (v) => tried(`anonymise ${c.id}`, async () => {
    let text = t('desk_anonymised', { number: c.number });
    try { await api.call('DELETE', api.at(c.id, '/person'), { reason: v['reason'] ?? '' }); } catch (e) {
      if (end || !(e instanceof Failed) || e.status !== 409) throw e;
      text = t('desk_anonymised_open', { number: c.number }); // as was said before
    }
    await done(text);
  }),
});

/** dead shows mails that were given up, to those who may send them again; to an administrator always, with what more may be done with each. */
export function dead(more?: (m: Mail) => unknown) {
  const all = desk.dead;
  if (!all.length && !more) return nothing;
  const reads = desk.permissions.includes('case.list');
  const what = (m: Mail) => `${m.number ?? ''} ${label('desk_mail_', m.kind)}`;
  return fold('dead', t('desk_dead'), all.length ? html`<ul class="mails">${all.map((m) => html`<li>${reads ? html`<a href="/desk/${encodeURIComponent(m.case)}">${what(m)}</a>` : what(m)} <time class="fine" datetime=${m.at}>${when(m.at)}</time>${m.reason ? html`<p class="words">${mailReason(m.reason)}</p>` : nothing}
    ${button(t('desk_mail_again'), () => desk.again(m), { variant: 'tertiary', label: `${t('desk_mail_again')}: ${what(m)}` })}${more?.(m) ?? nothing}</li>`)}</ul>` : html`<p class="fine">${t('desk_dead_none')}</p>`, { open: true, level: 2, ...(all.length && { mark: html`${icon('warn')} ${all.length}` }) });
}
