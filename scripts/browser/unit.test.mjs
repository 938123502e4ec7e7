// The line to the service without a browser: sockets, time and HTTP are played.
//
//   node --test unit.test.mjs        (needs Go: the modules are bundled from web/src)
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answer, json, message, modules, offsets, overHTTP, proxy, settled, world } from './world.mjs';

const { Talk, backoff, chips, readEvents, shorten, timing } = modules;

test('a first question opens a conversation, and is sent once that has a name', () => {
  const w = world();
  w.line.start();
  assert.equal(w.socket.url, 'wss://x.no/v1/chat');
  assert.equal(w.socket.protocol, 'kiveileder.v1');
  w.socket.hello();
  assert.deepEqual(w.socket.sent, [], 'nothing is opened before there is something to ask');
  w.ask('m1');
  assert.deepEqual(w.socket.of('open').map((f) => [f.conversation, f.position]), [[undefined, undefined]]);
  assert.equal(w.socket.of('ask').length, 0);
  w.opened();
  assert.deepEqual(w.socket.of('ask').map((f) => [f.id, f.conversation, f.question]), [['m1', 'c1', 'spm m1']]);
  w.socket.say(message(1, 'm1'));
  w.socket.say(answer(2, 1, 'm1'));
  assert.deepEqual(offsets(w.talk), [1, 2]);
  assert.equal(w.talk.outbox.length, 0);
});

test('what is not acknowledged is sent again with its id, what is acknowledged is not', async () => {
  const w = world();
  const first = w.connected();
  w.ask('m1');
  w.ask('m2');
  first.say(message(1, 'm1'));
  first.end(1006);
  assert.equal(w.line.state, 'reconnecting');
  await w.tick(1000);
  w.socket.hello();
  assert.deepEqual(w.socket.last.position, { epoch: 'e1', offset: 1 });
  w.opened({ offset: 1 });
  assert.deepEqual(w.socket.of('ask').map((f) => f.id), ['m2']);
});

test('an entry that comes twice is shown once', () => {
  const w = world();
  const s = w.connected();
  for (const e of [message(1, 'a'), answer(2, 1, 'a'), message(1, 'a'), answer(2, 1, 'a')]) s.say(e);
  assert.deepEqual(offsets(w.talk), [1, 2]);
});

test('a gap is noticed: the conversation is opened again where it is known', () => {
  const w = world();
  const s = w.connected();
  s.say(message(1, 'a'));
  s.say(message(3, 'b'));
  assert.deepEqual(offsets(w.talk), [1]);
  assert.deepEqual(s.last, { type: 'open', id: s.last.id, conversation: 'c1', position: { epoch: 'e1', offset: 1 } });
  s.say(message(4, 'c'));
  assert.equal(s.of('open').length, 2, 'once is enough');
  w.opened({ offset: 4 });
  for (const e of [answer(2, 1, 'a'), message(3, 'b'), message(4, 'c')]) s.say(e);
  assert.deepEqual(offsets(w.talk), [1, 2, 3, 4]);
});

test('a position that the service does not know: all is loaded anew, and what came meanwhile too', async () => {
  const w = world();
  Object.assign(w.talk, { id: 'c1', epoch: 'old', offset: 2, entries: [message(1, 'x'), answer(2, 1, 'x')] });
  w.reply = (r) => {
    assert.equal(r.headers.get('authorization'), 'Bearer c1');
    return r.path.includes('after=0&')
      ? json(200, { conversation: 'c1', epoch: 'e1', offset: 3, entries: [message(1, 'a'), answer(2, 1, 'a')], more: true })
      : json(200, { conversation: 'c1', epoch: 'e1', offset: 3, entries: [message(3, 'b')], more: false });
  };
  w.line.start();
  w.socket.hello();
  w.opened({ recovered: false, offset: 3 });
  w.socket.say(answer(4, 3, 'b')); // while it loads
  await settled(); await settled(); await settled(); await settled();
  assert.deepEqual(w.talk.entries.map((e) => e.id), ['a', 'a', 'b']);
  assert.deepEqual(w.socket.last.position, { epoch: 'e1', offset: 3 }, 'opened again for what was missed');
});

test('the wait before coming back is random, with a ceiling that doubles up to 30 seconds', () => {
  assert.equal(backoff(1, 0), 0);
  assert.equal(backoff(1, 1), 1000);
  assert.equal(backoff(3, 1), 4000);
  assert.equal(backoff(50, 1), 30_000);
  assert.equal(backoff(1, 0, timing.flood), 10_000);
});

for (const [code, state] of [
  [1001, 'reconnecting'], [1006, 'reconnecting'], [4000, 'reconnecting'], [4001, 'reconnecting'], [4002, 'reconnecting'],
  [4003, 'reconnecting'], [4004, 'reconnecting'], [4499, 'reconnecting'], [4005, 'idle'],
  [4500, 'stopped'], [4501, 'stopped'], [4999, 'stopped'], [1003, 'stopped'], [1007, 'stopped'], [1009, 'stopped'],
]) {
  test(`closed with ${code}: ${state}`, async () => {
    const w = world();
    w.connected().end(code);
    assert.equal(w.line.state, state);
    await w.tick(60_000);
    assert.equal(w.sockets.length > 1, state === 'reconnecting');
  });
}

test('after a flood it does not come back before ten seconds', async () => {
  const w = world();
  w.random = 0;
  w.connected().end(4004);
  await w.tick(9_999);
  assert.equal(w.sockets.length, 1);
  await w.tick(1);
  assert.equal(w.sockets.length, 2);
});

test('idle: it comes back when there is something to ask', () => {
  const w = world();
  w.connected().end(4005);
  w.ask('m1');
  w.socket.hello();
  w.opened();
  assert.deepEqual(w.socket.of('ask').map((f) => f.id), ['m1']);
});

test('closed as idle while something is on its way: it comes back by itself', async () => {
  const w = world();
  const s = w.connected();
  w.ask('m1');
  s.end(4005);
  await w.tick(1000);
  assert.equal(w.sockets.length, 2);
});

test('silence under a question: a ping after ten seconds, given up after ten more', async () => {
  const w = world();
  const s = w.connected();
  w.ask('m1');
  await w.tick(10_000);
  assert.equal(s.last.type, 'ping');
  s.say({ type: 'pong', id: s.last.id });
  await w.tick(10_000);
  assert.equal(s.of('ping').length, 2, 'still waiting, so it asks again');
  await w.tick(10_000);
  assert.ok(s.closed);
  assert.equal(w.line.state, 'reconnecting');
});

test('nothing is asked of a quiet line', async () => {
  const w = world();
  const s = w.connected();
  await w.tick(120_000);
  assert.equal(s.of('ping').length, 0);
});

test('offline: nothing is tried; online: at once, with what waited', async () => {
  const w = world({ online: false });
  w.line.start();
  assert.deepEqual(w.states, ['offline']);
  w.ask('m1');
  await w.tick(60_000);
  assert.equal(w.sockets.length, 0);
  w.online = true;
  w.line.restart();
  await w.tick(500);
  w.socket.hello();
  w.opened();
  assert.deepEqual(w.socket.of('ask').map((f) => f.id), ['m1']);
});

test('"not now" is tried again in order; a refusal waits for the person', async () => {
  const w = world();
  const s = w.connected();
  w.ask('m1');
  w.ask('m2');
  s.say({ type: 'error', id: 'm1', code: 'rate_limited', message: 'Vent litt.', retry_after: 20 });
  s.say({ type: 'error', id: 'm2', code: 'invalid', message: 'For langt.' });
  assert.deepEqual(w.delays, [['Vent litt.', 20]]);
  assert.deepEqual(w.talk.outbox.map((m) => m.error?.code), [undefined, 'invalid']);
  await w.tick(19_000);
  assert.equal(s.of('ask').length, 2);
  await w.tick(1_000);
  assert.deepEqual(s.of('ask').map((f) => f.id), ['m1', 'm2', 'm1']);
});

test('no more are in flight than the service takes', () => {
  const w = world();
  w.talk.id = 'c1';
  w.line.start();
  w.socket.hello({ in_flight: 2 });
  w.opened();
  for (const id of ['a', 'b', 'c']) w.ask(id);
  assert.deepEqual(w.socket.of('ask').map((f) => f.id), ['a', 'b']);
  w.socket.say(message(1, 'a'));
  assert.equal(w.socket.of('ask').length, 2);
  w.socket.say(answer(2, 1, 'a'));
  assert.deepEqual(w.socket.of('ask').map((f) => f.id), ['a', 'b', 'c']);
});

test('a conversation that is gone is told, and nothing more is sent to it', () => {
  const w = world();
  const s = w.connected();
  s.say({ type: 'gone', conversation: 'c1' });
  assert.ok(w.talk.gone);
  w.ask('m1');
  assert.equal(s.of('ask').length, 0);
});

test('a conversation that the service does not know any more is gone', () => {
  const w = world();
  w.talk.id = 'c1';
  w.line.start();
  w.socket.hello();
  w.socket.say({ type: 'error', id: w.socket.last.id, code: 'not_found', message: '' });
  assert.ok(w.talk.gone);
});

test('another conversation is opened, and the one before left', () => {
  const w = world();
  const s = w.connected();
  const other = Object.assign(new Talk(), { id: 'c2' });
  w.talks = [other];
  w.line.kick();
  assert.deepEqual(s.sent.slice(-2).map((f) => [f.type, f.conversation]), [['leave', 'c1'], ['open', 'c2']]);
});

test('what cannot be read is passed over, and so is what is new', () => {
  const w = world();
  const s = w.connected();
  s.onmessage({ data: '{' });
  s.onmessage({ data: '[]' });
  s.say({ type: 'weather', sun: true });
  s.say(message(1, 'a', { later: 'field' }));
  assert.deepEqual(offsets(w.talk), [1]);
});

// ---- plain HTTP

test('two sockets that never say hello: the conversation goes over events and POST', async () => {
  const w = world();
  proxy(w);
  await overHTTP(w);
  assert.deepEqual(w.states, ['http']);
  w.ask('m1');
  w.ask('m2');
  await w.tick(10);
  assert.deepEqual(w.requests.filter((r) => r.path.endsWith('messages')).map((r) => [r.body.id, r.headers.get('authorization')]), [['m1', 'Bearer c1'], ['m2', 'Bearer c1']]);
  assert.deepEqual(offsets(w.talk), [1, 2, 3, 4]);
  assert.equal(w.talk.outbox.length, 0);
  assert.equal(w.streams.length, 1);
  assert.equal(w.streams[0].request.headers.get('last-event-id'), 'e1:0');
});

test('a socket that hangs counts as one that cannot be had', async () => {
  const w = world();
  proxy(w);
  w.line.start();
  await w.tick(12_000);
  assert.equal(w.line.state, 'http');
});

test('the same entry over events and in the response is shown once', async () => {
  const w = world();
  proxy(w);
  await overHTTP(w);
  w.ask('m1');
  await w.tick(10);
  w.streams[0].say(message(1, 'm1'));
  w.streams[0].say(answer(2, 1, 'm1'));
  w.streams[0].say(message(3, 'from another window'));
  await w.tick(10);
  assert.deepEqual(offsets(w.talk), [1, 2, 3]);
});

test('a gap in the events is filled', async () => {
  const w = world();
  const entries = proxy(w);
  await overHTTP(w);
  w.ask('m1');
  await w.tick(10);
  entries.push(message(3, 'x'), answer(4, 3, 'x'));
  w.streams[0].say(answer(4, 3, 'x'));
  await w.tick(2000);
  assert.deepEqual(offsets(w.talk), [1, 2, 3, 4]);
});

test('events that end are asked for again from where they ended', async () => {
  const w = world();
  proxy(w);
  await overHTTP(w);
  w.ask('m1');
  await w.tick(10);
  w.streams[0].end();
  await w.tick(2000);
  assert.equal(w.streams.length, 2);
  assert.equal(w.streams[1].request.headers.get('last-event-id'), 'e1:2');
  assert.equal(w.line.state, 'http');
});

test('events without a byte for long are given up', async () => {
  const w = world();
  proxy(w);
  await overHTTP(w);
  w.ask('m1');
  await w.tick(timing.events + 5_000);
  assert.ok(w.streams.length > 1);
});

test('HTTP lost under a question: the question stays and goes when it is back', async () => {
  const w = world();
  proxy(w);
  const works = w.reply;
  await overHTTP(w);
  w.reply = () => { throw new TypeError('gone'); };
  w.ask('m1');
  await w.tick(10);
  assert.equal(w.line.state, 'reconnecting');
  assert.equal(w.talk.outbox.length, 1);
  w.reply = works;
  for (let i = 0; i < 20 && w.talk.outbox.length; i++) {
    await w.tick(5_000);
    if (w.socket && !w.socket.closed) w.socket.end(1006);
  }
  assert.deepEqual(offsets(w.talk), [1, 2]);
});

test('the socket is tried again now and then, and taken when it is there', async () => {
  const w = world();
  proxy(w);
  await overHTTP(w);
  w.ask('m1');
  await w.tick(10);
  const before = w.sockets.length;
  await w.tick(timing.probe + 10);
  assert.ok(w.sockets.length > before);
  assert.equal(w.line.state, 'http', 'nothing is told while it is tried');
  w.socket.hello();
  assert.equal(w.line.state, 'connected');
  assert.deepEqual(w.socket.last.position, { epoch: 'e1', offset: 2 });
  assert.ok(w.streams.every((s) => s.request.signal.aborted));
});

test('too many requests over HTTP: told, and sent again after the time that was asked for', async () => {
  const w = world();
  proxy(w);
  const works = w.reply;
  await overHTTP(w);
  w.reply = (r) => (r.path.endsWith('messages') ? json(429, { error: { code: 'rate_limited', message: 'Vent.' } }, { 'Retry-After': '7' }) : works(r));
  w.ask('m1');
  await w.tick(10);
  assert.deepEqual(w.delays, [['Vent.', 7]]);
  w.reply = works;
  w.line.kick();
  await w.tick(6_000);
  assert.equal(w.talk.outbox.length, 1);
  await w.tick(1_100);
  assert.equal(w.talk.outbox.length, 0);
});

test('refused over HTTP: the person decides', async () => {
  const w = world();
  proxy(w);
  const works = w.reply;
  await overHTTP(w);
  w.reply = (r) => (r.path.endsWith('messages') ? json(400, { error: { code: 'invalid', message: 'For langt.' } }) : works(r));
  w.ask('m1');
  await w.tick(10);
  assert.deepEqual(w.talk.outbox[0].error, { code: 'invalid', message: 'For langt.' });
  assert.equal(w.line.state, 'http');
});

// ---- the small parts

test('events are read over any cut of the bytes', async () => {
  const text = ': comment\r\n\r\nid: e:1\r\ndata: {"a":"æ"}\r\n\r\ndata: x\ndata:y\n\nevent: ping\n\n';
  const bytes = new TextEncoder().encode(text);
  for (let cut = 1; cut < bytes.length; cut++) {
    const got = [];
    const body = new ReadableStream({ start(c) { c.enqueue(bytes.slice(0, cut)); c.enqueue(bytes.slice(cut)); c.close(); } });
    await readEvents(body, (d) => got.push(d), () => {});
    assert.deepEqual(got, ['{"a":"æ"}', 'x\ny'], `cut at ${cut}`);
  }
});

test('facts are chips: with the words of the options, changes and removals', () => {
  const talk = new Talk();
  const ask = { fact: 'purpose', question: '?', options: [{ value: ['a'], label: 'Forskning' }, { value: ['b'], label: 'Kvalitet' }] };
  talk.add(message(1, 'm'));
  talk.add(answer(2, 1, 'm', { answer: { status: 'clarify', ask } }));
  talk.add(message(3, 'n', { facts: { purpose: ['a'] } }));
  assert.equal(talk.chosen(2, ask).label, 'Forskning');
  talk.add(answer(4, 3, 'n', { answer: { facts: { purpose: ['a', 'b'], consent: 'yes' }, facts_read: [{ fact: 'purpose', value: ['a', 'b'] }, { fact: 'consent', value: 'yes', name: 'Samtykke', label: 'Fra alle', words: 'alle har samtykket', options: [{ value: 'yes', label: 'Fra alle' }, { value: 'unknown', label: 'Vet ikke' }] }] } }));
  assert.deepEqual(chips(talk).map((c) => [c.name, c.label, c.values.length]), [['', 'Forskning, Kvalitet', 2], ['Samtykke', 'Fra alle', 1]]);
  talk.changes = { purpose: ['b'] };
  assert.deepEqual(chips(talk).map((c) => c.label), ['Kvalitet', 'Fra alle']);
  talk.changes = { purpose: null, consent: 'unknown' };
  assert.deepEqual(chips(talk).map((c) => [c.label, c.unknown, c.values.length]), [['Samtykke', true, 1]]);
});

test('what the person could not tell is a chip, to be changed or taken away', () => {
  const talk = new Talk();
  const options = [{ value: true, label: 'kobles' }, { value: false, label: 'kobles ikke' }];
  talk.add(message(1, 'm'));
  talk.add(answer(2, 1, 'm', { answer: { status: 'answered', facts_read: [], unknown: ['linkage', 'later'], unknown_read: [{ fact: 'linkage', value: 'unknown', name: 'Kobling', label: 'Vet ikke', options }] } }));
  assert.deepEqual(chips(talk).map((c) => [c.fact, c.label, c.unknown, c.values]), [['linkage', 'Kobling', true, options], ['later', 'later', true, []]]);
  talk.changes = { linkage: true, later: null };
  assert.deepEqual(chips(talk).map((c) => [c.fact, c.label, c.unknown]), [['linkage', 'kobles', undefined]]);
});

test('a title is cut between words', () => {
  assert.equal(shorten('Kort  spørsmål?\n'), 'Kort spørsmål?');
  assert.equal(shorten('ord '.repeat(40), 18), 'ord ord ord ord …');
});
