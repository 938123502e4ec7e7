// The desk: which address shows what, keys, dialogs.
import { html, LitElement, nothing } from 'lit';
import { start as startPrefs } from '../prefs.ts';
import { account, accountView } from './account.ts';
import * as api from './api.ts';
import { askedView } from './asked.ts';
import { draftView, save } from './draft.ts';
import * as filters from './filters.ts';
import { icon } from './icons.ts';
import { listView, move } from './list.ts';
import { adminView, openAdmin } from './office.ts';
import { rolesOf, stateTag } from './parts.ts';
import { publishing, publishView } from './publish.ts';
import { typing } from './shortcuts.ts';
import { desk, me, why } from './state.ts';
import { togetherView } from './together.ts';
import type { DeskCase } from './types.ts';
import type { Dialog, Form } from './ui.ts';
import { button, dialogs, trouble } from './ui.ts';
import type { Key } from './words.ts';
import { agency, dueWords, load, of, onWords, t } from './words.ts';

const painted = (run: () => void) => requestAnimationFrame(() => requestAnimationFrame(run));
// focus puts it there as soon as what changed is rendered, before the next key.
const focus = (id: string) => void element.updateComplete.then(() => {
  const e = document.getElementById(id);
  const box = e?.closest('details');
  if (box) box.open = true;
  e?.focus();
  e?.scrollIntoView({ block: 'nearest' });
});

const idOf = () => decodeURIComponent(/^\/desk\/([^/]+)/.exec(location.pathname)?.[1] ?? '');
let from = ''; // the case that the list was left for

async function show(first = false): Promise<void> {
  const id = idOf();
  if (!id) { desk.filter = filters.read(location.search); desk.admin = !desk.lists || location.search === '?drift'; }
  if (!id && desk.admin) void openAdmin();
  if (desk.id) from = desk.id;
  await desk.open(id);
  if (!first) painted(() => (id ? document.getElementById('case-title') : document.querySelector<HTMLElement>(`.rows a[data-case="${CSS.escape(from)}"]`) ?? document.querySelector<HTMLElement>('ki-desk h1'))?.focus({ preventScroll: Boolean(id) }));
}

function go(path: string): void {
  history.pushState(null, '', path);
  scrollTo(0, 0);
  void show();
}

const listPath = () => { const q = filters.write(desk.filter); return q ? `/desk?${q}` : '/desk'; };

// ---- the element

class DeskElement extends LitElement {
  static override properties = { dialog: { state: true }, said: { state: true } };
  declare dialog: Dialog;
  declare said: string;
  private written = new Map<string, string>(); // what was written in forms, by form and field
  private timer = 0;

  constructor() {
    super();
    this.dialog = null;
    this.said = '';
  }

  protected override createRenderRoot() { return this; }

  override connectedCallback(): void {
    super.connectedCallback();
    desk.watch(() => this.requestUpdate());
    onWords(() => this.requestUpdate());
    dialogs.open = (d) => void this.open(d);
    desk.say = (text) => {
      this.said = '';
      window.clearTimeout(this.timer);
      void this.updateComplete.then(() => { this.said = text; });
      this.timer = window.setTimeout(() => { this.said = ''; }, 6000);
    };
  }

  protected override render() {
    const c = desk.c;
    document.title = `${desk.id && c ? `${c.number} ${c.title}` : t(desk.admin ? 'desk_admin' : 'desk_title')} – KI-veileder`;
    return html`
      ${desk.away && !desk.out ? html`<p class="line-away">${icon('offline')} ${t('desk_line_away')} <button type="button" @click=${() => desk.live.wake()}>${t('desk_line_try')}</button></p>` : nothing}
      ${desk.id ? (c ? caseView(c) : nowhere()) : desk.admin ? adminView() : listView()}
      <p class="desk-foot" ?hidden=${!desk.lists}><button type="button" class="ds-button" data-variant="tertiary" id="help" @click=${() => this.open({ kind: 'help' })}>${t('desk_help')} <kbd>?</kbd></button></p>
      <p role="status" class="said ${this.said ? 'on' : ''}">${this.said}</p>
      <dialog class="ds-dialog form-dialog ${this.dialog?.kind ?? ''}" id="dialog" aria-labelledby="dialog-title" @close=${() => { this.dialog = null; }}>${this.dialog ? this.content(this.dialog) : nothing}</dialog>
      <dialog class="ds-dialog form-dialog" id="out" aria-labelledby="out-title" aria-describedby="out-text" @cancel=${(e: Event) => e.preventDefault()}>
        <h2 id="out-title" tabindex="-1">${t('desk_out_title')}</h2><p id="out-text">${t('desk_out_text')}</p>
        <p class="actions"><a class="ds-button" data-variant="primary" href=${`/login?to=${encodeURIComponent(location.pathname + location.search)}`}>${t('desk_out_login')}</a>
          ${button(t('desk_out_again'), async () => { if (!await desk.back()) desk.say(t('desk_out_still')); })}</p></dialog>`;
  }

  protected override updated(): void {
    const whose = document.getElementById('whose');
    if (whose) whose.textContent = agency(me.agency) || rolesOf(me.roles);
    const out = this.querySelector<HTMLDialogElement>('#out');
    if (out && desk.out !== out.open) { if (desk.out) out.showModal(); else out.close(); }
  }

  async open(d: Dialog) {
    if (d?.kind === 'account') { delete desk.trouble['account']; void account.load(); }
    if (d?.kind === 'publish') void publishing.begin(desk.id);
    if (d?.kind === 'form') delete desk.trouble[d.form.under];
    this.dialog = d;
    await this.updateComplete;
    const box = this.querySelector<HTMLDialogElement>('#dialog');
    if (!box || box.open) return;
    box.showModal();
    (box.querySelector<HTMLElement>('.fields :is(input, textarea, select)') ?? box.querySelector<HTMLElement>('h2'))?.focus();
  }

  private close = () => {
    this.querySelector<HTMLDialogElement>('#dialog')?.close();
    painted(() => { // what opened it may be gone
      if (document.activeElement && document.activeElement !== document.body) return;
      document.getElementById(desk.id ? 'together' : 'search')?.focus();
    });
  };

  private content(d: NonNullable<Dialog>) {
    const title = d.kind === 'form' ? d.form.title : t(({ help: 'desk_help', account: 'desk_account', publish: 'desk_publish' } as const)[d.kind]);
    return html`<div class="dialog-top"><h2 id="dialog-title" tabindex="-1">${title}</h2><button type="button" class="ds-button close" data-variant="tertiary" aria-label=${t('desk_close')} @click=${this.close}>${icon('close')}</button></div>
      ${d.kind === 'form' ? this.form(d.form) : d.kind === 'help' ? help() : d.kind === 'account' ? accountView() : publishView(this.close)}`;
  }

  private form(f: Form) {
    const key = (name: string) => `${desk.id} ${f.under} ${name}`;
    const value = (name: string, first = '') => this.written.get(key(name)) ?? first;
    const write = (name: string) => (e: Event) => { this.written.set(key(name), (e.target as HTMLInputElement).value); };
    return html`<form class="fields" @submit=${(e: SubmitEvent) => { e.preventDefault(); void this.submit(f, e.target as HTMLFormElement); }}>
      ${typeof f.text === 'string' ? html`<p>${f.text}</p>` : f.text ?? nothing}
      ${f.fields.map((x) => html`${x.kind === 'sure' ? html`<label class="check"><input type="checkbox" name=${x.name} required> ${x.label}</label>` : x.kind === 'checks' ? html`<fieldset><legend>${x.label}</legend>${(x.options ?? []).map(([v, words]) => html`<label class="check"><input type="checkbox" name=${x.name} value=${v} ?checked=${(x.value ?? '').split(',').includes(v)}> ${words}</label>`)}</fieldset>`
        : html`<label>${x.label}${x.optional ? html` <span class="fine">(${t('desk_optional')})</span>` : nothing}
        ${x.kind === 'area' ? html`<textarea name=${x.name} rows="4" maxlength="4000" ?required=${!x.optional} aria-describedby=${x.help ? `help-${x.name}` : nothing} .value=${value(x.name, x.value)} @input=${write(x.name)}></textarea>`
          : x.kind === 'select' ? html`<select class="ds-input" name=${x.name} @change=${write(x.name)}>${(x.options ?? []).map(([v, words]) => html`<option value=${v} ?selected=${v === value(x.name, x.value)}>${words}</option>`)}</select>`
            : html`<input class="ds-input" name=${x.name} type=${x.kind} maxlength="500" ?required=${!x.optional} .value=${value(x.name, x.value)} @input=${write(x.name)}>`}</label>`}
        ${x.help ? html`<p class="fine" id="help-${x.name}">${x.help}</p>` : nothing}`)}
      ${trouble(f.under)}
      <p class="actions"><button type="submit" class="ds-button" data-color=${f.danger ? 'danger' : nothing} aria-disabled=${desk.busy === f.under ? 'true' : nothing}>${f.submit}</button>
        <button type="button" class="ds-button" data-variant="secondary" @click=${this.close}>${t('desk_cancel')}</button></p></form>`;
  }

  private async submit(f: Form, form: HTMLFormElement) {
    const data = new FormData(form);
    const values: Record<string, string> = {};
    for (const x of f.fields) values[x.name] = data.getAll(x.name).map(String).join(',').trim();
    let done = false;
    try { done = await f.run(values); } catch (e) { desk.trouble[f.under] = { text: why(e), events: [] }; desk.change(); }
    if (!done) return;
    for (const x of f.fields) this.written.delete(`${desk.id} ${f.under} ${x.name}`);
    this.close();
  }
}
let element: DeskElement;

// ---- a case

const panes: [string, Key][] = [['asked', 'desk_asked'], ['answer', 'desk_draft'], ['together', 'desk_together']];

// dueOf says what is due next, and when.
function dueOf(c: DeskCase): string {
  const next = c.targets?.find((s) => s.due === c.due && !s.done && s.target !== 'receipt');
  const words = dueWords(c.due!);
  return next ? `${of(next.name, next.target)}: ${words.slice(0, 1).toLowerCase()}${words.slice(1)}` : words;
}

function caseView(c: DeskCase) {
  const late = Boolean(c.targets?.some((s) => s.overdue && !s.done && s.target !== 'receipt'));
  return html`<div class="case" data-pane=${desk.pane}>
    <div class="case-top"><a class="back" href=${listPath()}>${icon('back')} ${t('desk_back')}</a>
      <h1 id="case-title" tabindex="-1"><span class="nr">${c.number}</span> ${c.title || t('desk_untitled')}</h1>
      <p class="about">${stateTag(c.state)} ${c.due && !['answered', 'published', 'referred', 'withdrawn', 'closed'].includes(c.state) ? html`<span class=${late ? 'late' : ''}>${icon(late ? 'warn' : 'clock')} ${dueOf(c)}</span>` : nothing} <span>${(c.agencies ?? []).map(agency).join(' · ')}</span>
        ${desk.came.length ? html`<button type="button" class="news" @click=${() => pane('together', 'came-title')}>${icon('dot')} ${t('desk_came', { n: desk.came.length })}</button>` : nothing}</p></div>
    ${c.anonymised ? html`<p class="box">${t('desk_is_anonymised')}</p>` : nothing}
    <div class="pane-pick" role="group" aria-label=${t('desk_panes')}>${panes.map(([name, words]) => html`<button type="button" aria-pressed=${String(desk.pane === name)} @click=${() => desk.setPane(name)}>${t(words)}</button>`)}</div>
    <div class="panes">
      <section class="pane asked" aria-labelledby="asked">${askedView(c)}</section>
      <section class="pane answer" aria-labelledby="answer">${draftView(c)}</section>
      <section class="pane together" aria-labelledby="together">${togetherView(c)}</section>
    </div></div>`;
}

function nowhere() {
  if (!desk.missing) return html`<div class="case"><h1 id="case-title" class="none" tabindex="-1">${t('desk_loading')}</h1></div>`;
  return html`<div class="case"><a class="back" href="/desk">${icon('back')} ${t('desk_back')}</a><h1 id="case-title" tabindex="-1">${t('desk_no_case')}</h1><p>${desk.missing}</p>${button(t('desk_again'), () => desk.open(desk.id))}</div>`;
}

// ---- keys

const keyWords: [string, Key][] = [
  ['j / ↓', 'desk_key_j'], ['k / ↑', 'desk_key_k'], ['Enter', 'desk_key_enter'], ['/', 'desk_key_search'], ['f', 'desk_key_f'], ['u', 'desk_key_u'], ['r', 'desk_key_r'],
  ['g l', 'desk_key_list'], ['c', 'desk_key_c'], ['e', 'desk_key_e'], ['Ctrl + S', 'desk_key_save'], ['q', 'desk_key_q'], ['n', 'desk_key_n'], ['a', 'desk_key_a'], ['d', 'desk_key_d'], ['1 2 3', 'desk_key_panes'], ['?', 'desk_key_help'],
];

const help = () => html`<p>${t('desk_help_text')}</p>
  <label class="check"><input type="checkbox" .checked=${desk.keys.on} @change=${(e: Event) => desk.setKeys((e.target as HTMLInputElement).checked)}> ${t('desk_help_on')}</label>
  <dl class="keys">${keyWords.map(([k, words]) => html`<div><dt>${k.split(' / ').map((x, i) => html`${i ? ' / ' : nothing}<kbd>${x}</kbd>`)}</dt><dd>${t(words)}</dd></div>`)}</dl>`;

const pane = (name: string, to = name) => { desk.setPane(name); focus(to); };

addEventListener('keydown', (e) => {
  if ((e.ctrlKey || e.metaKey) && !e.altKey && !e.shiftKey && e.key.toLowerCase() === 's' && desk.id) {
    e.preventDefault();
    if (desk.editor?.dirty && desk.may('draft_saved')) void save(desk.editor);
    return;
  }
  const at = e.target as HTMLElement;
  const key = desk.keys.press({
    key: e.key, ctrlKey: e.ctrlKey, metaKey: e.metaKey, altKey: e.altKey, isComposing: e.isComposing,
    typing: typing(at.tagName, (at as HTMLInputElement).type ?? '', at.isContentEditable), dialog: Boolean(document.querySelector('dialog[open]')),
  }, desk.id ? 'case' : 'list', e.timeStamp);
  if (!key || key === 'Enter') return; // Enter opens a link by itself
  const run: Record<string, () => void> = {
    j: () => move(1), k: () => move(-1),
    o: () => document.activeElement?.closest('tr')?.querySelector<HTMLElement>('a.open')?.click(),
    u: () => desk.setFilter(filters.toggled(desk.filter, 'unread')),
    f: () => document.querySelector<HTMLElement>('.toggle')?.focus(),
    '/': () => document.getElementById('search')?.focus(),
    r: () => void desk.load(),
    'g l': () => go(listPath()),
    c: () => { pane('together', 'claim'); void element.updateComplete.then(() => document.getElementById('claim')?.click()); },
    e: () => { desk.setPane('answer'); if (desk.editor) desk.editor.show = 'write'; desk.change(); focus(document.getElementById('section-0') ? 'section-0' : 'answer'); },
    n: () => pane('together', 'note'),
    q: () => pane('together', 'ask'),
    a: () => pane('together', document.getElementById('signing') ? 'signing' : 'together'),
    d: () => { desk.setPane('answer'); if (desk.editor && desk.c?.drafts?.length) { desk.editor.show = desk.editor.show === 'changes' ? '' : 'changes'; desk.change(); } focus('answer'); },
    1: () => pane('asked'), 2: () => pane('answer'), 3: () => pane('together'),
    '?': () => void element.open({ kind: 'help' }),
  };
  if (!run[key]) return;
  e.preventDefault();
  run[key]();
});

// ---- addresses

document.addEventListener('click', (e) => {
  const a = (e.target as Element).closest?.('a');
  if (!a || e.defaultPrevented || e.button || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey || a.target || a.hasAttribute('download')) return;
  const url = new URL(a.href, location.href);
  if (url.origin !== location.origin || !/^\/desk(\/|$)/.test(url.pathname) || url.hash) return;
  e.preventDefault();
  go(url.pathname + url.search);
});
addEventListener('popstate', () => void show());

// ---- the window, the network

document.addEventListener('visibilitychange', () => {
  desk.live.seen(!document.hidden);
  if (document.hidden) void desk.hide();
  else if (desk.out) void desk.back();
  else void desk.refresh();
});
addEventListener('pagehide', () => void desk.hide());
addEventListener('online', () => desk.live.wake());
addEventListener('beforeunload', (e) => {
  const k = desk.editor?.keeper.state;
  if (desk.editor?.dirty && (k === 'local' || k === 'typed')) { void desk.hide(); if (k === 'local' && !desk.out) e.preventDefault(); } // else the service has it
});

document.getElementById('account')?.addEventListener('click', () => void element.open({ kind: 'account' }));
document.getElementById('logout')?.addEventListener('click', () => {
  void desk.forget().then(() => api.call<{ to?: string }>('POST', '/logout', {})).then((r) => location.assign(r?.to ?? '/'), () => location.assign('/'));
});

async function start() {
  startPrefs();
  for (let n = 0; ; n++) {
    try { await load(); break; } catch {
      if (n === 5) { document.getElementById('broken')!.hidden = false; return; }
      await new Promise((done) => setTimeout(done, 500 * 2 ** n));
    }
  }
  customElements.define('ki-desk', DeskElement);
  element = document.querySelector('ki-desk') as DeskElement;
  void desk.start();
  void show(true);
}
void start();
