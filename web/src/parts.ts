// The parts of the chat page. They stand in the page's own document, so that
// one style sheet serves all and ids may point from one to another.
import type { TemplateResult } from 'lit';
import { html, LitElement, nothing } from 'lit';
import { live } from 'lit/directives/live.js';
import { repeat } from 'lit/directives/repeat.js';
import { answer, maskedWords } from './answer.ts';
import type { Turn } from './cases.ts';
import { saidOf, turns } from './cases.ts';
import type { Chip } from './facts.ts';
import { chips, same } from './facts.ts';
import { icon } from './icons.ts';
import type { AskerCase, Entry } from './protocol.ts';
import { chat } from './state.ts';
import type { Outgoing, Talk } from './talk.ts';
import { language, onChange, t } from './texts.ts';

/** A part is rendered anew when the chat or the language changes. */
export abstract class Part extends LitElement {
  protected override createRenderRoot() {
    this.replaceChildren(); // what the server wrote in its place
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    chat.watch(() => this.requestUpdate());
    onChange(() => this.requestUpdate());
  }
}

// ---- what was said

class Log extends Part {
  private shown: Talk | null = null;
  private count = 0;
  private spoken = '';
  private timer = 0;
  private turns: Turn[] = [];

  protected override willUpdate(): void {
    const talk = chat.current;
    this.turns = turns(talk, () => chat.tell());
    const more = talk.entries.length + this.turns.length - this.count;
    // what is not new is not read aloud: another conversation, the history, another language
    const quiet = talk !== this.shown || more > 2 || more < 0 || language() !== this.spoken;
    this.shown = talk;
    this.count = talk.entries.length + this.turns.length;
    this.spoken = language();
    if (!quiet && more === 0) return;
    clearTimeout(this.timer);
    const log = this.parentElement!;
    log.setAttribute('aria-live', quiet ? 'off' : 'polite');
    if (quiet) this.timer = window.setTimeout(() => log.setAttribute('aria-live', 'polite'), 300);
  }

  protected override render() {
    const talk = chat.current;
    const rest = [...this.turns];
    const items = talk.entries.flatMap((e, i): Turn[] => {
      const at = Date.parse(e.at);
      // an answer stays right below its question
      const before = e.type === 'message' ? rest.splice(0, rest.filter((x) => x.at <= at).length) : [];
      return [...before, { at, key: String(e.offset), html: turn(talk, e, talk.entries[i - 1]) }];
    });
    return repeat([...items, ...rest], (x) => `${talk.key} ${x.key}`, (x) => x.html);
  }
}

function turn(talk: Talk, e: Entry, before?: Entry) {
  if (e.type === 'answer') return answer(talk, e, before?.offset !== e.reply_to);
  return html`<article class="turn question" id="e${e.offset}">
    <h3 tabindex="-1">${t('you_asked')}</h3>
    <p>${e.text}</p>
    ${e.masked?.length ? html`<p class="masked">${maskedWords(e.masked)}</p>` : nothing}
  </article>`;
}

// ---- what is on its way: outside the log, where only what is complete stands

class Outbox extends Part {
  protected override render() {
    const talk = chat.current;
    return html`
      ${repeat(talk.outbox, (m) => m.id, (m) => (m.error ? refused(talk, m, m.error) : waiting(m)))}
      ${talk.unanswered.length && !talk.gone ? html`<p class="working" aria-hidden="true"><i></i><i></i><i></i></p>` : nothing}`;
  }
}

function waiting(m: Outgoing) {
  const stuck = chat.line !== 'connected' && chat.line !== 'http';
  const words = chat.line === 'stopped' ? t('waits_reload') : t(stuck ? 'waits' : 'on_its_way');
  return html`<article class="turn question waiting">
    <h3 tabindex="-1">${t('you_asked')}</h3>
    <p>${m.question}</p>
    <p class="how">${icon(stuck ? 'offline' : 'connecting')} ${words}</p>
  </article>`;
}

function refused(talk: Talk, m: Outgoing, error: { code: string; message: string }) {
  return html`<article class="turn question waiting"><h3 tabindex="-1">${t('you_asked')}</h3><p>${m.question}</p></article>
    <article class="turn failed">
      <h3 tabindex="-1">${icon('stopped')} ${t('error_heading')}</h3>
      <p>${error.message || t('error_general')}</p>
      <p class="actions">
        <button type="button" class="ds-button" @click=${() => chat.retry(talk, m)}>${t('try_again')}</button>
        <button type="button" class="ds-button" data-variant="secondary" @click=${() => edit(talk, m)}>${t('edit_question')}</button>
      </p>
    </article>`;
}

function edit(talk: Talk, m: Outgoing) {
  chat.discard(talk, m);
  dispatchEvent(new CustomEvent('ki-edit', { detail: m.question }));
}

// ---- over the conversation: what can be done with it

class Bar extends Part {
  protected override render() {
    const talk = chat.current;
    if (talk.empty) return nothing;
    return html`<div class="talkbar">
      <h2 id="talk-title" tabindex="-1">${t('conversation')}</h2>
      <button type="button" class="ds-button new" data-variant="tertiary" @click=${fresh}>${icon('plus')} ${t('new_conversation')}</button>
      <details class="menu" @keydown=${this.escape} @focusout=${this.left}>
        <summary class="ds-button" data-variant="tertiary">${t('more')}</summary>
        <div class="choices">
          ${talk.id && !talk.gone ? html`
            <button type="button" @click=${() => this.save('md')}>${t('download_md')}</button>
            <button type="button" @click=${() => this.save('json')}>${t('download_json')}</button>` : nothing}
          <button type="button" @click=${() => { this.close(); print(); }}>${t('print')}</button>
          <button type="button" class="danger" @click=${() => { this.close(); confirmDelete(talk); }}>${t('delete_conversation')}</button>
        </div>
      </details>
    </div>
    ${talk.cases.length ? html`<ul class="case-marks" aria-label=${t('case_marks')}>${talk.cases.map((c) => html`<li><a href="#case-${c.id}" @click=${(e: Event) => toCase(e, c)}>${t('case_n', { number: c.number })}</a> ${mark(c)}</li>`)}</ul>` : nothing}`;
  }

  private get menu() { return this.querySelector<HTMLDetailsElement>('details.menu'); }

  private close() {
    if (this.menu) this.menu.open = false;
    this.menu?.querySelector('summary')?.focus();
  }

  private escape(e: KeyboardEvent) { if (e.key === 'Escape' && this.menu?.open) this.close(); }

  private left(e: FocusEvent) {
    if (this.menu && e.relatedTarget && !this.menu.contains(e.relatedTarget as Node)) this.menu.open = false;
  }

  private save(format: 'md' | 'json') {
    this.close();
    chat.download(chat.current, format).then(() => chat.say(t('downloaded'), 4), () => chat.say(t('download_failed'), 8));
  }
}

/** mark says how a case stands. */
export const mark = (c: AskerCase) => html`<span class="ds-tag case-state" data-color=${colours[c.state] ?? 'info'}>${saidOf(c.state)}</span>`;

const colours: Record<string, string> = { waiting: 'warning', answered: 'success', published: 'success', referred: 'neutral', withdrawn: 'neutral', closed: 'neutral' };

/** toCase leads to what matters of a case: what is asked, else the answer, else the case. */
export function toCase(e: Event, c: AskerCase) {
  e.preventDefault();
  const task = c.state === 'waiting' ? c.tasks?.find((x) => !x.replied) : undefined;
  const last = c.answers?.at(-1);
  const place = document.getElementById(task ? `case-${c.id}-t${task.id}` : last ? `case-${c.id}-a${last.seq}` : `case-${c.id}`);
  place?.querySelector<HTMLElement>('h3')?.focus({ preventScroll: true });
  place?.scrollIntoView({ block: 'start' });
}

/** fresh begins a new conversation. */
export function fresh(): void {
  chat.create();
  document.querySelector('dialog[open]')?.dispatchEvent(new Event('ki-close'));
  document.getElementById('question')?.focus();
}

const confirmDelete = (talk: Talk) => dispatchEvent(new CustomEvent('ki-delete', { detail: talk }));

// ---- what stands in the way

class Notice extends Part {
  protected override render() {
    const boxes: TemplateResult[] = [];
    if (chat.line === 'stopped') {
      boxes.push(html`<section class="box warn"><h2>${icon('stopped')} ${t('stopped_title')}</h2>
        <p>${t(chat.code === 4500 ? 'stopped_version' : 'stopped_text')}</p>
        <p><button type="button" class="ds-button" @click=${() => location.reload()}>${t('reload')}</button></p></section>`);
    }
    if (chat.badLink) boxes.push(html`<section class="box warn"><h2>${t('case_link_title')}</h2><p>${t('case_link_bad')}</p></section>`);
    if (chat.current.gone) {
      boxes.push(html`<section class="box warn"><h2>${t('gone_title')}</h2><p>${t('gone_text')}</p>
        <p class="actions"><button type="button" class="ds-button" @click=${fresh}>${t('new_conversation')}</button>
        <button type="button" class="ds-button" data-variant="secondary" @click=${() => void chat.remove(chat.current)}>${t('remove_from_list')}</button></p></section>`);
    }
    return boxes;
  }
}

// ---- what is known of the project

class Facts extends Part {
  protected override render() {
    const all = chips(chat.current);
    if (!all.length) return nothing;
    return html`<div class="facts" role="group" aria-labelledby="facts-title">
      <span id="facts-title">${t('facts_title')}</span>
      ${all.map((c) => this.chip(c))}
    </div>`;
  }

  private chip(c: Chip) {
    const label = c.unknown ? t('fact_unknown', { name: c.label }) : c.label;
    const name = c.unknown ? label : [c.name, c.label].filter(Boolean).join(': ');
    const at = c.values.findIndex((o) => same(o.value, c.value));
    const choose = (e: Event) => {
      const o = c.values[Number((e.target as HTMLSelectElement).value)];
      if (!o) return;
      chat.setFact(c.fact, o.value);
      chat.say(t('fact_changed'), 5);
    };
    return html`<span class=${c.unknown ? 'chip unknown' : 'chip'} title=${c.words ? t('fact_from', { words: c.words }) : name}>
      ${c.values.length > 1
        ? html`<select aria-label=${t('fact_change', { label: name })} @change=${choose} .value=${live(String(at))}>
            ${at < 0 ? html`<option value="-1" selected>${label}</option>` : nothing}
            ${c.values.map((o, i) => html`<option value=${i} ?selected=${i === at}>${o.label}</option>`)}
          </select>`
        : html`<span>${label}</span>`}
      <button type="button" aria-label=${t('fact_remove', { label: name })} @click=${() => this.forget(c)}>${icon('close')}</button>
    </span>`;
  }

  private forget(c: Chip) {
    chat.setFact(c.fact, null);
    chat.say(t('fact_removed', { label: c.label }), 5);
    document.getElementById('question')?.focus();
  }
}

// ---- the state of the line, and what the service does

class Line extends Part {
  protected override render() {
    this.dataset['state'] = chat.line;
    const words = { connecting: t('state_connecting'), connected: t('state_connected'), http: t('state_http'), reconnecting: t('state_reconnecting'),
      offline: t('state_offline'), idle: t('state_idle'), stopped: t('state_stopped') };
    return html`${icon(chat.line)} <span>${words[chat.line]}</span>`;
  }
}

class Status extends Part {
  protected override render() { return chat.said; }
}

customElements.define('ki-log', Log);
customElements.define('ki-outbox', Outbox);
customElements.define('ki-bar', Bar);
customElements.define('ki-notice', Notice);
customElements.define('ki-facts', Facts);
customElements.define('ki-line', Line);
customElements.define('ki-status', Status);
