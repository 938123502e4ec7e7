// One conversation as this browser knows it: the entries that came, in the
// order of their offsets, and the messages that the service has not yet
// acknowledged.
import { same } from './facts.ts';
import type { Answer, Ask, AskerCase, CaseCommand, Entry, HandedOver, Message, Option, Reply } from './protocol.ts';
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

/** Something for the lawyers on its way: a hand-over, or what is done with a case. It stays until its case comes back with its id. */
export interface Errand {
  id: string;
  at: number;
  hand?: HandedOver;
  tell?: CaseCommand;
  /** Where what was written is kept until the service has it. */
  draft?: string;
  /** Why it was refused. Until the person sends it again it is not sent. */
  error?: { code: string; message: string };
}

/** News of a case: how it stands now, how it stood, and the errand that made it so. */
export interface News { now: AskerCase; was: AskerCase | undefined; by: Errand | undefined }

/** Cases that the lawyers are done with. */
const ended = ['answered', 'published', 'referred', 'withdrawn', 'closed'];
export const isOpen = (c: AskerCase): boolean => !ended.includes(c.state);

/** What is kept of a conversation over a reload. */
export interface TalkRecord {
  key: string; id: string; epoch: string; offset: number; title: string; at: number;
  entries: Entry[]; changes: Record<string, unknown>; gone: boolean; cases?: AskerCase[]; news?: boolean;
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
  /** How the cases of the conversation stand, the oldest first. */
  cases: AskerCase[] = [];
  errands: Errand[] = [];
  /** The lawyers wrote something that nobody has looked at here. */
  news = false;
  /** It was opened by a link alone: nobody knows yet whether there is such a conversation. */
  linked = false;
  /** What the service does for a message, by the message's id. Not kept. */
  stage: Record<string, string> = {};

  static from(r: TalkRecord): Talk {
    const { key, id, epoch, offset, title, at, entries, changes, gone, cases, news } = r;
    return Object.assign(new Talk(), { key, id, epoch, offset, title, at, entries, changes: changes ?? {}, gone, cases: cases ?? [], news: news ?? false });
  }

  record(): TalkRecord {
    const { key, id, epoch, offset, title, at, entries, changes, gone, cases, news } = this;
    return { key, id, epoch, offset, title, at, entries, changes, gone, cases, news };
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

  /** errand gives what goes to the lawyers next: one after the other. */
  get errand(): Errand | undefined { return this.gone ? undefined : this.errands.find((e) => !e.error); }

  /** waits says that something is here that the service has not acknowledged. */
  get waits(): boolean { return this.unsent.length > 0 || this.errand !== undefined; }

  /**
   * keep takes how a case stands, and the id of the errand that it answers.
   * What is older than what is known only acknowledges.
   */
  keep(now: AskerCase, id = ''): News | undefined {
    const was = this.cases.find((c) => c.id === now.id);
    const by = this.errands.find((e) => e.id === id);
    this.errands = this.errands.filter((e) => e !== by);
    if (was && was.seq > now.seq) return by && { now: was, was, by };
    this.cases = [...this.cases.filter((c) => c !== was), now].sort((a, b) => Date.parse(a.opened) - Date.parse(b.opened));
    this.title ||= shorten(now.question);
    if (was?.seq === now.seq && !by) return undefined;
    this.at = Math.max(this.at, latest(now));
    // what follows in the queue was written with this one in mind, and nothing else came
    if (by?.tell && was && !heard(now, was)) {
      for (const e of this.errands) if (e.tell?.case === now.id && e.tell.seen >= by.tell.seen) e.tell.seen = now.seq;
    }
    return { now, was, by };
  }

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

/** heard says what came from the lawyers since: an answer, a question, a reminder of one, that they closed the case, or nothing. */
export function heard(now: AskerCase, was?: AskerCase): 'answer' | 'task' | 'reminder' | 'closing' | '' {
  const count = (list?: unknown[]) => list?.length ?? 0;
  if (count(now.answers) > count(was?.answers)) return 'answer';
  if (count(now.tasks) > count(was?.tasks)) return 'task';
  if (now.closed && !was?.closed) return 'closing';
  return count(now.reminded) > count(was?.reminded) ? 'reminder' : '';
}

const latest = (c: AskerCase) => Math.max(...[c.opened, ...[...c.tasks ?? [], ...c.answers ?? [], ...c.added ?? []].map((x) => x.at)].map((at) => Date.parse(at) || 0));

export function shorten(text: string, most = 90): string {
  const line = text.replace(/\s+/g, ' ').trim();
  if (line.length <= most) return line;
  return `${line.slice(0, most).replace(/\s+\S*$/, '')} …`;
}
