// Runs before the first paint, so that neither colours nor words change after
// it. A plain script, since modules wait for the document.
const root = document.documentElement;
root.classList.add('js');
let theme: string | null = null;
const { rendered } = root.dataset; // the language of a page that the browser does not put into another
let language: string | null = null;
try {
  theme = localStorage.getItem('theme');
  language = localStorage.getItem('language');
  const key = `kiveileder:c:${sessionStorage.getItem('kiveileder:current')}`;
  if (sessionStorage.getItem(key) ?? localStorage.getItem(key)) root.classList.add('talking');
} catch { /* storage is switched off: the browser's own wishes hold */ }
if (theme === 'dark' || theme === 'light') root.dataset['colorScheme'] = theme;
if (!language) {
  const wish = (navigator.language || '').toLowerCase().slice(0, 2);
  // Danish and Swedish readers are better served by Norwegian than by English
  language = wish === 'nn' ? 'nn' : /^(nb|no|da|sv)$/.test(wish) ? 'nb' : 'en';
}
if (rendered && new URLSearchParams(location.search).has('lang')) language = rendered; // asked for
root.dataset['language'] = language;
if (rendered && language !== rendered) location.replace(`?lang=${language}${location.hash}`);
if (language !== 'nb') {
  // hidden until the words are put in, but never for long
  root.classList.add('wait');
  setTimeout(() => root.classList.remove('wait'), 1500);
}
