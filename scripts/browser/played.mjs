// The service of docs/protocol.md, played to the page: for states that a real
// one gives only now and then, and for closing codes on demand.
const id32 = (n) => `c${String(n).padStart(31, '0')}`;

// desk plays the lawyers' side of the service: cases, as docs/protocol.md has
// them. options.form is what a hand-over begins with; refuse(what) may give
// {code, message} for a hand-over or a command.
function desk(p, options, broadcast) {
  const d = {
    taken: [], // hand-overs and commands, without those sent again
    cases: new Map(), // conversation -> cases
    form: { question: '', project: '', agencies: [], contact: true, mail: true, near: [], limits: { text: 8000, short: 500 }, ...options.form },
    refuse: () => null,
  };
  const done = new Map(); // id of a hand-over or command -> case
  const at = () => new Date().toISOString();
  d.of = (id) => d.cases.get(id) ?? [];
  // change makes news of a case: a lawyer did something.
  d.change = (c, changes) => {
    Object.assign(c, typeof changes === 'function' ? changes(c) : changes, { seq: c.seq + 1 });
    for (const [id, list] of d.cases) if (list.includes(c)) broadcast({ type: 'case', conversation: id, case: c });
    return c;
  };
  // take gives {case}, or {error, case}.
  d.take = (id, m) => {
    if (done.has(m.id)) return { case: done.get(m.id) };
    const list = d.of(id);
    const error = d.refuse(m);
    if (error) return { error, case: list.find((c) => c.id === m.case) };
    d.taken.push(m);
    let c = list.find((x) => x.id === m.case);
    if (!m.kind) {
      const n = [...d.cases.values()].flat().length + 1;
      c = { id: `ca5e${String(n).padStart(20, '0')}`, number: `KI-2026-${String(n).padStart(4, '0')}`, seq: 1, state: 'received', opened: at(), question: m.question, project: m.project,
        agencies: m.agency ? [m.agency] : ['helsedirektoratet'], expected: '2026-12-14T15:00:00Z', has_mail: Boolean(m.contact?.email), may: ['added', 'withdrawn'],
        names: Object.fromEntries((d.form.agencies.length ? d.form.agencies : [{ key: 'helsedirektoratet', name: { nb: 'Helsedirektoratet', nn: 'Helsedirektoratet', en: 'The Norwegian Directorate of Health' } }]).map((a) => [a.key, a.name])) };
      d.cases.set(id, [c, ...list]);
    } else if (!c) {
      return { error: { code: 'not_found', message: 'Saken finnes ikke.' } };
    } else if (m.kind === 'replied') {
      d.change(c, { state: 'assessment', may: ['added', 'withdrawn'], tasks: c.tasks.map((t) => (t.id === m.data.task ? { ...t, replied: at(), reply: m.data.text, facts: m.data.facts } : t)) });
    } else if (m.kind === 'added') {
      d.change(c, { added: [...c.added ?? [], { at: at(), text: m.data.text }] });
    } else {
      d.change(c, { state: m.kind, may: m.kind === 'withdrawn' ? ['added', 'reopened'] : ['added', 'withdrawn'], expected: m.kind === 'withdrawn' ? undefined : '2026-12-20T15:00:00Z' });
    }
    done.set(m.id, c);
    return { case: c };
  };
  return d;
}

// played answers what is asked with what reply gives: an answer, {error: {...}},
// {masked: [...], text, answer}, or null for silence. asked are the ask frames
// and POST bodies that came, without those sent again.
export function played(reply = () => null, options = {}) {
  const p = {
    asked: [],
    frames: [],
    sockets: [],
    conversations: new Map(), // id -> {epoch, entries}
    refuse: options.refuse ?? false, // no WebSocket
    silent: false, // takes everything, says nothing
    hello: { type: 'hello', protocol: 'kiveileder.v1', session: 's', time: '2026-01-01T00:00:00Z', limits: { conversations: 8, in_flight: 8, recovery: 500 }, versions: {} },
  };

  const make = () => {
    const id = id32(p.conversations.size + 1);
    p.conversations.set(id, { epoch: 'e1', entries: [] });
    return id;
  };
  const broadcast = (frame) => { for (const s of p.sockets) if (s.open.has(frame.conversation)) s.send(frame); };
  if (options.desk) {
    p.desk = desk(p, options.desk, broadcast);
    p.hello.limits.case_chars = 8000;
  }

  // take stores a message and answers it; it gives both entries.
  const take = async (id, m, tell) => {
    const c = p.conversations.get(id);
    const known = c.entries.find((e) => e.type === 'message' && e.id === m.id);
    if (known) return { message: known, answer: c.entries.find((e) => e.reply_to === known.offset) };
    p.asked.push(m);
    const r = reply(m, p.asked.length);
    if (r?.error) return { error: r.error };
    const add = (e) => {
      const entry = { conversation: id, offset: c.entries.length + 1, id: m.id, at: new Date().toISOString(), ...e };
      c.entries.push(entry);
      tell(entry);
      return entry;
    };
    const message = add({ type: 'message', text: r?.text ?? m.question, masked: r?.masked ?? [], facts: m.facts ?? {} });
    if (!r) return { message };
    tell({ type: 'progress', conversation: id, id: m.id, stage: 'searching' });
    if (options.delay) await new Promise((done) => setTimeout(done, options.delay));
    return { message, answer: add({ type: 'answer', reply_to: message.offset, answer: r.answer ?? r }) };
  };
  p.take = (id, m) => take(id, m, broadcast);

  p.socket = (ws) => {
    if (p.refuse) { ws.close({ code: 4400 }); return; }
    const s = { ws, open: new Set(), send: (f) => { if (!p.silent) ws.send(JSON.stringify(f)); }, close: (code) => ws.close({ code }) };
    p.sockets.push(s);
    ws.onClose(() => { p.sockets = p.sockets.filter((x) => x !== s); });
    s.send(p.hello);
    ws.onMessage(async (text) => {
      const m = JSON.parse(text);
      p.frames.push(m);
      if (p.silent) return;
      if (m.type === 'ping') s.send({ type: 'pong', id: m.id });
      if (m.type === 'leave') s.open.delete(m.conversation);
      if (m.type === 'open') {
        const id = m.conversation || make();
        const c = p.conversations.get(id);
        if (!c) { s.send({ type: 'error', id: m.id, code: 'not_found', message: 'Samtalen finnes ikke.' }); return; }
        s.open.add(id);
        const recovered = !m.position || (m.position.epoch === c.epoch && m.position.offset <= c.entries.length);
        const missed = recovered ? c.entries.slice(m.position?.offset ?? 0) : [];
        s.send({ type: 'opened', id: m.id, conversation: id, epoch: c.epoch, offset: c.entries.length, recovered, missed: missed.length });
        for (const e of missed) s.send(e);
        for (const c of p.desk?.of(id) ?? []) s.send({ type: 'case', conversation: id, case: c });
      }
      if (p.desk && (m.type === 'hand_over' || m.type === 'case_command')) {
        if (p.desk.lose) return; // it arrives, and nobody hears of it
        const { error, case: c } = p.desk.take(m.conversation, m);
        if (c) s.send({ type: 'case', conversation: m.conversation, ...(!error && { id: m.id }), case: c });
        if (error) s.send({ type: 'error', id: m.id, ...error });
      }
      if (m.type === 'ask') {
        const { error, message } = await take(m.conversation, m, broadcast);
        if (error) s.send({ type: 'error', id: m.id, ...error });
        else if (message) s.send(message); // also when it was known
      }
    });
  };

  p.http = async (route) => {
    const request = route.request();
    const path = new URL(request.url()).pathname;
    const json = (status, body) => route.fulfill({ status, contentType: 'application/json', body: JSON.stringify(body) });
    const id = (request.headers().authorization ?? '').replace('Bearer ', '');
    if (path === '/v1/conversation' && request.method() === 'POST') {
      const made = make();
      return json(201, { conversation: made, epoch: 'e1', offset: 0 });
    }
    const c = p.conversations.get(id);
    if (!c) return json(404, { error: { code: 'not_found', message: 'Samtalen finnes ikke.' } });
    if (path === '/v1/conversation/case-form') return p.desk && !p.desk.closed ? json(200, { ...p.desk.form, question: p.desk.form.question || c.entries.findLast((e) => e.type === 'message')?.text }) : json(404, { error: { code: 'not_found', message: '' } });
    if (path.startsWith('/v1/conversation/cases')) {
      if (request.method() === 'GET') return json(200, { cases: p.desk.of(id) });
      const of = /cases\/(.+)\/commands$/.exec(path)?.[1];
      const { error, case: now } = p.desk.take(id, { ...request.postDataJSON(), ...(of && { case: of }) });
      return error ? json(error.status ?? 409, { error, refused: {}, case: now }) : json(of ? 200 : 201, now);
    }
    if (path === '/v1/conversation/export') return route.fulfill({ contentType: 'text/markdown', body: `# Samtale\n\n${c.entries.length}\n` });
    if (path === '/v1/conversation/sheet') {
      if (!options.sheet) return json(404, { error: { code: 'not_found', message: 'Ingen vurdering.' } });
      return new URL(request.url()).searchParams.get('format') === 'json' ? json(200, options.sheet) : route.fulfill({ contentType: 'text/markdown', body: '# Resultatark\n' });
    }
    if (path === '/v1/conversation/messages') {
      const { error, message, answer } = await take(id, request.postDataJSON(), broadcast);
      if (error) return json(error.status ?? 400, { error });
      return json(200, { message, answer });
    }
    if (path === '/v1/conversation/events') {
      const after = Number((request.headers()['last-event-id'] ?? ':0').split(':')[1]);
      const frames = [p.hello, { type: 'opened', conversation: id, epoch: c.epoch, offset: c.entries.length, recovered: true, missed: 0 }, ...c.entries.slice(after), ...(p.desk?.of(id) ?? []).map((x) => ({ type: 'case', conversation: id, case: x }))];
      return route.fulfill({ contentType: 'text/event-stream', body: frames.map((f) => `${f.offset && f.id ? `id: ${c.epoch}:${f.offset}\n` : ''}data: ${JSON.stringify(f)}\n\n`).join('') });
    }
    if (request.method() === 'DELETE') {
      p.conversations.delete(id);
      broadcast({ type: 'gone', conversation: id });
      return route.fulfill({ status: 204 });
    }
    const after = Number(new URL(request.url()).searchParams.get('after') ?? 0);
    return json(200, { conversation: id, epoch: c.epoch, offset: c.entries.length, entries: c.entries.slice(after, after + 200), more: c.entries.length > after + 200 });
  };

  p.before = async (page) => {
    await page.routeWebSocket('**/v1/chat', (ws) => p.socket(ws));
    await page.route('**/v1/conversation**', (route) => p.http(route));
    await page.route('**/v1/conversation/**', (route) => p.http(route));
  };
  // close ends every connection with a code.
  p.close = (code) => { for (const s of [...p.sockets]) s.close(code); };
  return p;
}
