// The line to the service: a WebSocket that comes back by itself, and plain
// HTTP where a WebSocket can't be had. A question is pending until its answer
// is here; what is pending is sent again over every new connection.

const firstDelay = 500; // milliseconds
const lastDelay = 30_000;
const triesBeforeHTTP = 2;
const patience = 30_000; // for an answer
const opening = 5_000; // for a socket that a proxy neither lets through nor refuses

// connect gives {send, drop}. on has state(name), progress(id, stage),
// answer(id, answer) and error(id, code, message).
export function connect(on) {
  const pending = new Map(); // id -> {message, timer, tries, posting}
  let socket = null;
  let failures = 0; // in a row
  let timer = 0;
  let http = false; // plain HTTP works, as far as is known

  function open() {
    clearTimeout(timer);
    if (!navigator.onLine) { on.state('offline'); return; } // the event "online" goes on from here
    const s = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/v1/chat`, ['kiveileder.v1']);
    socket = s;
    const slow = setTimeout(() => s.close(), opening);
    s.onopen = () => {
      clearTimeout(slow);
      failures = 0;
      on.state('connected');
      for (const id of pending.keys()) transmit(id);
    };
    s.onmessage = (e) => {
      if (socket !== s) return;
      try { receive(JSON.parse(e.data)); } catch (err) { if (!(err instanceof SyntaxError)) throw err; }
    };
    s.onclose = () => {
      clearTimeout(slow);
      if (socket !== s) return; // given up for another one
      socket = null;
      failures++;
      if (!navigator.onLine) on.state('offline');
      else on.state(http && failures >= triesBeforeHTTP ? 'http' : 'reconnecting');
      if (failures >= triesBeforeHTTP) withoutSocket();
      // full jitter: a thousand clients dropped at once do not come back at once
      const ceiling = Math.min(lastDelay, firstDelay * 2 ** (failures - 1));
      timer = setTimeout(open, 50 + Math.random() * ceiling);
    };
  }

  // restart gives up a connection that looks open and is not.
  function restart() {
    const s = socket;
    socket = null;
    s?.close();
    open();
  }

  function transmit(id) {
    const p = pending.get(id);
    if (!p) return;
    if (socket?.readyState === WebSocket.OPEN) {
      socket.send(JSON.stringify({ type: 'ask', id, ...p.message }));
      clearTimeout(p.timer);
      p.timer = setTimeout(() => late(id), patience);
    } else if (failures >= triesBeforeHTTP) {
      post(id);
    }
  }

  // late is for an answer that does not come: once more, then tell.
  function late(id) {
    const p = pending.get(id);
    if (!p) return;
    if (++p.tries < 2) restart();
    else settle(id, () => on.error(id, 'timeout', ''));
  }

  // withoutSocket sends what is pending by HTTP, or finds out whether that
  // would work.
  async function withoutSocket() {
    if (pending.size) {
      for (const id of pending.keys()) post(id);
      return;
    }
    const there = await fetch('/livez', { cache: 'no-store' }).then((r) => r.ok, () => false);
    reached(there);
  }

  function reached(there) {
    http = there;
    if (socket?.readyState === WebSocket.OPEN) return;
    on.state(there ? 'http' : navigator.onLine ? 'reconnecting' : 'offline');
  }

  async function post(id) {
    const p = pending.get(id);
    if (!p || p.posting) return;
    p.posting = true;
    const abort = new AbortController();
    const limit = setTimeout(() => abort.abort(), patience);
    try {
      const response = await fetch('/v1/ask', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(p.message),
        signal: abort.signal,
      });
      const body = await response.json().catch(() => null);
      reached(true);
      if (response.ok && body) settle(id, () => on.answer(id, body));
      else settle(id, () => on.error(id, body?.code ?? body?.error?.code ?? 'internal', body?.message ?? body?.error?.message ?? ''));
    } catch {
      // stays pending: the next try of the socket calls again
      reached(false);
      if (++p.tries > 8) settle(id, () => on.error(id, 'unavailable', ''));
    } finally {
      clearTimeout(limit);
      p.posting = false;
    }
  }

  function receive(m) {
    if (!pending.has(m.id)) return; // answered already, or given up
    if (m.type === 'progress') on.progress(m.id, m.stage);
    else if (m.type === 'answer' && m.answer) settle(m.id, () => on.answer(m.id, m.answer));
    else if (m.type === 'error') settle(m.id, () => on.error(m.id, m.code, m.message));
  }

  function settle(id, tell) {
    const p = pending.get(id);
    if (!p) return;
    clearTimeout(p.timer);
    pending.delete(id);
    tell();
  }

  addEventListener('online', () => { failures = 0; restart(); });
  addEventListener('offline', () => {
    const s = socket;
    socket = null;
    s?.close();
    clearTimeout(timer);
    on.state('offline');
  });
  // a page taken out of the back/forward cache has lost its socket
  addEventListener('pageshow', (e) => { if (e.persisted) restart(); });
  open();

  return {
    send(id, message) {
      pending.set(id, { message, timer: 0, tries: 0, posting: false });
      transmit(id);
    },
    drop() {
      for (const p of pending.values()) clearTimeout(p.timer);
      pending.clear();
    },
  };
}
