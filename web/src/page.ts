// The pages of the sources need the switches and little more.
import { start } from './prefs.ts';
import { language, onChange } from './texts.ts';

// inLanguage gives this page's address in the reader's language, with what was searched for.
function inLanguage(): string {
  const q = new URLSearchParams(location.search);
  q.set('lang', language());
  return `?${q}${location.hash}`;
}

// a page that is made in each language is fetched in another
const { rendered } = document.documentElement.dataset;
onChange(() => {
  if (rendered && language() !== rendered) location.replace(inLanguage());
});

start();

// what an address leads to is unfolded
const unfold = () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const fold = target?.closest('details');
  if (!target || !fold || fold.open) return;
  fold.open = true;
  target.scrollIntoView();
};
addEventListener('hashchange', unfold);
unfold();

// a small window folds the contents; a wide one has them beside the text
const contents = document.querySelector<HTMLDetailsElement>('details.contents');
const wide = matchMedia('(min-width: 72rem)');
const fold = () => { if (contents) contents.open = wide.matches; };
wide.addEventListener('change', fold);
fold();
