// The desk's rules without a browser: differences, references, filters, keys,
// keeping what is typed, the live line, and what changes what is shown.
//
//   node --test desk-unit.test.mjs   (needs Go: the modules are bundled from web/src)
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';

const dir = mkdtempSync(join(tmpdir(), 'kiveileder-'));
after(() => rmSync(dir, { recursive: true }));
execFileSync('go', ['run', './scripts/web', '-modules', dir], { cwd: resolve(import.meta.dirname, '../..'), stdio: 'inherit' });
const { Editor, Keeper, Keys, Live, beats, changes, diff, filters, keeping, model, offered, references, typing } = await import(pathToFileURL(join(dir, 'desk-testing.mjs')));

const settled = () => new Promise((done) => setImmediate(done));

// clock is time that stands still until tick.
function clock() {
  let now = 0;
  let timers = [];
  let next = 1;
  return {
    setTimeout: (run, ms) => { timers.push({ id: next, at: now + ms, run }); return next++; },
    clearTimeout: (id) => { timers = timers.filter((t) => t.id !== id); },
    now: () => now,
    tick: async (ms) => {
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
    },
  };
}

// ---- differences

const shown = (pieces) => pieces.map((p) => ({ same: p.text, added: `[+${p.text}]`, taken: `[-${p.text}]` })[p.kind]).join('');

test('a difference is shown by words', () => {
  for (const [before, now, want] of [
    ['', '', ''],
    ['likt', 'likt', 'likt'],
    ['', 'nytt', '[+nytt]'],
    ['gammelt', '', '[-gammelt]'],
    ['Dere må søke.', 'Dere bør søke.', 'Dere [-må][+bør] søke.'],
    ['Dere må søke.', 'Dere må søke REK.', 'Dere må søke[+ REK].'],
    ['a b c', 'a x y c', 'a [-b][+x y] c'],
    ['én to', 'fire fem', '[-én to][+fire fem]'],
    ['Første.\nAndre.', 'Første.\nTredje.\nAndre.', 'Første.\n[+Tredje.\n]Andre.'],
    ['§ 9 gjelder', '§ 10 gjelder', '§ [-9][+10] gjelder'],
    ['av REK etter loven', 'av den regionale komiteen etter loven', 'av [-REK][+den regionale komiteen] etter loven'],
    ['Alt dette er av REK.', 'Svaret her er noe helt annet av komiteen.', '[-Alt dette er av REK][+Svaret her er noe helt annet av komiteen].'],
    ['blåbær', 'blåbærsyltetøy', '[-blåbær][+blåbærsyltetøy]'],
  ]) assert.equal(shown(diff(before, now)), want, `${before} → ${now}`);
});

test('from a difference both texts can be had again, whatever they are', () => {
  let seed = 7;
  const random = (n) => { seed = (seed * 1103515245 + 12345) % 2147483648; return seed % n; };
  const words = ['a', 'b', 'å', '§', ' ', ' ', '\n', '.', 'lov', '😀'];
  for (let i = 0; i < 400; i++) {
    const make = () => Array.from({ length: random(40) }, () => words[random(words.length)]).join('');
    const [a, b] = [make(), make()];
    const d = diff(a, b);
    assert.equal(d.filter((p) => p.kind !== 'added').map((p) => p.text).join(''), a);
    assert.equal(d.filter((p) => p.kind !== 'taken').map((p) => p.text).join(''), b);
  }
});

test('long texts that have little in common are compared by lines, at once', () => {
  const text = (word) => Array.from({ length: 4000 }, (_, i) => `${word}${i} ord`).join('\n');
  const began = performance.now();
  const d = diff(`felles\n${text('a')}`, `felles\n${text('b')}`);
  assert.equal(d.filter((p) => p.kind !== 'added').map((p) => p.text).join(''), `felles\n${text('a')}`);
  assert.ok(performance.now() - began < 2000);
  assert.ok(changes(d) > 8000);
});

// ---- references

test('legal references are found as lawyers write them', () => {
  for (const [text, want] of [
    ['Etter helseforskningsloven § 9 må prosjektet forhåndsgodkjennes.', ['helseforskningsloven § 9']],
    ['Se pasientjournalloven § 6 første ledd og personvernforordningen artikkel 9 nr. 2 bokstav h.', ['pasientjournalloven § 6 første ledd', 'personvernforordningen artikkel 9 nr. 2 bokstav h']],
    ['helsepersonelloven §§ 21 og 29 gjelder', ['helsepersonelloven §§ 21 og 29']],
    ['Jf. helsepersonellova § 29 andre ledd, GDPR art. 9(2)(j)', ['helsepersonellova § 29 andre ledd', 'GDPR art. 9(2)(j)']],
    ['forvaltningsloven § 11 a om foreløpig svar', ['forvaltningsloven § 11 a']],
    ['pasientjournalloven § 19 e', ['pasientjournalloven § 19 e']],
    ['MDR artikkel 82 og LOV-2008-06-20-44', ['MDR artikkel 82', 'LOV-2008-06-20-44']],
    ['Helseforskningsloven § 9, og igjen helseforskningsloven § 9.', ['Helseforskningsloven § 9']],
    ['loven sier § 9', []],
    ['Ingen lov her.', []],
  ]) assert.deepEqual(references(text), want, text);
});

test('a hostile text does not stop the page', () => {
  for (const text of ['a'.repeat(100_000), 'lov om '.repeat(15_000), 'helseloven § 1, '.repeat(6_000), '§'.repeat(100_000), 'xloven § 1 og 2 og 3'.repeat(5_000)]) {
    const began = performance.now();
    references(text);
    assert.ok(performance.now() - began < 1000, `${text.slice(0, 20)}: ${Math.round(performance.now() - began)} ms`);
  }
});

test('only what is not in the list is offered', () => {
  assert.deepEqual(offered(['helseforskningsloven §9 og § 10', 'MDR artikkel 82'], ['Helseforskningsloven § 9 og § 10']).length <= 2, true);
  assert.deepEqual(offered(['helseforskningslova § 9'], ['Helseforskningsloven § 9']), []);
});

// ---- filters

test('a filter stands in the address and comes back', () => {
  for (const f of [
    filters.standard(),
    { state: 'all', agency: 'dmp', text: 'kreft & data', on: ['mine', 'late'] },
    { state: 'signoff', agency: '', text: '', on: ['sign'] },
  ]) assert.deepEqual(filters.read(filters.write(f)), f);
  assert.equal(filters.write(filters.standard()), '');
  assert.deepEqual(filters.read('state=<b>&agency=../x&bogus=1'), filters.standard());
});

test('what the service is asked', () => {
  assert.equal(filters.query(filters.standard(), 'hdir'), 'state=received&state=assessment&state=drafting&state=waiting&state=signoff&state=reopened&limit=50');
  assert.equal(filters.query({ state: 'all', agency: 'dmp', text: ' x ', on: ['mine', 'unread', 'own'] }, 'hdir', 'n', 10), 'agency=hdir&holder=me&q=x&unread=1&after=n&limit=10');
  assert.equal(filters.query({ state: 'open', agency: '', text: '', on: ['review'] }, 'hdir'), 'review=1&limit=50', 'what is looked at again has been answered');
  assert.deepEqual(filters.toggled(filters.toggled(filters.standard(), 'mine'), 'mine'), filters.standard());
  assert.equal(filters.viewKey('  Mine   egne '), 'view:Mine egne');
});

// ---- keys

const press = (key, more = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, typing: false, dialog: false, ...more });

test('keys do something only when nobody types', () => {
  const k = new Keys();
  assert.equal(k.press(press('j'), 'list', 0), 'j');
  assert.equal(k.press(press('ArrowDown'), 'list', 0), 'j');
  for (const more of [{ typing: true }, { dialog: true }, { ctrlKey: true }, { metaKey: true }, { altKey: true }, { isComposing: true }]) {
    assert.equal(k.press(press('j', more), 'list', 0), null, JSON.stringify(more));
  }
  assert.equal(k.press(press('j'), 'case', 0), null);
  assert.equal(k.press(press('?'), 'case', 0), '?');
  k.on = false;
  assert.equal(k.press(press('j'), 'list', 0), null, 'switched off');
});

test('g l is one key after the other, soon', () => {
  const k = new Keys();
  assert.equal(k.press(press('g'), 'case', 0), null);
  assert.equal(k.press(press('l'), 'case', 500), 'g l');
  assert.equal(k.press(press('l'), 'case', 600), null);
  k.press(press('g'), 'case', 1000);
  assert.equal(k.press(press('l'), 'case', 4000), null, 'too late');
  k.press(press('g'), 'case', 5000);
  assert.equal(k.press(press('c'), 'case', 5100), 'c', 'something else');
});

test('where a key is text', () => {
  for (const [args, want] of [[['TEXTAREA', '', false], true], [['INPUT', 'text', false], true], [['INPUT', 'search', false], true], [['SELECT', '', false], true],
    [['DIV', '', true], true], [['INPUT', 'checkbox', false], false], [['BUTTON', '', false], false], [['A', '', false], false]]) assert.equal(typing(...args), want, args.join());
});

// ---- keeping what is typed

function keeper() {
  const c = clock();
  const w = { ...c, puts: [], locals: new Map(), fail: false };
  w.keeper = new Keeper({
    put: async (key, value) => { if (w.fail) throw new Error('away'); w.puts.push([c.now(), value]); },
    local: (key, value) => (value === null ? w.locals.delete(key) : w.locals.set(key, value)),
    setTimeout: c.setTimeout, clearTimeout: c.clearTimeout, now: c.now, changed: () => {},
  }, 'draft:1');
  return w;
}

test('what is typed is kept every two seconds while typing goes on', async () => {
  const w = keeper();
  for (let i = 1; i <= 10; i++) { w.keeper.write(`t${i}`); await w.tick(500); }
  assert.deepEqual(w.puts, [[2000, 't4'], [4000, 't8']]);
  assert.equal(w.locals.get('draft:1'), '"t10"', 'the browser has what the service has not');
  await w.tick(2000);
  assert.equal(w.puts.at(-1)[1], 't10');
  assert.equal(w.keeper.state, 'kept');
  assert.equal(w.locals.get('draft:1'), '"t10"', 'another window may write over what the service has');
  w.keeper.clear();
  assert.equal(w.locals.size, 0);
});

test('what could not be kept stays in the browser and is tried again', async () => {
  const w = keeper();
  w.fail = true;
  w.keeper.write('a');
  await w.tick(30_000);
  assert.equal(w.keeper.state, 'local');
  assert.equal(w.locals.get('draft:1'), '"a"');
  w.fail = false;
  await w.tick(keeping.longest);
  assert.deepEqual(w.puts.map(([, v]) => v), ['a']);
  assert.equal(w.keeper.state, 'kept');
});

test('logged out nothing is asked; logged in again all is kept', async () => {
  const w = keeper();
  w.keeper.write('a');
  w.keeper.pause();
  await w.tick(60_000);
  assert.equal(w.puts.length, 0);
  assert.equal(w.keeper.state, 'local');
  w.keeper.write('ab');
  w.keeper.resume();
  await w.tick(0);
  assert.equal(w.puts.at(-1)[1], 'ab');
});

test('cleared, nothing is left behind, also when it was on its way', async () => {
  const w = keeper();
  w.keeper.write('a');
  const going = w.keeper.flush();
  w.keeper.clear();
  await going;
  await w.tick(0);
  assert.deepEqual(w.puts.map(([, v]) => v), ['a', null]);
  assert.equal(w.keeper.state, 'none');
  assert.equal(w.keeper.unsaved, false);
});

// ---- the editor

const draft = (...texts) => ({ sections: texts.map((text) => ({ text })) });
const version = (number, ...texts) => ({ number, hash: `h${number}`, draft: draft(...texts) });
const wrote = (e) => e.draft.sections.map((s) => s.text);
function editor(...drafts) {
  const w = keeper();
  return new Editor(w.keeper, { drafts });
}
const type = (e, ...texts) => { e.draft = draft(...texts); e.typed(); };

test('a version of somebody else never replaces what is written, nor what is read', () => {
  const e = editor(version(1, 'a'));
  e.take({ drafts: [version(1, 'a'), version(2, 'b')] });
  assert.deepEqual([wrote(e), e.newer.number, e.dirty], [['a'], 2, false]);
  type(e, 'mitt');
  e.take({ drafts: [version(1, 'a'), version(2, 'b'), version(3, 'c')] });
  assert.deepEqual([wrote(e), e.newer.number, e.base], [['mitt'], 3, 1]);
});

test('one\'s own version, told by another way first, is no conflict', () => {
  const e = editor();
  type(e, 'mitt');
  e.take({ drafts: [version(1, 'mitt')] });
  assert.deepEqual([e.newer, e.base, e.dirty], [undefined, 1, false]);
});

test('a conflict ends with one text, the other, or both, and can be taken back', () => {
  const e = editor(version(1, 'a'));
  const conflict = () => { type(e, 'mitt'); e.take({ drafts: [version(e.base + 1, 'deres')] }); };
  conflict();
  e.settle('both');
  assert.deepEqual([wrote(e), e.base, e.newer], [['mitt', 'deres'], 2, undefined]);
  e.undo();
  assert.deepEqual(wrote(e), ['mitt']);
  e.undo();
  assert.deepEqual(wrote(e), ['mitt', 'deres'], 'and back again');
  conflict();
  e.settle('theirs');
  assert.deepEqual([wrote(e), e.dirty], [['deres'], false]);
  e.undo();
  assert.deepEqual([wrote(e), e.dirty], [['mitt'], true]);
  e.take({ drafts: [version(e.base + 1, 'andre')] });
  e.settle('mine');
  assert.deepEqual([wrote(e), e.base, e.dirty], [['mitt'], 4, true]);
});

test('what was kept comes back, the newest first, and the other window\'s can be had', () => {
  const c = { drafts: [version(1, 'a')] };
  const e = editor(...c.drafts);
  assert.ok(e.recover([{ base: 1, draft: draft('vindu'), at: 5 }, { base: 1, draft: draft('tjenesten'), at: 9 }], c));
  assert.deepEqual([wrote(e), e.was.sections[0].text, e.newer], [['tjenesten'], 'vindu', undefined]);
  const old = editor(version(1, 'a'), version(2, 'b'));
  assert.ok(old.recover([null, { base: 1, draft: draft('mitt'), at: 1 }], { drafts: [version(1, 'a'), version(2, 'b')] }));
  assert.deepEqual([wrote(old), old.newer.number, old.from.sections[0].text], [['mitt'], 2, 'a'], 'beside the newer version');
  for (const kept of [[], [null, undefined], ['x', 7, {}, { base: 'x' }], [{ base: 0, draft: draft('a'), at: 1 }]]) assert.equal(editor(...c.drafts).recover(kept, c), false, JSON.stringify(kept));
  const busy = editor(...c.drafts);
  type(busy, 'skriver');
  assert.equal(busy.recover([{ base: 1, draft: draft('gammelt'), at: 1 }], c), false, 'what is being typed stands');
  assert.deepEqual([wrote(busy), busy.was.sections[0].text], [['skriver'], 'gammelt'], 'and what was kept can be had');
  busy.undo();
  assert.deepEqual([wrote(busy), busy.was.sections[0].text], [['gammelt'], 'skriver']);
});

// ---- the live line

function line() {
  const c = clock();
  const w = { ...c, sockets: [], states: [], frames: [] };
  class Socket {
    constructor() { this.sent = []; w.sockets.push(this); }
    send(t) { this.sent.push(JSON.parse(t)); }
    close() { this.closed = true; }
    say(f) { this.onmessage?.({ data: JSON.stringify(f) }); }
  }
  w.live = new Live({ socket: () => new Socket(), setTimeout: c.setTimeout, clearTimeout: c.clearTimeout, random: () => 0.5 },
    { state: (s) => w.states.push(s), frame: (f) => w.frames.push(f) });
  Object.defineProperty(w, 'socket', { get: () => w.sockets.at(-1) });
  w.live.start();
  w.socket.say({ type: 'hello' });
  return w;
}

test('presence is said at once, again every 15 seconds, and taken back', async () => {
  const w = line();
  w.live.present('c1', 'looks');
  w.live.present('c1', 'looks');
  assert.deepEqual(w.socket.sent, [{ type: 'presence', case: 'c1', doing: 'looks' }]);
  await w.tick(beats.presence);
  assert.equal(w.socket.sent.filter((f) => f.type === 'presence').length, 2);
  w.live.present('c1', 'writes');
  w.live.present('', '');
  assert.deepEqual(w.socket.sent.slice(-2), [{ type: 'presence', case: 'c1', doing: 'writes' }, { type: 'presence', case: 'c1', doing: '' }]);
});

test('a window that is not seen says nothing but that one left', async () => {
  const w = line();
  w.live.present('c1', 'looks');
  w.live.seen(false);
  const n = w.socket.sent.length;
  assert.deepEqual(w.socket.sent.at(-1), { type: 'presence', case: 'c1', doing: '' });
  w.live.present('c1', 'writes');
  await w.tick(beats.presence + 1);
  assert.equal(w.socket.sent.filter((f) => f.type === 'presence').length, n);
  w.live.seen(true);
  assert.deepEqual(w.socket.sent.at(-1), { type: 'presence', case: 'c1', doing: 'writes' });
});

test('a lost line comes back with longer and longer waits, and says where one is', async () => {
  const w = line();
  w.live.present('c1', 'looks');
  w.socket.onclose({ code: 1006 });
  assert.equal(w.live.state, 'away');
  await w.tick(250);
  assert.equal(w.sockets.length, 2);
  w.socket.onclose({ code: 1006 });
  await w.tick(499);
  assert.equal(w.sockets.length, 2);
  await w.tick(1);
  assert.equal(w.sockets.length, 3);
  w.socket.say({ type: 'hello' });
  assert.equal(w.live.state, 'connected');
  assert.deepEqual(w.socket.sent, [{ type: 'presence', case: 'c1', doing: 'looks' }]);
});

test('silence is asked after, and taken for a loss', async () => {
  const w = line();
  await w.tick(beats.ping);
  assert.deepEqual(w.socket.sent, [{ type: 'ping' }]);
  w.socket.say({ type: 'pong' });
  await w.tick(beats.ping + beats.patience);
  assert.equal(w.states.at(-1) === 'away' || w.sockets.length > 1, true);
});

test('a session that ended is not tried again until somebody logs in', async () => {
  const w = line();
  w.socket.onclose({ code: 4401 });
  assert.equal(w.live.state, 'out');
  await w.tick(600_000);
  assert.equal(w.sockets.length, 1);
  w.live.wake();
  assert.equal(w.sockets.length, 2);
});

// ---- what is shown

const row = (id, seq, more = {}) => ({ id, seq, number: id, state: 'received', title: id, ...more });

test('rows change where they stand; new ones are counted', () => {
  const shownRows = [row('a', 1), row('b', 2), row('c', 3)];
  const m = model.merge(shownRows, [row('d', 1), row('c', 4, { state: 'drafting' }), row('a', 0)]);
  assert.deepEqual(m.rows.map((r) => [r.id, r.seq, r.state]), [['a', 1, 'received'], ['b', 2, 'received'], ['c', 4, 'drafting']]);
  assert.equal(m.fresh, 1);
  assert.deepEqual(model.append(shownRows, [row('c', 3), row('e', 1)]).map((r) => r.id), ['a', 'b', 'c', 'e']);
});

test('an older answer does not overtake a newer one', () => {
  assert.equal(model.newer({ id: 'a', seq: 5 }, { id: 'a', seq: 4 }), false);
  assert.equal(model.newer({ id: 'a', seq: 5 }, { id: 'a', seq: 5 }), true);
  assert.equal(model.newer({ id: 'a', seq: 5 }, { id: 'b', seq: 1 }), true);
});

test('oneself is not shown as present', () => {
  const p = new model.Presence();
  p.take('c', [{ id: 'me', doing: 'looks' }, { id: 'x', doing: 'writes' }, { id: 'y', doing: '' }], 'me');
  assert.deepEqual(p.of('c').map((x) => x.id), ['x']);
  p.take('c', [], 'me');
  assert.deepEqual(p.of('c'), []);
});

test('a sign-off holds for the very text', () => {
  const sign = (agency, hash, verdict) => ({ agency, hash, verdict });
  const c = { agencies: ['a', 'b', 'd'], drafts: [{ hash: 'h1' }, { hash: 'h2' }], sign_offs: [sign('a', 'h1', 'approve'), sign('b', 'h2', 'return'), sign('b', 'h2', 'approve')] };
  assert.deepEqual(model.verdicts(c).map((v) => [v.agency, v.said, v.void?.hash]), [['a', '', 'h1'], ['b', 'approve', undefined], ['d', '', undefined]]);
  assert.deepEqual(model.voids(c), ['b']);
});

test('a sign-off from before the asker replied does not hold', () => {
  const c = { round: 8, agencies: ['a', 'b'], drafts: [{ hash: 'h1' }], sign_offs: [
    { seq: 6, agency: 'a', hash: 'h1', verdict: 'approve' }, { seq: 7, agency: 'b', hash: 'h1', verdict: 'approve' }, { seq: 9, agency: 'b', hash: 'h1', verdict: 'reserve' }] };
  assert.deepEqual(model.verdicts(c).map((v) => [v.agency, v.said, v.void?.seq]), [['a', '', 6], ['b', 'reserve', undefined]]);
});

test('a draft is saved without what is empty', () => {
  assert.deepEqual(model.tidy({ sections: [{ question: ' ', text: ' a  \nb ' }, { question: '', text: '' }], quotes: [{ source: 's', passage: 'p', text: ' ' }], references: [' x ', 'x', ''] }),
    { sections: [{ text: 'a\nb' }], references: ['x'] });
  assert.ok(model.equal({ sections: [{ text: 'a' }] }, { sections: [{ question: '', text: 'a ' }], references: [] }));
  assert.ok(!model.equal({ sections: [{ text: 'a' }] }, { sections: [{ text: 'b' }] }));
});

test('both texts are taken: what one side alone changed is its own', () => {
  const d = (...texts) => ({ sections: texts.map((text) => ({ text })) });
  const texts = (x) => x.sections.map((s) => s.text);
  assert.deepEqual(texts(model.both(d('1', '2'), d('1x', '2'), d('1', '2y'))), ['1x', '2y']);
  assert.deepEqual(texts(model.both(d('1'), d('1x'), d('1y'))), ['1y', '1x'], 'both changed the same');
  assert.deepEqual(texts(model.both(d('1'), d('1'), d('1', 'ny'))), ['1', 'ny']);
  assert.deepEqual(texts(model.both(undefined, d('a'), d('b'))), ['b', 'a']);
  const q = (text) => ({ source: 's', passage: 'p', text });
  assert.equal(model.both({}, { quotes: [q('a'), q('b')] }, { quotes: [q('b'), q('c')] }).quotes.length, 3);
});

test('a quote is held against the passages that were seen', () => {
  const k = new model.Quoted();
  k.learn('s/a', 'Forskning er\nny kunnskap om helse.');
  const q = (passage, text) => k.is({ source: 's', passage, text });
  assert.equal(q('s/a', 'ny kunnskap om  helse'), 'verbatim');
  assert.equal(q('s/a', 'ny viten om helse'), 'changed');
  assert.equal(q('s/b', 'noe'), 'unknown');
});

test('what is masked before everybody reads it', () => {
  const p = { title: 'Ålesund 😀 spør', question: 'Ola i Ålesund', sections: [{ text: 'til Ola' }], other: 1 };
  const marks = [
    { field: 'question', start: 0, end: 3, kind: 'name', suggest: '[navn]' }, { field: 'question', start: 0, end: 13, kind: 'place' },
    { field: 'question', start: 6, end: 13, kind: 'place', suggest: '[sted]' }, { field: 'title', start: 10, end: 14, kind: 'x' }, { field: 'sections[0].text', start: 4, end: 7, kind: 'name' },
  ];
  const m = model.masked(p, marks, ['[navn]', null, '[sted]', 'lurer', '[navn]']);
  assert.deepEqual(m, { title: 'Ålesund 😀 lurer', question: '[navn] i [sted]', sections: [{ text: 'til [navn]' }], other: 1 });
  assert.equal(p.question, 'Ola i Ålesund', 'the proposal stays');
  assert.equal(model.masked(p, marks, [undefined, 'noen', '[sted]']).question, 'noen', 'a mark inside another goes with it');
  assert.deepEqual(model.around('ab Ola cd', { start: 3, end: 6 }, 2), ['…b ', 'Ola', ' c…']);
});

test('how far a date is, by the days of the calendar in Norway', () => {
  const now = Date.parse('2026-11-22T23:00+01:00');
  const on = (d, h) => `2026-11-${d}T${String(h).padStart(2, '0')}:00:00+01:00`;
  assert.deepEqual(model.due(on(23, 1), now), { late: false, days: 1 });
  assert.deepEqual(model.due(on(22, 8), now), { late: true, days: 0 });
  assert.deepEqual(model.due(on(20, 8), now), { late: true, days: -2 });
  assert.deepEqual(model.due('2026-03-30T00:30:00+02:00', Date.parse('2026-03-28T23:30+01:00')), { late: false, days: 2 }, 'over summer time');
});

test('a working day ends at 15:45 in Norway, wherever the browser is', () => {
  assert.equal(model.closing('2026-11-22'), '2026-11-22T14:45:00.000Z');
  assert.equal(model.closing('2026-07-01'), '2026-07-01T13:45:00.000Z');
  assert.equal(model.closing('2026-03-29'), '2026-03-29T13:45:00.000Z');
  assert.equal(model.closing(''), '');
  assert.equal(model.closing('i morgen'), '');
});
