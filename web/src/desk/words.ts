// The desk's words, loaded in the reader's language.
import type all from '../../texts-desk.json';
import { label as common, language, onChange, t as base } from '../texts.ts';
import type { Values } from '../texts.ts';
import * as model from './model.ts';
import type { Actor, Agency, Event, Standing, Text } from './types.ts';

type Key = keyof typeof all;
export type { Key };

let words: Record<string, string> = {};
const loaded: (() => void)[] = [];

/** load fetches the words of the language that the page is in; it throws when they do not come. */
export async function load(): Promise<void> {
  const wanted = language();
  const r = await fetch(new URL(`desk-${wanted}.json`, import.meta.url));
  if (!r.ok) throw new Error(`words: ${r.status}`);
  const got = await r.json() as Record<string, string>;
  if (wanted !== language()) return; // changed meanwhile
  words = got;
  for (const e of document.querySelectorAll<HTMLElement>('[data-t^="desk_"]')) {
    const key = e.dataset['t'] ?? '';
    if (has(key)) e.textContent = t(key);
  }
  for (const f of loaded) f();
}

/** onWords is called when there are words in another language. */
export const onWords = (f: () => void) => { loaded.push(f); };

export function t(key: Key, values: Values = {}): string {
  return (words[key] ?? '').replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
}

const has = (key: string): key is Key => Object.hasOwn(words, key);

/** label gives words for a value of the service, or the value. */
export const label = (prefix: string, value: string): string => (has(prefix + value) ? t((prefix + value) as Key) : common(prefix, value));

/** topic gives a topic in words; lawyers also write ones of their own. */
export const topic = (key: string): string => label('desk_topic_', key);

/** of gives a text that the service has in several languages. */
export const of = (text: Text | undefined, otherwise = ''): string => text?.[language()] ?? text?.['nb'] ?? otherwise;

// ---- names

let agencies: Agency[] = [];
export const know = (list: Agency[]) => { agencies = list; };
export const agency = (key: string | undefined): string => {
  const a = agencies.find((x) => x.key === key);
  return a ? a.short || of(a.name, a.key) : key ?? '';
};
export const list = (names: string[]): string => new Intl.ListFormat(locale(), { type: 'conjunction' }).format(names);

export function person(a: Actor | undefined, me = ''): string {
  if (!a) return '';
  if (a.id === me) return t('desk_you');
  if (a.role === 'asker') return t('desk_asker');
  if (a.role === 'system') return t('desk_system');
  return a.agency ? `${a.name || t('desk_somebody')} (${agency(a.agency)})` : a.name || t('desk_somebody');
}

// ---- time

export const locale = () => ({ nb: 'nb-NO', nn: 'nn-NO', en: 'en-GB' })[language()];
const format = (iso: string, o: Intl.DateTimeFormatOptions) => {
  const ms = Date.parse(iso);
  return Number.isNaN(ms) ? '' : new Intl.DateTimeFormat(locale(), { timeZone: model.zone, ...o }).format(ms);
};
export const clock = (iso: string) => format(iso, { hour: '2-digit', minute: '2-digit' });
export const day = (iso: string) => format(iso, new Date(iso).getFullYear() === new Date().getFullYear() ? { day: 'numeric', month: 'short' } : { day: 'numeric', month: 'short', year: 'numeric' });
export const full = (iso: string) => format(iso, { dateStyle: 'long', timeStyle: 'short' });
/** when: the hour today, the day and the hour this week, else the day. */
export function when(iso: string): string {
  const d = model.due(iso, Date.now());
  if (d.days === 0) return clock(iso);
  return d.days > -7 && d.days < 0 ? `${format(iso, { weekday: 'short' })} ${clock(iso)}` : day(iso);
}

/** dueWords says in words how a date stands, so that colour need not. */
export function dueWords(iso: string, now = Date.now()): string {
  const d = model.due(iso, now);
  if (d.late) return d.days === 0 ? t('desk_due_late_today') : t(d.days === -1 ? 'desk_due_late_1' : 'desk_due_late', { n: -d.days });
  if (d.days === 0) return t('desk_due_today', { time: clock(iso) });
  return d.days === 1 ? t('desk_due_tomorrow') : t('desk_due_in', { n: d.days, date: day(iso) });
}

export function standing(s: Standing): string {
  if (s.done) return s.overdue ? t('desk_target_done_late', { date: day(s.done) }) : t('desk_target_done', { date: day(s.done) });
  if (s.lifted) return t('desk_target_lifted');
  if (s.paused) return t('desk_target_paused');
  return s.due ? `${dueWords(s.due)}${s.extended ? `, ${t('desk_target_extended')}` : ''}` : '';
}

// ---- what happened

const value = (e: Event, name: string): string => {
  const v = e.data?.[name];
  return typeof v === 'string' ? v : '';
};

/** happened says what an event was, with who did it. */
export function happened(e: Event, me = ''): string {
  const who = person(e.actor, me);
  if (e.kind === 'signed') return t(({ reserve: 'desk_event_signed_reserve', return: 'desk_event_signed_return' } as Record<string, Key>)[value(e, 'verdict')] ?? 'desk_event_signed', { who });
  const key = `desk_event_${e.kind}`;
  if (!has(key)) return `${who}: ${e.kind}`;
  return t(key, { who, agency: agency(value(e, 'agency')), to: value(e, 'to') });
}

/** said gives what somebody wrote with it. */
export const said = (e: Event): string => (e.kind === 'undelivered' ? mailReason(value(e, 'reason')) : of(e.data?.['texts'] as Text | undefined) || value(e, 'reason') || value(e, 'text'));

/** mailReason says why a mail did not arrive, with what a server said in numbers. */
export function mailReason(reason: string): string {
  const [word = '', ...codes] = reason.split(' ');
  return has(`desk_why_${word}`) ? `${label('desk_why_', word)}${codes.length ? ` (${codes.join(' ')})` : ''}` : reason;
}

onChange(() => { load().catch(() => { /* the words stay as they were */ }); });

export { base };
