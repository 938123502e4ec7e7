// The page's own words, in the reader's language.
import all from '../texts.json';

type Key = keyof typeof all;
export type Language = 'nb' | 'nn' | 'en';
export type Values = Record<string, string | number>;

const root = document.documentElement;
const locales: Record<Language, string> = { nb: 'nb-NO', nn: 'nn-NO', en: 'en-GB' };
const known = (lang: string | undefined): lang is Language => lang !== undefined && lang in locales;

let current: Language = known(root.dataset['language']) ? root.dataset['language'] : 'nb';
const listeners: (() => void)[] = [];

export const language = () => current;

/**
 * t gives a text; {name} is replaced by values.name. An answer has a language
 * of its own, so that its words can be asked for by language.
 */
export function t(key: Key, values: Values = {}, lang: string = current): string {
  const text = all[key][known(lang) ? lang : 'nb'];
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
}

/** label gives words for a value of the service; a value newer than this page is shown as it is, or as the other text. */
export function label(prefix: string, value: string, lang: string = current, other?: Key): string {
  if (Object.hasOwn(all, prefix + value)) return t((prefix + value) as Key, {}, lang);
  return other ? t(other, {}, lang) : value;
}

const locale = (lang: string) => locales[known(lang) ? lang : 'nb'];

export function date(iso: string, lang: string = current): string {
  const m = /^(\d{4})-(\d\d)-(\d\d)$/.exec(iso);
  if (!m) return iso;
  const day = new Date(Date.UTC(Number(m[1]), Number(m[2]) - 1, Number(m[3])));
  return new Intl.DateTimeFormat(locale(lang), { dateStyle: 'long', timeZone: 'UTC' }).format(day);
}

/** day gives the day of a moment in ISO form, as it is here. */
export function day(iso: string, lang: string = current): string {
  const at = Date.parse(iso);
  return Number.isNaN(at) ? iso : new Intl.DateTimeFormat(locale(lang), { dateStyle: 'long' }).format(at);
}

/** list joins names as in a sentence. */
export const list = (names: string[], lang: string = current) => new Intl.ListFormat(locale(lang), { type: 'conjunction' }).format(names);

/** moment says when something was: the hour today, else the day. */
export function moment(ms: number, lang: string = current): string {
  const at = new Date(ms);
  const today = at.toDateString() === new Date().toDateString();
  if (today) return new Intl.DateTimeFormat(locale(lang), { timeStyle: 'short' }).format(at);
  return new Intl.DateTimeFormat(locale(lang), { day: 'numeric', month: 'long' }).format(at);
}

export const number = (n: number, lang: string = current) => new Intl.NumberFormat(locale(lang)).format(n);

/** set puts the words of the document into another language. */
export function set(lang: string): void {
  current = known(lang) ? lang : 'nb';
  try { localStorage.setItem('language', current); } catch { /* not remembered then */ }
  apply();
}

export function onChange(f: () => void): void { listeners.push(f); }

const has = (key: string | undefined): key is Key => key !== undefined && Object.hasOwn(all, key);

export function apply(): void {
  root.lang = current;
  root.dataset['language'] = current;
  for (const e of document.querySelectorAll<HTMLElement>('[data-t]')) {
    if (has(e.dataset['t'])) e.textContent = t(e.dataset['t']);
  }
  for (const e of document.querySelectorAll<HTMLElement>('[data-t-label]')) if (has(e.dataset['tLabel'])) e.setAttribute('aria-label', t(e.dataset['tLabel']));
  for (const e of document.querySelectorAll<HTMLElement>('[data-t-title]')) if (has(e.dataset['tTitle'])) e.title = t(e.dataset['tTitle']);
  for (const e of document.querySelectorAll<HTMLTimeElement>('time[data-date]')) e.textContent = date(e.dateTime);
  const title = document.querySelector<HTMLElement>('title[data-title]');
  if (title && has(title.dataset['title'])) title.textContent = `${t(title.dataset['title'])} – KI-veileder`;
  for (const f of listeners) f();
  root.classList.remove('wait');
}
