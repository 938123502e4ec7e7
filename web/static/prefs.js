// The switches in the header: language and colours.
import { apply, language, onChange, set } from './texts.js';

const root = document.documentElement;
const dark = matchMedia('(prefers-color-scheme: dark)');
const theme = document.getElementById('theme');
const languages = [...document.querySelectorAll('[data-lang]')];

const isDark = () => (root.dataset.theme ? root.dataset.theme === 'dark' : dark.matches);

function show() {
  for (const b of languages) b.setAttribute('aria-pressed', String(b.dataset.lang === language()));
  theme.setAttribute('aria-pressed', String(isDark()));
}

for (const b of languages) b.addEventListener('click', () => set(b.dataset.lang));

theme.addEventListener('click', () => {
  root.dataset.theme = isDark() ? 'light' : 'dark';
  try { localStorage.setItem('theme', root.dataset.theme); } catch { /* not remembered then */ }
  show();
});

dark.addEventListener('change', show);
onChange(show);

export const start = apply;
