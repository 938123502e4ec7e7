// All that the desk shows. Views read it; what changes it calls change.
import { randomID } from '../protocol.ts';
import * as api from './api.ts';
import { Failed } from './api.ts';
import { Editor } from './editor.ts';
import type { Filter } from './filters.ts';
import * as filters from './filters.ts';
import type { KeepEnv } from './keep.ts';
import { Keeper } from './keep.ts';
import type { LiveState } from './live.ts';
import { Live, subprotocol } from './live.ts';
import * as model from './model.ts';
import { Keys } from './shortcuts.ts';
import type { Contact, DeskCase, DeskInfo, Event, Hit, LiveFrame, ListPage, Mail, Refusal, Row, Similar, Version } from './types.ts';
import { happened, know, of, t } from './words.ts';

const main = document.getElementById('main')!;
export const me = { id: main.dataset['person'] ?? '', name: main.dataset['name'] ?? '', agency: main.dataset['agency'] ?? '', roles: (main.dataset['roles'] ?? '').split(' ').filter(Boolean) };

export interface Trouble { text: string; events: Event[] }

// what is kept in the browser is somebody's: another who logs in does not get it
const localKey = (key: string) => `kiveileder:desk:${me.id}:${key}`;
const local = {
  get: (key: string): unknown => { try { return JSON.parse(sessionStorage.getItem(localKey(key)) ?? 'null') as unknown; } catch { return null; } },
  set: (key: string, value: string | null) => {
    try { if (value === null) sessionStorage.removeItem(localKey(key)); else sessionStorage.setItem(localKey(key), value); } catch { /* memory has it */ }
  },
};
const remembered = (key: string) => { try { return localStorage.getItem(`kiveileder:desk:${key}`); } catch { return null; } };
const remember = (key: string, value: string) => { try { localStorage.setItem(`kiveileder:desk:${key}`, value); } catch { /* not remembered then */ } };

/** The small things that somebody writes beside the draft. */
export interface Jottings { note: string; all: boolean; ask: string; fact: string }

class Desk {
  info: DeskInfo = { agencies: [], targets: [], facts: [], modules: [] };
  permissions: string[] = (main.dataset['may'] ?? '').split(' ').filter(Boolean);
  readonly lists = this.permissions.includes('case.list');
  admin = !this.lists; // the page without cases is shown
  line: LiveState = 'connecting';
  away = false; // it is, for longer than a moment
  out = false; // nobody is logged in any more
  keys = new Keys();
  presence = new model.Presence();

  // the list
  filter: Filter = filters.read(location.search);
  rows: Row[] = [];
  next = '';
  count: Record<string, number> = {};
  fresh = 0;
  loading = true;
  failed = '';
  dead: Mail[] = []; // mails that were given up
  views: Record<string, string> = {}; // query by name

  // the case
  id = '';
  c: DeskCase | null = null;
  missing = ''; // why there is no case
  editor: Editor | null = null;
  jots: Jottings = { note: '', all: false, ask: '', fact: '' };
  private jotter: Keeper | null = null;
  past: Event[] = []; // older than those that came with the case
  came: Event[] = []; // by others, since the case was opened
  lost: Refusal | null = null; // the lease
  contact: Contact | null | undefined;
  similar: Similar | null = null;
  hits: Hit[] | null = null;
  quoted = new model.Quoted();
  busy = '';
  private running: Promise<unknown> = Promise.resolve();
  trouble: Record<string, Trouble> = {}; // by what was tried
  pane = remembered('pane') ?? 'answer';

  private listeners: (() => void)[] = [];
  private drafts = new Map<string, Editor>(); // of cases that were left with unsaved text
  private wrote = 0;
  private ids = new Map<string, string>();
  private awayTimer = 0;
  private beating = 0;
  private listTimer = 0;
  private asked = 0;

  readonly live = new Live({
    socket: () => new WebSocket(`${location.origin.replace(/^http/, 'ws')}/v1/desk/live`, subprotocol),
    setTimeout: (run, ms) => window.setTimeout(run, ms),
    clearTimeout: (n) => window.clearTimeout(n),
    random: Math.random,
  }, {
    state: (s) => this.lineIs(s),
    frame: (f) => this.hear(f),
  });

  constructor() { this.keys.on = remembered('keys') !== 'off'; }

  watch(f: () => void): void { this.listeners.push(f); }
  change(): void { for (const f of this.listeners) f(); }
  say: (text: string) => void = () => {};

  setKeys(on: boolean): void { this.keys.on = on; remember('keys', on ? 'on' : 'off'); this.change(); }
  setPane(pane: string): void { this.pane = pane; remember('pane', pane); this.change(); }
  folded = (name: string): boolean | null => { const v = remembered(`fold:${name}`); return v === null ? null : v === 'shut'; };
  fold = (name: string, shut: boolean) => remember(`fold:${name}`, shut ? 'shut' : 'open');

  async start(): Promise<void> {
    api.onOut(() => this.loggedOut());
    if (this.lists) this.live.start();
    const [info, views] = await Promise.allSettled([
      api.call<DeskInfo>('GET', '/v1/desk'), this.lists ? api.call<{ kept: Record<string, unknown> }>('GET', '/v1/desk/kept?prefix=view:') : { kept: {} },
    ]);
    if (info.status === 'fulfilled') { this.info = { ...info.value, agencies: info.value.agencies ?? [], facts: info.value.facts ?? [], modules: info.value.modules ?? [], targets: info.value.targets ?? [] }; know(this.info.agencies); }
    if (views.status === 'fulfilled') for (const [k, v] of Object.entries(views.value.kept ?? {})) this.views[filters.viewName(k)] = String(v);
    this.change();
    if (this.permissions.includes('mail.dead')) await this.findDead();
  }

  /** findDead fetches the mails that were given up. */
  async findDead(): Promise<void> {
    try { this.dead = (await api.call<{ mails: Mail[] | null }>('GET', '/v1/mails/dead')).mails ?? []; } catch { /* the rest of the list is there */ }
    this.change();
  }

  async again(m: Mail): Promise<void> {
    try { await api.call('POST', `/v1/mails/${encodeURIComponent(m.id)}/again`, {}); this.say(t('desk_mail_is_again')); } catch (e) { this.say(why(e)); }
    await this.findDead();
  }

  // ---- login

  private loggedOut() {
    if (this.out) return;
    this.out = true;
    this.live.stop();
    this.editor?.keeper.pause();
    this.jotter?.pause();
    this.change();
  }

  /** back looks whether somebody has logged in again, and goes on then. */
  async back(): Promise<boolean> {
    try {
      const r = await fetch('/v1/me', { headers: { Accept: 'application/json' } });
      if (!r.ok) return false;
      const who = await r.json() as { person?: { id?: string } };
      if (who.person?.id !== me.id) { location.reload(); return false; } // another person: nothing of this one is shown
    } catch { return false; }
    this.out = false;
    if (this.lists) this.live.start();
    this.editor?.keeper.resume();
    this.jotter?.resume();
    void this.refresh();
    this.change();
    return true;
  }

  // ---- the line

  private lineIs(s: LiveState) {
    const was = this.line;
    this.line = s;
    if (s === 'out') this.loggedOut();
    if (s === 'away') {
      this.presence.clear();
      if (was === 'connected') this.awayTimer = window.setTimeout(() => { this.away = true; this.say(t('desk_line_away')); this.change(); }, 1500);
    }
    if (s === 'connected') {
      window.clearTimeout(this.awayTimer);
      if (this.away) this.say(t('desk_line_back'));
      this.away = false;
      if (was === 'away') void this.refresh();
    }
    this.change();
  }

  private hear(f: LiveFrame) {
    if (f.type === 'presence' && f.case) { this.presence.take(f.case, f.people, me.id); this.change(); }
    if (f.type !== 'case' || !f.case) return;
    if (this.id === f.case) { if ((f.seq ?? 0) > (this.c?.seq ?? 0)) void this.refreshCase(); }
    this.later();
  }

  // ---- the list

  private later() {
    if (this.listTimer) return;
    this.listTimer = window.setTimeout(() => { this.listTimer = 0; if (!document.hidden && !this.id) void this.refreshList(); }, 300);
  }

  async refresh(): Promise<void> { await Promise.all([this.id ? this.refreshCase() : this.refreshList()]); }

  setFilter(f: Filter): void {
    this.filter = f;
    const q = filters.write(f);
    history.replaceState(history.state, '', q ? `/desk?${q}` : '/desk');
    void this.load();
  }

  async load(): Promise<void> {
    if (this.admin) return;
    const mine = ++this.asked;
    this.loading = true;
    this.failed = '';
    this.change();
    try {
      const page = await api.call<ListPage>('GET', `/v1/cases?${filters.query(this.filter, me.agency)}`);
      if (mine !== this.asked) return;
      Object.assign(this, { rows: page.cases ?? [], next: page.next ?? '', count: page.count ?? {}, fresh: 0 });
    } catch (e) {
      if (mine !== this.asked) return;
      this.failed = why(e);
    }
    this.loading = false;
    this.change();
  }

  async more(): Promise<void> {
    try {
      const page = await api.call<ListPage>('GET', `/v1/cases?${filters.query(this.filter, me.agency, this.next)}`);
      Object.assign(this, { rows: model.append(this.rows, page.cases ?? []), next: page.next ?? '', count: page.count ?? this.count });
    } catch (e) { this.say(why(e)); }
    this.change();
  }

  private async refreshList() {
    const mine = this.asked;
    if (this.admin) return;
    try {
      const page = await api.call<ListPage>('GET', `/v1/cases?${filters.query(this.filter, me.agency, '', Math.min(200, Math.max(50, this.rows.length)))}`);
      if (mine !== this.asked || this.loading) return;
      const m = model.merge(this.rows, page.cases ?? []);
      if (m.fresh > this.fresh) this.say(t('desk_fresh', { n: m.fresh }));
      Object.assign(this, { rows: m.rows, fresh: m.fresh, count: page.count ?? this.count });
      this.change();
    } catch { /* the line says when the service is away */ }
  }

  async saveView(name: string): Promise<void> {
    const key = filters.viewKey(name);
    await api.call('PUT', api.kept(key), filters.write(this.filter));
    this.views[filters.viewName(key)] = filters.write(this.filter);
    this.change();
  }

  async dropView(name: string): Promise<void> {
    await api.call('DELETE', api.kept(filters.viewKey(name)));
    delete this.views[name];
    this.change();
  }

  // ---- a case

  async open(id: string): Promise<void> {
    this.leave();
    Object.assign(this, { id, c: null, missing: '', editor: null, past: [], came: [], lost: null, contact: undefined, similar: null, hits: null, trouble: {}, busy: '', jots: { note: '', all: false, ask: '', fact: '' } });
    if (!id) { this.change(); await this.load(); return; }
    this.change();
    try {
      const c = await api.call<DeskCase>('GET', api.at(id, '?seen=1'));
      if (this.id !== id) return;
      this.came = c.seen ? model.since(c.log ?? [], c.seen, me.id) : [];
      await this.begin(c);
    } catch (e) {
      if (this.id !== id) return;
      this.missing = why(e);
      this.change();
    }
  }

  private async begin(c: DeskCase) {
    this.c = c;
    this.learn(c);
    this.editor = this.drafts.get(c.id) ?? new Editor(new Keeper(this.env(), `draft:${c.id}`), c);
    this.drafts.delete(c.id);
    this.editor.take(c);
    this.jotter = new Keeper(this.env(), `note:${c.id}`);
    this.live.present(c.id, this.editor.dirty ? 'writes' : 'looks');
    this.beat(!c.held); // one that ran out while it was not open is held again
    this.change();
    const keys = [`draft:${c.id}`, `note:${c.id}`] as const;
    const { dirty } = this.editor; // its own text, from before
    const found = await Promise.all(keys.map(async (key) => {
      const here = local.get(key); // typing writes over it
      const r = await api.call<{ kept?: Record<string, unknown> }>('GET', `/v1/desk/kept?prefix=${encodeURIComponent(key)}`).catch(() => null);
      return [here, r?.kept?.[key]];
    }));
    if (this.id !== c.id || !this.c || !this.editor) return;
    if (!dirty && this.editor.recover(found[0] ?? [], this.c)) this.say(t('desk_recovered'));
    const j = (found[1]?.[0] ?? found[1]?.[1]) as Partial<Jottings> | undefined;
    if (j && !this.jots.note && !this.jots.ask) this.jots = { note: String(j.note ?? ''), all: Boolean(j.all), ask: String(j.ask ?? ''), fact: String(j.fact ?? '') };
    this.change();
  }

  private env(): KeepEnv {
    return {
      put: (key, value) => api.call(value === null ? 'DELETE' : 'PUT', api.kept(key), value === null ? undefined : value, { keepalive: JSON.stringify(value).length < 20_000 }), // also when the page is left
      local: (key, value) => local.set(key, value),
      setTimeout: (run, ms) => window.setTimeout(run, ms),
      clearTimeout: (n) => window.clearTimeout(n),
      now: Date.now,
      changed: () => this.change(),
    };
  }

  /** leave lets a case go; what is not saved stays in memory and is kept. */
  leave(): void {
    window.clearTimeout(this.beating);
    this.live.present('', '');
    if (this.editor && this.c && this.editor.dirty) { this.drafts.set(this.c.id, this.editor); void this.editor.keeper.flush(); }
    void this.jotter?.flush();
  }

  /** forget leaves nothing of this person in the browser: what was typed is at the service. */
  async forget(): Promise<void> {
    await this.hide();
    if (this.editor?.keeper.state === 'local') return; // it is not
    try { for (const key of Object.keys(sessionStorage)) if (key.startsWith('kiveileder:desk:')) sessionStorage.removeItem(key); } catch { /* nothing is there */ }
  }

  /** hide is for a window that may be closed now. */
  async hide(): Promise<void> { await Promise.all([this.editor?.keeper.flush(), this.jotter?.flush()]); }

  async refreshCase(): Promise<void> {
    const id = this.id;
    if (!id) return;
    try { this.take(await api.call<DeskCase>('GET', api.at(id, document.hidden ? '' : '?seen=1'))); } catch { /* the line says when the service is away */ }
  }

  /** take shows a case that is not older than the one that is shown. */
  take(c: DeskCase): void {
    if (this.id !== c.id || !model.newer(this.c, c)) return;
    const came = this.c ? model.since(c.log ?? [], this.c.seq, me.id) : [];
    if (this.past.length && this.c) this.keepPast(this.c.log ?? [], this.c.drafts ?? [], c);
    this.c = c;
    this.learn(c);
    this.editor?.take(c);
    if (c.holder?.id !== me.id) window.clearTimeout(this.beating);
    else if (!this.beating) this.beat();
    if (came.length) {
      this.came = [...this.came, ...came];
      this.say(happened(came.at(-1)!, me.id));
    }
    this.change();
  }

  // keepPast holds what was fetched or shown before and comes with the case no more.
  private keepPast(log: Event[], drafts: Version[], c: DeskCase) {
    const first = c.log?.[0]?.seq ?? 1;
    this.past = [...new Map([...this.past, ...log].map((e) => [e.seq, e])).values()].filter((e) => e.seq < first).sort((a, b) => a.seq - b.seq);
    c.drafts = [...new Map([...drafts, ...c.drafts ?? []].map((v) => [v.number, v])).values()].sort((a, b) => a.number - b.number);
  }

  /** earlier says how many events are older than those that are here. */
  earlier(): number { return (this.past[0]?.seq ?? this.c?.log?.[0]?.seq ?? 1) - 1; }

  /** older fetches a piece of the log from before what is here, with its drafts. */
  async older(): Promise<void> {
    const c = this.c;
    if (!c) return;
    const r = await api.call<{ log: Event[]; drafts: Version[] | null }>('GET', api.at(c.id, `?before=${this.earlier() + 1}`));
    if (this.id !== c.id || !this.c) return;
    this.past = [...r.log, ...this.past];
    this.keepPast([], r.drafts ?? [], this.c);
    this.change();
  }

  private learn(c: DeskCase) {
    for (const p of c.received.passages ?? []) this.quoted.learn(p.passage, p.quote);
    for (const f of c.received.findings ?? []) for (const q of f.quotes ?? []) this.quoted.learn(q.passage, q.quote);
  }

  typed(): void {
    this.editor?.typed();
    delete this.trouble['draft'];
    delete this.trouble['submitted']; // it was of the text as it was
    this.wrote = Date.now();
    if (this.c) this.live.present(this.c.id, 'writes');
    window.setTimeout(() => { if (this.c && Date.now() - this.wrote >= 30_000) this.live.present(this.c.id, 'looks'); }, 30_000);
    this.change();
  }

  jot(more: Partial<Jottings>): void {
    this.jots = { ...this.jots, ...more };
    if (this.jots.note || this.jots.ask) this.jotter?.write(this.jots);
    else this.jotter?.clear();
    this.change();
  }

  // beat holds the case while it is open here
  private beat(now = false) {
    window.clearTimeout(this.beating);
    this.beating = 0;
    const c = this.c;
    if (!c || c.holder?.id !== me.id) return;
    this.beating = window.setTimeout(() => {
      void api.call('POST', api.at(c.id, '/beat'), {}).then(() => { if (this.lost) { this.lost = null; this.change(); } }, (e: unknown) => {
        if (e instanceof Failed && e.status === 409 && this.id === c.id) { this.lost = e.refused ?? { code: 'conflict' }; void this.refreshCase(); this.change(); }
      }).finally(() => { if (this.id === c.id) this.beat(); });
    }, now ? 0 : 40_000);
  }

  may(kind: string): boolean { return Boolean(this.c?.may?.includes(kind)); }

  /**
   * act carries out a command. What is refused is told under what, with what
   * came meanwhile; false then. Tried again after a lost answer it is the same
   * command. While another one runs it waits for that; pressed twice it is
   * one.
   */
  async act(kind: string, data: Record<string, unknown>, under = kind): Promise<boolean> {
    const on = this.id;
    while (this.busy && this.busy !== under) await this.running;
    const c = this.c;
    if (!c || this.busy || this.id !== on) return false;
    const done = this.carryOut(c, kind, data, under);
    this.running = done;
    return done;
  }

  private async carryOut(c: DeskCase, kind: string, data: Record<string, unknown>, under: string): Promise<boolean> {
    const what = `${kind} ${c.id} ${JSON.stringify(data)}`;
    const id = this.ids.get(what) ?? randomID();
    this.ids.set(what, id);
    this.busy = under;
    delete this.trouble[under];
    delete this.trouble['claimed']; // who came too late has seen it by now
    this.change();
    try {
      const r = await api.call<{ case: DeskCase }>('POST', api.at(c.id, '/commands'), { id, kind, data, seen: c.seq });
      this.ids.delete(what);
      this.busy = '';
      this.take(r.case);
      return true;
    } catch (e) {
      this.busy = '';
      const f = e as Failed;
      if (f.status) this.ids.delete(what);
      if (f.shown) this.take(f.shown);
      this.trouble[under] = { text: why(e), events: f.refused?.events ?? [] };
      if (this.trouble[under].text) this.say(this.trouble[under].text);
      this.change();
      return false;
    }
  }

  async save(): Promise<boolean> {
    const e = this.editor;
    if (!e) return false;
    const draft = model.tidy(e.draft);
    const done = await this.act('draft_saved', { base: e.base, draft }, 'draft');
    const v = this.c && model.newest(this.c);
    if (done && v && model.equal(v.draft, draft)) {
      if (model.equal(e.draft, draft)) { e.saved(v); this.live.present(this.c!.id, 'looks'); }
      else { e.base = v.number; e.from = v.draft; e.newer = undefined; e.typed(); } // typed on meanwhile
      this.change();
    }
    return done;
  }
}

/** why gives words for what went wrong. */
export function why(e: unknown): string {
  if (!(e instanceof Failed)) return t('desk_wrong');
  if (e.status === 0) return t('desk_no_network');
  if (e.status === 401) return t('desk_out_title');
  return of(e.refused?.text) || e.message || t('desk_wrong');
}

export const desk = new Desk();
