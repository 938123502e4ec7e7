// A case from the first question to the answer, with a real service: the asker
// in a browser, the lawyers by the desk's addresses. The network goes and the
// service is killed on the way; nothing may be lost or doubled.
//
//   KIVEILEDER_BIN=/path/to/kiveileder SHOTS=/tmp/shots node case-live.mjs
import { axe, check, finish, launchOnly, must, patience, says, shot, shut, soon } from './harness.mjs';
import { network, service } from './stage.mjs';

const s = await service();
const n = await network(() => s.port);
const browser = await launchOnly();
const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'nb-NO', reducedMotion: 'reduce' });
const page = await context.newPage();
page.setDefaultTimeout(patience);
const errors = [];
page.on('pageerror', (err) => errors.push(String(err)));
page.on('console', (m) => { if (/Content Security Policy|Trusted ?Type/i.test(m.text())) errors.push(m.text()); });

// person signs in by the link that the service prints, and gives what somebody does at the desk.
async function person(name) {
  let link;
  await soon(() => (link = new RegExp(`${name}.*(http\\S+)\\s`).exec(s.said)?.[1]), `no link for ${name}`);
  const r = await fetch(link, { redirect: 'manual' });
  const cookies = r.headers.getSetCookie().map((c) => c.split(';')[0]);
  const csrf = cookies.find((c) => c.startsWith('ki-csrf=')).slice('ki-csrf='.length);
  const call = async (path, body) => {
    const a = await fetch(`http://127.0.0.1:${s.port}${path}`, {
      method: body ? 'POST' : 'GET', body: body && JSON.stringify(body),
      headers: { Cookie: cookies.join('; '), 'X-CSRF-Token': csrf, 'Content-Type': 'application/json', Origin: `http://127.0.0.1:${s.port}` },
    });
    const text = await a.text();
    if (!a.ok) throw new Error(`${path} ${JSON.stringify(body ?? '')}: ${a.status} ${text.slice(0, 300)}`);
    return JSON.parse(text);
  };
  let times = 0;
  return {
    cases: () => call('/v1/cases').then((x) => x.cases),
    see: (id) => call(`/v1/cases/${id}`),
    async do(id, kind, data = {}) {
      const { seq } = await call(`/v1/cases/${id}`);
      const { event } = await call(`/v1/cases/${id}/commands`, { id: `live-${name.slice(0, 3)}-${++times}`, kind, data, seen: seq });
      return event;
    },
  };
}

const state = (words) => page.waitForFunction((w) => document.querySelector('.case-card .case-state')?.textContent === w, words);
const line = (name) => page.locator(`ki-line[data-state=${name}]`).waitFor();

try {
  const ola = await person('Ola Jurist');
  const liv = await person('Liv Leder');
  await page.goto(n.base);
  await line('connected');
  await page.locator('#question').fill('Vi forsker på helse. Er vi produsent av medisinsk utstyr når vi trener en åpen modell på egne data og bruker den på vårt eget sykehus?');
  await page.keyboard.press('Enter');
  await page.locator('.turn.answer .hand').waitFor();

  await check('the form is filled in by the service', async () => {
    await page.locator('.turn.answer .hand').click();
    await page.locator('#hand-question').waitFor();
    await soon(async () => (await page.locator('#hand-question').inputValue()).includes('åpen modell'), 'no question');
    await soon(async () => await page.locator('#hand-agency option').count() > 2, 'no agencies');
    await page.locator('#hand-agency').selectOption('hdir'); // where Ola is
    await soon(async () => /Du kan vente svar innen \d+\. \w+ \d{4}/.test(await page.locator('.hand-dialog').innerText()), 'no date');
  });
  await axe(page, 'hand-over form of the service');
  await shot(page, 'live-1-form', false);
  await check('a wrong address is refused by the page, and one that only the service refuses can be put right', async () => {
    await page.locator('#hand-email').fill('kari@eksempel..no');
    await page.locator('.hand-dialog button[type=submit]').click();
    const failed = page.locator('.turn.failed, .summary');
    await failed.first().waitFor();
    if (await page.locator('.turn.failed').count()) await page.locator('.turn.failed button').first().click();
    await page.locator('#hand-email').fill('kari@eksempel.no');
    await page.locator('#hand-name').fill('Kari Spør');
  });
  await check('sent while the network is away, with a reload after it is back, it is one case', async () => {
    n.cut();
    await line('reconnecting');
    await page.locator('.hand-dialog button[type=submit]').dblclick();
    await page.locator('.case-card.waiting').waitFor();
    n.hold = '"type":"case"'; // it arrives, and nobody hears of it
    n.up = true;
    await soon(async () => (await ola.cases()).length, 'it does not arrive');
    n.cut();
    n.mend();
    await page.reload();
    await page.locator('.case-card[id^=case-]').waitFor();
    await soon(async () => await page.locator('.case-card').count() === 1, 'doubled');
  });
  const [row, ...more] = await ola.cases();
  await check('the desk has it once', () => must(row && !more.length, `${row ? more.length + 1 : 'no'} cases`));
  const { id } = row;
  await check('the receipt has the number that the desk has', async () => {
    await says(page.locator('.case-card'), row.number, 'Mottatt');
  });
  await shot(page, 'live-2-receipt', false);

  await check('the lawyers begin, and it is shown', async () => {
    await ola.do(id, 'claimed');
    await ola.do(id, 'assessed', { text: 'intern vurdering' });
    await state('Under vurdering');
  });
  await check('what they ask comes to the open page', async () => {
    const asked = await ola.do(id, 'asked', { text: 'Vi trenger å vite: skal andre sykehus bruke modellen?' });
    await page.locator(`[id="case-${id}-t${asked.seq}"]`).waitFor();
    await state('Venter på svar fra deg');
  });
  await axe(page, 'a question of the service');
  await check('the reply goes while the service is killed and started again', async () => {
    await page.locator('.task textarea').fill('Nei, bare vårt eget.');
    await s.kill('SIGKILL');
    await line('reconnecting');
    await page.locator('.task .write-form button').click();
    await page.locator('.task .going').waitFor();
    await shot(page, 'live-3-reply-waits', false);
    await s.up();
    await page.locator('.task', { hasText: 'Du har svart' }).waitFor();
    const { tasks } = await ola.see(id);
    must(tasks.length === 1 && tasks[0].reply === 'Nei, bare vårt eget.', JSON.stringify(tasks));
  });
  await check('something is added', async () => {
    await page.locator('.case-card .write summary', { hasText: 'Legg til' }).click();
    await page.locator('.case-card textarea').fill('Vi har også en leverandør.');
    await page.locator('.case-card .write-form button').click();
    await page.locator('.turn.question', { hasText: 'leverandør' }).waitFor();
  });
  let answered = '';
  await check('the answer comes to the open page, and nothing internal with it', async () => {
    await ola.do(id, 'noted', { agency: 'hdir', text: 'INTERNT', all: true });
    const saved = await ola.do(id, 'draft_saved', { base: 0, draft: { sections: [{ question: 'Er dere produsent?', text: 'Ja, når modellen brukes i behandling på eget sykehus. Da gjelder MDR artikkel 5 nr. 5.' }], references: ['MDR artikkel 5 nr. 5'] } });
    const { hash } = saved.data;
    await ola.do(id, 'submitted', { hash });
    await ola.do(id, 'signed', { agency: 'hdir', hash, verdict: 'approve' });
    const rest = (await ola.see(id)).unsigned ?? [];
    if (rest.length) await liv.do(id, 'bypassed', { hash, agencies: rest, reason: 'Prøve av siden.' });
    const began = Date.now();
    await ola.do(id, 'sent', { hash });
    await page.locator('.lawyers').waitFor();
    console.log(`     shown ${Date.now() - began} ms after it was sent`);
    answered = await page.locator('.lawyers').innerText();
    must(answered.includes('Er dere produsent?') && answered.includes('Skrevet av mennesker') && answered.includes('Helsedirektoratet'), answered);
    await state('Besvart');
    must(!/INTERNT|intern vurdering/.test(await page.content()), 'internal notes are in the page');
  });
  await axe(page, 'an answer of the service');
  await page.locator('.lawyers').scrollIntoViewIfNeeded();
  await shot(page, 'live-4-answer');
  await check('the link of a letter shows it on another machine', async () => {
    const key = await page.evaluate(() => JSON.parse(sessionStorage.getItem(`kiveileder:c:${sessionStorage.getItem('kiveileder:current')}`)).id);
    const other = await browser.newContext({ locale: 'nb-NO', reducedMotion: 'reduce' });
    const there = await other.newPage();
    there.setDefaultTimeout(patience);
    await there.goto(`${n.base}/#sak=${key}`);
    await there.locator('.lawyers').waitFor();
    await soon(async () => await there.locator('.lawyers').innerText() === answered, 'another answer');
    await there.goto(`${n.base}/#sak=${'a'.repeat(key.length)}`);
    await there.locator('ki-notice .box', { hasText: 'Lenken virker ikke' }).waitFor();
    await shut(other);
  });
  await check('asked again, it is taken up again', async () => {
    await page.locator('.lawyers .write summary').click();
    await page.locator('.lawyers textarea').fill('Gjelder det også når vi bare tester?');
    await page.locator('.lawyers .write-form button').click();
    await state('Tatt opp igjen');
  });
  await check('withdrawn', async () => {
    await page.locator('.case-card button', { hasText: 'Trekk saken' }).click();
    await page.locator('.hand-dialog .ds-button').first().click();
    await state('Trukket');
    await soon(async () => (await ola.see(id)).state === 'withdrawn', 'not at the desk');
  });
  await shot(page, 'live-5-withdrawn');
} catch (err) {
  await check('a case: runs to its end', () => { throw err; });
  await shot(page, 'live-failed');
}
await check('no errors in scripts', () => must(!errors.length, errors.join(' | ')));
await shut(browser);
n.close();
await s.close();
finish();
