// What goes to the lawyers and comes back, over a line that is played: as
// unit.test.mjs does it for questions.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { json, modules, overHTTP, proxy, world } from './world.mjs';

const { Talk, heard, isOpen } = modules;

const stands = (seq, more = {}) => ({ id: 'k1', number: 'KI-2026-0001', seq, state: 'received', opened: '2026-01-01T10:00:00Z', question: 'Hva?', may: ['added'], ...more });
const news = (c, id) => ({ type: 'case', conversation: 'c1', ...(id && { id }), case: c });
const hand = (w, id, talk = w.talk) => { talk.errands.push({ id, at: 0, hand: { question: 'Hva?', language: 'nb' } }); w.line.kick(); };
const tell = (w, id, kind, data, seen) => { w.talk.errands.push({ id, at: 0, tell: { case: 'k1', kind, data, seen } }); w.line.kick(); };
const states = (talk) => talk.cases.map((c) => `${c.id} ${c.seq} ${c.state}`);

test('a hand-over is a frame with its id, and gone when its case comes', () => {
  const w = world();
  const s = w.connected();
  hand(w, 'h1');
  assert.deepEqual(s.last, { type: 'hand_over', id: 'h1', conversation: 'c1', question: 'Hva?', language: 'nb' });
  w.line.kick();
  assert.equal(s.of('hand_over').length, 1, 'not while it is on its way');
  s.say(news(stands(1), 'h1'));
  assert.deepEqual(states(w.talk), ['k1 1 received']);
  assert.equal(w.talk.errands.length, 0);
});

test('without an acknowledgement it is sent again under its id, over the next socket', async () => {
  const w = world();
  w.connected();
  hand(w, 'h1');
  w.socket.end(1006);
  await w.tick(1000);
  w.socket.hello();
  w.opened();
  assert.deepEqual(w.socket.of('hand_over').map((f) => f.id), ['h1']);
  w.socket.say(news(stands(3), 'h1'));
  assert.deepEqual(states(w.talk), ['k1 3 received']);
});

test('a line that is idle comes back for a hand-over, and pings when nothing is heard of it', async () => {
  const w = world();
  w.connected().end(4005);
  hand(w, 'h1');
  w.socket.hello();
  w.opened();
  assert.equal(w.socket.of('hand_over').length, 1);
  await w.tick(10_000);
  assert.equal(w.socket.last.type, 'ping');
});

test('the newest seq counts, whatever the order; the same twice changes nothing', () => {
  const talk = new Talk();
  assert.deepEqual(talk.keep(stands(2, { state: 'assessment' })).was, undefined);
  assert.equal(talk.keep(stands(1)), undefined);
  assert.equal(talk.keep(stands(2, { state: 'assessment' })), undefined);
  assert.deepEqual(states(talk), ['k1 2 assessment']);
  assert.equal(talk.keep(stands(3, { state: 'waiting' })).was.seq, 2);
  talk.keep(stands(1, { id: 'k0', opened: '2025-12-01T10:00:00Z' }));
  assert.deepEqual(states(talk), ['k0 1 received', 'k1 3 waiting'], 'the oldest first');
});

test('an acknowledgement counts also when newer news were here first', () => {
  const talk = new Talk();
  talk.errands.push({ id: 'h1', at: 0, hand: { question: 'Hva?' } });
  talk.keep(stands(2));
  assert.equal(talk.keep(stands(1), 'h1').by.id, 'h1');
  assert.deepEqual(states(talk), ['k1 2 received']);
  assert.equal(talk.errands.length, 0);
});

test('commands go one after the other, and the next knows of the one before', () => {
  const w = world();
  const s = w.connected();
  s.say(news(stands(4, { state: 'waiting', tasks: [{ id: 3 }, { id: 4 }] })));
  tell(w, 'a', 'replied', { task: 3, text: 'Ja' }, 4);
  tell(w, 'b', 'replied', { task: 4, text: 'Nei' }, 4);
  assert.deepEqual(s.of('case_command'), [{ type: 'case_command', id: 'a', conversation: 'c1', case: 'k1', kind: 'replied', data: { task: 3, text: 'Ja' }, seen: 4 }]);
  s.say(news(stands(5, { state: 'waiting', tasks: [{ id: 3, replied: 'x' }, { id: 4 }] }), 'a'));
  assert.deepEqual(s.of('case_command').map((f) => [f.id, f.seen]), [['a', 4], ['b', 5]]);
});

test('but not of what the lawyers wrote meanwhile', () => {
  const w = world();
  const s = w.connected();
  s.say(news(stands(4, { state: 'waiting', tasks: [{ id: 3 }] })));
  tell(w, 'a', 'replied', { task: 3, text: 'Ja' }, 4);
  tell(w, 'b', 'withdrawn', {}, 4);
  s.say(news(stands(6, { state: 'waiting', tasks: [{ id: 3 }, { id: 6 }] }), 'a'));
  assert.equal(s.of('case_command').at(-1).seen, 4);
});

test('refused: the newest state first, then why; the person decides, and the next goes on', () => {
  const w = world();
  const s = w.connected();
  s.say(news(stands(2)));
  tell(w, 'a', 'withdrawn', {}, 2);
  tell(w, 'b', 'added', { text: 'Mer' }, 2);
  s.say(news(stands(5, { state: 'answered' })));
  s.say({ type: 'error', id: 'a', code: 'conflict', message: 'Saken er endret.' });
  assert.deepEqual(w.talk.errands.map((e) => [e.id, e.error?.code]), [['a', 'conflict'], ['b', undefined]]);
  assert.deepEqual(states(w.talk), ['k1 5 answered']);
  assert.deepEqual(s.of('case_command').map((f) => f.id), ['a', 'b']);
});

test('a case that is not there does not take the conversation with it', () => {
  const w = world();
  const s = w.connected();
  hand(w, 'h1');
  s.say({ type: 'error', id: 'h1', code: 'not_found', message: 'Her tas det ikke imot saker.' });
  assert.equal(w.talk.gone, false);
  assert.equal(w.talk.errands[0].error.message, 'Her tas det ikke imot saker.');
});

test('"not now" is tried again after the time that was asked for', async () => {
  const w = world();
  const s = w.connected();
  hand(w, 'h1');
  s.say({ type: 'error', id: 'h1', code: 'rate_limited', message: 'Vent litt.', retry_after: 20 });
  assert.deepEqual(w.delays, [['Vent litt.', 20]]);
  await w.tick(19_000);
  assert.equal(s.of('hand_over').length, 1);
  await w.tick(1_000);
  assert.deepEqual(s.of('hand_over').map((f) => f.id), ['h1', 'h1']);
});

test('nothing goes to a conversation that is gone', () => {
  const w = world();
  const s = w.connected();
  s.say({ type: 'gone', conversation: 'c1' });
  hand(w, 'h1');
  assert.equal(s.of('hand_over').length, 0);
  assert.equal(w.talk.waits, false);
});

// ---- plain HTTP

const cases = (w, reply) => {
  proxy(w);
  const works = w.reply;
  w.talk.id = 'c1';
  w.reply = (r) => (r.path.startsWith('/v1/conversation/cases') ? reply(r) : works(r));
};

test('without sockets: POST, with the case in the answer', async () => {
  const w = world();
  cases(w, (r) => json(r.path.endsWith('cases') ? 201 : 200, stands(r.path.endsWith('cases') ? 1 : 2)));
  await overHTTP(w);
  hand(w, 'h1');
  await w.tick(10);
  tell(w, 'a', 'added', { text: 'Mer' }, 1);
  await w.tick(10);
  assert.deepEqual(w.requests.filter((r) => r.path.includes('cases')).map((r) => [r.path, r.headers.get('authorization'), r.body]), [
    ['/v1/conversation/cases', 'Bearer c1', { id: 'h1', question: 'Hva?', language: 'nb' }],
    ['/v1/conversation/cases/k1/commands', 'Bearer c1', { id: 'a', kind: 'added', data: { text: 'Mer' }, seen: 1 }],
  ]);
  assert.deepEqual(states(w.talk), ['k1 2 received']);
  assert.equal(w.talk.errands.length, 0);
});

test('news of a case come with the events', async () => {
  const w = world();
  cases(w, () => { throw new TypeError('not asked for'); });
  await overHTTP(w);
  await w.tick(10);
  w.streams[0].say(news(stands(2, { state: 'assessment' })));
  await w.tick(10);
  assert.deepEqual(states(w.talk), ['k1 2 assessment']);
});

test('refused over HTTP: how the case stands comes along', async () => {
  const w = world();
  cases(w, () => json(409, { error: { code: 'conflict', message: 'Saken er endret.' }, refused: {}, case: stands(7, { state: 'answered' }) }));
  await overHTTP(w);
  w.talk.keep(stands(2));
  tell(w, 'a', 'withdrawn', {}, 2);
  await w.tick(10);
  assert.deepEqual(states(w.talk), ['k1 7 answered']);
  assert.deepEqual(w.talk.errands[0].error, { code: 'conflict', message: 'Saken er endret.' });
  assert.equal(w.line.state, 'http');
});

test('HTTP lost under a hand-over: it stays, and goes once it is back', async () => {
  const w = world();
  let up = false;
  cases(w, () => { if (!up) throw new TypeError('gone'); return json(201, stands(1)); });
  await overHTTP(w);
  hand(w, 'h1');
  await w.tick(10);
  assert.equal(w.talk.errands.length, 1);
  up = true;
  for (let i = 0; i < 20 && w.talk.errands.length; i++) {
    await w.tick(5_000);
    if (w.socket && !w.socket.closed) w.socket.end(1006);
  }
  assert.deepEqual(states(w.talk), ['k1 1 received']);
  assert.equal(w.talk.errands.length, 0);
});

// ---- the small parts

test('what is kept over a reload has the cases', () => {
  const talk = new Talk();
  talk.keep(stands(2));
  talk.news = true;
  const back = Talk.from(JSON.parse(JSON.stringify(talk.record())));
  assert.deepEqual([states(back), back.news, back.title], [['k1 2 received'], true, 'Hva?']);
  assert.deepEqual(Talk.from({ ...talk.record(), cases: undefined, news: undefined }).cases, [], 'kept before there were any');
});

test('what the lawyers wrote is told apart', () => {
  assert.equal(heard(stands(2, { answers: [{}] }), stands(1)), 'answer');
  assert.equal(heard(stands(2, { tasks: [{}] }), stands(1)), 'task');
  assert.equal(heard(stands(2, { state: 'assessment' }), stands(1)), '');
  assert.deepEqual(['received', 'assessment', 'waiting', 'reopened', 'answered', 'published', 'referred', 'withdrawn', 'newer'].map((state) => isOpen(stands(1, { state }))),
    [true, true, true, true, false, false, false, false, true]);
});
