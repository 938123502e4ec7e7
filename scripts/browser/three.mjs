// Three people at once: one who asks in the chat page, and two lawyers of two
// agencies at the desk. From the hand-over to the published answer, and what the
// next one who asks is told. The service runs in its roles over Postgres and
// Redis, with a real mail server and a real place to sign in (roles.mjs).
//
//   KIVEILEDER_BIN=/path/to/kiveileder KIVEILEDER_TEST_POSTGRES=… KIVEILEDER_TEST_REDIS=… SHOTS=/tmp/shots node three.mjs
//   TIMES=100 … besides: how long answers take to the asker's page, for so many
import { axe, check, connected, finish, launchOnly, must, noSideways, ok, patience, shot, shut, soon } from './harness.mjs';
import { far, handOver, headersOf, until, words, world } from './roles.mjs';
import { arm, measure } from './times.mjs';

const began = Date.now();
const figure = (what, ms) => console.log(`     ${what}: ${ms} ms`);
const people = { ola: { name: 'Ola Jurist', agency: 'hdir' }, mari: { name: 'Mari Jurist', agency: 'dmp' } };
const question = 'Vi forsker på helse. Er vi produsent av medisinsk utstyr når vi trener en åpen modell på egne data og bruker den på vårt eget sykehus?';
const likewise = 'Er vi produsent av medisinsk utstyr når vi selv trener en åpen modell og bruker den på eget sykehus?';

console.log(far ? 'retriever, two services, two gateways, over Postgres and Redis' : 'KIVEILEDER_TEST_POSTGRES or _REDIS is not set: one process instead of five over Postgres and Redis');
const w = await world(people);
figure('all of it started', Date.now() - began);
const browser = await launchOnly();
const pages = [];

async function somebody(name, more = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'nb-NO', timezoneId: 'Europe/Oslo', colorScheme: 'light', reducedMotion: 'reduce', ...more });
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  const wrong = [];
  page.on('pageerror', (err) => wrong.push(String(err)));
  page.on('console', (m) => { if (/Content Security Policy|Trusted ?Type/i.test(m.text())) wrong.push(m.text()); });
  page.on('request', (r) => { if (![w.origin, w.issuer, 'data:'].some((x) => r.url().startsWith(x))) wrong.push(`asks ${r.url()}`); });
  pages.push({ name, page, wrong });
  return page;
}

// lawyer signs in at the provider, from the desk's own address.
async function lawyer(key) {
  const page = await somebody(people[key].name);
  await page.goto(`${w.origin}/desk`);
  if (!page.url().startsWith(w.issuer)) await page.locator('a[href*="/login"]').first().click();
  await page.waitForURL(/\/sign-in\/[^/]+$/);
  await page.goto(`${page.url()}/as/${key}`);
  await page.locator('.list h1').waitFor();
  must(page.url().startsWith(`${w.origin}/desk`), `sent to ${page.url()}`);
  return Object.assign(page, { who: people[key].name, agency: people[key].agency });
}

const submit = (page) => page.locator('#dialog[open] button[type=submit]').click();
const mails = (kind) => w.box.mails.filter((m) => kind.test(words(m.raw)));
const mail = (what, kind) => until(`the mail with ${what}`, () => mails(kind)[0]);

async function story() {
  // ---- asked, and handed over

  const asker = await somebody('the asker');
  await asker.goto(w.origin);
  await connected(asker);
  await asker.locator('#question').fill(question);
  await asker.keyboard.press('Enter');
  await asker.locator('.turn.answer .hand').click();
  await asker.locator('#hand-question').waitFor();
  await asker.locator('#hand-question').fill(`${question} Det gjelder Haukeland universitetssjukehus.`);
  await asker.locator('#hand-agency').selectOption('hdir');
  await asker.locator('#hand-name').fill('Kari Nordmann');
  await asker.locator('#hand-email').fill('kari@example.org');
  await asker.locator('#hand-publish').check();
  await asker.locator('.hand-dialog button[type=submit]').click();
  const card = asker.locator('.case-card[id^=case-]');
  await card.waitFor();
  const number = /KI-\d{4}-\d{4}/.exec(await card.innerText())?.[0];
  ok('the asker has a case with a number and a date', number && /\d+\. \p{L}+ \d{4}/u.test(await card.innerText()), await card.innerText());
  const receipt = await mail('the receipt', /Vi har mottatt henvendelsen/);
  ok('the receipt is sent to the asker alone, with the number', receipt.to.join() === 'kari@example.org' && receipt.headers.subject.includes(number), JSON.stringify(receipt.headers));

  // ---- two agencies, one case

  const [ola, mari] = await Promise.all(['ola', 'mari'].map(lawyer));
  ok('two lawyers have signed in at the provider', true);
  await Promise.all([ola, mari].map((p) => p.locator('.rows tr', { hasText: number }).waitFor()));
  const row = await ola.locator('.rows tr', { hasText: number }).innerText();
  ok('the list says topics in words', row.includes('forskning') && !/common|research/.test(row), row);
  await shot(ola, 'three-1-list');
  await Promise.all([ola, mari].map(async (p) => {
    await p.locator('.rows tr', { hasText: number }).locator('a.open').click();
    await p.locator('#claim').waitFor();
  }));
  await Promise.all([ola.locator('.holding .here', { hasText: 'Mari Jurist' }).waitFor(), mari.locator('.holding .here', { hasText: 'Ola Jurist' }).waitFor()]);
  let first; let second;
  await check('both claim at the same moment: one has it, the other sees who', async () => {
    await Promise.all([ola, mari].map((p) => p.evaluate(() => document.getElementById('claim').click())));
    const has = (p) => p.locator('.holding .has');
    await Promise.all([ola, mari].map((p) => has(p).filter({ hasNotText: 'Ingen' }).waitFor()));
    [first, second] = await has(ola).and(ola.locator('.mine')).count() ? [ola, mari] : [mari, ola];
    await has(first).and(first.locator('.mine')).waitFor();
    await has(second).filter({ hasText: first.who }).waitFor();
    await soon(async () => !await has(second).and(second.locator('.mine')).count(), 'both have it');
    console.log(`     ${first.who} was first`);
    await shot(second, 'three-2-too-late');
  });
  await first.locator('#assess').click();
  await first.locator('#section-0').waitFor();
  await asker.locator('.case-card .case-state', { hasText: 'Under vurdering' }).waitFor();
  ok('the asker sees that it is begun', true);

  // ---- one draft, two who write

  await check('one writes, and the other sees it', async () => {
    await first.locator('#section-0').pressSequentially('Ja. ');
    await second.locator('.holding .here', { hasText: `${first.who}` }).filter({ hasText: 'skriver' }).waitFor();
  });
  await check('a quote is put in by one click, and the service takes it for verbatim', async () => {
    await first.locator('#section-0').fill('Ja. Dere er produsent når modellen brukes på eget sykehus, etter MDR artikkel 5 nr. 5.');
    await first.locator('.pane.asked details').evaluateAll((all) => all.forEach((x) => { x.open = true; }));
    await first.locator('.pane.asked .quotes button').first().click();
    await first.locator('.verbatim.verbatim').waitFor();
    await first.locator('#save').click();
    await first.locator('.of-version', { hasText: 'ersjon 1' }).waitFor();
  });
  await check('the other sees the version, and writes on in it', async () => {
    await second.waitForFunction(() => document.querySelector('#section-0')?.value.includes('Dere er produsent'));
    await second.locator('.holding .here', { hasText: `${first.who}` }).filter({ hasText: 'ser på' }).waitFor(); // saved is no longer writing
    await second.locator('#section-0').fill('Ja. Dere er produsent når modellen brukes på eget sykehus, etter MDR artikkel 5 nr. 5. Kravene i vedlegg I gjelder.');
    await first.locator('.draft-top .writes', { hasText: second.who }).waitFor();
    await second.locator('#save').click();
    await first.locator('.newer', { hasText: second.who }).getByRole('button').first().click();
    await first.waitForFunction(() => document.querySelector('#section-0')?.value.includes('vedlegg I'));
    await shot(first, 'three-3-draft');
  });

  // ---- a question to the asker, and a reply by mail

  await check('what they ask comes to the open page, and by mail', async () => {
    await first.locator('#case-title').click();
    await first.keyboard.press('q');
    await first.keyboard.type('Skal andre sykehus bruke modellen?');
    await first.getByRole('button', { name: 'Still spørsmålet' }).click();
    await asker.locator('.task', { hasText: 'Skal andre sykehus bruke modellen?' }).waitFor();
    await mail('the question', /Skal andre sykehus bruke modellen/);
  });
  await check('answered in the page, seen by both', async () => {
    await asker.locator('.task textarea').fill('Nei, bare vårt eget.');
    await asker.locator('.task .write-form button').click();
    await asker.locator('.task', { hasText: 'Du har svart' }).waitFor();
    await Promise.all([first, second].map((p) => p.locator('.reply', { hasText: 'Nei, bare vårt eget.' }).waitFor()));
  });
  const reply = (to, text, more = '') => `From: Kari Nordmann <kari@example.org>\r\nTo: <${to}>\r\nSubject: Re: sak\r\nMessage-ID: <${Math.random().toString(36).slice(2)}@example.org>\r\nDate: ${new Date().toUTCString().replace('GMT', '+0000')}\r\n${more}Content-Type: text/plain; charset=utf-8\r\n\r\n${text}\r\n`;
  const way = /<(.+)>/.exec(receipt.headers['reply-to'])[1];
  await check('a mail in reply to the receipt comes into the case, once, and a forged one does not', async () => {
    const raw = reply(way, 'Leverandøren heter noe annet nå.');
    for (const _ of [1, 2]) { const r = await handOver(w, raw); must(r.status === 204, `${r.status} ${await r.text()}`); }
    await Promise.all([first, second].map((p) => p.locator('.pane.asked', { hasText: 'Leverandøren heter noe annet nå.' }).waitFor()));
    await asker.locator('.turn.question', { hasText: 'Leverandøren heter noe annet nå.' }).waitFor();
    await soon(async () => await asker.locator('.turn.question', { hasText: 'Leverandøren' }).count() === 1, 'twice');
    const forged = await handOver({ ...w, hook: 'x'.repeat(48) }, reply(way, 'Forfalsket.'));
    must(forged.status === 400, `forged: ${forged.status}`);
    const lost = await handOver(w, reply('svar@example.no', 'Uten merke.'));
    must(lost.status === (far ? 400 : 204), `without a mark: ${lost.status}`); // one process has a folder where it is put aside
  });

  // ---- sent back, changed, signed, sent

  await check('handed to sign, and sent back with a reason that is seen at once', async () => {
    await first.locator('#submit').click();
    await second.getByRole('button', { name: 'Send tilbake' }).click();
    await second.locator('#dialog textarea').fill('Si også at det må dokumenteres.');
    await submit(second);
    await first.locator('.came', { hasText: 'Si også at det må dokumenteres.' }).waitFor();
  });
  await check('changed, and both sign', async () => {
    const show = first.getByRole('button', { name: 'Skriv', exact: true });
    await first.locator('#section-0').or(show).first().waitFor();
    if (!await first.locator('#section-0').count()) await show.click();
    await first.locator('#section-0').fill('Ja. Dere er produsent når modellen brukes på eget sykehus, etter MDR artikkel 5 nr. 5. Kravene i vedlegg I gjelder, og det må dokumenteres at de er oppfylt på Haukeland universitetssjukehus.');
    await first.locator('#submit').click();
    await first.locator('#approve').click();
    await submit(first);
    const version = await first.locator('.of-version').innerText();
    await second.locator('.of-version', { hasText: /ersjon \d+/.exec(version)[0] }).waitFor();
    const news = second.getByRole('button', { name: 'Vis den nye versjonen' });
    await second.locator('#approve').or(news).first().waitFor();
    if (await news.count()) await news.click();
    await second.locator('#approve').click();
    await submit(second);
    await first.locator('#send').waitFor();
    await second.locator('.verdicts li', { hasText: 'Godkjent' }).nth(1).waitFor();
    await shot(first, 'three-4-signed');
  });
  await check('sent: the open page of the asker shows it', async () => {
    await arm(asker, '.lawyers');
    await first.evaluate(() => {
      performance.clearResourceTimings();
      addEventListener('click', (e) => { if (e.target.closest('#dialog button[type=submit]')) globalThis.clicked = Date.now(); }, { capture: true });
    });
    await first.locator('#send').click();
    await submit(first);
    await asker.locator('.lawyers').waitFor();
    const painted = await asker.evaluate(() => globalThis.painted);
    await first.locator('#publish').waitFor();
    await first.waitForFunction(() => performance.getEntriesByType('resource').some((x) => x.name.endsWith('/commands')));
    const sent = await first.evaluate(() => {
      const now = Date.now() - performance.now();
      const post = performance.getEntriesByType('resource').find((x) => x.name.endsWith('/commands'));
      return { clicked: globalThis.clicked, asked: now + post.requestStart, answered: now + post.responseEnd };
    });
    figure('from the click on "send" to the paint in the asker\'s page', painted - sent.clicked);
    figure('from the click to the response of the POST', Math.round(sent.answered - sent.clicked));
    figure('the POST by itself', Math.round(sent.answered - sent.asked));
    figure('from the response of the POST to the paint (before it when negative)', Math.round(painted - sent.answered));
    const text = await asker.locator('.lawyers').innerText();
    must(text.includes('må dokumenteres') && text.includes('Helsedirektoratet') && text.includes('Direktoratet for medisinske produkter') && text.includes('Skrevet av mennesker'), text);
    await asker.locator('.lawyers').scrollIntoViewIfNeeded();
    await shot(asker, 'three-5-answer');
  });
  await axe(asker, 'the answer in the chat');
  await check('the mail server has the receipt, the question and the answer, each once', async () => {
    const answer = await mail('the answer', /dokumenteres at de/);
    const ids = w.box.mails.map((m) => m.headers['message-id']);
    must(w.box.mails.length === 3 && new Set(ids).size === 3 && ids.every((x) => /^<\S+@example\.no>$/.test(x)), `${w.box.mails.length} mails, ${ids.join(' ')}`);
    must(w.box.mails.every((m) => m.to.join() === 'kari@example.org' && m.from.startsWith('svar')), w.box.mails.map((m) => `${m.from} to ${m.to}`).join(', '));
    await first.locator('.together summary', { hasText: 'E-post' }).filter({ hasText: '3' }).waitFor(); // the reminder of the question is not needed
    must(answer.headers.references?.includes(receipt.headers['message-id']) && headersOf(answer.raw)['in-reply-to'], 'not one thread');
  });

  // ---- for everybody

  await check('published when each mark was gone through', async () => {
    await first.locator('#publish').click();
    await first.locator('#mark-words, #publish-title').first().waitFor();
    let marks = 0;
    const done = first.getByRole('button', { name: 'Gå videre til teksten' });
    if (await done.count()) await shot(first, 'three-6-marks', false);
    while (await done.count()) {
      if (!await first.locator('#marks-done button[aria-disabled]').count()) { await done.click(); break; }
      const title = await first.locator('#mark-words').innerText();
      await first.locator('.mark-card').getByRole('button', { name: 'Bytt ut' }).click();
      marks++;
      await first.waitForFunction((t) => document.querySelector('#mark-words')?.innerText !== t || !document.querySelector('#marks-done button[aria-disabled]'), title);
    }
    must(marks > 0, 'nothing was marked');
    console.log(`     ${marks} marks`);
    await first.locator('#publish-title').fill('Produsent av medisinsk utstyr på eget sykehus');
    await first.locator('#publish-do').click();
    await first.getByText('Publiser på nytt').waitFor();
    await asker.locator('.case-card .case-state', { hasText: 'Publisert' }).waitFor();
  });
  const published = Date.now();
  let found = 0; // in turn by both services
  await until('the answer in the search', async () => {
    const hits = await fetch(`${w.origin}/v1/search?k=8&q=${encodeURIComponent(likewise)}`).then((r) => r.text());
    found = hits.toLowerCase().includes(`svar-${number.toLowerCase()}/`) ? found + 1 : 0;
    return found === 12; // other requests come between, so that turns are not strict
  });
  figure('from published to found by all', Date.now() - published);
  await check('the next one who asks is answered by it, not sent on', async () => {
    const said = await fetch(`${w.origin}/v1/ask`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ question: likewise }) }).then((r) => r.json());
    must(said.status === 'answered' && said.citations[0]?.url?.startsWith(`/svar/${number}`), `${said.status}: ${said.citations?.map((c) => c.url)}`);
  });
  await check('the next one who asks is quoted it, with its date', async () => {
    const next = await somebody('the next asker');
    await next.goto(w.origin);
    await connected(next);
    await next.locator('#question').fill(likewise);
    await next.keyboard.press('Enter');
    await next.locator('.turn.answer .hand').waitFor();
    const answer = next.locator('.turn.answer').last();
    const link = answer.locator(`a[href*="/svar/${number}"]`).first();
    await link.waitFor({ state: 'attached' });
    await answer.locator('details').evaluateAll((all) => all.forEach((x) => { x.open = true; }));
    const cites = answer.locator('.citations > *', { has: next.locator(`a[href*="/svar/${number}"]`) }).first();
    const year = String(new Date().getFullYear());
    await soon(async () => (await cites.innerText()).includes(year), async () => await cites.innerText());
    await shot(next, 'three-7-next');
    const href = await link.getAttribute('href');
    await next.goto(new URL(href, w.origin).href);
    await next.locator('h1', { hasText: 'Produsent av medisinsk utstyr' }).waitFor();
  });
  await check('the page names nobody', async () => {
    const text = await (await fetch(`${w.origin}/svar/${number}`)).text();
    must(text.includes('må dokumenteres') && !/Haukeland|Kari|Nordmann|kari@/.test(text), /.{30}(Haukeland|Kari|Nordmann|kari@).{30}/s.exec(text)?.[0] ?? 'another answer');
  });
  for (const [name, more] of [['light', {}], ['dark', { colorScheme: 'dark' }], ['320 px', { viewport: { width: 320, height: 700 } }]]) {
    const reader = await somebody(`a reader, ${name}`, more);
    for (const path of ['/svar', `/svar/${number}`]) {
      await reader.goto(w.origin + path);
      await reader.locator('h1').waitFor();
      await axe(reader, `${path} ${name}`);
      await noSideways(reader, `${path} ${name}`);
      await shot(reader, `three-8-${path.replace(/\W+/g, '-')}-${name.replace(' ', '-')}`);
    }
    await shut(reader.context());
  }
  await check('the feed is XML, and has it', async () => {
    const feed = await asker.evaluate(async () => {
      const r = new XMLHttpRequest();
      r.responseType = 'document';
      await new Promise((done) => { r.onloadend = done; r.open('GET', '/svar/feed.atom'); r.send(); });
      const doc = r.responseXML; // null when it is no XML
      return doc && { type: r.getResponseHeader('content-type'), root: doc.documentElement.nodeName, links: [...doc.querySelectorAll('entry link')].map((x) => x.getAttribute('href')), updated: doc.querySelector('entry updated')?.textContent };
    });
    must(feed?.root === 'feed' && /^application\/atom\+xml/.test(feed.type) && feed.links.some((x) => x === `${w.origin}/svar/${number}`) && !Number.isNaN(Date.parse(feed.updated)), JSON.stringify(feed));
  });


  if (process.env.TIMES) await measure(w, ola, somebody, Number(process.env.TIMES));

  // ---- the provider says that somebody has gone

  await check('logged out at the provider: that desk closes, the other does not', async () => {
    const there = await second.context().newPage();
    await there.goto(`${w.issuer}/session/end`);
    await there.evaluate(() => {
      const form = document.forms[0];
      form.append(Object.assign(document.createElement('input'), { type: 'hidden', name: 'logout', value: 'yes' }));
      form.submit();
    });
    await second.locator('#out[open]').waitFor();
    await soon(async () => (await second.evaluate(() => fetch('/v1/desk').then((r) => r.status))) === 401, 'still let in');
    await soon(async () => (await first.evaluate(() => fetch('/v1/desk').then((r) => r.status))) === 200 && !await first.locator('#out[open]').count(), 'the other is out too');
    await shot(second, 'three-9-out', false);
    await shut(there);
  });
}

try {
  await story();
} catch (err) {
  ok('three people: runs to its end', false, String(err.stack ?? err).split('\n').slice(0, 8).join(' | '));
  for (const { name, page } of pages) if (!page.isClosed()) await shot(page, `three-failed-${name.replace(/\W+/g, '-')}`);
}
for (const { name, wrong } of pages) await check(`${name}: no errors, no other host`, () => must(!wrong.length, wrong.join(' | ')));
await shut(browser);
await w.close();
figure('all of it', Date.now() - began);
finish();
