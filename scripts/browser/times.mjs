// How long a lawyer's answer takes to the open page of the one who asked.
import { connected, must, shut } from './harness.mjs';

// arm has a page note when something is painted.
export const arm = (page, selector) => page.evaluate((selector) => {
  delete globalThis.framed;
  globalThis.painted = new Promise((done) => {
    new MutationObserver((_, o) => {
      if (!document.querySelector(selector)) return;
      o.disconnect();
      const c = new MessageChannel(); // its message comes after the frame
      c.port1.onmessage = () => done(Date.now());
      requestAnimationFrame(() => c.port2.postMessage(0));
    }).observe(document.body, { childList: true, subtree: true });
  });
}, selector);

// measure has many cases answered while the asker's page is open, ten for each
// page, and tells how long the answers took to the paint.
export async function measure(w, desk, somebody, times) {
  const took = {
    'from the click to the paint': [], 'from the event\'s own time to the paint': [], 'the POST': [], 'from its response to the paint': [],
    'from the event\'s own time to the frame in the page': [], 'from the frame to the paint': [],
  };
  const call = (path, body) => desk.evaluate(async ([path, body]) => {
    const csrf = /(?:^|; )(?:__Host-)?ki-csrf=([^;]+)/.exec(document.cookie)[1];
    const began = Date.now();
    const r = await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf }, body: JSON.stringify(body) });
    const got = await r.json();
    if (!r.ok) throw new Error(`${body.kind}: ${r.status} ${JSON.stringify(got.error)}`);
    return { began, ended: Date.now(), ...got };
  }, [path, body]);
  let page; let token;
  for (let n = 0; n < times; n++) {
    if (n % 10 === 0) {
      if (page) await shut(page.context());
      page = await somebody('who asks much');
      await page.addInitScript(() => {
        globalThis.WebSocket = class extends WebSocket {
          constructor(...args) { super(...args); this.addEventListener('message', (e) => { if (/^\{"type":"case".*"state":"answered"/s.test(e.data)) globalThis.framed ??= Date.now(); }); }
        };
      });
      await page.goto(w.origin);
      await connected(page);
      await page.locator('#question').fill('Hvem kan vi spørre om kantina?');
      await page.keyboard.press('Enter');
      await page.locator('.turn.answer').waitFor();
      token = await page.evaluate(() => JSON.parse(sessionStorage.getItem(`kiveileder:c:${sessionStorage.getItem('kiveileder:current')}`)).id);
    }
    const r = await fetch(`${w.origin}/v1/conversation/cases`, {
      method: 'POST', headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
      body: JSON.stringify({ id: `h${n}`, question: 'Hei, kan dere se på dette?', agency: desk.agency, contact: { name: 'Kari Nordmann', email: 'kari@example.org' } }),
    });
    const c = await r.json();
    must(r.ok, JSON.stringify(c));
    await page.locator(`#case-${c.id}`).waitFor();
    let seen = 99; // of what came since, nothing is refused
    const act = (kind, data = {}) => call(`/v1/cases/${c.id}/commands`, { id: `m${n}-${kind}`, kind, data, seen }).then((x) => { seen = x.case.seq; return x; });
    seen = c.seq;
    for (const kind of ['claimed', 'assessed']) await act(kind);
    const { hash } = (await act('draft_saved', { base: 0, draft: { sections: [{ question: 'Hva gjelder?', text: 'Dette er svaret fra ki.veiledning. '.repeat(40) }] } })).event.data;
    await act('submitted', { hash });
    await act('signed', { agency: desk.agency, hash, verdict: 'approve' });
    await arm(page, `[id^="case-${c.id}-a"]`);
    const sent = await act('sent', { hash });
    const painted = await page.evaluate(() => globalThis.painted);
    const framed = await page.evaluate(() => globalThis.framed);
    const at = Date.parse(sent.event.at);
    [painted - sent.began, painted - at, sent.ended - sent.began, painted - sent.ended, framed - at, painted - framed].forEach((ms, i) => Object.values(took)[i].push(ms));
  }
  for (const [what, all] of Object.entries(took)) {
    all.sort((a, b) => a - b);
    const at = (share) => all[Math.min(all.length - 1, Math.floor(all.length * share))];
    console.log(`     ${what}: p50 ${at(0.5)}, p90 ${at(0.9)}, p99 ${at(0.99)}, most ${all.at(-1)} ms, ${all.length} times`);
  }
}
