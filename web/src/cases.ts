// What the page knows of cases before it shows them: their states in words, and
// the script that shows them, which is loaded when there is one to show.
import type { AskerCase } from './protocol.ts';
import type { Talk } from './talk.ts';
import { language, list, t } from './texts.ts';

/** Something of a case that stands in the conversation, by its time. */
export interface Turn { at: number; key: string; html: unknown }

/** What case.ts has: the turns of a conversation's cases, and the form of a hand-over. */
interface View {
  turns(talk: Talk): Turn[];
  open(talk: Talk, question: string): void;
}

const states: Record<string, Parameters<typeof t>[0]> = {
  received: 'case_state_received', assessment: 'case_state_assessment', waiting: 'case_state_waiting', answered: 'case_state_answered',
  published: 'case_state_published', referred: 'case_state_referred', withdrawn: 'case_state_withdrawn', reopened: 'case_state_reopened', closed: 'case_state_closed',
};

/** saidOf gives a state in words; one that is newer than this page is being worked on. */
export const saidOf = (state: string): string => t(states[state] ?? 'case_state_assessment');

/** agencies names those who are on a case, or those of a list. */
export const agencies = (c: AskerCase, keys = c.agencies): string =>
  list((keys ?? []).map((k) => c.names?.[k]?.[language()] ?? c.names?.[k]?.['nb'] ?? k)) || t('case_lawyers');

let view: View | null = null;
let loading: Promise<View> | null = null;
let tries = 0;

/** load gives what shows cases. After a failure it may be called again. */
export function load(): Promise<View> {
  if (view) return Promise.resolve(view);
  if (loading) return loading;
  const path = tries++ ? `./case.js?${tries}` : './case.js'; // a browser may remember that an address failed
  loading = (import(path) as Promise<View>).then((v) => (view = v)).finally(() => { loading = null; });
  return loading;
}

/** turns gives what stands in the conversation besides questions and answers; nothing yet while the script is being loaded. done is called when it is there. */
export function turns(talk: Talk, done: () => void): Turn[] {
  if (!talk.cases.length && !talk.errands.length) return [];
  if (view) return view.turns(talk);
  if (!loading) load().then(done, () => setTimeout(done, Math.min(30_000, 1000 * 2 ** tries)));
  return [];
}
