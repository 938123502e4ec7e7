// What an asker writes in a case: the fields, and what becomes of it. What is
// being written is kept in this tab until the service has it.
import { base, chat, html, icon, nothing, number, store } from './app.js';
import type { Key } from './case-words.ts';
import { t } from './case-words.ts';
import type { AskerCase, CaseTask } from './protocol.ts';
import type { Errand, Talk } from './talk.ts';

type Kind = 'added' | 'replied' | 'reopened';

const near = 500; // characters left when the counter begins to show
const labels: Record<Kind, Key> = { added: 'case_add', replied: 'case_reply', reopened: 'case_ask_again' };
const hints: Record<Kind, Key> = { added: 'case_add_hint', replied: 'case_reply_hint', reopened: 'case_ask_again_hint' };

const most = (kind: Kind) => (kind === 'reopened' ? 4000 : chat.connection.limits.case_chars || 4000);
const place = (talk: Talk, c: AskerCase, kind: Kind, task = 0) => `${talk.key}:${c.id}:${kind}:${task}`;
const wrong = new Map<string, string>(); // what is said at a field, by its place

// what is being written, also where the browser keeps nothing
const typed = new Map<string, string>();
const draft = (at: string) => typed.get(at) ?? store.draft(at);

const errandOf = (talk: Talk, c: AskerCase, kind: string, task = 0): Errand | undefined =>
  talk.errands.findLast((e) => e.tell?.case === c.id && e.tell.kind === kind && (e.tell.data['task'] ?? 0) === task);

/** pending shows what is on its way, and why it was refused. */
export function pending(talk: Talk, c: AskerCase, kind: string, task = 0) {
  const e = errandOf(talk, c, kind, task);
  if (!e) return nothing;
  const text = String(e.tell?.data['text'] ?? e.tell?.data['reason'] ?? '');
  const lost = chat.line !== 'connected' && chat.line !== 'http';
  if (!e.error) {
    return html`<div class="reply going">${text ? html`<p class="written">${text}</p>` : nothing}
      <p class="how">${icon(lost ? 'offline' : 'connecting')} ${base(lost ? 'case_waiting' : 'case_sending')}</p></div>`;
  }
  if (kind !== 'withdrawn') return nothing; // it is said at the field
  return html`<p class="box bad">${e.error.message || base('case_failed')}</p>`;
}

/** field gives a fold with a form behind it. */
export function field(talk: Talk, c: AskerCase, kind: Kind) {
  const e = errandOf(talk, c, kind);
  const at = place(talk, c, kind);
  return html`${pending(talk, c, kind)}${e && !e.error ? nothing : html`<details class="write" ?open=${Boolean(e?.error || draft(at))}>
    <summary>${t(labels[kind])}</summary>${formOf(talk, c, kind)}</details>`}`;
}

/** formOf gives a field to write in, with its button. */
export function formOf(talk: Talk, c: AskerCase, kind: Kind, task?: CaseTask) {
  const at = place(talk, c, kind, task?.id);
  const id = `write-${c.id}-${kind}-${task?.id ?? 0}`;
  const refused = errandOf(talk, c, kind, task?.id)?.error;
  const said = wrong.get(at) ?? (refused ? refused.message || base('case_failed') : '');
  const left = most(kind) - [...draft(at)].length;
  return html`<form class="write-form" novalidate @submit=${(e: Event) => { e.preventDefault(); send(talk, c, kind, id, task); }}>
    <label for=${id}>${t(labels[kind])}</label>
    <p class="hint" id="${id}-hint">${t(hints[kind])}</p>
    ${said ? html`<p class="error" id="${id}-error">${icon('stopped')} ${said}</p>` : nothing}
    <textarea class="ds-input" id=${id} rows="3" aria-describedby="${id}-hint${said ? ` ${id}-error` : ''}" aria-invalid=${said ? 'true' : nothing} .value=${draft(at)}
      @input=${(e: Event) => { write(at, (e.target as HTMLTextAreaElement).value); wrong.delete(at); chat.tell(); }}></textarea>
    <p class="hint">${left > near ? nothing : left >= 0 ? base('chars_left', { n: number(left) }) : base('chars_over', { n: number(-left) })}</p>
    <p class="actions"><button type="submit" class="ds-button" data-variant=${kind === 'replied' ? 'primary' : 'secondary'}>${t('case_send')}</button></p>
  </form>`;
}

function write(at: string, text: string): void {
  store.setDraft(at, text);
  if (store.draft(at) === text) typed.delete(at);
  else typed.set(at, text);
}

function send(talk: Talk, c: AskerCase, kind: Kind, id: string, task?: CaseTask): void {
  const at = place(talk, c, kind, task?.id);
  const text = draft(at).trim();
  const going = errandOf(talk, c, kind, task?.id);
  if (going && !going.error) return; // pressed twice
  if (!text || [...text].length > most(kind)) {
    wrong.set(at, text ? t('case_too_long', { n: number(most(kind)) }) : t('case_empty'));
    chat.say(wrong.get(at) ?? '', 6);
    document.getElementById(id)?.focus();
    return;
  }
  // whoever wrote stays where it was written
  const turn = document.getElementById(id)?.closest('article')?.querySelector<HTMLElement>('h3');
  const data = kind === 'reopened' ? { reason: text } : kind === 'added' ? { text } : { task: task?.id, text };
  chat.command(talk, { case: c.id, kind, data, seen: c.seq }, at);
  typed.delete(at); // the tab keeps it until the service has it
  turn?.focus({ preventScroll: true });
}

/** sendReply answers with one of the values that were offered. */
export function sendReply(talk: Talk, c: AskerCase, task: CaseTask, text: string, facts: Record<string, unknown>): void {
  const going = errandOf(talk, c, 'replied', task.id);
  if (going && !going.error) return;
  chat.command(talk, { case: c.id, kind: 'replied', data: { task: task.id, text, facts }, seen: c.seq });
  document.querySelector<HTMLElement>(`#case-${CSS.escape(c.id)}-t${task.id} h3`)?.focus({ preventScroll: true });
}
