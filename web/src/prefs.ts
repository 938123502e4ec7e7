// The switches in the header: language and colours.
import { apply, language, onChange, set } from './texts.ts';

const root = document.documentElement;
const dark = matchMedia('(prefers-color-scheme: dark)');
const theme = document.getElementById('theme')!;
const languages = [...document.querySelectorAll<HTMLElement>('[data-lang]')];

const isDark = () => (root.dataset['colorScheme'] === 'auto' ? dark.matches : root.dataset['colorScheme'] === 'dark');

function show() {
  for (const b of languages) b.setAttribute('aria-pressed', String(b.dataset['lang'] === language()));
  theme.setAttribute('aria-pressed', String(isDark()));
}

/** start puts in the reader's language and makes the switches work. */
export function start(): void {
  for (const b of languages) b.addEventListener('click', () => set(b.dataset['lang'] ?? 'nb'));
  theme.addEventListener('click', () => {
    root.dataset['colorScheme'] = isDark() ? 'light' : 'dark';
    try { localStorage.setItem('theme', root.dataset['colorScheme']); } catch { /* not remembered then */ }
    show();
  });
  dark.addEventListener('change', show);
  onChange(show);
  apply();
}
