// The chat: what is asked, what is known, what is shown.
import { answer } from './answer.js';
import { composer } from './composer.js';
import { connect } from './connection.js';
import { h } from './dom.js';
import { start } from './prefs.js';
import * as store from './store.js';
import { onChange, t } from './texts.js';

const maxHistory = 10; // earlier questions sent along
const maxHistoryChars = 8000; // all of them: the service takes frames of 64 KB
const $ = (id) => document.getElementById(id);
const log = $('log');
const calm = matchMedia('(prefers-reduced-motion: reduce)');

// A turn is {id, question, facts, history, state: waiting|done|error, answer,
// error, reply, replyLabel}. facts are [{fact, value, label}].
const state = store.load();
const save = () => store.save(state);

// say puts words on the status line, where screen readers hear them.
let said = 0;
function say(words, seconds = 0) {
  clearTimeout(said);
  $('status').textContent = words;
  if (seconds) said = setTimeout(() => { $('status').textContent = ''; }, seconds * 1000);
}

const waiting = () => state.turns.some((turn) => turn.state === 'waiting');

// ---- the line to the service

let line = 'connecting';
const connection = connect({
  state(name) {
    const before = line;
    line = name;
    showLine();
    const gone = (s) => s === 'offline' || s === 'reconnecting';
    if (waiting() && gone(name)) say(t('waiting'));
    else if (name === 'offline') say(t('announce_offline'));
    else if (name === 'reconnecting' && before === 'connected') say(t('announce_reconnecting'));
    else if (gone(before) && !gone(name)) say(waiting() ? t('sending') : t('announce_back'), 4);
  },
  progress(id, stage) {
    say(t(stage === 'searching' ? 'searching' : 'sending'));
  },
  answer(id, a) {
    finish(id, (turn) => { turn.state = 'done'; turn.answer = a; });
  },
  error(id, code, message) {
    finish(id, (turn) => { turn.state = 'error'; turn.error = { code, message }; });
  },
});

function showLine() {
  $('connection').dataset.state = line;
  $('connection-text').dataset.t = `state_${line}`;
  $('connection-text').textContent = t(`state_${line}`);
}

function finish(id, change) {
  const turn = state.turns.find((x) => x.id === id);
  if (!turn) return;
  change(turn);
  save();
  say(''); // the log tells the rest
  const e = reply(turn);
  log.append(e);
  scrollTo(document.getElementById(`${id}-q`));
}

// ---- asking

// ask sends a question. again is the turn that is asked once more: its history
// is the same.
function ask(question, { again = null, label = '' } = {}) {
  const history = again ? again.history : earlier();
  const turn = { id: `t${crypto.getRandomValues(new Uint32Array(2)).join('')}`, question, history, facts: { ...facts() }, state: 'waiting' };
  if (label) turn.label = label;
  state.turns.push(turn);
  save();
  showTalk();
  log.append(asked(turn));
  send(turn);
  return turn;
}

// earlier gives the latest questions, oldest first. What held personal data is
// not sent a second time, nor what went wrong.
function earlier() {
  const questions = state.turns
    .filter((turn) => turn.state === 'done' && !turn.answer.masked?.length)
    .map((turn) => turn.question)
    .filter((q, i, every) => q !== every[i - 1])
    .slice(-maxHistory);
  let room = maxHistoryChars;
  return questions.reverse().filter((q) => (room -= q.length) >= 0).reverse();
}

function send(turn) {
  say(line === 'offline' || line === 'reconnecting' ? t('waiting') : t('sending'));
  connection.send(turn.id, { question: turn.question, history: turn.history, facts: turn.facts, language: '' });
}

function facts() {
  const out = {};
  for (const f of state.facts) out[f.fact] = [f.value];
  return out;
}

// choose answers the question back: the same question again, with one fact
// more. What was known before stays known.
function choose(turn, a, option) {
  turn.reply = option.value;
  state.facts = state.facts.filter((f) => f.fact !== a.fact).concat({ fact: a.fact, value: option.value, label: option.label });
  document.getElementById(turn.id).replaceWith(reply(turn));
  showFacts();
  focusOn(ask(turn.question, { again: turn, label: option.label }));
}

function retry(turn) {
  document.getElementById(turn.id)?.remove();
  turn.state = 'waiting';
  delete turn.error;
  // the answer comes last; the question moves down to it
  state.turns = state.turns.filter((x) => x !== turn).concat(turn);
  document.getElementById(`${turn.id}-q`)?.remove();
  log.append(asked(turn));
  save();
  send(turn);
  focusOn(turn);
}

// ---- showing

const on = { choose, say: (words) => say(words, 4) };

function asked(turn) {
  return h('article', { class: 'turn question', id: `${turn.id}-q` },
    h('h3', { tabindex: '-1' }, t('you_asked')),
    h('p', {}, turn.question),
    turn.label && h('p', { class: 'reply' }, t('you_chose', { label: turn.label })));
}

function reply(turn) {
  if (turn.state === 'done') return answer(turn, on);
  const { code, message } = turn.error ?? {};
  return h('article', { class: 'turn answer failed', id: turn.id },
    h('h3', { tabindex: '-1' }, t('error_heading')),
    h('p', {}, message || t(code === 'timeout' ? 'error_timeout' : 'error_general')),
    h('p', { class: 'actions' },
      h('button', { type: 'button', class: 'primary', onclick: () => retry(turn) }, t('try_again')),
      h('button', { type: 'button', class: 'quiet', onclick: () => input.put(turn.question) }, t('edit_question'))));
}

// showAll writes the whole conversation, silently: nothing of it is new.
function showAll() {
  log.setAttribute('aria-live', 'off');
  log.replaceChildren(...state.turns.flatMap((turn) => (turn.state === 'waiting' ? [asked(turn)] : [asked(turn), reply(turn)])));
  showTalk();
  showFacts();
  setTimeout(() => log.removeAttribute('aria-live'), 300);
}

function showTalk() {
  const any = state.turns.length > 0;
  $('talkbar').hidden = !any;
  $('examples').hidden = any;
  document.body.classList.toggle('talking', any);
}

function showFacts() {
  const box = $('facts');
  box.hidden = !state.facts.length;
  box.replaceChildren(h('span', {}, t('facts_title')), ...state.facts.map((f) =>
    h('button', { type: 'button', 'aria-label': t('fact_remove', { label: f.label }), onclick: () => forget(f) },
      f.label, h('span', { 'aria-hidden': 'true' }, ' ✕'))));
}

function forget(f) {
  state.facts = state.facts.filter((x) => x !== f);
  save();
  showFacts();
  say(t('fact_removed', { label: f.label }), 4);
  input.focus();
}

function scrollTo(e) {
  e?.scrollIntoView({ block: 'start', behavior: calm.matches ? 'auto' : 'smooth' });
}

// focusOn moves to a question whose button is gone or above, so that the next
// Tab goes into its answer.
function focusOn(turn) {
  const e = document.getElementById(`${turn.id}-q`);
  e?.querySelector('h3').focus({ preventScroll: true });
  scrollTo(e);
}

// ---- starting

const main = $('main');
const input = composer({
  max: Number(main.dataset.max) || 4000,
  draft: state.draft,
  onDraft(text) { state.draft = text; save(); },
  onAsk(question) { scrollTo(document.getElementById(`${ask(question).id}-q`)); },
  say: (words) => say(words, 6),
});

for (const b of document.querySelectorAll('.examples button')) {
  b.addEventListener('click', () => focusOn(ask(b.textContent)));
}

$('clear').addEventListener('click', () => {
  connection.drop();
  state.turns = [];
  state.facts = [];
  store.clear();
  save(); // the draft stays
  showAll();
  say(t('cleared'), 4);
  input.focus();
});

// printed, everything is unfolded
addEventListener('beforeprint', () => {
  for (const d of document.querySelectorAll('details.more')) d.open = true;
});

// a language that the service does not offer is not offered here either
const offered = (main.dataset.languages || 'nb nn en').split(' ');
for (const b of document.querySelectorAll('[data-lang]')) b.hidden = !offered.includes(b.dataset.lang);

onChange(() => { showAll(); showLine(); input.show(); });
start();
for (const turn of state.turns) if (turn.state === 'waiting') send(turn);
