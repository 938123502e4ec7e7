// What the page knows and does, without how it looks.
import { Connection } from './connection.ts';
import type { Desk, LineState } from './line.ts';
import { agencies, saidOf } from './cases.ts';
import type { CaseCommand, CaseForm, Entry, HandedOver, Sheet } from './protocol.ts';
import { randomID } from './protocol.ts';
import * as store from './store.ts';
import type { Errand, News, Outgoing } from './talk.ts';
import { heard, isOpen, shorten, Talk } from './talk.ts';
import { day, language, t } from './texts.ts';

const debounce = 400; // ms before progress is told: most answers are sooner
const lost = (s: LineState) => s === 'offline' || s === 'reconnecting';

export class Chat implements Desk {
  talks: Talk[] = store.load();
  current: Talk;
  line: LineState = 'connecting';
  code = 0; // of the closing that ended it all
  unread = 0;
  /** The address named a conversation that is not there. */
  badLink = false;
  /** Words for the status line. */
  said = '';
  connection: Connection;
  /** Called for an answer to what was asked in this window. */
  onAnswer: (talk: Talk, offset: number) => void = () => {};

  private watchers: (() => void)[] = [];
  private timer = 0;
  private asked = new Set<string>(); // messages of this window
  private gone = new WeakSet<Talk>(); // told

  constructor() {
    const key = store.current();
    this.current = this.talks.find((x) => x.key === key) ?? Object.assign(new Talk(), key ? { key } : {});
    store.setCurrent(this.current.key);
    if (!document.hidden) this.current.news = false;
    this.connection = new Connection({
      origin: location.origin,
      socket: (url, protocol) => new WebSocket(url, [protocol]),
      fetch: (path, init) => fetch(path, init),
      setTimeout: (run, ms) => window.setTimeout(run, ms),
      clearTimeout: (n) => window.clearTimeout(n),
      now: () => Date.now(),
      random: () => Math.random(),
      online: () => navigator.onLine,
    }, this);
    store.watch((key, record) => this.elsewhere(key, record !== null));
  }

  watch(f: () => void): void { this.watchers.push(f); }

  tell(): void { for (const f of this.watchers) f(); }

  /** say puts words on the status line, where screen readers hear them. */
  say(words: string, seconds = 0): void {
    clearTimeout(this.timer);
    this.said = words;
    if (seconds) this.timer = window.setTimeout(() => this.say(''), seconds * 1000);
    this.tell();
  }

  // ---- what the line asks and tells

  wanted(): Talk[] {
    const others = this.talks.filter((x) => x !== this.current && !x.gone);
    const busy = others.filter((x) => x.waits || x.unanswered.length > 0);
    return [this.current, ...busy, ...others.filter((x) => !busy.includes(x) && x.cases.some(isOpen))]; // the lawyers may answer those
  }

  state(state: LineState, code = 0): void {
    const before = this.line;
    this.line = state;
    this.code = code;
    const waiting = this.current.unsent.length > 0;
    const takes = this.connection?.limits.case_chars;
    if (!lost(state) && this.connection?.greeted) store.setTakesCases(Boolean(takes));
    if (state === 'stopped') this.say(t('announce_stopped'));
    else if (waiting && lost(state)) this.say(t('waiting'));
    else if (state === 'offline') this.say(t('announce_offline'));
    else if (state === 'reconnecting' && before === 'connected') this.say(t('announce_reconnecting'));
    else if (state === 'reconnecting' && before === 'http') this.say(t('announce_reconnecting'));
    else if (lost(before) && !lost(state)) this.say(waiting ? t('sending') : t('announce_back'), 4);
    this.tell();
  }

  changed(talk: Talk, entry?: Entry, news?: News): void {
    if (talk.linked && !this.arrived(talk)) return;
    if (news) this.heard(talk, news);
    store.save(talk);
    if (!this.talks.includes(talk) && !talk.empty) this.talks.unshift(talk);
    this.talks.sort((a, b) => b.at - a.at);
    if (entry?.type === 'answer') {
      if (document.hidden) this.unread++;
      if (talk === this.current) this.say('');
      if (talk === this.current && this.asked.delete(entry.id)) this.onAnswer(talk, entry.reply_to);
    }
    this.trouble(talk);
    const stage = talk === this.current && talk.unanswered[0] && talk.stage[talk.unanswered[0].id];
    if (stage) this.progress(talk);
    this.tell();
  }

  // trouble tells what the service refused, and that a conversation is gone, once.
  private trouble(talk: Talk): void {
    if (talk !== this.current) return;
    for (const m of talk.outbox) {
      if (m.error && this.asked.delete(m.id)) this.say(`${t('error_heading')}. ${m.error.message || t('error_general')}`, 10);
    }
    for (const e of talk.errands) {
      if (e.error && this.asked.delete(e.id)) this.say(`${t('error_heading')}. ${e.error.message || t('case_failed')}`, 10);
    }
    if (talk.gone && !this.gone.has(talk)) this.say(t('gone_title'), 10);
    if (talk.gone) this.gone.add(talk);
  }

  // heard tells what became of a case.
  private heard(talk: Talk, { now, was, by }: News): void {
    const wrote = heard(now, was);
    if (by?.draft) store.setDraft(by.draft, '');
    if (wrote && (was || by)) {
      if (talk !== this.current || document.hidden) talk.news = true;
      if (document.hidden) this.unread++;
    }
    if (by?.hand) this.say(t('case_said_received', { number: now.number, when: now.expected ? t('case_said_expected', { date: day(now.expected) }) : '' }).trim(), 12);
    else if (was && wrote === 'answer') this.say(t('case_said_answer', { who: agencies(now, now.answers?.at(-1)?.agencies), number: now.number }), 12);
    else if (was && wrote === 'task') this.say(t('case_said_task', { number: now.number }), 12);
    else if (was && wrote === 'reminder') this.say(t('case_said_reminder', { number: now.number }), 12);
    else if (was && was.state !== now.state) this.say(t('case_said_state', { number: now.number, state: saidOf(now.state) }), 8);
    else if (by) this.say(t('case_said_sent'), 6);
  }

  // arrived is for a conversation that a link named: it is there, or it is not.
  private arrived(talk: Talk): boolean {
    if (talk.gone) {
      this.badLink = true;
      store.remove(talk);
      this.talks = this.talks.filter((x) => x !== talk);
      this.gone.add(talk);
      if (this.current === talk) this.open(new Talk());
      this.say(t('case_link_bad'), 12);
      return false;
    }
    if (talk.entries.length || talk.cases.length) talk.linked = false;
    return true;
  }

  delayed(talk: Talk, message: string, seconds: number): void {
    if (talk === this.current) this.say(`${message} ${t('delayed', { n: seconds })}`.trim(), seconds);
  }

  private progress(talk: Talk): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      const m = talk.unanswered[0];
      if (talk !== this.current || !m) return;
      const stage = talk.stage[m.id];
      this.say(t(stage === 'rules' ? 'stage_rules' : stage === 'masking' ? 'stage_masking' : 'stage_searching'));
    }, debounce);
  }

  // elsewhere is for what another tab did to the conversations of this machine.
  private elsewhere(key: string, there: boolean): void {
    const mine = this.talks.find((x) => x.key === key);
    if (!there) {
      if (mine && mine !== this.current) this.talks = this.talks.filter((x) => x !== mine);
    } else if (!mine || (mine !== this.current && !this.wanted().includes(mine))) {
      const read = store.loadOne(key);
      if (read) this.talks = [read, ...this.talks.filter((x) => x.key !== key)].sort((a, b) => b.at - a.at);
    } else if (!mine.id) {
      const read = store.loadOne(key); // it got its name there
      if (read?.id) Object.assign(mine, { id: read.id, epoch: '', offset: 0, entries: [] });
      this.connection.kick();
    }
    this.tell();
  }

  // ---- what the person does

  /** ask sends a question, or keeps it until it can be sent. */
  ask(question: string, facts: Record<string, unknown> = {}): void {
    this.badLink = false;
    if (this.current.gone) this.create();
    const talk = this.current;
    const all = { ...talk.changes, ...facts };
    const m: Outgoing = { id: randomID(), question, at: Date.now() };
    if (Object.keys(all).length) m.facts = all;
    talk.changes = {};
    talk.outbox.push(m);
    talk.title ||= shorten(question);
    talk.at = m.at;
    this.send(talk, m);
  }

  retry(talk: Talk, m: Outgoing): void {
    delete m.error;
    this.send(talk, m);
  }

  discard(talk: Talk, m: Outgoing): void {
    talk.acknowledge(m.id);
    this.changed(talk);
  }

  private send(talk: Talk, m: Outgoing): void {
    this.asked.add(m.id);
    this.changed(talk);
    this.say(this.line === 'stopped' ? t('announce_stopped') : lost(this.line) ? t('waiting') : t('sending'));
    this.connection.kick();
  }

  /** setFact changes what is known of the project, from the next message on. */
  setFact(fact: string, value: unknown): void {
    this.current.changes = { ...this.current.changes, [fact]: value };
    this.changed(this.current);
  }

  // ---- what goes to the lawyers

  /** takesCases says that a question can be handed over here; else there is the mailbox alone. */
  get takesCases(): boolean {
    const { greeted, limits } = this.connection;
    return greeted || this.line === 'http' ? Boolean(limits.case_chars) : store.takesCases();
  }

  /** form gives what a hand-over begins with; null when nobody takes cases after all. */
  async form(talk: Talk): Promise<CaseForm | null> {
    const r = await fetch('/v1/conversation/case-form', {
      headers: { Authorization: `Bearer ${talk.id}`, 'Accept-Language': language() }, cache: 'no-store', signal: AbortSignal.timeout(5000),
    });
    if (r.status === 404) {
      delete this.connection.limits.case_chars;
      store.setTakesCases(false);
      this.tell();
      return null;
    }
    if (!r.ok) throw new Error(`form: ${r.status}`);
    return r.json();
  }

  /** handOver sends a question to the lawyers, or keeps it until it can be sent. The same id twice is one. */
  handOver(talk: Talk, id: string, hand: HandedOver): void {
    this.errand(talk, { id, at: Date.now(), hand });
  }

  /** command does something with a case. What was refused of it before gives way. draft is where it was written. */
  command(talk: Talk, tell: CaseCommand, draft?: string): void {
    talk.errands = talk.errands.filter((e) => !(e.error && e.tell?.case === tell.case && e.tell.kind === tell.kind && e.tell.data['task'] === tell.data['task']));
    this.errand(talk, { id: randomID(), at: Date.now(), tell, ...(draft && { draft }) });
  }

  /** drop takes back what was refused. */
  drop(talk: Talk, e: Errand): void {
    talk.errands = talk.errands.filter((x) => x !== e);
    this.changed(talk);
  }

  /** again sends what was refused, as it is. */
  again(talk: Talk, e: Errand): void {
    delete e.error;
    this.errand(talk, e);
  }

  private errand(talk: Talk, e: Errand): void {
    talk.errands = [...talk.errands.filter((x) => x.id !== e.id), e];
    this.asked.add(e.id);
    this.changed(talk);
    this.say(this.line === 'stopped' ? t('announce_stopped') : t(lost(this.line) ? 'case_waiting' : 'case_sending'));
    this.connection.kick();
  }

  /** follow opens the conversation of a link in a letter. */
  follow(id: string): void {
    this.badLink = !/^[\w-]{16,128}$/.test(id);
    if (this.badLink) return this.say(t('case_link_bad'), 12);
    const known = this.talks.find((x) => x.id === id && !x.gone);
    this.open(known ?? Object.assign(new Talk(), { id, linked: true }));
  }

  /** seen notes that the person looks at the conversation. */
  seen(): void {
    this.current.news = false;
    store.save(this.current);
  }

  open(talk: Talk): void {
    this.current = talk;
    if (!talk.linked && !talk.empty) this.badLink = false;
    this.seen();
    store.setCurrent(talk.key);
    this.say('');
    this.connection.kick();
  }

  create(): void {
    if (!this.current.empty) this.open(new Talk());
  }

  /** remove deletes a conversation at the service and here. It throws when the service did not do it. */
  async remove(talk: Talk): Promise<void> {
    if (talk.id && !talk.gone) {
      const r = await fetch('/v1/conversation', { method: 'DELETE', headers: { Authorization: `Bearer ${talk.id}` } });
      if (!r.ok && r.status !== 404 && r.status !== 410) throw new Error(`delete: ${r.status}`);
    }
    talk.gone = true;
    talk.outbox = [];
    talk.errands = [];
    store.remove(talk);
    this.talks = this.talks.filter((x) => x !== talk);
    if (this.current === talk) this.open(new Talk());
    this.connection.kick();
    this.tell();
  }

  /** sheet gives what the newest findings of a conversation came to, null when it has none. */
  async sheet(talk: Talk): Promise<Sheet | null> {
    const r = await fetch('/v1/conversation/sheet?format=json', { headers: { Authorization: `Bearer ${talk.id}` } });
    if (r.status === 404) return null;
    if (!r.ok) throw new Error(`sheet: ${r.status}`);
    return r.json();
  }

  /** download gives a conversation to keep, or its result sheet, as the service writes it. */
  async download(talk: Talk, format: 'md' | 'json', what: 'export' | 'sheet' = 'export'): Promise<void> {
    const r = await fetch(`/v1/conversation/${what}?format=${format}`, { headers: { Authorization: `Bearer ${talk.id}` } });
    if (!r.ok) throw new Error(`${what}: ${r.status}`);
    const a = document.createElement('a');
    a.href = URL.createObjectURL(await r.blob());
    a.download = `${what === 'sheet' ? 'resultatark' : 'ki-veileder'}-${new Date(talk.at).toISOString().slice(0, 10)}.${format}`;
    a.click();
    setTimeout(() => URL.revokeObjectURL(a.href), 10_000);
  }

  remember(on: boolean): void {
    store.remember(on);
    for (const talk of this.talks) store.save(talk);
    this.tell();
  }
}
