// The pages of the sources need the switches and little more.
import { start } from './prefs.ts';

start();

// a small window folds the contents; a wide one has them beside the text
const contents = document.querySelector<HTMLDetailsElement>('details.contents');
const wide = matchMedia('(min-width: 72rem)');
const fold = () => { if (contents) contents.open = wide.matches; };
wide.addEventListener('change', fold);
fold();
