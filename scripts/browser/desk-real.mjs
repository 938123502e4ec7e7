// The desk of a real service: an asker hands over, two agencies' lawyers claim,
// draft, send back, sign and send, and the answer is published.
//
//   KIVEILEDER_BIN=/path/to/kiveileder SHOTS=/tmp/shots node desk-real.mjs
import { axe, check, finish, launchOnly, must, noSideways, ok, patience, shot, shut, soon, says } from './harness.mjs';
import { service } from './stage.mjs';

const server = await service();
const base = `http://127.0.0.1:${server.port}`;
await soon(() => /Ada Drift.*token=\S+\s/.test(server.said), 'no links');
const link = (name) => new RegExp(`${name}.*(http\\S+token=\\S+)`).exec(server.said)[1];

const browser = await launchOnly();
const options = { viewport: { width: 1280, height: 900 }, locale: 'nb-NO', colorScheme: 'light', reducedMotion: 'reduce' };

async function as(name, first = '.list h1') {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  page.wrong = [];
  page.on('pageerror', (err) => page.wrong.push(String(err)));
  page.on('console', (m) => { if (/Content Security Policy|Trusted ?Type/i.test(m.text())) page.wrong.push(m.text()); });
  page.on('response', (r) => { if (r.status() >= 400 && ![400, 401, 404, 409].includes(r.status())) page.wrong.push(`${r.status()} ${r.url()}`); });
  await page.goto(link(name));
  await page.locator(first).waitFor();
  return page;
}
const held = async (page, state) => { await shot(page, `real-${state.replace(/\W+/g, '-')}`); await axe(page, `real desk: ${state}`); await noSideways(page, `real desk: ${state}`); };

// ---- somebody asks, and hands over

const json = async (method, path, body, token) => {
  const r = await fetch(base + path, { method, headers: { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) }, ...(body && { body: JSON.stringify(body) }) });
  const text = await r.text();
  if (!r.ok) throw new Error(`${method} ${path}: ${r.status} ${text.slice(0, 300)}`);
  return text ? JSON.parse(text) : undefined;
};
const question = 'Vi er et sykehus og vil forske på kreft med pasientjournaler, uten samtykke fra alle. Trenger vi godkjenning?';

try {
  const talk = (await json('POST', '/v1/ask', { question })).conversation;
  const form = await json('GET', '/v1/conversation/case-form', undefined, talk);
  const asked = await json('POST', '/v1/conversation/cases', { id: `h${Date.now()}`, question: form.question || question, project: 'Et sykehus <b>vil</b> forske.', contact: { name: 'Kari Nordmann', email: 'kari@example.no' }, publish: true, agency: 'hdir', language: 'nb' }, talk);
  ok('a case is made of the conversation', /^KI-\d{4}-\d{4}$/.test(asked.number), JSON.stringify(asked).slice(0, 200));

  const ola = await as('Ola Jurist');
  const agencies = asked.agencies ?? [];
  await ola.locator('.rows tr', { hasText: asked.number }).waitFor();
  await held(ola, 'list');
  await ola.keyboard.press('j');
  await ola.keyboard.press('Enter');
  await ola.locator('#claim').waitFor();
  await held(ola, 'case');
  await check('claim and assess', async () => {
    await ola.keyboard.press('c');
    await ola.locator('#assess').click();
    await ola.locator('#section-0').waitFor();
  });
  const url = ola.url();
  const mari = await as('Mari Jurist');
  if (!agencies.includes('dmp')) {
    await check('another agency is invited with a reason', async () => {
      const on = ola.locator('section.fold', { has: ola.getByRole('heading', { name: 'Etater på saken' }) });
      await on.locator('summary').click();
      await ola.getByRole('button', { name: 'Inviter en etat' }).click();
      await ola.locator('dialog select').selectOption('dmp');
      await ola.locator('dialog textarea').fill('Er modellen medisinsk utstyr?');
      await ola.locator('dialog button[type=submit]').click();
      await on.getByText('Er modellen medisinsk utstyr?').waitFor();
    });
  }
  for (const other of agencies.filter((a) => a !== 'hdir' && a !== 'dmp')) { // each must sign; here two do
    await check(`${other} is taken off, with a reason`, async () => {
      await ola.locator('.agencies li', { hasText: asked.names[other].nb }).getByRole('button').click();
      await ola.locator('dialog textarea').fill('Hører ikke under dem.');
      await ola.locator('dialog button[type=submit]').click();
      await ola.locator('.agencies li', { hasText: asked.names[other].nb }).waitFor({ state: 'detached' });
    });
  }
  await check('the list shows who is at a case', async () => {
    await mari.reload();
    const row = mari.locator('.rows tr', { hasText: asked.number });
    await row.waitFor();
    await ola.locator('.back').click();
    await ola.locator('.rows').waitFor();
    await ola.goBack();
    await row.getByText('Ola Jurist ser på').waitFor();
    await held(mari, 'presence in the list');
  });
  await mari.goto(url);
  await mari.locator('#case-title').waitFor();
  await check('the one who came later sees who has it', async () => must((await mari.locator('.holding').innerText()).includes('Ola Jurist'), await mari.locator('.holding').innerText()));
  await check('presence crosses', () => ola.locator('.holding .here', { hasText: 'Mari Jurist' }).waitFor());
  await check('what is typed is kept at the service', async () => {
    await ola.locator('#section-0').fill('Ja. Prosjektet må forhåndsgodkjennes etter helseforskningsloven § 9.');
    await ola.locator('.kept', { hasText: 'Tatt vare på kl.' }).waitFor();
    await ola.reload();
    await ola.locator('.recovered').waitFor();
    must((await ola.locator('#section-0').inputValue()).startsWith('Ja. Prosjektet'), 'lost');
  });
  await check('a quote from the findings goes in, and the service takes it for verbatim', async () => {
    const box = ola.locator('.pane.asked .quotes button').first();
    await ola.locator('.pane.asked details').evaluateAll((all) => all.forEach((x) => { x.open = true; }));
    await box.click();
    await ola.locator('.verbatim.verbatim').waitFor();
    await ola.getByRole('button', { name: 'Legg til helseforskningsloven § 9' }).click();
    await held(ola, 'draft');
    await ola.locator('#submit').click();
    await ola.waitForFunction(() => document.activeElement?.id === 'signing');
  });
  await held(ola, 'signing');
  await check('sent back by the other agency, seen at once', async () => {
    await mari.getByRole('button', { name: 'Send tilbake' }).click();
    await mari.locator('dialog textarea').fill('Nevn også dispensasjon.');
    await mari.locator('dialog button[type=submit]').click();
    await ola.locator('.came', { hasText: 'Nevn også dispensasjon.' }).waitFor();
  });
  await check('a changed quote is refused with the guard\'s words', async () => {
    const before = await ola.locator('#quote-0').inputValue();
    await ola.locator('#quote-0').fill('Dette står ikke i kilden.');
    await ola.locator('#submit').click();
    await ola.locator('.foot .not-verbatim', { hasText: 'Sitat 1 står ikke slik i kilden. Svaret kan ikke sendes' }).waitFor();
    await held(ola, 'not verbatim');
    await ola.locator('#quote-0').fill(before);
  });
  await check('a question to the asker and the reply', async () => {
    await ola.locator('#section-0').fill('Ja. Prosjektet må forhåndsgodkjennes etter helseforskningsloven § 9, og dere må søke dispensasjon.');
    await ola.locator('#save').click();
    await ola.locator('.kept', { hasText: 'Lagret som versjon' }).waitFor();
    await ola.locator('#case-title').click();
    await ola.keyboard.press('q');
    await ola.keyboard.type('Hvor mange journaler gjelder det?');
    await ola.getByRole('button', { name: 'Still spørsmålet' }).click();
    await ola.locator('.tasks', { hasText: 'Venter på svar' }).waitFor();
    const mine = (await json('GET', '/v1/conversation/cases', undefined, talk)).cases[0];
    const task = mine.tasks.find((x) => !x.replied || x.replied.startsWith('0001'));
    await json('POST', `/v1/conversation/cases/${mine.id}/commands`, { id: `r${Date.now()}`, kind: 'replied', data: { task: task.id, text: 'Om lag 40 000.' }, seen: mine.seq }, talk);
    await ola.locator('.reply', { hasText: '40 000' }).waitFor();
  });
  await check('a note of one agency does not reach the other', async () => {
    await ola.locator('#case-title').click();
    await ola.keyboard.press('n');
    await ola.keyboard.type('Bare for oss.');
    await ola.getByRole('button', { name: 'Lagre notatet' }).click();
    await ola.locator('.notes-list', { hasText: 'Bare for oss.' }).waitFor();
    await mari.waitForTimeout(500);
    must(!(await mari.locator('body').innerText()).includes('Bare for oss.'), 'it does');
  });
  await check('both sign, and it is sent once', async () => {
    await ola.locator('#submit').click();
    await ola.locator('#approve').click();
    await ola.locator('dialog button[type=submit]').click();
    await ola.locator('.verdicts li', { hasText: 'Godkjent' }).first().waitFor();
    await mari.getByRole('button', { name: 'Vis den nye versjonen' }).click();
    await mari.locator('#approve').click();
    await mari.locator('dialog button[type=submit]').click();
    await ola.locator('#send').click();
    await ola.locator('dialog button[type=submit]').click();
    await ola.locator('#publish').waitFor();
    const mine = (await json('GET', '/v1/conversation/cases', undefined, talk)).cases[0];
    must(mine.answers.length === 1 && mine.answers[0].answer.sections[0].text.includes('dispensasjon'), 'the asker has another answer');
  });
  await held(ola, 'answered');
  await check('contact, similar cases and mails', async () => {
    await ola.locator('section.fold', { has: ola.getByRole('heading', { name: 'Kontakt' }) }).locator('summary').click();
    await ola.getByRole('button', { name: 'Vis kontaktopplysninger' }).click();
    await ola.getByText('kari@example.no').waitFor();
    await ola.locator('section.fold', { has: ola.getByRole('heading', { name: 'Lignende saker og svar' }) }).locator('summary').click();
    await ola.getByRole('button', { name: 'Finn lignende' }).click();
    await ola.locator('.inside', { hasText: 'Ingen som ligner.' }).waitFor();
  });
  await check('the case is downloaded in every format', async () => {
    for (const name of ['PDF', 'HTML', 'JSON', 'Noark 5']) {
      const [file] = await Promise.all([ola.waitForEvent('download'), ola.locator('.exports a', { hasText: name }).click()]);
      must(!await file.failure(), `${name}: ${await file.failure()}`);
    }
  });
  await check('published after each mark was decided, and everybody can read it', async () => {
    await ola.locator('#publish').click();
    await ola.locator('#mark-words, #publish-title').first().waitFor();
    await held(ola, 'marks');
    for (let n = 0; n < 60 && await ola.locator('#mark-words').count(); n++) {
      if (await ola.locator('#marks-done button[aria-disabled]').count()) await ola.locator('.mark-card').getByRole('button', { name: 'Bytt ut' }).click();
      else await ola.getByRole('button', { name: 'Gå videre til teksten' }).click();
    }
    await ola.locator('#publish-title').waitFor();
    await held(ola, 'publish');
    await ola.locator('#publish-do').click();
    await ola.getByText('Publiser på nytt').waitFor();
    const r = await fetch(`${base}/svar/${asked.number}`);
    must(r.status === 200, `/svar/${asked.number}: ${r.status}`);
  });
  await held(ola, 'published');
  await check('logged out everywhere: said here too', async () => {
    const other = await ola.context().newPage();
    await other.goto(`${base}/desk`);
    await other.locator('#logout').click();
    await ola.locator('#out[open]').waitFor();
    await shut(other);
  });
  const liv = await as('Liv Leder');
  await liv.locator('.list h1').waitFor();
  await check('a lead\'s desk has the counts, and the case under all states', async () => {
    await liv.locator('select').first().selectOption('all');
    await liv.locator('.rows tr', { hasText: asked.number }).getByText('Publisert').waitFor();
  });
  await liv.goto(url);
  await liv.setViewportSize({ width: 820, height: 1180 });
  await held(liv, 'lead 820 px');
  await liv.setViewportSize({ width: 320, height: 700 });
  await held(liv, 'lead 320 px');
  // ---- who runs the service: no case is read, and what is done needs a reason

  const hand = async (title) => {
    const key = (await json('POST', '/v1/ask', { question: title })).conversation;
    return json('POST', '/v1/conversation/cases', { id: `h${Date.now()}${Math.random()}`, question: title, contact: { name: 'Per Hansen', email: 'per@example.no' }, publish: true, agency: 'hdir', language: 'nb' }, key);
  };
  const other = await hand('Kan kommunen bruke en språkmodell til å skrive journal?');
  const ada = await as('Ada Drift', '.admin h1');
  const line = (number) => ada.locator('.heads li', { hasText: number });
  await check('an administrator comes to a page of their own, without what is in the cases', async () => {
    await line(other.number).waitFor();
    const text = await ada.locator('body').innerText();
    must(text.includes('Drift') && !text.includes('språkmodell') && !text.includes('Per Hansen'), text.slice(0, 400));
    await ada.locator('.people li', { hasText: 'Mari Jurist' }).waitFor();
  });
  await held(ada, 'admin');
  await check('a case is found by its number, also at an end, and by nothing else', async () => {
    await ada.locator('#search').fill(String(Number(asked.number.slice(-4))));
    await ada.keyboard.press('Enter');
    await line(asked.number).waitFor();
    must(await ada.locator('.heads li').count() === 1, `${await ada.locator('.heads li').count()} found`);
    await ada.locator('#search').fill('språkmodell');
    await ada.keyboard.press('Enter');
    await ada.locator('.box.bad', { hasText: 'Skriv et saksnummer' }).waitFor();
    await ada.locator('#search').fill('');
    await ada.keyboard.press('Enter');
    await line(other.number).waitFor();
  });
  const asks = []; // what ada's page asks for
  ada.on('request', (r) => asks.push(r.url()));
  await check('a case is found by the asker\'s address, by keyboard, and the address stands in no URL', async () => {
    await ada.locator('#search-email').focus();
    await ada.keyboard.type('Per@Example.no');
    await ada.keyboard.press('Enter');
    await ada.locator('.admin', { hasText: 'Saker med denne adressen: 1' }).waitFor();
    must(await ada.locator('.heads li').count() === 1, 'more than one');
    await line(other.number).waitFor();
    must(!(await ada.locator('.heads').innerText()).includes('språkmodell'), 'it tells what is in the case');
    await held(ada, 'admin by address');
    for (const [text, says] of [['nei@example.no', 'Ingen sak har denne adressen.'], ['per', 'Skriv hele e-postadressen']]) {
      await ada.locator('#search-email').fill(text);
      await ada.keyboard.press('Enter');
      await ada.locator('.admin section', { hasText: says }).first().waitFor();
      must(await ada.locator('.heads li').count() === 0, `${text}: a case is shown`);
    }
    await held(ada, 'admin by no address');
    must(asks.some((u) => u.endsWith('/v1/desk/heads')) && ![...asks, ada.url()].some((u) => /example\.no|%40/i.test(u)), asks.join(' '));
    must(!/example\.no/i.test(server.said), 'the service says it');
    await ada.locator('#search').fill('');
    await ada.locator('#search').press('Enter');
    await line(other.number).waitFor();
    must(await ada.locator('#search-email').inputValue() === '', 'the address is left');
  });
  await check('a case is moved by keyboard, with a reason; to nobody, or nowhere, it says so', async () => {
    await line(other.number).getByRole('button', { name: `Flytt saken: ${other.number}` }).focus();
    await ada.keyboard.press('Enter');
    await ada.locator('dialog textarea').fill('Hører under DMP.');
    await held(ada, 'admin moves');
    await ada.locator('dialog button[type=submit]').click();
    await ada.locator('dialog .trouble', { hasText: 'Velg andre.' }).waitFor();
    while (await ada.locator('dialog fieldset input:checked').count()) await ada.locator('dialog fieldset input:checked').first().uncheck();
    await ada.locator('dialog button[type=submit]').click();
    await ada.locator('dialog .trouble', { hasText: 'Velg minst én etat.' }).waitFor();
    await ada.locator('dialog fieldset input[value=dmp]').focus();
    await ada.keyboard.press('Space');
    await ada.locator('dialog button[type=submit]').focus();
    await ada.keyboard.press('Enter');
    await ada.locator('.box.done', { hasText: `${other.number} er flyttet.` }).waitFor();
    await line(other.number).getByText('DMP').waitFor();
    must(!(await line(other.number).innerText()).includes('Helsedirektoratet'), await line(other.number).innerText());
  });
  await check('the new agency reads who moved it, and why', async () => {
    await mari.goto(`${base}/desk/${other.id}`);
    await mari.locator('section.fold', { has: mari.getByRole('heading', { name: 'Logg' }) }).locator('summary').click();
    await mari.locator('.events li', { hasText: 'Ada Drift' }).getByText('Hører under DMP.').first().waitFor();
  });
  await check('of an open case the contact alone is deleted, and that is said before and after', async () => {
    await mari.locator('#claim').click();
    await mari.locator('#assess').waitFor();
    await line(other.number).getByRole('button', { name: `Slett personopplysninger: ${other.number}` }).click();
    await ada.locator('dialog', { hasText: 'Saken er ikke avsluttet.' }).waitFor();
    await held(ada, 'admin deletes');
    await ada.locator('dialog textarea').fill('Etter ønske.');
    await ada.locator('dialog button[type=submit]').click(); // not sure yet
    must(await ada.locator('dialog[open] input[name=sure]').count() === 1, 'it went without being sure');
    await ada.locator('dialog input[name=sure]').check();
    await ada.locator('dialog button[type=submit]').click();
    await ada.locator('.box.done', { hasText: 'Tekstene blir stående' }).waitFor();
    const contact = await mari.evaluate((id) => fetch(`/v1/cases/${id}/contact`).then((r) => r.status), other.id);
    must(contact === 404, `contact: ${contact}`);
  });
  await check('a letter that has nobody to go to is dismissed by keyboard, with a reason that the case\'s people read', async () => {
    await mari.locator('#assess').click();
    await mari.locator('#section-0').waitFor();
    await mari.locator('#case-title').click();
    await mari.keyboard.press('q');
    await mari.keyboard.type('Hvilken modell?');
    await mari.getByRole('button', { name: 'Still spørsmålet' }).click();
    await mari.locator('.tasks', { hasText: 'Venter på svar' }).waitFor();
    await soon(() => mari.evaluate((id) => fetch(`/v1/cases/${id}`).then((r) => r.json()).then((c) => c.mails.some((m) => m.kind === 'question' && m.status === 'dead')), other.id), 'the letter was not given up');
    await ada.reload();
    const letter = ada.locator('.mails li', { hasText: other.number });
    await letter.waitFor();
    for (const [width, height] of [[320, 700], [820, 1180], [1280, 900]]) {
      await ada.setViewportSize({ width, height });
      await held(ada, `admin dead letter ${width} px`);
    }
    await letter.getByRole('button', { name: `Legg bort: ${other.number} Spørsmål` }).focus();
    await ada.keyboard.press('Enter');
    await ada.locator('dialog[open] textarea').waitFor();
    await held(ada, 'admin dismisses');
    await ada.locator('dialog textarea').fill('  ');
    await ada.locator('dialog button[type=submit]').click();
    await ada.locator('dialog .trouble', { hasText: 'Skriv en begrunnelse' }).waitFor();
    await ada.locator('dialog textarea').fill('Adressen er slettet.');
    await ada.locator('dialog button[type=submit]').focus();
    await ada.keyboard.press('Enter');
    await ada.locator('.box.done', { hasText: `E-posten i ${other.number} er lagt bort.` }).waitFor();
    await letter.waitFor({ state: 'detached' });
    await ada.waitForFunction(() => document.activeElement && document.activeElement !== document.body);
    await mari.reload(); // the log stays as it was left: unfolded
    await mari.locator('.events li', { hasText: 'Ada Drift la bort en e-post' }).getByText('Adressen er slettet.').first().waitFor();
    await mari.locator('.mails li', { hasText: 'ikke lenger nødvendig' }).first().waitFor({ state: 'attached' });
  });
  await check('of one at an end all is deleted', async () => {
    await ada.locator('#search').fill(asked.number);
    await ada.keyboard.press('Enter');
    await ada.waitForFunction(() => document.querySelectorAll('.heads li').length === 1);
    await line(asked.number).getByRole('button', { name: /^Slett/ }).click();
    await ada.locator('dialog textarea').fill('Etter ønske.');
    await ada.locator('dialog input[name=sure]').check();
    await ada.locator('dialog button[type=submit]').click();
    await ada.locator('.box.done', { hasText: `teksten` }).waitFor();
    await liv.goto(url);
    await liv.getByText('slettet').first().waitFor();
    must(!(await liv.locator('main').innerText()).includes('kreft'), 'texts are left');
  });
  await check('somebody is logged out everywhere, at once', async () => {
    await ada.getByRole('button', { name: 'Logg ut overalt: Mari Jurist' }).click();
    await ada.locator('dialog button[type=submit]').click();
    await ada.locator('.box.done', { hasText: 'Mari Jurist er logget ut overalt.' }).waitFor();
    await ada.locator('.people li', { hasText: 'Mari Jurist' }).waitFor({ state: 'detached' });
    await mari.locator('#out[open]').waitFor();
  });
  for (const [width, height] of [[820, 1180], [320, 700]]) {
    await ada.setViewportSize({ width, height });
    await held(ada, `admin ${width} px`);
  }
  await ada.setViewportSize(options.viewport);
  await check('when the page\'s own script does not come, that is said, and it is fetched again', async () => {
    await ada.route('**/desk-admin.js*', (r) => r.abort(), { times: 1 });
    await ada.reload();
    await ada.locator('.admin .box.bad').waitFor();
    await held(ada, 'admin without its script');
    await ada.locator('.admin .box.bad button').click();
    await ada.locator('#admin-cases').waitFor();
    await ada.locator('.people li').first().waitFor();
  });
  await ada.emulateMedia({ colorScheme: 'dark' });
  await held(ada, 'admin dark');
  const nils = await as('Nils Innsikt', '.admin h1');
  await check('an analyst is told what the role is, and sees no case', async () => {
    const main = nils.locator('main');
    await says(main, 'analytiker');
    const text = await main.innerText();
    must(!/KI-\d{4}-/.test(text), text);
  });
  await held(nils, 'analyst');
  for (const [name, page] of [['ada', ada], ['nils', nils], ['liv', liv], ['ola', ola], ['mari', mari]]) await check(`${name}: no errors`, () => must(!page.wrong.length, page.wrong.join(' | ')));
} catch (err) {
  ok('runs to its end', false, String(err.stack ?? err).split('\n').slice(0, 6).join(' | '));
  for (const [i, c] of browser.contexts().entries()) for (const p of c.pages()) await shot(p, `real-failed-${i}`);
}
await shut(browser);
await server.close();
finish();
