// The page's own words, in the reader's language.

const response = await fetch(new URL('texts.json', import.meta.url));
const all = response.ok ? await response.json() : {};
const root = document.documentElement;
const locales = { nb: 'nb-NO', nn: 'nn-NO', en: 'en-GB' };

let current = root.dataset.language in locales ? root.dataset.language : 'nb';
const listeners = [];

export const language = () => current;

// t gives a text; {name} is replaced by values.name. An answer has a language
// of its own, so that its words can be asked for by language.
export function t(key, values = {}, lang = current) {
  const text = all[key]?.[lang] ?? all[key]?.nb ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '');
}

// known says whether there is such a text, for keys that come from outside.
export const known = (key) => Object.hasOwn(all, key);

export function date(iso, lang = current) {
  const m = /^(\d{4})-(\d\d)-(\d\d)$/.exec(iso);
  if (!m) return iso;
  const day = new Date(Date.UTC(+m[1], m[2] - 1, +m[3]));
  return new Intl.DateTimeFormat(locales[lang] ?? 'nb-NO', { dateStyle: 'long', timeZone: 'UTC' }).format(day);
}

export function number(n, lang = current) {
  return new Intl.NumberFormat(locales[lang] ?? 'nb-NO').format(n);
}

// set puts the words of the document into another language.
export function set(lang) {
  current = lang in locales ? lang : 'nb';
  try { localStorage.setItem('language', current); } catch { /* not remembered then */ }
  apply();
}

export function onChange(f) { listeners.push(f); }

export function apply() {
  if (!response.ok) { root.classList.remove('wait'); return; } // the page keeps the words it came with
  root.lang = current;
  root.dataset.language = current;
  for (const e of document.querySelectorAll('[data-t]')) {
    if (e.localName !== 'title') e.textContent = t(e.dataset.t);
  }
  for (const e of document.querySelectorAll('[data-t-label]')) e.setAttribute('aria-label', t(e.dataset.tLabel));
  for (const e of document.querySelectorAll('[data-t-title]')) e.title = t(e.dataset.tTitle);
  for (const e of document.querySelectorAll('time')) e.textContent = date(e.dateTime);
  const title = document.querySelector('title[data-title]');
  if (title) title.textContent = `${t(title.dataset.title)} – KI-veileder`;
  for (const f of listeners) f();
  root.classList.remove('wait');
}
