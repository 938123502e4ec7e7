// The administrator's page is a script of its own, loaded when somebody is there.
import { html } from 'lit';
import { desk } from './state.ts';
import { button } from './ui.ts';
import { t } from './words.ts';

/** What desk-admin.ts has. */
interface Office {
  adminView(): unknown;
  open(): void;
}

let office: Office | null = null;
let loading: Promise<void> | null = null;
let tries = 0;
let failed = false;

/** openAdmin fetches what the page shows, and the page. */
export function openAdmin(): Promise<void> {
  if (office) { office.open(); return Promise.resolve(); }
  if (loading) return loading;
  failed = false;
  const path = tries++ ? `./desk-admin.js?${tries}` : './desk-admin.js'; // a browser may remember that an address failed
  loading = (import(path) as Promise<Office>).then((o) => { office = o; o.open(); }, () => { failed = true; }).finally(() => { loading = null; desk.change(); });
  return loading;
}

export const adminView = () => office?.adminView() ?? html`<div class="admin"><h1 tabindex="-1">${t('desk_admin')}</h1>
  ${failed ? html`<div class="box bad" role="alert"><p>${t('desk_no_network')}</p>${button(t('desk_again'), openAdmin)}</div>` : html`<p class="none">${t('desk_loading')}</p>`}</div>`;
