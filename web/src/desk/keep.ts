// What is being typed is never lost: it is kept in the browser at once and at
// the service every other second, until it is saved for good.

export interface KeepEnv {
  /** put keeps a value; null takes it away. It throws when it did not work. */
  put(key: string, value: unknown): Promise<void>;
  /** local keeps a value in this browser tab; null takes it away. */
  local(key: string, value: string | null): void;
  setTimeout(run: () => void, ms: number): number;
  clearTimeout(timer: number): void;
  now(): number;
  changed(): void;
}

/** none: nothing that is not saved. typed: not kept at the service yet. kept: it is. local: the service cannot be reached, the browser has it. */
export type KeepState = 'none' | 'typed' | 'kept' | 'local';

export const keeping = { wait: 2000, again: 4000, longest: 30_000 } as const;

export class Keeper {
  state: KeepState = 'none';
  at = 0; // when the service got it
  private value: unknown = null;
  private dirty = false;
  private timer = 0;
  private busy: Promise<void> | null = null;
  private failures = 0;
  private stopped = false;

  constructor(private env: KeepEnv, readonly key: string) {}

  /** write keeps what was typed. The service gets it at the latest two seconds from the first stroke on. */
  write(value: unknown): void {
    this.value = value;
    this.dirty = true;
    this.env.local(this.key, JSON.stringify(value));
    if (this.state !== 'local') this.state = 'typed';
    this.plan(keeping.wait);
    this.env.changed();
  }

  /** clear forgets it: it was saved, or thrown away. */
  clear(): void {
    this.value = null;
    this.dirty = true;
    this.state = 'none';
    this.env.local(this.key, null);
    void this.flush();
    this.env.changed();
  }

  /** unsaved says whether something would be lost without what was kept. */
  get unsaved(): boolean { return this.value !== null; }

  /** flush keeps it now. It does not throw: what did not work is tried again. */
  async flush(): Promise<void> {
    this.cancel();
    if (this.busy) await this.busy;
    if (!this.dirty || this.stopped) return;
    this.busy = this.send();
    await this.busy;
    this.busy = null;
    if (this.dirty && !this.stopped) this.plan(this.failures ? Math.min(keeping.longest, keeping.again * 2 ** (this.failures - 1)) : keeping.wait);
  }

  /** pause stops asking the service, as when nobody is logged in; resume goes on. */
  pause(): void { this.stopped = true; this.cancel(); if (this.unsaved && this.dirty) this.state = 'local'; this.env.changed(); }
  resume(): void { this.stopped = false; this.failures = 0; void this.flush(); }

  private async send() {
    const value = this.value;
    this.dirty = false;
    try {
      await this.env.put(this.key, value);
      this.failures = 0;
      if (this.dirty) { if (this.state === 'local') this.state = 'typed'; } else if (value !== null) {
        this.state = 'kept';
        this.at = this.env.now(); // the browser keeps its copy: another window may write over the service's
      }
    } catch {
      this.failures++;
      this.dirty = true;
      if (value !== null) this.state = 'local';
    }
    this.env.changed();
  }

  private plan(ms: number) { if (!this.timer && !this.stopped) this.timer = this.env.setTimeout(() => { this.timer = 0; void this.flush(); }, ms); }
  private cancel() { this.env.clearTimeout(this.timer); this.timer = 0; }
}
