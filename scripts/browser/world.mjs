// A browser with one connection to the service: sockets, time and HTTP are
// played. The modules are bundled from web/src, which needs Go.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after } from 'node:test';
import { pathToFileURL } from 'node:url';

const dir = mkdtempSync(join(tmpdir(), 'kiveileder-'));
after(() => rmSync(dir, { recursive: true }));
execFileSync('go', ['run', './scripts/web', '-modules', dir], { cwd: resolve(import.meta.dirname, '../..'), stdio: 'inherit' });
export const modules = await import(pathToFileURL(join(dir, 'testing.mjs')));

const { Connection, Talk } = modules;

export const settled = () => new Promise((done) => setImmediate(done));

// world is a browser with one connection. Time stands still until tick.
export function world({ online = true } = {}) {
  let now = 0;
  let timers = [];
  let next = 1;
  const w = {
    sockets: [], states: [], delays: [], random: 0.5, online, talk: new Talk(), requests: [],
    reply: () => { throw new TypeError('no network'); },
  };
  w.talks = [w.talk];
  class Socket {
    constructor(url, protocol) { Object.assign(this, { url, protocol, sent: [], closed: false }); w.sockets.push(this); }
    send(text) { this.sent.push(JSON.parse(text)); }
    close() { this.closed = true; }
    // what the service does
    say(frame) { this.onmessage?.({ data: JSON.stringify(frame) }); }
    hello(limits = {}) { this.say({ type: 'hello', protocol: 'kiveileder.v1', limits }); }
    end(code) { this.onclose?.({ code }); }
    of(type) { return this.sent.filter((f) => f.type === type); }
    get last() { return this.sent.at(-1); }
  }
  const env = {
    origin: 'https://x.no',
    socket: (url, protocol) => new Socket(url, protocol),
    fetch: async (path, init = {}) => {
      const r = { path, method: init.method ?? 'GET', headers: new Headers(init.headers), body: init.body ? JSON.parse(init.body) : undefined, signal: init.signal };
      w.requests.push(r);
      return w.reply(r);
    },
    setTimeout: (run, ms) => { timers.push({ id: next, at: now + ms, run }); return next++; },
    clearTimeout: (id) => { timers = timers.filter((t) => t.id !== id); },
    now: () => now, random: () => w.random, online: () => w.online,
  };
  w.line = new Connection(env, {
    wanted: () => w.talks,
    state: (s, code) => w.states.push(code ? `${s} ${code}` : s),
    changed: () => {},
    delayed: (_, message, seconds) => w.delays.push([message, seconds]),
  });
  w.tick = async (ms) => {
    const end = now + ms;
    for (;;) {
      await settled();
      const due = timers.filter((t) => t.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      timers = timers.filter((t) => t !== due);
      now = Math.max(now, due.at);
      due.run();
    }
    now = end;
    await settled();
  };
  w.ask = (id, talk = w.talk) => { talk.outbox.push({ id, question: `spm ${id}`, at: now }); w.line.kick(); };
  Object.defineProperty(w, 'socket', { get: () => w.sockets.at(-1) });
  // connected: a socket that said hello, with the conversation open
  w.connected = (offset = 0) => {
    w.talk.id = 'c1';
    w.line.start();
    w.socket.hello();
    w.opened({ offset });
    return w.socket;
  };
  w.opened = (more = {}) => w.socket.say({ type: 'opened', id: w.socket.of('open').at(-1).id, conversation: 'c1', epoch: 'e1', offset: 0, recovered: true, missed: 0, ...more });
  return w;
}

export const message = (offset, id, more = {}) => ({ type: 'message', conversation: 'c1', offset, id, at: '2026-01-01T10:00:00Z', text: `spm ${id}`, ...more });
export const answer = (offset, to, id, more = {}) => ({ type: 'answer', conversation: 'c1', offset, reply_to: to, id, at: '2026-01-01T10:00:01Z', answer: { status: 'answered' }, ...more });
export const offsets = (talk) => talk.entries.map((e) => e.offset);
export const json = (status, body, headers = {}) => new Response(JSON.stringify(body), { status, headers });

// proxy answers as a service behind a proxy without WebSockets.
export function proxy(w) {
  const entries = [];
  w.streams = [];
  w.reply = (r) => {
    if (r.path === '/livez') return new Response('ok');
    if (r.path === '/v1/conversation' && r.method === 'POST') return json(201, { conversation: 'c1', epoch: 'e1', offset: 0 });
    if (r.path === '/v1/conversation/events') {
      const encoder = new TextEncoder();
      return new Response(new ReadableStream({
        start(c) {
          const s = { say: (f) => c.enqueue(encoder.encode(`id: e1:${f.offset}\ndata: ${JSON.stringify(f)}\n\n`)), end: () => c.close(), request: r };
          w.streams.push(s);
          r.signal?.addEventListener('abort', () => { try { c.error(new Error('aborted')); } catch { /* ended already */ } });
        },
      }));
    }
    if (r.path === '/v1/conversation/messages') {
      let m = entries.find((e) => e.id === r.body.id);
      if (!m) entries.push(m = message(entries.length + 1, r.body.id), answer(entries.length + 2, entries.length + 1, r.body.id));
      return json(200, { message: m, answer: entries.find((e) => e.reply_to === m.offset) });
    }
    if (r.path.startsWith('/v1/conversation?')) {
      const from = Number(/after=(\d+)/.exec(r.path)[1]);
      return json(200, { conversation: 'c1', epoch: 'e1', offset: entries.length, entries: entries.slice(from), more: false });
    }
    throw new TypeError(r.path);
  };
  return entries;
}

export async function overHTTP(w) {
  w.line.start();
  w.socket.end(1006);
  await w.tick(1000);
  w.socket.end(1006);
  await w.tick(0);
  await settled();
  assert.equal(w.line.state, 'http');
}
