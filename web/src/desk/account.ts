// One's own logins: which browsers they are in, and how to end them.
import { html, nothing } from 'lit';
import * as api from './api.ts';
import { rolesOf, tried } from './parts.ts';
import { desk, me, why } from './state.ts';
import type { Session } from './types.ts';
import { button, tag, trouble } from './ui.ts';
import { agency, full, t, when } from './words.ts';

export const account = {
  sessions: null as Session[] | null,
  failed: '',
  async load(): Promise<void> {
    account.failed = '';
    try { account.sessions = (await api.call<{ sessions: Session[] }>('GET', '/v1/me/sessions')).sessions; } catch (e) { account.failed = why(e); }
    desk.change();
  },
};

const end = (path: string, said: string) => tried('account', async () => { await api.call('DELETE', `/v1/me/sessions${path}`); await account.load(); desk.say(said); });

export function accountView() {
  const all = account.sessions;
  return html`<p><strong>${me.name}</strong><br>${[rolesOf(me.roles), agency(me.agency)].filter(Boolean).join(', ')}</p>
    <h3 tabindex="-1">${t('desk_sessions')}</h3><p class="fine">${t('desk_sessions_text')}</p>
    ${account.failed ? html`<div class="box bad" role="alert"><p>${account.failed}</p></div>` : !all ? html`<p class="none">${t('desk_loading')}</p>`
      : html`<ul class="sessions">${all.map((s) => html`<li><strong>${s.device || t('desk_session_unknown')}</strong> ${s.current ? tag(t('desk_session_here'), 'info') : nothing}
        <p class="fine">${t('desk_session_began', { when: when(s.began) })}, ${t('desk_session_used', { when: when(s.used) })}<br>${t('desk_session_ends', { when: full(s.ends) })}</p>
        ${s.current ? nothing : button(t('desk_log_out'), () => end(`/${encodeURIComponent(s.name)}`, t('desk_session_ended')), { variant: 'secondary', label: `${t('desk_log_out')}: ${s.device}, ${when(s.began)}` })}</li>`)}</ul>
        ${all.length > 1 ? html`<p class="actions">${button(t('desk_sessions_others'), () => end('', t('desk_sessions_ended')), { variant: 'secondary' })}</p>` : nothing}`}
    ${trouble('account')}`;
}
