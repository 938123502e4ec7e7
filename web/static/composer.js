// The field where a question is written.
import { number, t } from './texts.js';

const near = 500; // characters left when the counter begins to show

// composer gives {focus, put, show}. max is the most characters; onDraft gets
// the text at every change and onAsk when it is sent; say tells what is wrong.
export function composer({ max, draft, onDraft, onAsk, say }) {
  const form = document.getElementById('composer');
  const field = document.getElementById('question');
  const counter = document.getElementById('counter');

  // characters as the service counts them, not UTF-16 units
  const length = () => [...field.value].length;

  function show() {
    const left = max - length();
    counter.textContent = left > near ? '' : left >= 0
      ? t('chars_left', { n: number(left) })
      : t('chars_over', { n: number(-left) });
    counter.classList.toggle('over', left < 0);
    if (left >= 0) field.removeAttribute('aria-invalid');
    else field.setAttribute('aria-invalid', 'true');
    field.style.height = 'auto'; // set by script, which the policy allows
    field.style.height = `${Math.min(field.scrollHeight + 2, 240)}px`;
  }

  function send() {
    const text = field.value.trim();
    if (!text) { say(t('empty')); field.focus(); return; }
    if ([...text].length > max) { say(t('too_long', { n: number(max) })); field.focus(); return; }
    field.value = '';
    onDraft('');
    show();
    onAsk(text);
  }

  field.addEventListener('input', () => { onDraft(field.value); show(); });
  field.addEventListener('keydown', (e) => {
    // isComposing: Enter that only ends an input method's suggestion
    if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) {
      e.preventDefault();
      send();
    }
  });
  form.addEventListener('submit', (e) => { e.preventDefault(); send(); });

  if (draft) field.value = draft;

  return {
    focus: () => field.focus(),
    show,
    // put brings a question back; what is being written is kept behind it
    put(text) {
      field.value = [text, field.value.trim()].filter(Boolean).join('\n\n');
      onDraft(field.value);
      show();
      field.focus();
    },
  };
}
