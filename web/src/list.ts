// The conversations: beside the chat where there is room, else in a drawer.
import { html, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { icon } from './icons.ts';
import { fresh, mark, Part } from './parts.ts';
import { chat } from './state.ts';
import * as store from './store.ts';
import type { Talk } from './talk.ts';
import { isOpen } from './talk.ts';
import { moment, t } from './texts.ts';

const wide = matchMedia('(min-width: 72rem)');

// list is written once in each place; only one of them is there at a time.
function list(place: string) {
  return html`
    <button type="button" class="ds-button new" data-variant="secondary" @click=${fresh}>${icon('plus')} ${t('new_conversation')}</button>
    ${chat.talks.length ? html`<ul class="talks" aria-labelledby="${place}-title">${repeat(chat.talks, (x) => x.key, item)}</ul>`
      : html`<p class="none">${t('no_conversations')}</p>`}
    <div class="remember">
      <label class="switch"><input type="checkbox" class="ds-input" role="switch" .checked=${store.remembers()} aria-describedby="${place}-remember"
        @change=${(e: Event) => chat.remember((e.target as HTMLInputElement).checked)}><span>${t('remember')}</span></label>
      <p id="${place}-remember">${t(store.remembers() ? 'remember_on' : 'remember_off')}</p>
    </div>`;
}

function item(talk: Talk) {
  const here = talk === chat.current;
  return html`<li class=${here ? 'here' : ''}>
    <button type="button" class="pick" aria-current=${here ? 'true' : nothing} @click=${() => pick(talk)}>
      <span class="title">${talk.title || t('untitled')}</span>
      <span class="at">${talk.gone ? t('is_gone') : [...talk.outbox, ...talk.errands].some((m) => m.error) ? t('not_sent') : talk.waits ? t('waits_short') : moment(talk.at)}</span>
      ${talk.cases.length ? html`<span class="marks">${talk.cases.slice(-3).map(mark)}${talk.news ? html` <strong class="news">${t('case_news')}</strong>` : nothing}</span>` : nothing}
    </button>
    <button type="button" class="bin" aria-label=${t('delete_named', { title: talk.title || t('untitled') })}
      @click=${() => dispatchEvent(new CustomEvent('ki-delete', { detail: talk }))}>${icon('bin')}</button>
  </li>`;
}

function pick(talk: Talk) {
  chat.open(talk);
  document.querySelector('dialog[open]')?.dispatchEvent(new Event('ki-close'));
  document.getElementById('talk-title')?.focus();
}

class Side extends Part {
  override connectedCallback(): void {
    super.connectedCallback();
    wide.addEventListener('change', () => this.requestUpdate());
  }

  protected override render() {
    if (!wide.matches) return nothing;
    return html`<h2 id="side-title">${t('conversations')}</h2>${list('side')}`;
  }
}

// The drawer is a modal dialog: the browser keeps focus inside, closes it with
// Escape and gives focus back to the button.
class Drawer extends Part {
  static override properties = { open: { state: true } };
  declare open: boolean;

  constructor() {
    super();
    this.open = false;
    wide.addEventListener('change', () => this.close());
  }

  protected override render() {
    return html`<button type="button" class="ds-button opener" data-variant="tertiary" aria-haspopup="dialog" aria-expanded=${String(this.open)} @click=${this.show}>
        ${icon('list')} ${t('conversations')}${chat.talks.length ? html` <span class="count">(${chat.talks.length})</span>` : nothing}</button>
      <dialog class="ds-dialog drawer" data-placement="left" aria-labelledby="drawer-title" @close=${this.closed} @ki-close=${this.close}
        @click=${(e: Event) => { if (e.target === e.currentTarget) this.close(); }}>
        ${this.open ? html`<div class="drawer-top"><h2 id="drawer-title">${t('conversations')}</h2>
          <button type="button" class="ds-button" data-variant="tertiary" @click=${this.close}>${icon('close')} ${t('close')}</button></div>${list('drawer')}` : nothing}
      </dialog>`;
  }

  private get dialog() { return this.querySelector<HTMLDialogElement>('dialog.drawer'); }

  private async show() {
    this.open = true;
    await this.updateComplete;
    this.dialog?.showModal();
  }

  private close() { this.dialog?.close(); }

  private closed() { this.open = false; }
}

class Confirm extends Part {
  static override properties = { talk: { state: true }, failed: { state: true } };
  declare talk: Talk | null;
  declare failed: boolean;

  constructor() {
    super();
    this.talk = null;
    this.failed = false;
    addEventListener('ki-delete', (e) => void this.show((e as CustomEvent<Talk>).detail));
  }

  protected override render() {
    return html`<dialog class="ds-dialog confirm" aria-labelledby="confirm-title" aria-describedby="confirm-text" @close=${this.done}>
      ${this.talk ? html`<h2 id="confirm-title">${t('delete_title')}</h2>
        <p class="what">${this.talk.title || t('untitled')}</p>
        <p id="confirm-text">${t('delete_text')}${this.talk.cases.some(isOpen) ? html` ${t('case_delete_note')}` : nothing}</p>
        ${this.failed ? html`<p class="box bad" role="alert">${t('delete_failed')}</p>` : nothing}
        <p class="actions"><button type="button" class="ds-button" data-color="danger" @click=${this.delete}>${t('delete_yes')}</button>
          <button type="button" class="ds-button" data-variant="secondary" autofocus @click=${this.close}>${t('cancel')}</button></p>` : nothing}
    </dialog>`;
  }

  private async show(talk: Talk) {
    this.talk = talk;
    this.failed = false;
    await this.updateComplete;
    this.querySelector('dialog')?.showModal();
  }

  private close() { this.querySelector('dialog')?.close(); }

  private done() { this.talk = null; }

  private async delete() {
    try {
      if (this.talk) await chat.remove(this.talk);
      this.close();
      chat.say(t('cleared'), 5);
      if (!document.querySelector('dialog[open]')) document.getElementById('question')?.focus();
    } catch {
      this.failed = true;
    }
  }
}

customElements.define('ki-side', Side);
customElements.define('ki-drawer', Drawer);
customElements.define('ki-confirm', Confirm);
