// The field where a question is written. It is never closed: what is asked
// without a line to the service waits.
import { chat } from './state.ts';
import * as store from './store.ts';
import type { Talk } from './talk.ts';
import { number, onChange, t } from './texts.ts';

const near = 500; // characters left when the counter begins to show
const form = document.getElementById('composer') as HTMLFormElement;
const field = document.getElementById('question') as HTMLTextAreaElement;
const counter = document.getElementById('counter')!;
const max = Number(document.getElementById('main')!.dataset['max']) || 4000;

let talk: Talk = chat.current;

// characters as the service counts them, not UTF-16 units
const length = () => [...field.value].length;

function show() {
  const left = max - length();
  counter.textContent = left > near ? '' : left >= 0 ? t('chars_left', { n: number(left) }) : t('chars_over', { n: number(-left) });
  counter.classList.toggle('over', left < 0);
  if (left >= 0) field.removeAttribute('aria-invalid');
  else field.setAttribute('aria-invalid', 'true');
  field.style.height = 'auto'; // set by script, which the policy allows
  field.style.height = `${Math.min(field.scrollHeight + 4, 260)}px`;
}

function write(text: string) {
  field.value = text;
  store.setDraft(talk.key, text);
  show();
}

function send() {
  const text = field.value.trim();
  if (!text) { chat.say(t('empty'), 6); field.focus(); return; }
  if (length() > max) { chat.say(t('too_long', { n: number(max) }), 8); field.focus(); return; }
  write('');
  chat.ask(text);
}

// follow brings the draft of the conversation that is shown.
function follow() {
  if (talk === chat.current) return;
  const before = talk;
  talk = chat.current;
  // a draft goes along into a new conversation, and stays where there is another
  const kept = store.draft(talk.key);
  if (talk.empty && !kept && field.value) store.setDraft(before.key, '');
  write(kept || (talk.empty ? field.value : ''));
}

/** put brings a question back; what is being written is kept behind it. */
export function put(text: string): void {
  write([text, field.value.trim()].filter(Boolean).join('\n\n'));
  field.focus();
}

export function start(): void {
  field.addEventListener('input', () => { store.setDraft(talk.key, field.value); show(); });
  field.addEventListener('focus', () => chat.connection.wake());
  field.addEventListener('keydown', (e) => {
    // isComposing: Enter that only ends an input method's suggestion
    if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) {
      e.preventDefault();
      send();
    }
  });
  form.addEventListener('submit', (e) => { e.preventDefault(); send(); });
  field.value = store.draft(talk.key) || field.value;
  chat.watch(follow);
  onChange(show);
  show();
}
