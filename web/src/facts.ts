// What is known of the project, as chips: each can be changed or taken away.
import type { FactRead, Option } from './protocol.ts';
import type { Talk } from './talk.ts';

export interface Chip {
  fact: string;
  value: unknown;
  name: string;        // of the fact; empty when the service did not give it
  label: string;       // of its value
  words?: string;      // of the asker, that it was read from
  values: Option[];    // to choose from; none when they are not known
  unknown?: boolean;   // the person could not tell
}

/** same compares values of facts: a string, a bool, or a list of strings. */
export const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/**
 * chips gives what the service knew with its last answer, with the changes
 * that go along with the next message.
 */
export function chips(talk: Talk): Chip[] {
  const last = talk.answers.at(-1);
  const facts: Record<string, unknown> = {};
  // the service says which facts are worth showing; one that says nothing gets all of them shown
  if (last?.facts_read) for (const f of last.facts_read) facts[f.fact] = f.value;
  else Object.assign(facts, last?.facts);
  for (const fact of last?.unknown ?? []) facts[fact] = unknown;
  for (const m of talk.outbox) Object.assign(facts, m.facts);
  Object.assign(facts, talk.changes);
  const read = talk.answers.flatMap((a) => [...(a.facts_read ?? []), ...(a.unknown_read ?? [])]);
  return Object.entries(facts)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([fact, value]) => chip(talk, fact, value, read));
}

/** optionsOf gives the values of a fact that the service named in the conversation. */
export function optionsOf(talk: Talk, fact: string): Option[] {
  const read = talk.answers.flatMap((a) => [...(a.facts_read ?? []), ...(a.unknown_read ?? [])]);
  return read.findLast((f) => f.fact === fact && f.options?.length)?.options ?? talk.answers.findLast((a) => a.ask?.fact === fact)?.ask?.options ?? [];
}

const unknown = 'unknown'; // the value of a fact that the person cannot tell

function chip(talk: Talk, fact: string, value: unknown, read: FactRead[]): Chip {
  const about = read.findLast((f) => f.fact === fact);
  const exact = read.findLast((f) => f.fact === fact && same(f.value, value));
  const asked = talk.answers.findLast((a) => a.ask?.fact === fact)?.ask?.options ?? [];
  const values = (about?.options?.length ? about.options : asked).filter((o) => o.value !== unknown);
  if (value === unknown) return { fact, value, values, name: about?.name ?? '', label: about?.name ?? fact, unknown: true };
  const all = Array.isArray(value) ? value : [value];
  const words = all.map((v) => values.find((o) => same(o.value, v) || same(o.value, [v]))?.label ?? String(v));
  return { fact, value, values, name: about?.name ?? '', words: exact?.words, label: exact?.label ?? words.join(', ') };
}
