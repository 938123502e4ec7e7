// What is kept in the browser. By default in this tab alone; in the machine
// for thirty days when the person asked for that.
import type { Errand, Outgoing, TalkRecord } from './talk.ts';
import { Talk } from './talk.ts';

const flag = 'kiveileder:remember';
const talks = 'kiveileder:c:';
const messages = 'kiveileder:m:'; // and errands: one key each, so that two tabs do not write over each other
const drafts = 'kiveileder:d:';
const chosen = 'kiveileder:current';
const desk = 'kiveileder:desk';
const day = 86_400_000;

export const remembers = (): boolean => quiet(() => localStorage.getItem(flag) === '1') ?? false;

const place = (): Storage => (remembers() ? localStorage : sessionStorage);

/** remember moves everything to the machine, or back into this tab. */
export function remember(on: boolean): void {
  quiet(() => {
    const [from, to] = on ? [sessionStorage, localStorage] : [localStorage, sessionStorage];
    if (on) localStorage.setItem(flag, '1');
    else localStorage.removeItem(flag);
    for (const key of keys(from, talks).concat(keys(from, messages))) {
      to.setItem(key, from.getItem(key) ?? '');
      from.removeItem(key);
    }
  });
}

/** load gives the conversations, the latest first. Those older than so many days are thrown away, those with a case after a year. */
export function load(days = 30): Talk[] {
  const store = quiet(place);
  if (!store) return [];
  const found = keys(store, talks).map((key) => read<TalkRecord>(store, key)).filter((r) => r?.key).map((r) => Talk.from(r!));
  const young = (t: Talk) => t.at >= Date.now() - (t.cases.length ? 365 : days) * day;
  for (const t of found) if (!young(t)) remove(t);
  const kept = found.filter(young);
  const sent = keys(store, messages).map((key) => read<(Outgoing | Errand) & { talk: string }>(store, key)).filter((m) => m !== null);
  for (const { talk, ...m } of sent.sort((a, b) => a.at - b.at)) {
    const t = kept.find((x) => x.key === talk);
    if (!('question' in m)) t?.errands.push(m);
    else if (!t?.entries.some((e) => e.id === m.id)) t?.outbox.push(m);
  }
  return kept.filter((t) => !t.empty).sort((a, b) => b.at - a.at);
}

export function loadOne(key: string): Talk | null {
  const r = quiet(() => read<TalkRecord>(place(), talks + key));
  return r?.key ? Talk.from(r) : null;
}

/**
 * save keeps a conversation as it is. When the browser has no room for the
 * entries, only its key is kept: the service has the rest.
 */
export function save(t: Talk): void {
  const store = quiet(place);
  if (!store || t.empty) return;
  const written = quiet(() => { store.setItem(talks + t.key, JSON.stringify(t.record())); return true; });
  if (!written) quiet(() => store.setItem(talks + t.key, JSON.stringify({ ...t.record(), epoch: '', offset: 0, entries: [] })));
  quiet(() => {
    const all = [...t.outbox, ...t.errands];
    const own = all.map((m) => messages + m.id);
    for (const m of all) store.setItem(messages + m.id, JSON.stringify({ ...m, talk: t.key }));
    for (const key of keys(store, messages)) {
      if (!own.includes(key) && read<{ talk: string }>(store, key)?.talk === t.key && !elsewhere.has(key)) store.removeItem(key);
    }
  });
}

// Messages that another tab wrote since this one was loaded: they are its to remove.
const elsewhere = new Set<string>();

export function remove(t: Talk): void {
  quiet(() => {
    const store = place();
    store.removeItem(talks + t.key);
    for (const key of keys(store, messages)) if (read<{ talk: string }>(store, key)?.talk === t.key) store.removeItem(key);
    for (const key of keys(sessionStorage, drafts + t.key)) sessionStorage.removeItem(key);
  });
}

/** watch tells of what another tab changed: a conversation's key, and null when it was removed. */
export function watch(changed: (key: string, record: TalkRecord | null) => void): void {
  addEventListener('storage', (e) => {
    if (e.key?.startsWith(messages)) {
      if (e.newValue) elsewhere.add(e.key);
      else elsewhere.delete(e.key);
    }
    if (e.key?.startsWith(talks)) changed(e.key.slice(talks.length), e.newValue ? parse<TalkRecord>(e.newValue) : null);
  });
}

export const current = (): string => quiet(() => sessionStorage.getItem(chosen)) ?? '';
export const setCurrent = (key: string): void => { quiet(() => sessionStorage.setItem(chosen, key)); };

/** What is known of the service from before: whether the lawyers take cases. */
export const takesCases = (): boolean => quiet(() => sessionStorage.getItem(desk) === '1') ?? false;
export const setTakesCases = (on: boolean): void => { quiet(() => sessionStorage.setItem(desk, on ? '1' : '')); };

/** Drafts are this tab's own, also when conversations are remembered. */
export const draft = (key: string): string => quiet(() => sessionStorage.getItem(drafts + key)) ?? '';
export function setDraft(key: string, text: string): void {
  quiet(() => (text ? sessionStorage.setItem(drafts + key, text) : sessionStorage.removeItem(drafts + key)));
}

const keys = (s: Storage, prefix: string) => Object.keys(s).filter((k) => k.startsWith(prefix));

const read = <T>(s: Storage, key: string): T | null => parse<T>(s.getItem(key) ?? 'null');

const parse = <T>(text: string): T | null => quiet(() => JSON.parse(text) as T) ?? null;

// quiet is for storage that is switched off or full: then nothing is kept.
function quiet<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
