// The desk's service, played: people with sessions, cases whose log several
// write, kept texts, the live line. It knows the rules as far as the page can
// run into them; the real service has all of them.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const types = { '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json', '.svg': 'image/svg+xml' };
const sha = (s) => createHash('sha256').update(s).digest('hex');

export const people = {
  ola: { id: 'p-ola', name: 'Ola Jurist', agency: 'hdir', role: 'lawyer' },
  mari: { id: 'p-mari', name: 'Mari Jurist', agency: 'dmp', role: 'lawyer' },
  liv: { id: 'p-liv', name: 'Liv Leder', agency: 'hdir', role: 'lead' },
};

// within gives noon so many days from today by Norway's calendar, as the desk
// counts: the same number of days at every hour.
const today = new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/Oslo', year: 'numeric', month: '2-digit', day: '2-digit' });
const within = (days) => new Date(Date.parse(`${today.format(Date.now())}T12:00:00Z`) + days * 86_400_000).toISOString();

const three = (nb, nn = nb, en = nb) => ({ nb, nn, en });
const guards = {
  holder: three('Ta saken først. Bare den som har den, kan gjøre dette.'), current_draft: three('Utkastet er endret av en annen siden du begynte.'),
  not_held: three('Saken er tatt av en annen.'), moved: three('Saken er endret i mellomtiden.'), exact_text: three('Teksten er endret. Les den på nytt.'),
  verbatim: three('Et sitat i utkastet står ikke slik i kilden.'), reason: three('Skriv en begrunnelse, på høyst 4000 tegn.'), state: three('Dette kan ikke gjøres slik saken står nå.'),
};

const info = {
  agencies: [{ key: 'hdir', name: three('Helsedirektoratet'), short: 'Helsedirektoratet' }, { key: 'dmp', name: three('Direktoratet for medisinske produkter'), short: 'DMP' }, { key: 'helsetilsynet', name: three('Statens helsetilsyn'), short: 'Helsetilsynet' }],
  targets: [{ target: 'answer', name: three('Svar') }],
  facts: [{ key: 'consent', name: three('Samtykke', 'Samtykke', 'Consent'), question: three('Har deltakerne samtykket?') }, { key: 'purpose', name: three('Formål'), question: three('Hva er formålet?') }],
  modules: [{ key: 'greeting', title: three('Innledning'), text: three('Takk for spørsmålet til ki.veiledning.') }],
  limits: { text: 100000, short: 500 },
};

const law = 'Medisinsk og helsefaglig forskning skal være forhåndsgodkjent av den regionale komiteen.';
const other = 'Kvalitetssikring er ikke forskning.';
const passages = [{ source: 'formal-2024', passage: 'formal-2024/forskning-aaaa', title: 'Avklare formålet', publisher: 'Helsedirektoratet', date: '2024-02-14', section: ['Formål', 'Forskning'], quote: law, url: '/kilder/formal-2024#forskning-aaaa', superseded: false }];

const open = ['received', 'assessment', 'drafting', 'waiting', 'signoff', 'reopened'];
const quiet = ['claimed', 'released', 'taken_over', 'noted', 'delivered', 'undelivered'];

const rights = (p) => ['case.list', 'case.read', 'case.work', ...(p.role === 'lead' ? ['case.reassign', 'mail.dead'] : [])];

export async function double() {
  const { html, csp } = JSON.parse(execFileSync('go', ['run', './scripts/browser/desk-page'], { cwd: root, encoding: 'utf8' }));
  const d = {
    cases: new Map(), kept: new Map(), sessions: new Map(), sockets: new Set(), requests: [], presence: new Map(),
    logins: [], // of whoever asks
    dead: [], // mails that were given up
    down: false, // the service does not answer
    now: () => new Date().toISOString(),
  };

  // ---- cases

  const asker = { id: 'asker', role: 'asker' };
  const fold = (c) => {
    const s = { state: 'received', drafts: [], sign_offs: [], tasks: [], added: [], notes: [], answers: [], agencies: [], topics: [], facts: {}, extensions: [] };
    for (const e of c.log) {
      const x = e.data;
      const draft = s.drafts.at(-1);
      if (e.kind === 'received') Object.assign(s, { received: x, title: x.title, agencies: [...x.agencies], topics: x.topics ?? [], facts: { ...x.facts }, opened: e.at });
      if (e.kind === 'claimed' || e.kind === 'taken_over') s.holder = e.actor;
      if (e.kind === 'released') delete s.holder;
      if (e.kind === 'assessed') { if (s.state === 'received' || s.state === 'reopened') s.state = 'assessment'; s.title = x.title || s.title; s.topics = x.topics ?? s.topics; }
      if (e.kind === 'invited') s.agencies.push(x.agency);
      if (e.kind === 'uninvited') s.agencies = s.agencies.filter((a) => a !== x.agency);
      if (e.kind === 'noted') s.notes.push({ seq: e.seq, at: e.at, by: e.actor, agency: x.agency, all: x.all, text: x.text });
      if (e.kind === 'draft_saved') { s.drafts.push({ number: s.drafts.length + 1, seq: e.seq, at: e.at, by: e.actor, hash: x.hash, draft: x.draft }); if (s.state !== 'waiting') s.state = 'drafting'; }
      if (e.kind === 'submitted') s.state = 'signoff';
      if (e.kind === 'signed') { s.sign_offs.push({ seq: e.seq, at: e.at, by: e.actor, agency: x.agency, hash: x.hash, verdict: x.verdict, reason: x.reason }); if (x.verdict === 'return') s.state = 'drafting'; }
      if (e.kind === 'bypassed') s.bypass = { at: e.at, by: e.actor, ...x };
      if (e.kind === 'asked') { s.tasks.push({ id: e.seq, at: e.at, agency: e.actor.agency, text: x.text, fact: x.fact }); s.state = 'waiting'; }
      if (e.kind === 'replied') { Object.assign(s.tasks.find((t) => t.id === x.task), { replied: e.at, reply: x.text, facts: x.facts }); Object.assign(s.facts, x.facts); s.state = draft ? 'drafting' : 'assessment'; }
      if (e.kind === 'asked' || e.kind === 'replied' || e.kind === 'added') s.silence = s.state === 'waiting' ? { since: e.at } : undefined;
      if (e.kind === 'reminded') s.silence = { ...s.silence, reminded: [...s.silence.reminded ?? [], e.at], told: undefined };
      if (e.kind === 'unanswered') s.silence = { ...s.silence, told: e.at };
      if (e.kind === 'closed') { s.state = 'closed'; s.silence = undefined; s.closing = { at: e.at, reason: x.reason, until: '2099-08-14T13:00:00Z' }; }
      if (e.kind === 'added') s.added.push({ seq: e.seq, at: e.at, by: e.actor, text: x.text });
      if (e.kind === 'sent') { s.answers.push({ seq: e.seq, at: e.at, hash: x.hash, draft: draft.draft, agencies: [...s.agencies] }); s.state = 'answered'; }
      if (e.kind === 'published') { s.publication = { ...x, seq: e.seq, at: e.at }; s.state = 'published'; }
      if (e.kind === 'referred') { s.referral = x.to; s.state = 'referred'; }
      if (e.kind === 'reopened') s.state = 'reopened';
      if (e.kind === 'extended') s.extensions.push(x);
      s.seq = e.seq;
      s.changed = e.at;
    }
    return s;
  };
  const held = (c) => Boolean(c.lease && c.lease.until > d.now());
  const verdicts = (s) => s.agencies.map((a) => [a, s.sign_offs.findLast((x) => x.agency === a && x.hash === s.drafts.at(-1)?.hash)?.verdict]);
  const verbatim = (s) => !s.drafts.at(-1).draft.quotes?.some((q) => ![law, other].some((text) => text.includes(q.text)));
  const unsigned = (s) => verdicts(s).filter(([, v]) => v !== 'approve' && v !== 'reserve').map(([a]) => a);
  const may = (c, s, p) => {
    const mine = s.holder?.id === p.id;
    const on = s.agencies.includes(p.agency);
    const is = (...list) => list.includes(s.state);
    return Object.entries({
      claimed: open.includes(s.state) && on && !(held(c) && !mine), released: mine, taken_over: held(c) && !mine && on, assessed: mine && is('received', 'assessment', 'reopened', 'drafting'),
      invited: mine && open.includes(s.state), uninvited: mine && is('received', 'assessment', 'drafting', 'waiting'), noted: on, extended: mine && open.includes(s.state),
      draft_saved: on && is('assessment', 'drafting', 'signoff', 'waiting', 'reopened'), submitted: mine && is('drafting') && s.drafts.length > 0 && verbatim(s), signed: on && is('signoff'),
      bypassed: p.role === 'lead' && is('signoff'), sent: mine && is('signoff') && (!unsigned(s).length || s.bypass?.hash === s.drafts.at(-1)?.hash),
      asked: mine && is('assessment', 'drafting', 'waiting', 'signoff', 'reopened'), referred: mine && is('received', 'assessment', 'drafting', 'waiting'),
      reminded: mine && is('waiting'), closed: on && is('waiting') && Boolean(s.silence?.told),
      reopened: is('answered', 'published', 'referred', 'withdrawn', 'closed'), published: on && is('answered', 'published') && s.received.publish, review_began: on && Boolean(s.publication), unpublished: on && Boolean(s.publication),
    }).filter(([, yes]) => yes).map(([k]) => k);
  };
  const seen = (p, c) => c.seen.get(p.id) ?? 0;
  const due = (c, s) => (open.includes(s.state) && s.state !== 'waiting' ? c.due : undefined);
  const show = (c, p) => {
    const s = fold(c);
    return {
      id: c.id, number: c.number, ...s, notes: s.notes.filter((n) => n.all || n.agency === p.agency), lease: c.lease, held: held(c), hash: s.drafts.at(-1)?.hash, unsigned: s.state === 'signoff' ? unsigned(s) : undefined, due: due(c, s),
      targets: [{ target: 'assessment', name: three('Første vurdering'), due: c.due, left: 0, late: 0, done: s.state === 'received' ? undefined : c.log[1]?.at, overdue: false, soon: false, paused: false, lifted: false, extended: false, may_extend: true },
        { target: 'answer', name: three('Svar'), due: c.due, left: 100, late: 0, overdue: c.due < d.now(), soon: false, paused: s.state === 'waiting', lifted: false, extended: false, may_extend: true, law: [{ paragraph: 'forvaltningsloven (1967) § 11 a', says: 'Saken skal avgjøres uten ugrunnet opphold.', in_force: true, binding: false, unconfirmed: true }] }],
      told: s.silence?.told ? [{ key: 'asker_silent::0', kind: 'asker_silent', text: three('Spørsmålet er ikke besvart. Avslutt saken, eller send en ny påminnelse.'), urgent: false }] : [],
      log: c.log.map((e) => (e.kind === 'noted' && !e.data.all && e.data.agency !== p.agency ? { ...e, data: { agency: e.data.agency } } : e)), mails: c.mails, seen: seen(p, c), may: may(c, s, p), address: s.publication ? `/svar/${c.number}` : undefined,
    };
  };
  const row = (c, p) => {
    const s = fold(c);
    return { id: c.id, number: c.number, seq: s.seq, state: s.state, title: s.title, topics: s.topics, agencies: s.agencies, unsigned: s.state === 'signoff' ? unsigned(s) : undefined, holder: s.holder, held: held(c), opened: s.opened, changed: s.changed, due: due(c, s), late: Boolean(due(c, s) && c.due < d.now()), unread: seen(p, c) < s.seq };
  };

  d.add = (c, actor, kind, data) => {
    const e = { seq: c.log.length + 1, id: `e${c.log.length + 1}-${c.id}`, at: d.now(), actor, kind, data };
    c.log.push(e);
    if (actor.id !== 'asker' && seen(actor, c) >= e.seq - 1) c.seen.set(actor.id, e.seq);
    const s = fold(c);
    if (kind === 'claimed' || kind === 'taken_over') c.lease = { holder: actor, until: new Date(Date.now() + 120_000).toISOString() };
    if (kind === 'released') delete c.lease;
    d.tell({ type: 'case', case: c.id, number: c.number, seq: s.seq, state: s.state });
    return e;
  };
  d.make = (title, more = {}) => {
    const n = d.cases.size + 1;
    const c = { id: `c${n}`, number: `KI-2026-${String(n).padStart(4, '0')}`, log: [], seen: new Map(), mails: [], due: within(more.days ?? 9), contact: { name: 'Kari Spør', email: 'kari@example.no' } };
    d.cases.set(c.id, c);
    d.add(c, asker, 'received', {
      title, question: more.question ?? `${title}? Vi vil vite hva som gjelder før vi setter i gang.`, project: 'Et sykehus vil trene en modell på journaler.', publish: true, has_contact: true, language: 'nb', topics: more.topics ?? ['forskning'], agencies: more.agencies ?? ['hdir', 'dmp'],
      facts: { consent: 'none', purpose: 'health_research' }, unclear: ['device'],
      findings: [{ outcome: 'rek', kind: 'required', text: 'Prosjektet må forhåndsgodkjennes av REK.', authority: 'REK', legal_basis: ['helseforskningsloven § 9'], rule: 'R3a', quotes: passages }, { outcome: 'device', kind: 'unclear', text: 'Om modellen er medisinsk utstyr.', rule: 'R9', quotes: [] }],
      passages, transcript: [{ at: d.now(), text: `${title}?` }, { at: d.now(), automated: true, text: 'Kildene sier ikke nok. <b>Spør juristene.</b>' }],
    });
    return c;
  };

  const refuse = (guard, more = {}) => ({ status: more.status ?? 409, refused: { code: 'conflict', guard, text: guards[guard], ...more } });
  const command = (c, p, m) => {
    const s = fold(c);
    const actor = { id: p.id, name: p.name, role: p.role, agency: p.agency };
    const x = m.data;
    const again = c.log.find((e) => e.command === m.id);
    if (again) return { event: again };
    const came = c.log.filter((e) => e.seq > m.seen && !quiet.includes(e.kind) && !(m.kind === 'signed' && e.kind === 'signed' && e.data.verdict === 'approve'));
    if (came.length && !quiet.includes(m.kind)) return refuse('moved', { events: came });
    if (m.kind === 'claimed' && held(c) && s.holder?.id !== p.id) return refuse('not_held', { lease: c.lease });
    if (m.kind === 'submitted' && s.holder?.id === p.id && s.drafts.length && !verbatim(s)) return refuse('verbatim', { status: 400 });
    if (!may(c, s, p).includes(m.kind)) return refuse(['submitted', 'sent', 'asked', 'assessed'].includes(m.kind) && s.holder?.id !== p.id ? 'holder' : 'state');
    if (m.kind === 'draft_saved') {
      if (x.base !== s.drafts.length) return refuse('current_draft', { events: c.log.slice(-1) });
      x.hash = sha(JSON.stringify(x.draft));
    }
    if (['submitted', 'signed', 'sent', 'bypassed'].includes(m.kind) && x.hash !== s.drafts.at(-1)?.hash) return refuse('exact_text');
    if (['taken_over', 'bypassed', 'invited', 'referred', 'reopened'].includes(m.kind) && !x.reason?.trim()) return refuse('reason', { status: 400 });
    const e = d.add(c, actor, m.kind, x);
    e.command = m.id;
    return { event: e };
  };

  // ---- the live line: enough of RFC 6455 for short texts

  const frame = (text, code = 0x81) => {
    const b = Buffer.from(text);
    const head = b.length < 126 ? Buffer.from([code, b.length]) : Buffer.from([code, 126, b.length >> 8, b.length & 255]);
    return Buffer.concat([head, b]);
  };
  const send = (s, f) => { if (!s.socket.destroyed) s.socket.write(frame(JSON.stringify(f))); };
  d.tell = (f) => { for (const s of d.sockets) send(s, f); };
  d.hangUp = (code, who) => { for (const s of d.sockets) if (!who || s.person.id === who) s.socket.end(Buffer.from([0x88, 2, code >> 8, code & 255])); };
  d.end = (person) => { for (const [k, p] of d.sessions) if (p.id === person) d.sessions.delete(k); d.hangUp(4401, person); };
  const tellPresence = (id) => {
    for (const s of d.sockets) send(s, { type: 'presence', case: id, people: [...(d.presence.get(id) ?? [])].filter(([who]) => who !== s.person.id).map(([, p]) => p) });
  };
  const hear = (s, m) => {
    if (m.type === 'ping') send(s, { type: 'pong' });
    if (m.type !== 'presence') return;
    const all = d.presence.get(m.case) ?? new Map();
    if (m.doing) all.set(s.person.id, { id: s.person.id, name: s.person.name, agency: s.person.agency, doing: m.doing });
    else all.delete(s.person.id);
    d.presence.set(m.case, all);
    tellPresence(m.case);
  };
  const read = (s, b) => {
    s.rest = Buffer.concat([s.rest, b]);
    while (s.rest.length >= 6) {
      let n = s.rest[1] & 127;
      let at = 2;
      if (n === 126) { n = s.rest.readUInt16BE(2); at = 4; }
      if (s.rest.length < at + 4 + n) return;
      const mask = s.rest.subarray(at, at + 4);
      const body = Buffer.from(s.rest.subarray(at + 4, at + 4 + n).map((x, i) => x ^ mask[i % 4]));
      const code = s.rest[0] & 15;
      s.rest = s.rest.subarray(at + 4 + n);
      if (code === 8) { s.socket.end(Buffer.from([0x88, 0])); return; }
      if (code === 1) hear(s, JSON.parse(body.toString()));
    }
  };

  // ---- HTTP

  const session = (req) => /ki-session=(\w+)/.exec(req.headers.cookie ?? '')?.[1] ?? '';
  const server = createServer((req, res) => void answer(req, res).catch((err) => { res.statusCode = 500; res.end(String(err)); }));
  async function answer(req, res) {
    const url = new URL(req.url, 'http://x');
    if (d.down && url.pathname.startsWith('/v1')) { req.socket.destroy(); return; }
    const reply = (status, body) => { res.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }); res.end(body === undefined ? '' : JSON.stringify(body)); };
    if (url.pathname.startsWith('/static/')) {
      const name = url.pathname.split('/').at(-1);
      res.writeHead(200, { 'Content-Type': types[extname(name)] ?? 'text/plain' });
      res.end(readFileSync(join(root, 'web/static', name)));
      return;
    }
    if (url.pathname === '/login/demo') {
      const key = sha(url.searchParams.get('who') + Math.random()).slice(0, 16);
      d.sessions.set(key, people[url.searchParams.get('who')]);
      res.writeHead(303, { 'Set-Cookie': [`ki-session=${key}; Path=/; HttpOnly`, `ki-csrf=t${key}; Path=/`], Location: url.searchParams.get('to') ?? '/desk' });
      res.end();
      return;
    }
    const p = d.sessions.get(session(req));
    if (url.pathname.startsWith('/desk') && p) {
      res.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': csp });
      res.end(html.replaceAll('PERSON', p.id).replaceAll('NAME', p.name).replaceAll('AGENCY', p.agency).replaceAll('ROLE', p.role).replaceAll('MAY', rights(p).join(' ')));
      return;
    }
    if (!url.pathname.startsWith('/v1/')) { res.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': csp }); res.end('<!doctype html><html lang="nb"><title>x</title><h1>Annen side</h1>'); return; }
    if (!p) { reply(401, { error: { code: 'not_found', message: 'Du er ikke logget inn.' } }); return; }
    let body = '';
    for await (const chunk of req) body += chunk;
    const m = body ? JSON.parse(body) : undefined;
    d.requests.push({ who: p.id, method: req.method, path: url.pathname + url.search, body: m });
    if (req.method !== 'GET' && req.headers['x-csrf-token'] !== `t${session(req)}`) { reply(403, { error: { code: 'invalid', message: 'CSRF' } }); return; }
    const kept = d.kept.get(p.id) ?? new Map();
    d.kept.set(p.id, kept);
    if (url.pathname === '/v1/me') { reply(200, { person: { ...p, roles: [p.role] }, permissions: rights(p) }); return; }
    if (url.pathname === '/v1/me/sessions' && req.method === 'GET') { reply(200, { sessions: d.logins }); return; }
    if (url.pathname.startsWith('/v1/me/sessions')) {
      const name = url.pathname.slice(16);
      d.logins = d.logins.filter((s) => s.current || (name && s.name !== name));
      reply(name ? 204 : 200, name ? undefined : { ended: 1 });
      return;
    }
    if (url.pathname === '/v1/desk') { reply(200, info); return; }
    if (url.pathname === '/v1/desk/kept') { reply(200, { kept: Object.fromEntries([...kept].filter(([k]) => k.startsWith(url.searchParams.get('prefix') ?? ''))) }); return; }
    if (url.pathname.startsWith('/v1/desk/kept/')) {
      const key = decodeURIComponent(url.pathname.slice(14));
      if (req.method === 'DELETE') kept.delete(key); else kept.set(key, m);
      reply(204);
      return;
    }
    if (url.pathname === '/v1/mails/dead') { reply(200, { mails: d.dead }); return; }
    if (/^\/v1\/mails\/.*\/again$/.test(url.pathname)) { d.dead = []; reply(204); return; }
    if (url.pathname === '/v1/search') { reply(200, { hits: [{ source: 'formal-2024', passage: 'formal-2024/kvalitet-bbbb', section: ['Formål', 'Kvalitetssikring'], quote: other, url: '/kilder/formal-2024#kvalitet-bbbb' }, { ...passages[0] }] }); return; }
    if (url.pathname === '/v1/cases') {
      const q = url.searchParams;
      const all = [...d.cases.values()].map((c) => row(c, p)).filter((r) => r.agencies.includes(p.agency)).sort((a, b) => b.changed.localeCompare(a.changed) || b.seq - a.seq);
      const mine = (r) => r.holder?.id === p.id;
      const sign = (r) => r.unsigned?.includes(p.agency);
      const fits = all.filter((r) => (!q.has('state') || q.getAll('state').includes(r.state)) && (!q.get('agency') || r.agencies.includes(q.get('agency'))) && (!q.has('holder') || mine(r))
        && (!q.get('q') || `${r.number} ${r.title} ${r.topics}`.toLowerCase().includes(q.get('q').toLowerCase())) && (!q.has('late') || r.late) && (!q.has('unread') || r.unread) && (!q.has('sign') || sign(r)) && (!q.has('review') || r.review));
      const from = Number(q.get('after') ?? 0);
      const limit = Number(q.get('limit') ?? 50);
      reply(200, { cases: fits.slice(from, from + limit), next: fits.length > from + limit ? String(from + limit) : '', count: { open: all.filter((r) => open.includes(r.state)).length, mine: all.filter(mine).length, agency: all.length, unread: all.filter((r) => r.unread).length, late: all.filter((r) => r.late).length, sign: all.filter(sign).length, review: 0 } });
      return;
    }
    const [, id, rest] = /^\/v1\/cases\/([^/]+)\/?(.*)$/.exec(url.pathname) ?? [];
    const c = d.cases.get(id);
    if (!c) { reply(404, { error: { code: 'not_found', message: 'Saken finnes ikke.' } }); return; }
    if (!rest) {
      const shown = show(c, p);
      const before = Number(url.searchParams.get('before') ?? 0);
      const most = c.most ?? 200;
      if (before) {
        const log = shown.log.slice(Math.max(0, before - 1 - most), before - 1);
        reply(200, { log, drafts: shown.drafts.filter((v) => log.some((e) => e.seq === v.seq)), earlier: log[0].seq - 1 });
        return;
      }
      shown.log = shown.log.slice(-most);
      shown.drafts = shown.drafts.filter((v, i, all) => v.seq >= shown.log[0].seq || i === all.length - 1);
      if (url.searchParams.has('seen')) c.seen.set(p.id, c.log.length);
      reply(200, shown);
      return;
    }
    if (rest === 'commands') {
      const r = command(c, p, m);
      if (r.refused) reply(r.status, { error: { code: 'conflict', message: r.refused.text.nb }, refused: r.refused, case: show(c, p) });
      else reply(200, { case: show(c, p), event: r.event });
      return;
    }
    if (rest === 'beat') {
      if (held(c) && c.lease.holder.id !== p.id) reply(409, { error: { code: 'conflict', message: guards.not_held.nb }, refused: { code: 'conflict', guard: 'not_held', text: guards.not_held, lease: c.lease } });
      else reply(200, { lease: c.lease });
      return;
    }
    if (rest === 'contact') { reply(200, c.contact); return; }
    if (rest === 'similar') { reply(200, { cases: [], answers: [{ number: 'KI-2025-0009', title: 'Forskning på journaler', question: 'x', published: '2025-10-01', agencies: ['hdir'], url: '/svar/KI-2025-0009', why: [{ nb: 'samme paragraf: helseforskningsloven § 9', nn: 'same paragraf: helseforskningsloven § 9', en: 'same paragraph: helseforskningsloven § 9' }] }] }); return; }
    if (rest === 'publication') {
      const s = fold(c);
      const question = 'Ålesund sykehus vil bruke journaler. Ring Kari.';
      reply(200, { publication: { title: s.title, question, sections: s.answers.at(-1)?.draft.sections ?? [], quotes: s.answers.at(-1)?.draft.quotes, references: s.answers.at(-1)?.draft.references, agencies: s.agencies },
        marks: [{ field: 'question', start: 0, end: 15, kind: 'sykehus', suggest: 'Et sykehus' }, { field: 'question', start: 42, end: 46, kind: 'navn', suggest: '[navn]' }] });
      return;
    }
    reply(404, { error: { code: 'not_found', message: 'Ukjent.' } });
  }
  server.on('upgrade', (req, socket) => {
    const p = d.sessions.get(session(req));
    if (d.down) { socket.destroy(); return; }
    const accept = createHash('sha1').update(`${req.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: kiveileder.desk.v1\r\n\r\n`);
    if (!p) { socket.end(Buffer.from([0x88, 2, 4401 >> 8, 4401 & 255])); return; }
    const s = { socket, person: p, rest: Buffer.alloc(0) };
    d.sockets.add(s);
    socket.on('data', (b) => read(s, b));
    socket.on('error', () => {});
    socket.on('close', () => {
      d.sockets.delete(s);
      for (const [id, all] of d.presence) if (all.delete(p.id)) tellPresence(id);
    });
    send(s, { type: 'hello', time: d.now(), person: { id: p.id, name: p.name, agency: p.agency } });
    for (const id of d.presence.keys()) tellPresence(id);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  d.base = `http://127.0.0.1:${server.address().port}`;
  d.cut = () => { d.down = true; for (const s of d.sockets) s.socket.destroy(); };
  d.close = () => { for (const s of d.sockets) s.socket.destroy(); server.closeAllConnections(); server.close(); };
  d.asker = asker;
  return d;
}
