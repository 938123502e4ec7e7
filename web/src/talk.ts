// One conversation as this browser knows it: the entries that came, in the
// order of their offsets, and the messages that the service has not yet
// acknowledged.
import { same } from './facts.ts';
import type { Answer, Ask, Entry, Message, Option, Reply } from './protocol.ts';
import { randomID } from './protocol.ts';

/** A message on its way. It stays here until its entry comes back. */
export interface Outgoing {
  id: string;
  question: string;
  facts?: Record<string, unknown>;
  at: number;
  /** Why it was refused. The person decides what comes next; until then it is not sent. */
  error?: { code: string; message: string };
}

/** What is kept of a conversation over a reload. */
export interface TalkRecord {
  key: string; id: string; epoch: string; offset: number; title: string; at: number;
  entries: Entry[]; changes: Record<string, unknown>; gone: boolean;
}

export class Talk {
  key: string = randomID();
  id = '';
  epoch = '';
  offset = 0;
  title = '';
  at: number = Date.now();
  entries: Entry[] = [];
  outbox: Outgoing[] = [];
  /** Facts to change with the next message; null takes one away. */
  changes: Record<string, unknown> = {};
  gone = false;
  /** What the service does for a message, by the message's id. Not kept. */
  stage: Record<string, string> = {};

  static from(r: TalkRecord): Talk {
    const { key, id, epoch, offset, title, at, entries, changes, gone } = r;
    return Object.assign(new Talk(), { key, id, epoch, offset, title, at, entries, changes: changes ?? {}, gone });
  }

  record(): TalkRecord {
    const { key, id, epoch, offset, title, at, entries, changes, gone } = this;
    return { key, id, epoch, offset, title, at, entries, changes, gone };
  }

  /** empty says that nothing was asked here yet. */
  get empty(): boolean { return !this.entries.length && !this.outbox.length && !this.id; }

  /**
   * add takes an entry that the service sent. "known" is one that is here
   * already; "gap" is one that does not follow the last: nothing is added, and
   * what lies between must be fetched. Either way the message that it is about
   * counts as acknowledged.
   */
  add(e: Entry): 'new' | 'known' | 'gap' {
    this.acknowledge(e.id);
    if (e.offset <= this.offset) return 'known';
    if (e.offset > this.offset + 1) return 'gap';
    if (e.type === 'answer') delete this.stage[e.id];
    else if (!this.entries.length) this.title = shorten(e.text); // as stored: without personal data
    this.entries.push(e);
    this.offset = e.offset;
    this.at = Date.parse(e.at) || Date.now();
    return 'new';
  }

  /** replace puts the whole conversation in the place of what was known. */
  replace(epoch: string, entries: Entry[]): void {
    this.epoch = epoch;
    this.entries = [];
    this.offset = 0;
    for (const e of entries) this.add(e);
  }

  acknowledge(id: string): void {
    this.outbox = this.outbox.filter((m) => m.id !== id);
  }

  /** unsent gives the messages to send, oldest first. */
  get unsent(): Outgoing[] { return this.gone ? [] : this.outbox.filter((m) => !m.error); }

  /** unanswered gives the messages that are stored and have no answer yet. */
  get unanswered(): Message[] {
    const done = new Set(this.entries.filter((e): e is Reply => e.type === 'answer').map((e) => e.reply_to));
    return this.entries.filter((e): e is Message => e.type === 'message' && !done.has(e.offset));
  }

  get answers(): Answer[] { return this.entries.flatMap((e) => (e.type === 'answer' ? [e.answer] : [])); }

  messageAt(offset: number): Message | undefined {
    return this.entries.find((e): e is Message => e.type === 'message' && e.offset === offset);
  }

  /** chosen gives the option that was taken when the entry at offset asked back. */
  chosen(offset: number, ask: Ask): Option | undefined {
    const next = this.entries.find((e): e is Message => e.type === 'message' && e.offset > offset);
    const later = next ?? this.outbox[0];
    if (!later) return undefined;
    const words = 'text' in later ? later.text : later.question;
    const told = later.facts?.[ask.fact];
    return ask.options?.find((o) => (told === undefined ? words === o.label : same(told, o.value)));
  }
}

export function shorten(text: string, most = 90): string {
  const line = text.replace(/\s+/g, ' ').trim();
  if (line.length <= most) return line;
  return `${line.slice(0, most).replace(/\s+\S*$/, '')} …`;
}
