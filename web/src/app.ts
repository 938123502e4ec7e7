// The chat page: everything is put together here.
import { put, start as startComposer } from './composer.ts';
import { load } from './cases.ts';
import './list.ts';
import './parts.ts';
import { start as startPrefs } from './prefs.ts';
import { startSheet } from './sheet.ts';
import { chat } from './state.ts';
import { t } from './texts.ts';

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

addEventListener('ki-hand', (e) => {
  const talk = chat.current;
  load().then((v) => v.open(talk, (e as CustomEvent<{ question: string }>).detail.question), () => chat.say(t('hand_failed'), 8));
});

// the form is there when it is asked for, also when the network is not
chat.watch(() => {
  if (chat.line === 'connected' && chat.takesCases && chat.current.answers.some((a) => a.hand_over)) prepare();
});
let prepared = false;
function prepare() {
  if (prepared) return;
  prepared = true;
  setTimeout(() => void load().catch(() => { prepared = false; }), 100);
}

addEventListener('ki-edit', (e) => put((e as CustomEvent<string>).detail));

for (const b of document.querySelectorAll<HTMLElement>('.examples button')) {
  b.addEventListener('click', () => {
    chat.ask(b.textContent ?? '');
    painted(() => $('talk-title').focus({ preventScroll: true }));
  });
}

// ---- links in letters: "#sak=" and the id of the conversation, which no server gets to see

function followLink() {
  const id = /^#sak=(.*)$/.exec(location.hash)?.[1];
  if (id === undefined) return;
  history.replaceState(null, '', location.pathname + location.search);
  chat.follow(id);
}

// ---- the window, the network

addEventListener('hashchange', followLink);

addEventListener('online', () => chat.connection.restart());
addEventListener('offline', () => chat.connection.offline());
addEventListener('pageshow', (e) => { if (e.persisted) chat.connection.restart(); }); // its socket is lost
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) {
    chat.unread = 0;
    chat.seen();
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
followLink();
startSheet();

const q = new URLSearchParams(location.search).get('q');
if (q) {
  history.replaceState(null, '', location.pathname); // a reload would bring it again
  put(q.slice(0, 4000));
}

asked = Date.now();
chat.connection.start();

// what the script that shows cases builds on; it is loaded when there is one
export * from './kit.ts';
