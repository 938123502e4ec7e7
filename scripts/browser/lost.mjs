// Connections that are lost, with a real service: the network goes and comes,
// the service is killed and started again, sockets are not let through, two
// windows talk. In each, no message may be lost or doubled.
//
//   KIVEILEDER_BIN=/path/to/kiveileder SHOTS=/tmp/shots node lost.mjs
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { axe, check, finish, launchOnly, must, shot } from './harness.mjs';

const bin = process.env.KIVEILEDER_BIN;
if (!bin) { console.error('KIVEILEDER_BIN is not set'); process.exit(1); }

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

async function freePort() {
  const s = net.createServer().listen(0, '127.0.0.1');
  await new Promise((done) => s.once('listening', done));
  const { port } = s.address();
  await new Promise((done) => s.close(done));
  return port;
}

// service runs the program on a data folder and a port of its own.
async function service() {
  const data = mkdtempSync(join(tmpdir(), 'kiveileder-'));
  const port = await freePort();
  let child = null;
  const up = async () => {
    child = spawn(bin, ['serve', '--addr', `127.0.0.1:${port}`, '--data', data, '--rate-limit', '0', '--log-level', 'error'], { stdio: ['ignore', 'ignore', 'inherit'] });
    for (let n = 0; n < 200; n++) {
      if (await fetch(`http://127.0.0.1:${port}/readyz`).then((r) => r.ok, () => false)) return;
      await pause(50);
    }
    throw new Error('the service does not start');
  };
  const kill = async (signal) => {
    if (!child) return;
    const gone = new Promise((done) => child.once('exit', done));
    child.kill(signal);
    await gone;
    child = null;
  };
  await up();
  return { port, up, kill, close: async () => { await kill('SIGTERM'); rmSync(data, { recursive: true }); } };
}

// network stands between the browser and the service. sockets says what
// happens to WebSockets: pass, refuse (403), hang, cut.
async function network(to) {
  const n = { up: true, sockets: 'pass', hold: false, lines: new Set() };
  const server = net.createServer((client) => {
    if (!n.up) { client.resetAndDestroy(); return; }
    client.on('error', () => {});
    let upstream = null;
    const end = () => { client.destroy(); upstream?.destroy(); n.lines.delete(end); };
    n.lines.add(end);
    client.on('close', end);
    client.on('data', (chunk) => {
      if (/^GET \/v1\/chat /.test(chunk.toString('latin1', 0, 20)) && n.sockets !== 'pass') {
        if (n.sockets === 'refuse') client.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
        if (n.sockets === 'cut') client.resetAndDestroy();
        return; // hang: nothing ever comes
      }
      if (!upstream) {
        upstream = net.connect(to, '127.0.0.1');
        upstream.on('error', end);
        upstream.on('close', end);
        upstream.on('data', (b) => { if (!n.hold) client.write(b); }); // held: the answer never arrives
      }
      upstream.write(chunk);
    });
  }).listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  n.base = `http://127.0.0.1:${server.address().port}`;
  n.cut = () => { n.up = false; for (const end of [...n.lines]) end(); };
  n.mend = () => { n.up = true; n.hold = false; };
  n.close = () => { n.cut(); server.close(); };
  return n;
}

const browser = await launchOnly();
const questions = [
  'Kan vi bruke pasientjournaler til intern kvalitetssikring uten samtykke?', 'Er programvaren vår medisinsk utstyr?',
  'Hvem søker vi til om dispensasjon fra taushetsplikten?', 'Hvilke hendelser med medisinsk utstyr skal meldes?',
  'Hva må fastlegen undersøke før et KI-verktøy tas i bruk?', 'Må prosjektet vårt ha godkjenning fra REK?',
];

async function scene(name, run) {
  const s = await service();
  const n = await network(s.port);
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'nb-NO', reducedMotion: 'reduce' });
  const errors = [];
  const open = async () => {
    const page = await context.newPage();
    page.setDefaultTimeout(45_000);
    page.on('pageerror', (err) => errors.push(String(err)));
    await page.goto(n.base);
    return page;
  };
  try {
    await run({ s, n, context, open, page: await open() });
  } catch (err) {
    await check(`${name}: runs to its end`, () => { throw err; });
    for (const p of context.pages()) await shot(p, `lost-failed-${name}`, false);
  }
  await check(`${name}: no errors in scripts`, () => must(!errors.length, errors.join(' | ')));
  await context.close();
  n.close();
  await s.close();
}

const state = (page, name) => page.locator(`ki-line[data-state=${name}]`).waitFor();
const ask = async (page, q) => {
  await page.locator('#question').fill(q);
  await page.keyboard.press('Enter');
};

// complete holds that the page, and the service, have each question once with
// one answer, in this order.
async function complete(page, n, asked, what) {
  await check(`${what}: nothing lost, nothing doubled, order kept`, async () => {
    await page.waitForFunction((count) => document.querySelectorAll('.turn.answer').length >= count && !document.querySelector('.waiting'), asked.length, { timeout: 60_000 });
    await pause(500);
    const shown = await page.locator('ki-log .turn.question > p:first-of-type').allInnerTexts();
    must(JSON.stringify(shown) === JSON.stringify(asked), `shown: ${shown.join(' | ')}`);
    must(await page.locator('.turn.answer').count() === asked.length, 'answers');
    const talk = await page.evaluate(() => JSON.parse((sessionStorage.getItem('kiveileder:remember') ?? localStorage.getItem('kiveileder:remember') ? localStorage : sessionStorage)
      .getItem(`kiveileder:c:${sessionStorage.getItem('kiveileder:current')}`)));
    const there = await fetch(`${n.base}/v1/conversation?after=0&limit=200`, { headers: { Authorization: `Bearer ${talk.id}` } }).then((r) => r.json());
    must(JSON.stringify(there.entries.map((e) => [e.offset, e.id])) === JSON.stringify(talk.entries.map((e) => [e.offset, e.id])), 'the page and the service differ');
    must(there.entries.every((e, i) => e.offset === i + 1), 'offsets have gaps');
  });
}

await scene('network', async ({ n, page }) => {
  await state(page, 'connected');
  await ask(page, questions[0]);
  await page.locator('.turn.answer').waitFor();
  n.hold = true; // the question arrives, its answer does not
  await ask(page, questions[1]);
  await pause(300);
  n.cut();
  await check('the page says that the connection is lost', () => state(page, 'reconnecting'));
  await ask(page, questions[2]);
  await pause(1500);
  await shot(page, 'lost-1-network', false);
  await axe(page, 'network lost');
  n.mend();
  await check('and that it is back', () => state(page, 'connected'));
  await complete(page, n, questions.slice(0, 3), 'network lost in the middle of an answer');
  for (let i = 3; i < 6; i++) {
    await ask(page, questions[i]);
    n.cut();
    await pause(i * 150);
    n.mend();
  }
  await complete(page, n, questions, 'network that comes and goes');
  await page.reload();
  await complete(page, n, questions, 'after a reload');
  await shot(page, 'lost-1-network-back', false);
});

await scene('killed', async ({ s, n, page }) => {
  await state(page, 'connected');
  await ask(page, questions[0]);
  await page.locator('.turn.answer').waitFor();
  await ask(page, questions[1]);
  await ask(page, questions[2]);
  await s.kill('SIGKILL');
  await check('the page says that the service is away', () => state(page, 'reconnecting'));
  await ask(page, questions[3]);
  await pause(500);
  await shot(page, 'lost-2-killed', false);
  await s.up();
  await check('and that it is back', () => state(page, 'connected'));
  await complete(page, n, questions.slice(0, 4), 'the service killed in the middle');
  await s.kill('SIGTERM');
  await ask(page, questions[4]);
  await s.up();
  await complete(page, n, questions.slice(0, 5), 'the service stopped and started');
});

for (const how of ['refuse', 'cut', 'hang']) {
  await scene(`sockets ${how}`, async ({ s, n, page }) => {
    n.sockets = how;
    await page.reload();
    await check(`sockets ${how}: the page goes over to plain HTTP and says so`, () => state(page, 'http'));
    await ask(page, questions[0]);
    await ask(page, questions[1]);
    await complete(page, n, questions.slice(0, 2), `sockets ${how}`);
    await shot(page, `lost-3-${how}`, false);
    n.cut();
    await check(`sockets ${how}: lost HTTP is told`, () => state(page, 'reconnecting'));
    await ask(page, questions[2]);
    n.mend();
    await state(page, 'http');
    await complete(page, n, questions.slice(0, 3), `sockets ${how}, network lost`);
    if (how !== 'refuse') return;
    await ask(page, questions[3]);
    await s.kill('SIGKILL');
    await ask(page, questions[4]);
    await s.up();
    await complete(page, n, questions.slice(0, 5), `sockets ${how}, the service killed`);
    n.sockets = 'pass';
    n.cut();
    await pause(100);
    n.mend();
    await check('sockets let through again are taken', () => state(page, 'connected'));
    await complete(page, n, questions.slice(0, 5), 'from HTTP back to a socket');
  });
}

await scene('two tabs', async ({ n, open, page }) => {
  await state(page, 'connected');
  await page.locator('ki-side [role=switch]').check();
  await ask(page, questions[0]);
  await page.locator('.turn.answer').waitFor();
  const other = await open();
  await other.locator('ki-side .pick').first().click();
  await other.locator('.turn.answer').waitFor();
  await ask(other, questions[1]);
  await other.locator('.turn.answer').nth(1).waitFor();
  await ask(page, questions[2]);
  await page.locator('.turn.answer').nth(2).waitFor();
  await complete(page, n, questions.slice(0, 3), 'two tabs, the first');
  await complete(other, n, questions.slice(0, 3), 'two tabs, the second');
  n.cut();
  await state(page, 'reconnecting');
  await ask(page, questions[3]);
  n.mend();
  await page.locator('.turn.answer').nth(3).waitFor();
  await complete(page, n, questions.slice(0, 4), 'two tabs, lost and back, the first');
  await complete(other, n, questions.slice(0, 4), 'two tabs, lost and back, the second');
  await check('deleted in one tab, it is gone in the other', async () => {
    await page.locator('ki-side .bin').first().click();
    await page.locator('dialog.confirm .ds-button').first().click();
    await other.locator('ki-notice .box').waitFor();
    must((await other.locator('ki-notice').innerText()).includes('slettet'), 'other words');
    await shot(other, 'lost-4-deleted', false);
  });
});

await browser.close();
finish();
