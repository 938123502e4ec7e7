// The chat page: everything is put together here.
import { put, start as startComposer } from './composer.ts';
import './list.ts';
import './parts.ts';
import { start as startPrefs } from './prefs.ts';
import { startSheet } from './sheet.ts';
import { chat } from './state.ts';

const $ = (id: string) => document.getElementById(id)!;
const calm = matchMedia('(prefers-reduced-motion: reduce)');
const title = document.title;

function scrollTo(e: Element | null | undefined) {
  e?.scrollIntoView({ block: 'start', behavior: calm.matches ? 'auto' : 'smooth' });
}

// painted runs after the parts are rendered.
const painted = (run: () => void) => requestAnimationFrame(() => requestAnimationFrame(run));

// ---- what the chat changes outside its parts

function show() {
  const talking = !chat.current.empty;
  document.documentElement.classList.toggle('talking', talking);
  document.title = document.hidden && chat.unread ? `(${chat.unread}) ${title}` : title;
}

let asked = 0;
chat.watch(() => {
  show();
  const last = chat.current.outbox.at(-1);
  if (last && last.at > asked) {
    asked = last.at;
    painted(() => scrollTo(document.querySelector('ki-outbox .turn:last-of-type')));
  }
});
chat.onAnswer = (_, offset) => painted(() => scrollTo(document.getElementById(`e${offset}`)));

addEventListener('ki-edit', (e) => put((e as CustomEvent<string>).detail));

for (const b of document.querySelectorAll<HTMLElement>('.examples button')) {
  b.addEventListener('click', () => {
    chat.ask(b.textContent ?? '');
    painted(() => $('talk-title').focus({ preventScroll: true }));
  });
}

// ---- the window, the network

addEventListener('online', () => chat.connection.restart());
addEventListener('offline', () => chat.connection.offline());
addEventListener('pageshow', (e) => { if (e.persisted) chat.connection.restart(); }); // its socket is lost
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) {
    chat.unread = 0;
    chat.connection.wake();
  }
  show();
});

// printed, everything is unfolded
addEventListener('beforeprint', () => {
  for (const d of document.querySelectorAll<HTMLDetailsElement>('.answer details:not(.about)')) d.open = true;
});

// ---- starting

// a language that the service does not offer is not offered here either
const offered = ($('main').dataset['languages'] || 'nb nn en').split(' ');
for (const b of document.querySelectorAll<HTMLElement>('[data-lang]')) b.hidden = !offered.includes(b.dataset['lang'] ?? '');

startComposer();
startPrefs();
show();
startSheet();

const q = new URLSearchParams(location.search).get('q');
if (q) {
  history.replaceState(null, '', location.pathname); // a reload would bring it again
  put(q.slice(0, 4000));
}

asked = Date.now();
chat.connection.start();
