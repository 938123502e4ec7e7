// The cases of a conversation: what was handed over to the lawyers, how it
// stands, what they ask and what they answer. Loaded when there is one.
import { chat } from './app.js';
import { addedTurn, againTurn, answerTurn, cardTurn, informedTurn, pendingTurn, taskTurn } from './case-turns.ts';
import { showForm } from './case-form.ts';
import type { Turn } from './cases.ts';
import type { Talk } from './talk.ts';

/** open shows the form of a hand-over. */
export function open(talk: Talk, question: string): void { showForm(talk, question); }

/** turns gives what stands in a conversation besides questions and answers, by its time. */
export function turns(talk: Talk): Turn[] {
  const out: Turn[] = [];
  const add = (at: string, key: string, html: unknown) => out.push({ at: Date.parse(at) || 0, key, html });
  for (const c of talk.cases) {
    add(c.opened, c.id, cardTurn(talk, c));
    for (const x of c.tasks ?? []) add(x.at, `${c.id} t${x.id}`, taskTurn(talk, c, x));
    (c.added ?? []).forEach((x, i) => add(x.at, `${c.id} x${i}`, addedTurn(c, x.text)));
    (c.again ?? []).forEach((x, i) => add(x.at, `${c.id} r${i}`, againTurn(c, x.text)));
    (c.informed ?? []).forEach((x, i) => add(x.at, `${c.id} i${i}`, informedTurn(c, x, i)));
    for (const x of c.answers ?? []) add(x.at, `${c.id} a${x.seq}`, answerTurn(talk, c, x));
  }
  out.sort((a, b) => a.at - b.at);
  for (const e of talk.errands) if (e.hand) out.push({ at: Infinity, key: e.id, html: pendingTurn(talk, e) });
  return out;
}

// Whoever stood on a hand-over on its way stands on its case when that is there.
chat.watch(() => {
  const id = document.activeElement?.closest<HTMLElement>('[data-errand]')?.dataset['errand'];
  if (!id || chat.current.errands.some((e) => e.id === id)) return;
  const c = chat.current.cases.at(-1);
  requestAnimationFrame(() => requestAnimationFrame(() => {
    const place = document.querySelector<HTMLElement>(c ? `#case-${CSS.escape(c.id)} h3` : '#question');
    place?.focus({ preventScroll: true });
  }));
});
