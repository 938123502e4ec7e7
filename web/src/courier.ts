// The conversations over plain HTTP: events and POST where a socket cannot be
// had, and the whole of a conversation where its position is of no use.
import { readEvents } from './events.ts';
import type { Desk, Env } from './line.ts';
import { timing } from './line.ts';
import type { AskerCase, Entry, Frame, Page } from './protocol.ts';
import type { Errand, Outgoing, Talk } from './talk.ts';

const streams = 2; // browsers hold few connections to one host over HTTP/1.1

interface Line {
  up(): void;
  down(): void;
  frame(f: Frame | Entry, talk: Talk): void;
}

/** A Refusal is an answer of the service that is not the one hoped for. */
class Refusal extends Error {
  /** now is how a case stands, when a command was refused. */
  constructor(readonly status: number, readonly code: string, message: string, readonly wait: number, readonly now?: AskerCase) { super(message); }
}

export class Courier {
  running = false;
  /** HTTP was there the last time, so that it is tried before the socket. */
  worked = false;

  private run: AbortController | null = null;
  private listening = new Map<Talk, AbortController>();
  private posting = new Set<Talk>();
  private held = new Map<Talk, number>(); // until when the service asked to wait
  private loads = new Map<Talk, Promise<void>>();

  constructor(private env: Env, private desk: Desk, private line: Line) {}

  /** start finds out whether HTTP works and carries everything over it. */
  start(): void {
    if (this.running) return;
    this.running = true;
    const run = new AbortController();
    this.run = run;
    this.env.fetch('/livez', { cache: 'no-store', signal: this.limit(timing.opening, run.signal) }).then((r) => {
      if (!r.ok) throw new Error(`livez: ${r.status}`);
      if (this.run !== run) return;
      this.up();
      this.sync();
    }).catch(() => this.down(run));
  }

  stop(): void {
    this.running = false;
    this.run?.abort();
    this.run = null;
    for (const c of this.listening.values()) c.abort();
    this.listening.clear();
    this.posting.clear();
  }

  leave(talk: Talk): void {
    this.listening.get(talk)?.abort();
    this.listening.delete(talk);
  }

  sync(): void {
    if (!this.run) return;
    const wanted = this.desk.wanted().filter((t) => !t.gone);
    const heard = wanted.filter((t) => t.id).slice(0, streams);
    for (const talk of this.listening.keys()) if (!heard.includes(talk)) this.leave(talk);
    for (const talk of heard) if (!this.listening.has(talk)) void this.listen(talk, this.run);
    for (const talk of wanted) if (talk.waits && !this.posting.has(talk) && (this.held.get(talk) ?? 0) <= this.env.now()) void this.deliver(talk, this.run);
  }

  private up(): void {
    this.worked = true;
    this.line.up();
  }

  private down(run: AbortController | null): void {
    if (!run || this.run !== run) return; // stopped, or started anew
    this.stop();
    this.line.down();
  }

  // listen takes what comes until the conversation is left or HTTP is down.
  private async listen(talk: Talk, run: AbortController): Promise<void> {
    const mine = new AbortController();
    this.listening.set(talk, mine);
    let timer = 0;
    const alive = () => {
      this.env.clearTimeout(timer);
      timer = this.env.setTimeout(() => mine.abort(), timing.events);
    };
    try {
      alive();
      const headers: Record<string, string> = { Accept: 'text/event-stream' };
      if (talk.epoch) headers['Last-Event-ID'] = `${talk.epoch}:${talk.offset}`;
      const r = await this.request(talk, '/v1/conversation/events', { headers, cache: 'no-store', signal: both(mine.signal, run.signal) });
      this.up();
      if (r.body) {
        await readEvents(r.body, (data) => {
          const frame = JSON.parse(data) as Frame;
          if (this.listening.get(talk) === mine) this.line.frame(frame, talk);
        }, alive);
      }
      this.after(talk, mine, run, timing.first * (0.5 + this.env.random())); // it ended: the service restarts, or it was open long enough
    } catch (err) {
      if (this.listening.get(talk) !== mine) return; // left
      if (err instanceof Refusal && err.status < 500) {
        if (gone(err)) this.line.frame({ type: 'gone', conversation: talk.id }, talk);
        else this.after(talk, mine, run, err.wait);
      } else {
        this.down(run);
      }
    } finally {
      this.env.clearTimeout(timer);
    }
  }

  private after(talk: Talk, mine: AbortController, run: AbortController, wait: number): void {
    this.env.setTimeout(() => {
      if (this.listening.get(talk) !== mine || this.run !== run) return;
      this.listening.delete(talk);
      this.sync();
    }, wait);
  }

  // deliver posts what is not acknowledged, one at a time, so that the order stays.
  private async deliver(talk: Talk, run: AbortController): Promise<void> {
    this.posting.add(talk);
    try {
      if (!talk.id) {
        const r = await this.request(null, '/v1/conversation', { method: 'POST', signal: this.limit(timing.post, run.signal) });
        const made = await r.json() as Page;
        if (this.run !== run) return;
        talk.id = made.conversation;
        talk.epoch = made.epoch;
        this.desk.changed(talk);
        this.sync();
      }
      for (let m = talk.unsent[0]; m && this.run === run; m = talk.unsent[0]) {
        if (!await this.post(talk, m, run)) return;
      }
      for (let e = talk.errand; e && this.run === run; e = talk.errand) {
        if (!await this.carry(talk, e, run)) return;
      }
    } catch (err) {
      if (err instanceof Refusal && err.status < 500) this.later(talk, err, run);
      else this.down(run);
    } finally {
      if (this.run === run) this.posting.delete(talk);
    }
  }

  // post says whether to go on with the next.
  private async post(talk: Talk, m: Outgoing, run: AbortController): Promise<boolean> {
    try {
      const r = await this.request(talk, '/v1/conversation/messages', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ id: m.id, question: m.question, facts: m.facts }),
        signal: this.limit(timing.post, run.signal),
      });
      const both = await r.json() as { message: Entry; answer: Entry };
      if (this.run !== run) return false;
      this.up();
      this.line.frame(both.message, talk);
      if (both.answer) this.line.frame(both.answer, talk);
      talk.acknowledge(m.id);
      return true;
    } catch (err) {
      if (this.run !== run) return false;
      if (err instanceof Refusal && gone(err)) {
        this.line.frame({ type: 'gone', conversation: talk.id }, talk);
        return false;
      }
      return this.refused(talk, talk.outbox.find((x) => x.id === m.id), err, run);
    }
  }

  // carry brings something to the lawyers, and says whether to go on with the next.
  private async carry(talk: Talk, e: Errand, run: AbortController): Promise<boolean> {
    const { case: id, ...command } = e.tell ?? { case: '' };
    try {
      const r = await this.request(talk, `/v1/conversation/cases${id && `/${encodeURIComponent(id)}/commands`}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ id: e.id, ...e.hand, ...command }),
        signal: this.limit(timing.post, run.signal),
      });
      const now = await r.json() as AskerCase;
      if (this.run !== run) return false;
      this.up();
      this.line.frame({ type: 'case', id: e.id, case: now }, talk);
      return true;
    } catch (err) {
      if (this.run !== run) return false;
      if (err instanceof Refusal && err.now) this.line.frame({ type: 'case', case: err.now }, talk);
      return this.refused(talk, talk.errands.find((x) => x.id === e.id), err, run);
    }
  }

  // refused is for what the service did not take: it tells why, or waits when it was only "not now".
  private refused(talk: Talk, what: Outgoing | Errand | undefined, err: unknown, run: AbortController): boolean {
    if (!(err instanceof Refusal)) throw err;
    if (err.status === 429 || err.status === 503) {
      this.later(talk, err, run);
      return false;
    }
    if (err.status > 500) throw err; // a proxy that does not reach the service
    if (what) what.error = { code: err.code, message: err.message };
    this.desk.changed(talk);
    return true;
  }

  private later(talk: Talk, err: Refusal, run: AbortController): void {
    this.held.set(talk, this.env.now() + err.wait);
    this.desk.delayed(talk, err.message, Math.ceil(err.wait / 1000));
    this.env.setTimeout(() => { if (this.run === run) this.sync(); }, err.wait);
  }

  // ---- whole conversations

  loading(talk: Talk): boolean { return this.loads.has(talk); }

  /** load drops what is known and fetches all of it. */
  load(talk: Talk): Promise<void> {
    return this.once(talk, async () => {
      const entries: Entry[] = [];
      const first = await this.page(talk, 0);
      entries.push(...first.entries ?? []);
      for (let p = first; p.more && p.entries?.length;) {
        p = await this.page(talk, entries.length);
        if (p.epoch !== first.epoch) throw new Error('the conversation was replaced while it was read');
        entries.push(...p.entries ?? []);
      }
      talk.replace(first.epoch, entries);
    });
  }

  /** fill fetches what follows the last entry. */
  fill(talk: Talk): Promise<void> {
    return this.once(talk, async () => {
      for (let more = true; more;) {
        const p = await this.page(talk, talk.offset);
        if (p.epoch !== talk.epoch) {
          talk.replace(p.epoch, []);
          continue;
        }
        for (const e of p.entries ?? []) talk.add(e);
        more = Boolean(p.more && p.entries?.length);
      }
    });
  }

  // once lets one such fetch of a conversation run, and tries again until it is through.
  private once(talk: Talk, work: () => Promise<void>): Promise<void> {
    const running = this.loads.get(talk);
    if (running) return running;
    const run = (async () => {
      for (let n = 1; !talk.gone; n++) {
        try {
          await work();
          break;
        } catch (err) {
          if (err instanceof Refusal && gone(err)) { talk.gone = true; break; }
          await new Promise<void>((done) => this.env.setTimeout(done, timing.first * 2 ** Math.min(n, 6) * (0.5 + this.env.random())));
        }
      }
      this.loads.delete(talk);
      this.desk.changed(talk);
    })();
    this.loads.set(talk, run);
    return run;
  }

  private async page(talk: Talk, after: number): Promise<Page> {
    const r = await this.request(talk, `/v1/conversation?after=${after}&limit=200`, { cache: 'no-store', signal: this.limit(timing.post) });
    return await r.json() as Page;
  }

  /** request sends with the conversation's key. It throws a Refusal for what is not a 2xx. */
  async request(talk: Talk | null, path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (talk) headers.set('Authorization', `Bearer ${talk.id}`);
    const r = await this.env.fetch(path, { ...init, headers });
    if (r.ok) return r;
    const body = await r.json().catch(() => null) as { code?: string; message?: string; error?: { code?: string; message?: string }; case?: AskerCase } | null;
    const said = body?.error ?? body;
    const wait = Number(r.headers.get('Retry-After')) * 1000 || timing.retry;
    throw new Refusal(r.status, said?.code ?? 'internal', said?.message ?? '', wait, body?.case);
  }

  private limit(ms: number, outer?: AbortSignal): AbortSignal {
    const c = new AbortController();
    const timer = this.env.setTimeout(() => c.abort(), ms);
    c.signal.addEventListener('abort', () => this.env.clearTimeout(timer));
    return outer ? both(c.signal, outer) : c.signal;
  }
}

const gone = (err: Refusal) => err.status === 404 || err.status === 410 || err.status === 401;

// AbortSignal.any is too new for some.
function both(a: AbortSignal, b: AbortSignal): AbortSignal {
  const c = new AbortController();
  for (const s of [a, b]) {
    if (s.aborted) c.abort();
    s.addEventListener('abort', () => c.abort());
  }
  return c.signal;
}
