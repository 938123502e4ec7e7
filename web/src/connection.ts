// The line to the service: a WebSocket that comes back by itself, and plain
// HTTP where a WebSocket cannot be had. docs/protocol.md says what is promised.
import { Courier } from './courier.ts';
import { Exchange } from './exchange.ts';
import type { Desk, Env, LineState } from './line.ts';
import { backoff, timing } from './line.ts';
import type { AskerCase, Entry, Frame, Limits } from './protocol.ts';
import { closed, isEntry, parse, randomID, subprotocol, terminal } from './protocol.ts';
import type { Talk } from './talk.ts';

export class Connection {
  state: LineState = 'connecting';
  limits: Limits = {};

  private socket: WebSocket | null = null;
  greeted = false; // the socket's hello is here
  private failures = 0; // in a row
  private refused = 0; // sockets in a row that never said hello
  private timers: Record<string, number> = {};
  private heard = 0; // when something last came
  private pinged = false;
  private probes = 0;

  private later = new Set<string>(); // messages that were refused for now
  private exchange = this.begin(); // of this socket alone

  private courier: Courier;

  constructor(private env: Env, private desk: Desk) {
    this.courier = new Courier(env, desk, {
      up: () => this.overHTTP(),
      down: () => this.lostHTTP(),
      frame: (f, talk) => this.receive(f, talk),
    });
  }

  start(): void {
    if (!this.env.online()) this.become('offline');
    else this.attempt();
  }

  /** kick: there is something to send, or other conversations are wanted. */
  kick(): void {
    if (this.state === 'idle') this.attempt();
    else this.sync();
  }

  /** wake: the person is here and does something. */
  wake(): void {
    if (this.state === 'idle') return this.attempt();
    if (this.greeted && this.env.now() - this.heard > timing.last && !this.pinged) this.ping();
    if (this.timers['again'] && this.state === 'reconnecting' && !this.socket) this.attempt();
  }

  /** restart gives up a connection that looks open and is not. */
  restart(): void {
    if (this.state === 'stopped') return;
    this.drop();
    this.courier.stop();
    if (!this.env.online()) return this.become('offline');
    this.failures = 0;
    this.become('reconnecting');
    this.again();
  }

  offline(): void {
    if (this.state === 'stopped') return;
    this.drop();
    this.courier.stop();
    this.clear('again', 'probe');
    this.become('offline');
  }

  // ---- the socket

  private attempt(): void {
    this.clear('again');
    if (this.socket || this.state === 'stopped') return;
    if (this.state === 'idle') this.become('reconnecting');
    let s: WebSocket;
    try {
      s = this.env.socket(`${this.env.origin.replace(/^http/, 'ws')}/v1/chat`, subprotocol);
    } catch {
      return this.lost(1006);
    }
    this.socket = s;
    this.greeted = false;
    this.set('opening', timing.opening, () => { s.close(); this.gone(s, 1006); });
    s.onmessage = (e: MessageEvent) => {
      if (this.socket !== s) return;
      this.alive();
      const frame = parse(e.data);
      if (frame) this.receive(frame);
    };
    s.onclose = (e: CloseEvent) => this.gone(s, e.code);
  }

  // gone is called once for each socket: by its own close, or by us when it does not come.
  private gone(s: WebSocket, code: number): void {
    if (this.socket !== s) return;
    const probing = this.state === 'http' && !this.greeted;
    if (!this.greeted) this.refused++;
    this.drop();
    if (terminal(code)) {
      this.courier.stop();
      this.clear('again', 'probe');
      this.become('stopped', code);
    } else if (probing) {
      this.probeLater();
    } else if (code === closed.idle && !this.busy()) {
      this.become('idle');
    } else {
      this.lost(code);
    }
  }

  private lost(code: number): void {
    if (!this.env.online()) return this.become('offline');
    if (this.refused >= 2) {
      if (this.state === 'connected') this.become('reconnecting');
      this.courier.start();
      return;
    }
    this.failures++;
    if (this.state !== 'connecting') this.become('reconnecting');
    this.again(code === closed.flood ? timing.flood : 0);
  }

  private again(least = 0): void {
    this.set('again', backoff(this.failures, this.env.random(), least), () => (this.courier.worked ? this.courier.start() : this.attempt()));
  }

  private drop(): void {
    const s = this.socket;
    this.socket = null;
    this.greeted = false;
    this.pinged = false;
    this.exchange = this.begin();
    this.clear('opening', 'watch', 'stable');
    if (!s) return;
    s.onmessage = s.onclose = null;
    s.close();
  }

  private begin(): Exchange { return new Exchange((f) => this.send(f), this.later); }

  private send(frame: object): void {
    this.socket?.send(JSON.stringify(frame));
    this.watch();
  }

  // ---- plain HTTP

  private overHTTP(): void {
    this.failures = 0;
    if (this.state === 'http') return;
    this.become('http');
    this.probes = 0;
    this.probeLater();
  }

  private lostHTTP(): void {
    this.clear('probe');
    this.failures++;
    this.become(this.env.online() ? 'reconnecting' : 'offline');
    // a service that was away may have its sockets back: every other time the socket is tried first
    if (this.failures % 2 === 0) this.courier.worked = false;
    if (this.state !== 'offline') this.again();
  }

  private probeLater(): void {
    const wait = timing.probe * 2 ** Math.min(this.probes++, 3) * (0.5 + this.env.random());
    this.set('probe', wait, () => this.attempt());
  }

  // ---- what comes

  private receive(f: Frame | Entry, from?: Talk): void {
    if (isEntry(f)) return this.entry(f, from ?? this.byID(f.conversation));
    const talk = from ?? this.exchange.opening(f.id) ?? this.byID(f.conversation);
    switch (f.type) {
      case 'hello':
        this.limits = f.limits ?? {};
        if (from) return; // over HTTP
        this.clear('opening', 'probe');
        this.greeted = true;
        this.refused = 0;
        this.probes = 0;
        this.courier.stop();
        this.set('stable', timing.stable, () => { this.failures = 0; });
        this.become('connected');
        return this.sync();
      case 'opened':
        if (talk) this.openedAs(talk, f, from !== undefined);
        return;
      case 'progress':
        if (!talk || !f.id || !f.stage) return;
        talk.stage[f.id] = f.stage;
        return this.desk.changed(talk);
      case 'case':
        if (talk && f.case) this.stands(talk, f.case, f.id);
        return;
      case 'error':
        return this.refusal(f, talk);
      case 'gone':
        if (talk) this.forget(talk);
        return;
    }
  }

  private entry(e: Entry, talk?: Talk): void {
    if (!talk) return;
    this.exchange.came(e);
    this.later.delete(e.id);
    if (this.courier.loading(talk)) return; // the load brings it, or is followed by what is missing
    const was = talk.add(e);
    if (was === 'gap') {
      if (this.greeted) this.exchange.open(talk);
      else this.fetched(talk, this.courier.fill(talk));
    }
    this.desk.changed(talk, was === 'new' ? e : undefined);
    if (this.greeted) this.sync();
  }

  private stands(talk: Talk, now: AskerCase, id = ''): void {
    this.exchange.done(id);
    this.later.delete(id);
    this.desk.changed(talk, undefined, talk.keep(now, id));
    if (id) this.sync();
  }

  private openedAs(talk: Talk, f: Frame, http: boolean): void {
    if (!http) this.exchange.ready(talk, f);
    talk.id ||= f.conversation ?? '';
    // of another time of the store, as after a restore, numbers of cases mean nothing; those of now follow
    if (talk.epoch && f.epoch && talk.epoch !== f.epoch) talk.cases = [];
    const stale = f.recovered === false;
    if (!stale && f.epoch && talk.epoch !== f.epoch) {
      // it was opened without a position: everything from the beginning follows
      if (talk.offset) this.fetched(talk, this.courier.load(talk));
      else talk.epoch = f.epoch;
    }
    if (stale) {
      if (talk.offset || (f.offset ?? 0) > 0) this.fetched(talk, this.courier.load(talk));
      else talk.epoch = f.epoch ?? '';
    }
    this.desk.changed(talk);
    this.sync();
  }

  // fetched opens a conversation again when it was fetched, for what came meanwhile.
  private fetched(talk: Talk, done: Promise<void>): void {
    void done.then(() => {
      this.exchange.close(talk);
      this.courier.leave(talk);
      this.sync();
    });
  }

  private refusal(f: Frame, talk?: Talk): void {
    const wait = (f.retry_after ?? 0) * 1000 || timing.retry;
    const opening = this.exchange.opening(f.id);
    if (opening && f.id) {
      const { exchange } = this;
      exchange.refused(f.id);
      if (f.code === 'not_found' || f.code === 'invalid') return this.forget(opening);
      this.env.setTimeout(() => { exchange.close(opening); this.sync(); }, wait);
      return;
    }
    const owner = this.desk.wanted().find((t) => [...t.outbox, ...t.errands].some((m) => m.id === f.id)) ?? talk;
    if (!owner || !f.id) return;
    this.exchange.done(f.id);
    this.refuse(owner, f.id, f.code ?? 'internal', f.message ?? '', wait);
  }

  // refuse tells what was said no to, or tries again when it was only "not now".
  private refuse(talk: Talk, id: string, code: string, message: string, wait: number): void {
    const errand = talk.errands.find((x) => x.id === id);
    if (code === 'not_found' && !errand) return this.forget(talk);
    const m = errand ?? talk.outbox.find((x) => x.id === id);
    if (!m) return; // stored already: it will be answered
    if (code === 'rate_limited' || code === 'unavailable') {
      this.later.add(id);
      this.env.setTimeout(() => { this.later.delete(id); this.sync(); }, wait);
      return this.desk.delayed(talk, message, Math.ceil(wait / 1000));
    }
    m.error = { code, message };
    this.desk.changed(talk);
    if (errand) this.sync(); // the next may go
  }

  private forget(talk: Talk): void {
    talk.gone = true;
    this.exchange.close(talk);
    this.courier.leave(talk);
    this.desk.changed(talk);
  }

  // ---- what goes

  // sync brings the line to where it should be: the wanted conversations open,
  // what is not acknowledged sent.
  private sync(): void {
    if (this.state === 'http' || this.courier.running) this.courier.sync();
    if (this.greeted) this.exchange.sync(this.desk.wanted(), this.limits);
  }

  private byID(id?: string): Talk | undefined {
    return id ? this.desk.wanted().find((t) => t.id === id) : undefined;
  }

  // ---- is it alive?

  private busy(): boolean {
    return this.desk.wanted().some((t) => t.waits || (!t.gone && t.unanswered.length > 0));
  }

  private alive(): void {
    this.heard = this.env.now();
    this.pinged = false;
    this.clear('watch');
    this.watch();
  }

  private watch(): void {
    if (this.timers['watch'] || !this.greeted) return;
    this.set('watch', timing.patience, () => {
      if (this.pinged) {
        const s = this.socket;
        if (s) this.gone(s, 1006);
      } else if (this.exchange.pending || this.busy()) {
        this.ping();
      }
    });
  }

  private ping(): void {
    this.pinged = true;
    this.clear('watch');
    this.send({ type: 'ping', id: randomID() });
  }

  // ---- small things

  private become(state: LineState, code?: number): void {
    if (this.state === state && code === undefined) return;
    this.state = state;
    this.desk.state(state, code);
  }

  private set(name: string, ms: number, run: () => void): void {
    this.clear(name);
    this.timers[name] = this.env.setTimeout(() => { delete this.timers[name]; run(); }, ms);
  }

  private clear(...names: string[]): void {
    for (const name of names) {
      const timer = this.timers[name];
      if (timer !== undefined) this.env.clearTimeout(timer);
      delete this.timers[name];
    }
  }
}
