// The line by which the desk hears of what others do.
import { backoff, timing } from '../line.ts';
import type { LiveFrame } from './types.ts';

export const subprotocol = 'kiveileder.desk.v1';

/** connecting: the first attempt. away: lost, trying again. out: the session has ended. */
export type LiveState = 'connecting' | 'connected' | 'away' | 'out';

export interface LiveEnv {
  socket(): WebSocket;
  setTimeout(run: () => void, ms: number): number;
  clearTimeout(timer: number): void;
  random(): number;
}

export interface LiveDesk { state(state: LiveState): void; frame(f: LiveFrame): void }

export const beats = { presence: 15_000, ping: 20_000, patience: 10_000 } as const;

export class Live {
  state: LiveState = 'connecting';
  private ws: WebSocket | null = null;
  private failures = 0;
  private timer = 0; // to the next attempt
  private beat = 0;
  private ping = 0;
  private where = '';
  private doing = '';
  private visible = true;
  private on = false;

  constructor(private env: LiveEnv, private desk: LiveDesk) {}

  start(): void {
    this.on = true;
    this.connect();
  }

  /** stop closes the line: the page is left, or nobody is logged in. */
  stop(): void {
    this.on = false;
    this.drop();
    this.env.clearTimeout(this.timer);
  }

  /** wake tries at once: the network is back, the window is looked at, or somebody has logged in. */
  wake(): void {
    if (this.state === 'connected' || !this.on) return;
    this.failures = 0;
    this.connect();
  }

  /** present says what one does with a case: "looks", "writes", or nothing at none. It is said again every 15 seconds while the window is seen. */
  present(where: string, doing: string): void {
    if (where === this.where && doing === this.doing) return;
    if (this.where && this.where !== where) this.tell(this.where, '');
    this.where = where;
    this.doing = doing;
    this.say();
  }

  seen(visible: boolean): void {
    if (visible === this.visible) return;
    if (!visible && this.where) this.tell(this.where, '');
    this.visible = visible;
    if (visible) { this.wake(); this.say(); }
  }

  private say() {
    this.env.clearTimeout(this.beat);
    this.beat = 0;
    if (!this.where || !this.visible) return;
    this.tell(this.where, this.doing);
    this.beat = this.env.setTimeout(() => this.say(), beats.presence);
  }

  private tell(where: string, doing: string) { if (this.visible) this.send({ type: 'presence', case: where, doing }); }

  private send(frame: object) { if (this.state === 'connected') this.ws?.send(JSON.stringify(frame)); }

  private connect() {
    this.drop();
    this.env.clearTimeout(this.timer);
    const ws = this.env.socket();
    this.ws = ws;
    const slow = this.env.setTimeout(() => { if (this.ws === ws && this.state !== 'connected') this.lost(1006); }, timing.opening);
    ws.onmessage = (e) => {
      if (this.ws !== ws) return;
      this.hear();
      let f: LiveFrame;
      try { f = JSON.parse(String(e.data)) as LiveFrame; } catch { return; }
      if (f.type === 'hello') {
        this.env.clearTimeout(slow);
        this.failures = 0;
        this.to('connected');
        this.say();
      }
      this.desk.frame(f);
    };
    ws.onclose = (e) => {
      this.env.clearTimeout(slow);
      if (this.ws === ws) this.lost(e.code);
    };
  }

  // hear waits for the next sign of life, and asks for one when there is none
  private hear() {
    this.env.clearTimeout(this.ping);
    this.ping = this.env.setTimeout(() => {
      this.send({ type: 'ping' });
      this.ping = this.env.setTimeout(() => this.lost(1006), beats.patience);
    }, beats.ping);
  }

  private lost(code: number) {
    this.drop();
    if (!this.on) return;
    if (code === 4401) { this.to('out'); return; }
    this.to('away');
    this.timer = this.env.setTimeout(() => this.connect(), backoff(this.failures++, this.env.random()));
  }

  private drop() {
    this.env.clearTimeout(this.ping);
    this.env.clearTimeout(this.beat);
    const ws = this.ws;
    this.ws = null;
    if (!ws) return;
    ws.onmessage = ws.onclose = null;
    ws.close();
  }

  private to(state: LiveState) {
    if (state === this.state) return;
    this.state = state;
    this.desk.state(state);
  }
}
