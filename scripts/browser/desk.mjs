// The desk in Chromium, with the service played (desk-double.mjs): the list,
// the way of a case by keyboard alone, two people at once, and that what is
// typed is never lost.
//
//   SHOTS=/tmp/shots node desk.mjs
import { double, people } from './desk-double.mjs';
import { axe, check, finish, launchOnly, must, noSideways, ok, patience, shot, shut, soon } from './harness.mjs';

const d = await double();
const browser = await launchOnly();
const options = { viewport: { width: 1280, height: 900 }, locale: 'nb-NO', colorScheme: 'light', reducedMotion: 'reduce' };

// as opens the desk as somebody and holds that nothing goes wrong unseen.
async function as(who, path = '/desk', more = {}) {
  const context = await browser.newContext({ ...options, ...more });
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  page.wrong = [];
  page.on('pageerror', (err) => page.wrong.push(String(err)));
  page.on('console', (m) => { if (/Content Security Policy|Trusted ?Type/i.test(m.text())) page.wrong.push(m.text()); });
  page.on('request', (r) => { if (!r.url().startsWith(d.base) && !r.url().startsWith('data:')) page.wrong.push(`asks ${r.url()}`); });
  await page.goto(`${d.base}/login/demo?who=${who}&to=${encodeURIComponent(path)}`);
  await page.locator(path === '/desk' ? '.list h1' : '#case-title').waitFor();
  return page;
}
async function leave(page, name) {
  await check(`${name}: no errors, no other host`, () => must(!page.wrong.length, page.wrong.join(' | ')));
  await shut(page.context());
}
const only = process.env.ONLY; // the name of one part
async function part(name, run) {
  if (only && only !== name) return;
  try { await run(); } catch (err) {
    ok(`${name}: runs to its end`, false, String(err.stack ?? err).split('\n').slice(0, 6).join(' | '));
  }
}
// big holds that what is clicked is at least 44 px high, but for links in text.
async function big(page, state) {
  await check(`44 px targets: ${state}`, async () => {
    const small = await page.evaluate(() => [...document.querySelectorAll('main :is(button, summary, select, textarea, input:not([type=checkbox]), .ds-button, label.check), dialog :is(button, select, input:not([type=checkbox]), label.check)')]
      .filter((e) => e.checkVisibility() && e.getBoundingClientRect().width > 0)
      .map((e) => ({ text: (e.getAttribute('aria-label') ?? e.textContent).trim().slice(0, 30), r: e.getBoundingClientRect() }))
      .filter(({ r }) => r.height < 43.5 || r.width < 43.5).map(({ text, r }) => `${text} ${Math.round(r.width)}x${Math.round(r.height)}`));
    must(!small.length, small.slice(0, 5).join(', '));
  });
}
const focused = (page) => page.evaluate(() => { const e = document.activeElement; return e?.id || e?.dataset?.case || e?.className || e?.tagName; });
const held = async (page, state) => { await shot(page, `desk-${state.replace(/\W+/g, '-')}`); await axe(page, `desk: ${state}`); await big(page, state); await noSideways(page, `desk: ${state}`); };

// ---- the list

await part('list', async () => {
  d.make('Forskning på journaler uten samtykke');
  d.make('Er triageverktøyet medisinsk utstyr', { topics: ['utstyr'], days: -2 });
  d.make('Kvalitetssikring med journaldata', { days: 1, topics: ['kvalitet', 'register'] });
  const theirs = d.make('Innbyggertjeneste med <img src=x onerror=alert(1)> chatbot', { days: 12 });
  d.add(theirs, people.mari, 'claimed', {});
  const page = await as('ola');
  await page.locator('.rows tbody tr').first().waitFor();
  await held(page, 'list');
  await check('the list says in words what is due, unread and held', async () => {
    const text = await page.locator('.rows').innerText();
    for (const part of ['2 dager over fristen', 'Frist i morgen', 'Mari Jurist (DMP)', 'Ulest:', '<img src=x']) must(text.includes(part), `lacks ${part}`);
    must(await page.locator('.rows img').count() === 0, 'HTML was made');
  });
  await check('j, k and the arrows move, Enter opens, g l comes back to the same row', async () => {
    await page.keyboard.press('j');
    must(await focused(page) === 'c4', await focused(page));
    await page.keyboard.press('j');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('k');
    const at = await focused(page);
    await page.keyboard.press('Enter');
    await page.locator('.case .pane').first().waitFor();
    must(page.url().endsWith(`/desk/${at}`), page.url());
    await page.waitForFunction(() => document.activeElement?.id === 'case-title');
    await soon(async () => { // the second key counts for a good second after the first
      await page.keyboard.press('g');
      await page.keyboard.press('l');
      return new URL(page.url()).pathname === '/desk';
    }, 'not back');
    await page.locator('.rows').waitFor();
    await page.waitForFunction((id) => document.activeElement?.dataset.case === id, at);
  });
  await check('what was opened is read', async () => soon(async () => await page.locator('tr.unread').count() === 3, async () => `${await page.locator('tr.unread').count()} unread`));
  await check('/ searches, and letters typed there are letters', async () => {
    await page.keyboard.press('/');
    must(await focused(page) === 'search', await focused(page));
    await page.keyboard.type('jukkel');
    must(await page.locator('#search').inputValue() === 'jukkel', await page.locator('#search').inputValue());
    await page.locator('.none').waitFor();
    await page.locator('#search').fill('utstyr');
    await page.waitForFunction(() => document.querySelectorAll('.rows tbody tr').length === 1);
    must(new URL(page.url()).searchParams.get('q') === 'utstyr', page.url());
  });
  await check('a view is saved under a name, survives a reload, and is chosen and deleted again', async () => {
    await page.getByRole('button', { name: 'Lagre visningen' }).click();
    await held(page, 'dialog');
    await page.locator('dialog input[name=name]').fill('Utstyr');
    await page.keyboard.press('Enter');
    await page.locator('.view.here').waitFor();
    await page.getByRole('button', { name: 'Nullstill' }).click();
    await page.waitForFunction(() => document.querySelectorAll('.rows tbody tr').length === 4);
    await page.reload();
    await page.locator('.view button').first().click();
    await page.waitForFunction(() => document.querySelectorAll('.rows tbody tr').length === 1);
    await page.getByRole('button', { name: 'Slett visningen Utstyr' }).click();
    await page.locator('.view').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Nullstill' }).click();
  });
  await check('filters: unread alone, by key', async () => {
    await page.locator('.list h1').click();
    await page.keyboard.press('u');
    await page.waitForFunction(() => document.querySelectorAll('.rows tbody tr').length === 3);
    await page.keyboard.press('u');
    await page.waitForFunction(() => document.querySelectorAll('.rows tbody tr').length === 4);
  });
  await check('? shows the shortcuts; they can be switched off; focus comes back', async () => {
    await page.locator('#help').focus();
    await page.keyboard.press('?');
    await page.locator('#dialog .keys').waitFor();
    await held(page, 'help');
    await page.locator('#dialog .check input').uncheck();
    await page.keyboard.press('Escape');
    await soon(async () => await focused(page) === 'help', () => focused(page));
    await page.keyboard.press('j');
    must(await focused(page) === 'help', 'it moved');
    await page.locator('#help').click();
    await page.locator('#dialog .check input').check();
    await page.keyboard.press('Escape');
  });
  await check('a new case is told and not pushed in; a change stands where the row is', async () => {
    const before = await page.locator('.rows .nr').allInnerTexts();
    d.make('En helt ny sak');
    d.add(d.cases.get('c1'), people.mari, 'claimed', {});
    await page.getByRole('button', { name: 'Vis nye saker (1)' }).waitFor();
    must(JSON.stringify(await page.locator('.rows .nr').allInnerTexts()) === JSON.stringify(before), 'rows moved');
    must((await page.locator('tr', { hasText: 'KI-2026-0001' }).innerText()).includes('Mari'), 'not changed');
    await shot(page, 'desk-fresh');
    await axe(page, 'desk: fresh');
    await page.getByRole('button', { name: 'Vis nye saker (1)' }).click();
    await page.waitForFunction(() => document.querySelectorAll('.rows tbody tr').length === 5);
  });
  await check('a lost line is said, and comes back by itself', async () => {
    d.cut();
    await page.locator('.line-away').waitFor();
    await shot(page, 'desk-away');
    await axe(page, 'desk: away');
    d.down = false;
    await page.locator('.line-away').waitFor({ state: 'detached' });
  });
  await leave(page, 'list');
});

await part('paging', async () => {
  for (let i = 0; i < 60; i++) d.make(`Sak i mengden ${i}`, { agencies: ['helsetilsynet', 'hdir'] });
  const page = await as('ola');
  await page.getByRole('button', { name: 'Vis flere' }).click();
  await check('more pages come below, each case once', async () => {
    await page.waitForFunction(() => document.querySelectorAll('.rows tbody tr').length === 65);
    const all = await page.locator('.rows .nr').allInnerTexts();
    must(new Set(all).size === all.length, 'twice');
  });
  await leave(page, 'paging');
  for (const [id, c] of d.cases) if (c.log[0].data.title.startsWith('Sak i mengden')) d.cases.delete(id);
});

// ---- a case, by keyboard alone, with two people

const tabTo = async (page, id, most = 60) => {
  for (let i = 0; i < most; i++) { if (await focused(page) === id) return; await page.keyboard.press('Tab'); }
  throw new Error(`${id} is not reached; at ${await focused(page)}`);
};

await part('the way of a case', async () => {
  const c = d.make('Trening på røntgenbilder', { question: 'Må vi søke REK for å trene på røntgenbilder?' });
  const ola = await as('ola');
  await check('by keyboard: list, case, claim, assess, draft, submit, sign', async () => {
    await ola.locator('.rows tbody tr').first().waitFor();
    await ola.keyboard.press('j');
    await ola.keyboard.press('Enter');
    await ola.locator('#claim').waitFor();
    await held(ola, 'case');
    await ola.keyboard.press('c');
    await ola.waitForFunction(() => document.activeElement?.id === 'assess-head');
    must(d.cases.get(c.id).log.at(-1).kind === 'claimed', 'not claimed');
    await held(ola, 'assess');
    await tabTo(ola, 'assess', 6);
    await ola.keyboard.press('Enter');
    await ola.waitForFunction(() => document.activeElement?.id === 'section-0');
    await ola.keyboard.type('Ja. Prosjektet må forhåndsgodkjennes etter helseforskningsloven § 9.');
    await ola.keyboard.press('Control+s');
    await ola.locator('.kept', { hasText: 'Lagret som versjon' }).waitFor();
    await held(ola, 'draft');
    await tabTo(ola, 'submit');
    await ola.keyboard.press('Enter');
    await ola.waitForFunction(() => document.activeElement?.id === 'signing');
    await held(ola, 'signing');
    await tabTo(ola, 'approve');
    await ola.keyboard.press('Enter');
    await ola.locator('dialog .fields').waitFor();
    await held(ola, 'approve');
    await ola.locator('dialog textarea').press('Tab');
    await ola.keyboard.press('Enter');
    await ola.locator('.verdicts li', { hasText: 'Helsedirektoratet' }).getByText('Godkjent').waitFor();
  });
  const mari = await as('mari', `/desk/${c.id}`);
  await check('presence: who looks is seen', () => ola.locator('.holding .here', { hasText: 'Mari Jurist (DMP) ser på' }).waitFor());
  await check('the other agency sends back with a reason, and it is seen at once', async () => {
    await mari.getByRole('button', { name: 'Send tilbake' }).click();
    await mari.locator('dialog textarea').fill('Nevn også dispensasjon.');
    await mari.locator('dialog button[type=submit]').click();
    await ola.locator('.came', { hasText: 'Nevn også dispensasjon.' }).waitFor();
    await ola.locator('.verdicts', { hasText: 'Sendt tilbake' }).waitFor();
    await held(ola, 'sent back');
  });
  await check('quotes go in by one click, verbatim; changed they are marked', async () => {
    await ola.locator('.findings-list summary').first().click();
    await ola.getByRole('button', { name: 'Sett inn sitatet: Avklare formålet' }).first().click();
    await ola.locator('.verbatim.verbatim', { hasText: 'Ordrett' }).waitFor();
    await ola.locator('#quote-0').fill('Forskning skal være godkjent.');
    await ola.locator('.verbatim.changed').waitFor();
    await ola.locator('.foot .not-verbatim', { hasText: 'Sitat 1 er endret' }).waitFor();
    await ola.locator('.not-verbatim button').click();
    await soon(async () => await focused(ola) === 'quote-0', () => focused(ola));
    await ola.locator('.quotes-edit').getByRole('button', { name: 'Fjern: Sitat 1' }).click();
    await ola.locator('.not-verbatim').waitFor({ state: 'detached' });
    await ola.locator('#finder summary').click();
    await ola.locator('#finder input').fill('kvalitet');
    await ola.keyboard.press('Enter');
    await ola.locator('#finder .quotes li').first().waitFor();
    await ola.locator('#finder .quotes button').nth(1).click();
    await ola.locator('.refs-edit').getByRole('button', { name: 'Legg til helseforskningsloven § 9' }).click();
    await ola.locator('.chip', { hasText: 'helseforskningsloven § 9' }).waitFor();
    await held(ola, 'quotes');
  });
  await check('two write at once: the text stays, the difference is shown, both can be had', async () => {
    await ola.locator('#section-0').fill('Ja. Prosjektet må forhåndsgodkjennes etter helseforskningsloven § 9, og dere må søke dispensasjon.');
    await mari.locator('#section-0').waitFor();
    await ola.locator('.holding .here').waitFor();
    await mari.locator('#section-0').fill('Ja. Prosjektet må forhåndsgodkjennes av REK etter helseforskningsloven § 9.');
    await ola.locator('.writes', { hasText: 'Mari Jurist' }).waitFor();
    await ola.locator('.draft-top h2').scrollIntoViewIfNeeded();
    const top = await ola.locator('#section-0').evaluate((e) => e.getBoundingClientRect().top);
    await mari.locator('#save').click();
    await mari.locator('.kept', { hasText: 'Lagret som versjon' }).waitFor();
    await ola.locator('.came-line.newer').waitFor();
    must((await ola.locator('#section-0').inputValue()).includes('dispensasjon'), 'the text is lost');
    const now = await ola.locator('#section-0').evaluate((e) => e.getBoundingClientRect().top);
    must(Math.abs(now - top) < 1, `what is written moved from ${top} to ${now}`);
    await shot(ola, 'desk-newer');
    await ola.locator('.came-line.newer button').click();
    await ola.waitForFunction(() => document.activeElement?.id === 'conflict-title');
    await held(ola, 'conflict');
    await ola.locator('.conflict').getByRole('button', { name: 'Ta med begge' }).click();
    const all = await ola.locator('.section textarea').evaluateAll((x) => x.map((e) => e.value).join('\n'));
    must(all.includes('dispensasjon') && all.includes('av REK'), all);
    await ola.getByRole('button', { name: 'Angre' }).click();
    await soon(async () => await ola.locator('.section textarea').count() === 1 && (await ola.locator('#section-0').inputValue()).includes('dispensasjon'), 'not back');
    await ola.locator('#save').click();
    await ola.locator('.kept', { hasText: 'Lagret som versjon' }).waitFor();
  });
  await check('versions and their differences', async () => {
    await ola.getByRole('button', { name: 'Endringer', exact: true }).click();
    await ola.locator('.diff ins').first().waitFor();
    await held(ola, 'changes');
    await ola.getByRole('button', { name: 'Skriv', exact: true }).click();
  });
  await check('a question to the asker goes out with its fact; the reply comes in', async () => {
    await ola.locator('section.fold', { hasText: 'Spørsmål til den som spurte' }).locator('summary').first().click();
    await ola.locator('.ask-form select').selectOption({ label: 'Samtykke' });
    must(await ola.locator('#ask').inputValue() === 'Har deltakerne samtykket?', await ola.locator('#ask').inputValue());
    await ola.getByRole('button', { name: 'Still spørsmålet' }).click();
    await ola.locator('.tasks', { hasText: 'Venter på svar' }).waitFor();
    const task = d.cases.get(c.id).log.at(-1).seq;
    d.add(d.cases.get(c.id), d.asker, 'replied', { task, text: 'Ja, alle <script>alert(1)</script>', facts: { consent: 'all' } });
    await ola.locator('.reply', { hasText: '<script>' }).waitFor();
    await held(ola, 'reply');
  });
  await check('an internal note is marked as one, and stays with its agency', async () => {
    await ola.keyboard.press('Escape');
    await ola.locator('#case-title').click();
    await ola.keyboard.press('n');
    await ola.waitForFunction(() => document.activeElement?.id === 'note');
    await ola.keyboard.type('Usikker på MDR her.');
    must(await ola.locator('.internal .intern').first().innerText() === 'INTERN', 'not marked');
    await held(ola, 'note');
    await ola.getByRole('button', { name: 'Lagre notatet' }).click();
    await ola.locator('.notes-list', { hasText: 'Usikker på MDR' }).waitFor();
    must(await ola.locator('#note').inputValue() === '', 'left over');
    must(!(await mari.locator('body').innerText()).includes('Usikker på MDR'), 'the other agency sees it');
  });
  await check('pressed while another command is on its way, both are done', async () => {
    let first = true;
    await ola.route('**/commands', async (route) => {
      if (first) { first = false; await new Promise((done) => { setTimeout(done, 500); }); }
      await route.fallback();
    });
    await ola.locator('#note').fill('Først dette.');
    await ola.locator('#ask').fill('Og så dette?');
    await ola.evaluate(() => { // faster than anybody presses
      document.querySelector('.note-form button').click();
      document.querySelector('.ask-form button').click();
    });
    await ola.locator('.notes-list', { hasText: 'Først dette.' }).waitFor();
    await ola.locator('.tasks', { hasText: 'Og så dette?' }).waitFor();
    must(d.cases.get(c.id).log.slice(-2).map((e) => e.kind).join() === 'noted,asked', 'not in their order, or twice');
    await ola.unroute('**/commands');
    const task = d.cases.get(c.id).log.at(-1).seq;
    d.add(d.cases.get(c.id), d.asker, 'replied', { task, text: 'Ja.' });
    await ola.locator('.reply', { hasText: 'Ja.' }).waitFor();
  });
  await check('signed by both it is sent', async () => {
    await ola.locator('#submit').click();
    await ola.locator('#approve').click();
    await ola.locator('dialog button[type=submit]').click();
    await mari.getByRole('button', { name: 'Vis den nye versjonen' }).click();
    await mari.locator('.pane.answer .next', { hasText: 'godkjenning fra DMP' }).waitFor();
    await mari.getByRole('button', { name: 'Godkjenn med forbehold' }).click();
    await mari.locator('dialog textarea').fill('Gjelder ikke utstyr.');
    await mari.locator('dialog button[type=submit]').click();
    await ola.locator('#send').waitFor();
    await ola.locator('.pane.answer .next', { hasText: 'Svaret kan sendes.' }).getByRole('button', { name: 'Send' }).waitFor();
    await held(ola, 'ready');
    await ola.locator('#send').click();
    await ola.locator('dialog button[type=submit]').click();
    await ola.locator('#publish').waitFor();
    must(d.cases.get(c.id).log.filter((e) => e.kind === 'sent').length === 1, 'not once');
  });
  await check('published after each mark was decided', async () => {
    await ola.locator('#publish').click();
    await ola.locator('#mark-words').waitFor();
    await held(ola, 'marks');
    await ola.locator('.mark-card').getByRole('button', { name: 'Bytt ut' }).click();
    await ola.locator('.mark-card').getByRole('button', { name: 'La stå' }).click();
    await ola.getByRole('button', { name: 'Gå videre til teksten' }).click();
    must(await ola.locator('dialog textarea').first().inputValue() === 'Et sykehus vil bruke journaler. Ring Kari.', await ola.locator('dialog textarea').first().inputValue());
    await held(ola, 'publish');
    await ola.locator('#publish-do').click();
    await ola.getByText('Publiser på nytt').waitFor();
    must(d.cases.get(c.id).log.at(-1).data.question.startsWith('Et sykehus'), 'other words');
    await held(ola, 'published');
  });
  await check('contact is shown when asked for, similar too', async () => {
    must(!(await ola.locator('body').innerText()).includes('kari@example.no'), 'shown unasked');
    await ola.locator('section.fold', { has: ola.getByRole('heading', { name: 'Kontakt' }) }).locator('summary').click();
    await ola.getByRole('button', { name: 'Vis kontaktopplysninger' }).click();
    await ola.getByText('kari@example.no').waitFor();
    await ola.locator('section.fold', { has: ola.getByRole('heading', { name: 'Lignende saker og svar' }) }).locator('summary').click();
    await ola.getByRole('button', { name: 'Finn lignende' }).click();
    await ola.getByText('samme paragraf').waitFor();
    await axe(ola, 'desk: contact and similar');
  });
  await leave(ola, 'the way of a case');
  await leave(mari, 'the other agency');
});

// ---- one's own logins, and whose desk it is

await part('account', async () => {
  const hour = 3_600_000;
  const at = (ms) => new Date(Date.now() + ms).toISOString();
  d.logins = ['Chrome, Linux', 'Firefox, Windows', 'Safari, iPhone'].map((device, i) => ({ name: `s${i}`, device, began: at(-i * 48 * hour), used: at(-i * hour), ends: at(hour), current: i === 0 }));
  const ola = await as('ola');
  await check('the page says for which agency one is here', () => ola.locator('#account', { hasText: 'Helsedirektoratet' }).waitFor());
  await check('one sees one\'s logins, ends one, and all others, by keyboard', async () => {
    await ola.locator('#account').focus();
    await ola.keyboard.press('Enter');
    await ola.locator('.sessions li').nth(2).waitFor();
    must(await ola.locator('.sessions li', { hasText: 'Denne' }).getByRole('button').count() === 0, 'this one can be ended');
    await held(ola, 'account');
    await ola.getByRole('button', { name: /^Logg ut: Safari, iPhone/ }).focus();
    await ola.keyboard.press('Enter');
    await ola.waitForFunction(() => document.querySelectorAll('.sessions li').length === 2);
    must(d.requests.some((r) => r.method === 'DELETE' && r.path === '/v1/me/sessions/s2'), 'not asked for');
    await ola.getByRole('button', { name: 'Logg ut alle andre' }).click();
    await ola.waitForFunction(() => document.querySelectorAll('.sessions li').length === 1);
    await ola.keyboard.press('Escape');
    await soon(async () => await focused(ola) === 'account', () => focused(ola));
  });
  await leave(ola, 'account');
});

// ---- time is that of Norway, and a case that is opened again is held again

await part('time', async () => {
  const c = d.make('En sak fra i fjor', { days: 5 });
  d.add(c, { ...people.ola }, 'claimed', {});
  c.lease = undefined;
  const ola = await as('ola', `/desk/${c.id}`, { timezoneId: 'America/New_York' });
  const oslo = new Intl.DateTimeFormat('nb-NO', { timeZone: 'Europe/Oslo', timeStyle: 'short' }).format(new Date(c.log[0].at));
  await check('the hour is that of Norway, wherever the browser is', () => ola.locator('.question', { hasText: `kl. ${oslo}` }).waitFor());
  await check('a lease that ran out is taken up at once', async () => {
    await soon(() => d.requests.some((r) => r.path === `/v1/cases/${c.id}/beat`), 'no beat', 30_000); // the next one comes after 40 seconds
  });
  await leave(ola, 'time');
});

// ---- a quote that is not the source's

await part('not verbatim', async () => {
  const c = d.make('Et endret sitat');
  d.add(c, { ...people.ola }, 'claimed', {});
  d.add(c, { ...people.ola }, 'assessed', {});
  const ola = await as('ola', `/desk/${c.id}`);
  await check('saved with a changed quote it says why it goes no further, and lets go when it is mended', async () => {
    await ola.locator('#section-0').fill('Ja.');
    await ola.locator('.findings-list summary').first().click();
    await ola.getByRole('button', { name: 'Sett inn sitatet: Avklare formålet' }).first().click();
    const quote = await ola.locator('#quote-0').inputValue();
    await ola.locator('#quote-0').fill(`${quote} Og mer.`);
    await ola.locator('#save').click();
    await ola.locator('.not-verbatim', { hasText: 'Sitat 1 står ikke slik i kilden. Svaret kan ikke sendes' }).waitFor();
    await held(ola, 'not verbatim');
    await ola.locator('#submit').click();
    await ola.locator('#quote-0').fill(quote);
    await ola.locator('.not-verbatim').waitFor({ state: 'detached' });
    await ola.locator('#submit').click();
    await ola.locator('.next', { hasText: 'godkjenning fra Helsedirektoratet' }).waitFor();
    must(c.log.filter((e) => e.kind === 'submitted').length === 1, 'it went before it was mended');
    await soon(async () => await ola.locator('.foot .trouble').count() === 0, 'an old refusal is left');
  });
  await leave(ola, 'not verbatim');
});

// ---- a long case: the newest of its log comes with it, the rest is fetched

await part('long log', async () => {
  const c = d.make('En lang sak');
  d.add(c, { ...people.ola }, 'claimed', {});
  d.add(c, { ...people.ola }, 'assessed', {});
  for (let n = 0; n < 6; n++) d.add(c, { ...people.ola }, 'draft_saved', { base: n, hash: `h${n + 1}`, draft: { sections: [{ text: `Tekst ${n + 1}.` }] } });
  c.most = 4;
  const mari = await as('mari', `/desk/${c.id}`);
  await check('older events are fetched when asked for, and stay when something new comes', async () => {
    await mari.locator('section.fold', { has: mari.getByRole('heading', { name: 'Logg' }) }).locator('summary').click();
    await mari.locator('#older', { hasText: '5' }).click();
    await mari.locator('#older', { hasText: '1' }).click();
    await mari.locator('#older').waitFor({ state: 'detached' });
    await soon(async () => await mari.locator('.events li').count() === 9, async () => `${await mari.locator('.events li').count()} events`);
    d.add(c, { ...people.ola }, 'draft_saved', { base: 6, hash: 'h7', draft: { sections: [{ text: 'Tekst 7.' }] } });
    await mari.waitForFunction(() => document.querySelectorAll('.pane.together section.fold:not(.came) .events li').length === 10);
  });
  await check('versions that are not here yet do not shift the others', async () => {
    await mari.getByRole('button', { name: 'Endringer', exact: true }).click();
    await mari.locator('.diff ins', { hasText: '7' }).waitFor();
    await held(mari, 'long log');
  });
  await leave(mari, 'long log');
});

// ---- what a lead may do besides

await part('lead', async () => {
  const c = d.make('En sak som haster');
  const mari = { ...people.mari };
  d.add(c, mari, 'claimed', {});
  d.add(c, mari, 'assessed', {});
  d.add(c, mari, 'draft_saved', { base: 0, hash: 'h1', draft: { sections: [{ text: 'Ja.' }] } });
  d.add(c, mari, 'submitted', { hash: 'h1' });
  c.mails = [{ id: 'm1', case: c.id, seq: 1, kind: 'receipt', at: d.now(), attempt: 5, status: 'dead', reason: '550 no such user' }];
  d.dead = c.mails;
  const liv = await as('liv');
  await check('a lead sees mails that were given up, and sends them again', async () => {
    await liv.locator('.mails', { hasText: '550 no such user' }).waitFor();
    await held(liv, 'dead mails');
    await liv.locator('.mails button').click();
    await liv.locator('.mails').waitFor({ state: 'detached' });
  });
  await liv.goto(`${d.base}/desk/${c.id}`);
  await check('a bypass needs a reason, and what was written stays when the dialog is closed', async () => {
    await liv.getByRole('button', { name: 'Send uten de som mangler' }).click();
    await liv.locator('dialog textarea').fill('Haster for');
    await liv.keyboard.press('Escape');
    await liv.getByRole('button', { name: 'Send uten de som mangler' }).click();
    must(await liv.locator('dialog textarea').inputValue() === 'Haster for', 'lost');
    await liv.locator('dialog textarea').fill('Haster for pasienten.');
    await held(liv, 'bypass');
    await liv.locator('dialog button[type=submit]').click();
    await liv.locator('.signing .box', { hasText: 'Haster for pasienten.' }).waitFor();
    await held(liv, 'bypassed');
  });
  await leave(liv, 'a lead');
});

// ---- nothing typed is lost

await part('nothing is lost', async () => {
  const c = d.make('Beslutningsstøtte i akuttmottak');
  const me = { ...people.ola };
  d.add(c, me, 'claimed', {});
  d.add(c, me, 'assessed', {});
  let page = await as('ola', `/desk/${c.id}`);
  const text = 'Dette er ikke lagret ennå, og skal overleve.';
  await check('after a reload at once', async () => {
    await page.locator('#section-0').fill(text);
    await page.reload();
    await page.locator('.recovered').waitFor();
    must(await page.locator('#section-0').inputValue() === text, 'lost');
    await held(page, 'recovered');
  });
  await check('kept at the service after two seconds: there in another browser', async () => {
    await page.locator('#section-0').fill(`${text} Mer.`);
    await page.locator('.kept', { hasText: 'Tatt vare på kl.' }).waitFor();
    must(d.kept.get('p-ola').get(`draft:${c.id}`).draft.sections[0].text === `${text} Mer.`, 'not kept');
    const other = await as('ola', `/desk/${c.id}`);
    await other.locator('.recovered').waitFor();
    must(await other.locator('#section-0').inputValue() === `${text} Mer.`, 'not there');
    await leave(other, 'another browser');
  });
  await check('what is written before the kept text has come stays, and the kept one can be had', async () => {
    let written;
    const until = new Promise((done) => { written = done; });
    await page.route('**/v1/desk/kept?prefix=draft*', async (r) => { await until; await r.continue(); });
    await page.reload();
    await page.locator('#section-0').fill('Skrevet før det kom.');
    written();
    await page.getByRole('button', { name: 'Angre' }).waitFor();
    must(await page.locator('#section-0').inputValue() === 'Skrevet før det kom.', 'replaced');
    await page.getByRole('button', { name: 'Angre' }).click();
    await soon(async () => await page.locator('#section-0').inputValue() === `${text} Mer.`, 'lost');
    await page.unroute('**/v1/desk/kept?prefix=draft*');
  });
  await check('two windows of one person: each gets its own text back, or can have it', async () => {
    const other = await page.context().newPage();
    await other.goto(`${d.base}/desk/${c.id}`);
    await other.locator('.recovered').waitFor();
    await other.locator('#section-0').fill('Skrevet i det andre vinduet.');
    await other.locator('.kept', { hasText: 'Tatt vare på kl.' }).waitFor();
    await page.reload();
    await page.locator('.recovered').waitFor();
    must(await page.locator('#section-0').inputValue() === 'Skrevet i det andre vinduet.', 'not the newest');
    await page.getByRole('button', { name: 'Angre' }).click();
    must(await page.locator('#section-0').inputValue() === `${text} Mer.`, await page.locator('#section-0').inputValue());
    await shut(other);
  });
  await check('the language is changed: the text stays, the words change', async () => {
    await page.locator('[data-lang=en]').click();
    await page.getByRole('button', { name: 'Save version' }).waitFor();
    must(await page.locator('#section-0').inputValue() === `${text} Mer.`, 'lost');
    await page.locator('[data-lang=nb]').click();
    await page.getByRole('button', { name: 'Lagre versjon' }).waitFor();
  });
  await check('through the list and back', async () => {
    await page.locator('#section-0').fill(`${text} Og mer.`);
    await page.locator('.back').click();
    await page.locator('.rows').waitFor();
    await page.goBack();
    await page.locator('#section-0').waitFor();
    must(await page.locator('#section-0').inputValue() === `${text} Og mer.`, await page.locator('#section-0').inputValue());
  });
  await check('while the service is away: it says so, and keeps it in the browser', async () => {
    d.cut();
    await page.locator('#section-0').fill(`${text} Uten nett.`);
    await page.locator('.kept[data-state=local]').waitFor();
    await page.locator('#save').click();
    await page.locator('.foot .trouble').waitFor();
    await held(page, 'service away');
    d.down = false;
    await page.locator('.kept', { hasText: 'Tatt vare på kl.' }).waitFor();
    must(await page.locator('#section-0').inputValue() === `${text} Uten nett.`, 'lost');
  });
  await check('logged out: said, and all is there after the login', async () => {
    d.end('p-ola');
    await page.locator('#out[open]').waitFor();
    await held(page, 'logged out');
    must((await page.locator('#out a').getAttribute('href')) === `/login?to=${encodeURIComponent(`/desk/${c.id}`)}`, 'another address');
    const other = await page.context().newPage();
    await other.goto(`${d.base}/login/demo?who=ola`);
    await shut(other);
    await page.locator('#out button').click();
    await page.locator('#out[open]').waitFor({ state: 'detached' });
    must(await page.locator('#section-0').inputValue() === `${text} Uten nett.`, 'lost');
    await page.locator('#section-0').fill(`${text} Logget inn.`);
    await page.locator('.kept', { hasText: 'Tatt vare på kl.' }).waitFor();
  });
  await check('logged out while typing, in the same window', async () => {
    d.end('p-ola');
    await page.locator('#out[open]').waitFor();
    await page.locator('#section-0').evaluate((e) => { e.value = 'Skrevet mens økten var ute.'; e.dispatchEvent(new InputEvent('input', { bubbles: true })); });
    await page.goto(`${d.base}/login/demo?who=ola&to=/desk/${c.id}`);
    await page.locator('.recovered').waitFor();
    must(await page.locator('#section-0').inputValue() === 'Skrevet mens økten var ute.', await page.locator('#section-0').inputValue());
  });
  await check('another person in the same window sees nothing of it', async () => {
    await page.goto(`${d.base}/login/demo?who=mari&to=/desk/${c.id}`);
    await page.locator('#section-0').waitFor();
    await soon(() => d.requests.some((r) => r.who === 'p-mari' && r.path.endsWith(encodeURIComponent(`draft:${c.id}`))), 'not asked what is kept');
    must(await page.locator('#section-0').inputValue() === '', 'shown');
    await page.goto(`${d.base}/login/demo?who=ola&to=/desk/${c.id}`);
    await page.locator('.recovered').waitFor();
  });
  await check('the case is taken over: said, and the text stays', async () => {
    const before = await page.locator('#section-0').inputValue();
    const mari = await as('mari', `/desk/${c.id}`);
    await mari.getByRole('button', { name: 'Overta saken' }).click();
    await mari.locator('dialog textarea').fill('Ola er borte i dag.');
    await held(mari, 'take over');
    await mari.locator('dialog button[type=submit]').click();
    await page.locator('.came', { hasText: 'overtok saken' }).waitFor();
    must(await page.locator('#section-0').inputValue() === before, 'lost');
    await soon(async () => await page.locator('#submit').count() === 0, 'may still submit');
    await shot(page, 'desk-taken');
    await leave(mari, 'who takes over');
  });
  await check('a claim that came too late says who was first', async () => {
    const late = d.make('Et kappløp');
    const slow = await as('ola', `/desk/${late.id}`);
    await slow.locator('#claim').waitFor();
    await slow.context().setOffline(true);
    d.hangUp(1001, 'p-ola');
    late.lease = { holder: people.mari, until: new Date(Date.now() + 60_000).toISOString() };
    late.log.push({ seq: 2, id: 'x', at: d.now(), actor: people.mari, kind: 'claimed', data: {} });
    await slow.context().setOffline(false);
    await slow.evaluate(() => document.getElementById('claim')?.click());
    await slow.getByText('Mari Jurist (DMP) har saken').first().waitFor();
    await shot(slow, 'desk-race');
    await axe(slow, 'desk: claimed by another');
    await leave(slow, 'a race');
  });
  await leave(page, 'nothing is lost');
});

// ---- looks

function sample() {
  const c = d.make('Et eksempel');
  d.add(c, people.ola, 'claimed', {});
  d.add(c, people.ola, 'assessed', {});
  d.add(c, people.mari, 'draft_saved', { base: 0, hash: 'h1', draft: { sections: [{ question: 'Må vi søke?', text: 'Ja, etter helseforskningsloven § 9.' }] } });
  return c;
}

for (const [name, more] of [['dark', { colorScheme: 'dark' }], ['820 px', { viewport: { width: 820, height: 1180 } }], ['320 px', { viewport: { width: 320, height: 700 } }], ['forced colours', { forcedColors: 'active' }], ['English', { locale: 'en-GB' }], ['nynorsk', { locale: 'nn-NO' }]]) {
  await part(name, async () => {
    const c = [...d.cases.values()].find((x) => x.log[0].data.title === 'Trening på røntgenbilder') ?? sample();
    const w = [...d.cases.values()].find((x) => x.log[0].data.title === 'Beslutningsstøtte i akuttmottak') ?? sample();
    const page = await as('ola', '/desk', more);
    await page.locator('.rows').waitFor();
    await held(page, `list ${name}`);
    await page.goto(`${d.base}/desk/${c.id}`);
    await page.locator('.pane').first().waitFor({ state: 'attached' });
    for (const pane of await page.locator('.pane-pick button:visible').all()) {
      await pane.click();
      await held(page, `case ${name} ${await pane.innerText()}`);
    }
    await held(page, `case ${name}`);
    await page.goto(`${d.base}/desk/${w.id}`);
    await page.locator('.pane').first().waitFor({ state: 'attached' });
    await page.keyboard.press('e');
    await held(page, `writing ${name}`);
    await page.keyboard.press('Escape');
    await page.locator('#help').click();
    await held(page, `help ${name}`);
    await check(`${name}: every word is there`, async () => {
      const text = await page.locator('body').innerText();
      must(!/desk_|undefined|\{\w+\}/.test(text), /.{20}(desk_|undefined|\{\w+\}).{20}/s.exec(text)?.[0]);
    });
    await leave(page, name);
  });
}

await part('an asker who does not reply', async () => {
  const silent = d.make('Svarer aldri');
  for (const [kind, data] of [['claimed', {}], ['assessed', {}], ['asked', { text: 'Har dere samtykke?' }]]) d.add(silent, people.ola, kind, data);
  const ola = await as('ola', `/desk/${silent.id}`);
  await check('who does not reply is reminded by a button', async () => {
    await ola.locator('#remind').waitFor();
    must(await ola.locator('#close').count() === 0, 'it may be closed before anybody was told');
    await ola.locator('#remind').click();
    await ola.locator('section.fold', { hasText: 'Påminnet' }).waitFor();
    must(silent.log.at(-1).kind === 'reminded', silent.log.at(-1).kind);
  });
  await check('told that nobody replies, one command closes the case', async () => {
    d.add(silent, { id: 'waiting', role: 'system' }, 'unanswered', {});
    await ola.locator('.box.warn', { hasText: 'Avslutt saken' }).waitFor();
    await held(ola, 'unanswered');
    await ola.locator('#close').click();
    await ola.locator('dialog textarea').fill('Ta kontakt når studien er klar.');
    await held(ola, 'close form');
    await ola.locator('dialog').getByRole('button', { name: 'Avslutt uten svar' }).click();
    await ola.locator('.about', { hasText: 'Avsluttet uten svar' }).waitFor();
    must(silent.log.at(-1).kind === 'closed' && silent.log.at(-1).data.reason === 'Ta kontakt når studien er klar.', JSON.stringify(silent.log.at(-1)));
    await ola.locator('.box', { hasText: '14. aug. 2099' }).waitFor();
    await held(ola, 'closed');
  });
  await leave(ola, 'an asker who does not reply');
});

await shut(browser);
d.close();
finish();
