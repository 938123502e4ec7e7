// What is open and on its way over one socket. A new socket begins with a new
// exchange: everything is opened again, and sent again where it has no entry.
import type { Entry, Frame, Limits } from './protocol.ts';
import { randomID } from './protocol.ts';
import type { Talk } from './talk.ts';

const some = 8; // conversations and messages at once, where the service names no limit

export class Exchange {
  private opened = new Map<Talk, 'opening' | 'open'>();
  private frames = new Map<string, Talk>(); // open frames by their id
  private sent = new Set<string>(); // messages that have no entry yet
  private flying = new Set<string>(); // messages that have no answer yet

  /** later has the messages that were refused for now. */
  constructor(private send: (frame: object) => void, private later: Set<string>) {}

  /** pending says that an open frame has no answer yet. */
  get pending(): boolean { return this.frames.size > 0; }

  /** opening gives the conversation that an open frame was about. */
  opening(id = ''): Talk | undefined { return this.frames.get(id); }

  /** ready marks a conversation as open, by the id of its open frame. */
  ready(talk: Talk, f: Frame): void {
    this.frames.delete(f.id ?? '');
    this.opened.set(talk, 'open');
  }

  /** refused forgets an open frame, and close that a conversation is open: it may be opened again. */
  refused(id: string): void { this.frames.delete(id); }
  close(talk: Talk): void { this.opened.delete(talk); }

  /** came notes the entry of a message, or its answer; done that there is nothing more to come, or will not be. */
  came(e: Entry): void {
    this.sent.delete(e.id);
    if (e.type === 'answer') this.flying.delete(e.id);
  }

  done(id: string): void {
    this.sent.delete(id);
    this.flying.delete(id);
  }

  /** open asks for all that follows what is known of a conversation. */
  open(talk: Talk): void {
    if (this.opened.get(talk) === 'opening') return;
    const id = randomID();
    this.opened.set(talk, 'opening');
    this.frames.set(id, talk);
    this.send({
      type: 'open', id, conversation: talk.id || undefined,
      position: talk.epoch ? { epoch: talk.epoch, offset: talk.offset } : undefined,
    });
  }

  /** sync opens what is wanted, leaves the rest, and sends what is not acknowledged. */
  sync(all: Talk[], limits: Limits): void {
    const wanted = all.filter((t) => !t.gone).slice(0, limits.conversations || some);
    for (const talk of this.opened.keys()) {
      if (wanted.includes(talk)) continue;
      this.opened.delete(talk);
      if (talk.id) this.send({ type: 'leave', id: randomID(), conversation: talk.id });
    }
    let room = (limits.in_flight || some) - this.flying.size;
    for (const talk of wanted) {
      const how = this.opened.get(talk);
      if (!how && (talk.id || talk.waits)) this.open(talk);
      if (how !== 'open') continue;
      for (const m of talk.unsent) {
        if (this.sent.has(m.id)) continue;
        if (this.later.has(m.id) || room-- <= 0) break; // the order stays
        this.sent.add(m.id);
        this.flying.add(m.id);
        this.send({ type: 'ask', id: m.id, conversation: talk.id, question: m.question, facts: m.facts });
      }
      const e = talk.errand;
      if (!e || this.sent.has(e.id) || this.later.has(e.id)) continue;
      this.sent.add(e.id);
      this.send({ type: e.hand ? 'hand_over' : 'case_command', id: e.id, conversation: talk.id, ...e.hand, ...e.tell });
    }
  }
}
