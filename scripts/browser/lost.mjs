// Connections that are lost, with a real service: the network goes and comes,
// the service is killed and started again, sockets are not let through, two
// windows talk. In each, no message may be lost or doubled.
//
//   KIVEILEDER_BIN=/path/to/kiveileder SHOTS=/tmp/shots node lost.mjs
import { axe, check, finish, launchOnly, must, patience, pause, shot, shut, soon } from './harness.mjs';
import { network, service } from './stage.mjs';

const browser = await launchOnly();
const questions = [
  'Kan vi bruke pasientjournaler til intern kvalitetssikring uten samtykke?', 'Er programvaren vår medisinsk utstyr?',
  'Hvem søker vi til om dispensasjon fra taushetsplikten?', 'Hvilke hendelser med medisinsk utstyr skal meldes?',
  'Hva må fastlegen undersøke før et KI-verktøy tas i bruk?', 'Må prosjektet vårt ha godkjenning fra REK?',
];

const s = await service();

async function scene(name, run) {
  if (!s.port) await s.up(); // where one has failed
  const n = await network(() => s.port);
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'nb-NO', reducedMotion: 'reduce' });
  const errors = [];
  const open = async () => {
    const page = await context.newPage();
    page.setDefaultTimeout(patience);
    page.on('pageerror', (err) => errors.push(String(err)));
    await page.goto(n.base);
    return page;
  };
  try {
    await run({ n, context, open, page: await open() });
  } catch (err) {
    await check(`${name}: runs to its end`, () => { throw err; });
    for (const p of context.pages()) await shot(p, `lost-failed-${name}`, false);
  }
  await check(`${name}: no errors in scripts`, () => must(!errors.length, errors.join(' | ')));
  await shut(context);
  n.close();
}

// stored gives a conversation as the service has it.
const stored = (base, id) => fetch(`${base}/v1/conversation?after=0&limit=200`, { headers: { Authorization: `Bearer ${id}` } }).then((r) => r.json());

const state = (page, name) => page.locator(`ki-line[data-state=${name}]`).waitFor();
const ask = async (page, q) => {
  await page.locator('#question').fill(q);
  await page.keyboard.press('Enter');
};

// complete holds that the page, and the service, have each question once with
// one answer, in this order.
async function complete(page, n, asked, what) {
  await check(`${what}: nothing lost, nothing doubled, order kept`, async () => {
    await page.waitForFunction((count) => document.querySelectorAll('.turn.answer').length >= count && !document.querySelector('.waiting'), asked.length);
    await pause(200); // for what comes twice
    let shown;
    await soon(async () => JSON.stringify(shown = await page.locator('ki-log .turn.question > p:first-of-type').allInnerTexts()) === JSON.stringify(asked), () => `shown: ${shown.join(' | ')}`);
    await soon(async () => await page.locator('.turn.answer').count() === asked.length, 'answers');
    const talk = await page.evaluate(() => JSON.parse((sessionStorage.getItem('kiveileder:remember') ?? localStorage.getItem('kiveileder:remember') ? localStorage : sessionStorage)
      .getItem(`kiveileder:c:${sessionStorage.getItem('kiveileder:current')}`)));
    const there = await stored(n.base, talk.id);
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
  const id = await page.evaluate(() => JSON.parse(sessionStorage.getItem(`kiveileder:c:${sessionStorage.getItem('kiveileder:current')}`)).id);
  await soon(async () => (await stored(`http://127.0.0.1:${s.port}`, id)).entries.length === 4, 'it is not answered');
  n.cut();
  await check('the page says that the connection is lost', () => state(page, 'reconnecting'));
  await ask(page, questions[2]);
  await soon(() => n.refused > 2, 'it does not try again');
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

await scene('killed', async ({ n, page }) => {
  await state(page, 'connected');
  await ask(page, questions[0]);
  await page.locator('.turn.answer').waitFor();
  await ask(page, questions[1]);
  await ask(page, questions[2]);
  await s.kill('SIGKILL');
  await check('the page says that the service is away', () => state(page, 'reconnecting'));
  await ask(page, questions[3]);
  await page.locator('.waiting', { hasText: questions[3] }).waitFor();
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
  await scene(`sockets ${how}`, async ({ n, page }) => {
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
    await soon(async () => (await other.locator('ki-notice').innerText()).includes('slettet'), 'other words');
    await shot(other, 'lost-4-deleted', false);
  });
});

await shut(browser);
await s.close();
finish();
