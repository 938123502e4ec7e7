// What goes to the lawyers and comes back, played to the page: the form, a case
// in every state, what they ask and answer, lost connections.
import * as answers from './answers.mjs';
import { ask, axe, base, check, connected, last, must, noSideways, says, shot, shut, soon, targets, told, withPage } from './harness.mjs';
import { played } from './played.mjs';

const agencies = [
  { key: 'helsedirektoratet', short: 'Hdir', name: { nb: 'Helsedirektoratet', nn: 'Helsedirektoratet', en: 'The Norwegian Directorate of Health' } },
  { key: 'dmp', short: 'DMP', name: { nb: 'Direktoratet for medisinske produkter', nn: 'Direktoratet for medisinske produkt', en: 'The Norwegian Medical Products Agency' } },
];
const near = [{ number: 'KI-2026-0007', title: 'Trenger et kvalitetsregister godkjenning?', question: 'Må vi søke?', published: '2026-10-02', agencies: ['helsedirektoratet', 'dmp'], url: '/svar/KI-2026-0007' }];
const form = { agencies, agency: 'dmp', project: 'Formål: forskning på helse og sykdom', expected: '2026-12-14T15:00:00Z', near };
const question = 'Er vi produsent når vi tilpasser modellen selv?';
const desk = (more = {}) => ({ desk: { form: { ...form, ...more } } });
const uncertain = { ...answers.full, masked: [], ask: undefined };
const lawyers = {
  sections: [{ question: 'Er dere produsent?', text: 'Ja, når dere endrer formålet. Da gjelder:\n• krav til teknisk dokumentasjon\n• krav til klinisk evaluering' }, { question: 'Hva må gjøres først?', text: 'Avklar formålet. <b>Skriv</b> det ned.' }],
  quotes: [{ source: 'eksempel', passage: 'eksempel/avsnitt-1', text: 'Avsnitt 1 sier dette.' }, { source: 'ukjent', passage: 'ukjent/sted-2', text: 'Et annet sted.' }],
  references: ['MDR artikkel 5 nr. 5', 'helseforskningsloven § 9'],
};

const begin = async (page, words = question) => {
  await ask(page, words);
  await last(page).locator('.hand').waitFor();
};
const card = (page) => page.locator('.case-card').first();
const focused = (page, selector) => page.evaluate((s) => document.activeElement.matches(s), selector);
const handOver = async (page) => {
  await begin(page);
  await last(page).locator('.hand').click();
  await page.locator('#hand-question').waitFor();
  await page.locator('.hand-dialog button[type=submit]').click();
  await page.locator('.case-card[id^=case-]').waitFor();
};

{
  const play = played(() => uncertain, desk());
  await withPage('hand-over', play, async (page) => {
    await begin(page);
    await check('where lawyers take cases, a person is a button away, and no letter', async () => {
      await soon(async () => await last(page).locator('.mail').count() === 0, 'the mailbox is there too');
    });
    await check('the form opens by keyboard, filled in, with focus inside', async () => {
      await last(page).locator('.hand').focus();
      await page.keyboard.press('Enter');
      await page.locator('#hand-question').waitFor();
      await soon(async () => await page.locator('#hand-question').inputValue() === question, 'no question');
      await soon(async () => (await page.locator('#hand-project').inputValue()).startsWith('Formål'), 'no project');
      await soon(async () => await page.locator('#hand-agency').inputValue() === 'dmp', 'not the proposed agency');
      await soon(async () => !await page.locator('#hand-publish').isChecked(), 'publishing is chosen');
      await soon(() => focused(page, '#hand-title'), 'focus is elsewhere');
      await says(page.locator('.hand-dialog'), '14. desember 2026', 'svart på før', 'kvalitetsregister', '2. oktober 2026', 'Vet ikke', 'Samtalen her går med');
    });
    await shot(page, 'case-01-form', false);
    await axe(page, 'hand-over form');
    await targets(page, 'hand-over form');
    await check('what is sent along can be seen', async () => {
      await page.locator('.along summary').click();
      await soon(async () => (await page.locator('.along').innerText()).includes(question), 'the question is not there');
      await page.locator('.along summary').click();
    });
    await check('what is wrong is said at the field, and nothing is sent or lost', async () => {
      await page.locator('#hand-question').fill('');
      await page.locator('#hand-email').fill('kari(at)eksempel');
      await page.locator('#hand-name').fill('Kari Nordmann');
      await page.locator('.hand-dialog button[type=submit]').click();
      await soon(() => focused(page, '.summary'), 'focus is elsewhere');
      await soon(async () => await page.locator('#hand-email').getAttribute('aria-invalid') === 'true', 'not marked');
      await soon(async () => (await page.locator('#hand-email-error').innerText()).includes('navn@eksempel.no'), 'no words');
      must(play.desk.taken.length === 0, 'sent');
      await shot(page, 'case-02-form-wrong', false);
      await axe(page, 'hand-over form with errors');
      await page.locator('.summary a').first().click();
      await soon(() => focused(page, '#hand-question'), 'the summary does not lead there');
    });
    await check('Escape closes it, focus goes back, and what was written is there again, also after a reload', async () => {
      await page.locator('#hand-question').fill('Mitt eget spørsmål');
      await page.keyboard.press('Escape');
      await soon(async () => await page.locator('dialog[open]').count() === 0, 'still open');
      await soon(() => focused(page, '.hand'), 'focus is lost');
      await page.reload();
      await last(page).locator('.hand').click();
      await page.locator('#hand-question').waitFor();
      await soon(async () => await page.locator('#hand-question').inputValue() === 'Mitt eget spørsmål', 'the question is lost');
      await soon(async () => await page.locator('#hand-name').inputValue() === 'Kari Nordmann', 'the name is lost');
    });
    await check('pressed twice, and Enter besides, it is sent once', async () => {
      await page.locator('#hand-email').fill('kari@eksempel.no');
      await page.locator('#hand-publish').check();
      await page.locator('.hand-dialog button[type=submit]').evaluate((b) => { b.click(); b.click(); b.form?.requestSubmit(); });
      await card(page).waitFor();
      await page.locator('.case-card[id^=case-]').waitFor();
      must(play.desk.taken.length === 1 && play.frames.filter((f) => f.type === 'hand_over').length === 1, `${play.desk.taken.length} times`);
      const { id, conversation, ...sent } = play.desk.taken[0];
      must(JSON.stringify(sent) === JSON.stringify({ type: 'hand_over', question: 'Mitt eget spørsmål', language: 'nb', project: form.project, agency: 'dmp', contact: { name: 'Kari Nordmann', email: 'kari@eksempel.no' }, publish: true }), JSON.stringify(sent));
      must(id && conversation, 'no ids');
    });
    await check('the receipt: number, state, when, what next; said and focused', async () => {
      await says(card(page), 'KI-2026-0001', 'Mottatt', '14. desember 2026', 'Direktoratet for medisinske produkter', 'Du trenger ikke gjøre noe', 'Du får e-post');
      await told(page, 'KI-2026-0001 er mottatt');
      await page.waitForFunction(() => document.activeElement?.closest('.case-card'));
      await soon(async () => (await page.locator('ki-side .marks').innerText()).includes('Mottatt'), 'the list does not say so');
      await soon(async () => (await page.locator('.case-marks').innerText()).includes('Mottatt'), 'not over the conversation');
    });
    await check('the form is empty the next time', async () => {
      await begin(page, 'Og et spørsmål til?');
      await last(page).locator('.hand').click();
      await page.locator('#hand-question').waitFor();
      await soon(async () => await page.locator('#hand-question').inputValue() === 'Og et spørsmål til?', 'the old text');
      await page.keyboard.press('Escape');
    });
    await shot(page, 'case-03-receipt');
    await axe(page, 'receipt');
    await targets(page, 'receipt');
  });
}

{
  const play = played(() => ({ ...uncertain, facts_read: [{ fact: 'adapted', value: 'unknown', name: 'Tilpasning', label: 'Vet ikke', options: [{ value: true, label: 'Ja, vi tilpasser den' }, { value: false, label: 'Nei' }] }] }), desk());
  await withPage('case', play, async (page) => {
    await handOver(page);
    const c = [...play.desk.cases.values()][0][0];
    const state = async (name, more = {}) => { play.desk.change(c, { state: name, ...more }); await page.waitForFunction((n) => document.querySelector('.case-card .case-state')?.textContent === n, words[name]); };
    const words = { assessment: 'Under vurdering', waiting: 'Venter på svar fra deg', answered: 'Besvart', published: 'Besvart og publisert', referred: 'Vist videre', withdrawn: 'Trukket', reopened: 'Tatt opp igjen', closed: 'Avsluttet uten svar' };
    await check('a state that changes is shown and said', async () => {
      await state('assessment');
      await told(page, 'Under vurdering');
    });
    await check('what is older, or the same again, changes nothing', async () => {
      await page.evaluate(() => {
        globalThis.states = [];
        new MutationObserver(() => globalThis.states.push(document.querySelector('.case-card .case-state')?.textContent)).observe(document.querySelector('ki-log'), { childList: true, characterData: true, subtree: true });
      });
      const conversation = [...play.desk.cases.keys()][0];
      for (const old of [{ ...c, seq: 1, state: 'received' }, { ...c }]) for (const s of play.sockets) s.send({ type: 'case', conversation, case: old });
      play.desk.change(c, { expected: '2026-12-15T15:00:00Z' }); // comes after them
      await card(page).getByText('15. desember 2026').waitFor();
      const states = await page.evaluate(() => globalThis.states);
      must(states.length && states.every((x) => x === 'Under vurdering'), `it went back: ${states}`);
    });
    await check('something is added, in place', async () => {
      await card(page).locator('.write summary', { hasText: 'Legg til' }).click();
      await page.locator('.case-card .write-form textarea').fill('Vi har også en leverandør.');
      await page.locator('.case-card .write-form button').click();
      await page.locator('.turn.question', { hasText: 'leverandør' }).waitFor();
      must(play.desk.taken.at(-1).data.text === 'Vi har også en leverandør.' && play.desk.taken.at(-1).seen === c.seq - 1, 'sent otherwise');
      await soon(async () => !await page.locator('.case-card .write').evaluate((d) => d.open), 'the field stays open');
    });
    await check('an empty text is refused in words, at the field', async () => {
      await card(page).locator('.write summary').first().click();
      await page.locator('.case-card .write-form button').click();
      await soon(async () => (await page.locator('.case-card .error').innerText()).includes('Skriv noe først'), 'no words');
      await soon(() => focused(page, '.case-card textarea'), 'focus is elsewhere');
      await page.locator('.case-card .write summary').first().click();
    });
    await state('waiting', { may: ['added', 'replied', 'withdrawn'], expected: undefined, tasks: [{ id: 7, at: new Date().toISOString(), agency: 'dmp', text: 'Vi trenger å vite: tilpasser dere modellen?', fact: 'adapted' }, { id: 8, at: new Date().toISOString(), agency: 'helsedirektoratet', text: 'Hvem bruker den?' }] });
    await check('what the lawyers ask stands in the conversation, with quick replies', async () => {
      await told(page, 'spør om noe');
      await soon(async () => await page.locator('.task').count() === 2 && await page.locator('.task').first().locator('.replies button').count() === 2, 'not shown');
      await page.locator('.case-marks a').first().click();
      await soon(() => focused(page, '.task h3'), 'the mark does not lead to it');
    });
    await shot(page, 'case-04-task');
    await axe(page, 'question from the lawyers');
    await targets(page, 'question from the lawyers');
    await check('a reminder is said, and stands at what is asked', async () => {
      await state('waiting', { reminded: [new Date().toISOString()] });
      await page.locator('.task', { hasText: 'Påminnelse' }).first().waitFor();
      await soon(async () => await page.locator('.task', { hasText: 'Uten svar kan saken bli avsluttet' }).count() === 2, 'not at both');
      await told(page, 'venter på svar fra deg');
    });
    await check('closed for want of a reply: why, until when it is taken up again, and how', async () => {
      await state('closed', { reminded: undefined, may: ['added', 'replied'], closed: { at: new Date().toISOString(), reason: 'Ta kontakt når studien er klar.', until: '2099-08-14T13:00:00Z' } });
      await says(card(page), 'Avsluttet uten svar', '14. august 2099', 'Ta kontakt når studien er klar.', 'Legg til noe i saken');
      await soon(async () => await page.locator('.task textarea').count() === 2, 'no field to reply in');
      await told(page, 'Avsluttet uten svar');
    });
    await shot(page, 'case-04-closed', false);
    await axe(page, 'a closed case');
    await check('too late to reply, it says what to do instead', async () => {
      await state('closed', { may: ['added'], closed: { at: new Date().toISOString(), until: '2020-08-14T13:00:00Z' } });
      await page.locator('.case-card', { hasText: 'kan du sende et nytt spørsmål' }).waitFor();
      await soon(async () => await page.locator('.task textarea').count() === 0, 'a field that is refused');
    });
    await state('waiting', { may: ['added', 'replied', 'withdrawn'], closed: undefined });
    await check('a reply that is being written survives a reload', async () => {
      await page.locator('.task').nth(1).locator('textarea').fill('Fastleger');
      await page.reload();
      await page.locator('.task').nth(1).waitFor();
      await soon(async () => await page.locator('.task').nth(1).locator('textarea').inputValue() === 'Fastleger', 'lost');
    });
    await check('refused, it is said at the field, and what was written stays', async () => {
      play.desk.refuse = () => ({ code: 'conflict', message: 'Saken er endret siden du så på den.' });
      await page.locator('.task').nth(1).locator('.write-form button').click();
      await page.locator('.task .error').waitFor();
      await soon(async () => (await page.locator('.task .error').innerText()).includes('endret'), 'other words');
      await soon(async () => await page.locator('.task').nth(1).locator('textarea').inputValue() === 'Fastleger', 'lost');
      await told(page, 'endret');
      await axe(page, 'refused reply');
      await shot(page, 'case-05-refused', false);
      play.desk.refuse = () => null;
      await page.locator('.task').nth(1).locator('.write-form button').click();
      await page.locator('.task', { hasText: 'Du har svart' }).waitFor();
      must(play.desk.taken.at(-1).data.text === 'Fastleger', 'sent otherwise');
    });
    await state('waiting', { may: ['added', 'replied', 'withdrawn'] });
    await check('a quick reply sends its words and the fact', async () => {
      await page.locator('.task').first().locator('.replies button').first().click();
      await page.waitForFunction(() => document.querySelectorAll('.task .reply').length === 2);
      must(JSON.stringify(play.desk.taken.at(-1).data) === '{"task":7,"text":"Ja, vi tilpasser den","facts":{"adapted":true}}', JSON.stringify(play.desk.taken.at(-1).data));
    });
    await check('the answer comes on the open page: by whom, when, with quotes and references', async () => {
      const began = Date.now();
      play.desk.change(c, { state: 'answered', may: ['added', 'reopened'], expected: undefined, agencies: ['helsedirektoratet', 'dmp'], answers: [{ seq: c.seq + 1, at: new Date().toISOString(), agencies: ['helsedirektoratet', 'dmp'], answer: lawyers }] });
      const answer = page.locator('.lawyers');
      await answer.waitFor();
      console.log(`     shown after ${Date.now() - began} ms`);
      await says(answer, 'Svar fra Helsedirektoratet og Direktoratet for medisinske produkter', 'Skrevet av mennesker', 'Er dere produsent?', '<b>Skriv</b>', 'Et eksempel på en kilde', '14. februar 2024', 'MDR artikkel 5 nr. 5', 'Spør igjen');
      await soon(async () => await answer.locator('section ul li').count() >= 2, 'no list');
      const links = await answer.locator('figcaption a').evaluateAll((all) => all.map((a) => a.getAttribute('href')));
      must(links[0] === `${base}/kilder/eksempel#avsnitt-1` && links[1] === `${base}/kilder/ukjent#sted-2`, links.join(' '));
      await told(page, 'Nytt svar fra Helsedirektoratet');
    });
    await shot(page, 'case-06-answer');
    await axe(page, 'answer from the lawyers');
    await check('printed, the answer is there and what one writes with is not', async () => {
      await page.emulateMedia({ media: 'print' });
      await soon(async () => await page.locator('.lawyers').isVisible() && !await page.locator('.lawyers .case-actions').isVisible(), 'otherwise');
      await shot(page, 'case-07-print');
      await page.emulateMedia({ media: 'screen' });
    });
    await check('every state has its words, in three languages', async () => {
      const seen = new Set();
      for (const lang of ['nb', 'nn', 'en']) {
        await page.locator(`.languages [data-lang=${lang}]`).click();
        for (const s of Object.keys(words)) {
          play.desk.change(c, { state: s, question: `${lang} ${s}`, ...(s === 'referred' ? { referral: 'Datatilsynet' } : {}), ...(s === 'published' ? { published: true, address: '/svar/KI-2026-0001' } : { published: false }) });
          await card(page).locator('.asked-text', { hasText: `${lang} ${s}` }).waitFor();
          const text = `${await card(page).locator('.case-state').innerText()} – ${await card(page).locator('.next').innerText()}`;
          must(!/case_|undefined|\{/.test(text) && !seen.has(text), `${lang} ${s}: ${text}`);
          seen.add(text);
        }
      }
      await page.locator('.languages [data-lang=nb]').click();
    });
    await check('letters that were kept or lost are told plainly', async () => {
      play.desk.change(c, { state: 'assessment', has_mail: true, not_sent: true });
      await page.locator('.case-card .box', { hasText: 'sender ikke e-post' }).waitFor();
      play.desk.change(c, { undelivered: true });
      await page.locator('.case-card .box', { hasText: 'kom ikke fram' }).waitFor();
      await axe(page, 'letter not delivered');
      await shot(page, 'case-08-undelivered', false);
      play.desk.change(c, { not_sent: false, undelivered: false, may: ['added', 'withdrawn'] });
    });
    await check('withdrawing asks first, and Escape keeps it', async () => {
      const b = page.locator('.case-card button', { hasText: 'Trekk saken' });
      await b.click();
      await page.locator('.hand-dialog[open]').waitFor();
      await soon(() => page.evaluate(() => document.activeElement.textContent.includes('Avbryt')), 'the careful choice is not first');
      await axe(page, 'withdraw dialog');
      await shot(page, 'case-09-withdraw', false);
      await page.keyboard.press('Escape');
      must(play.desk.taken.at(-1).kind !== 'withdrawn', 'withdrawn');
      await b.click();
      await page.locator('#withdraw-reason').fill('Løst internt');
      await page.locator('.hand-dialog .ds-button').first().click();
      await page.waitForFunction(() => document.querySelector('.case-state')?.textContent === 'Trukket');
      must(play.desk.taken.at(-1).data.reason === 'Løst internt', 'no reason');
    });
    await check('asking again, with what is unclear', async () => {
      await page.locator('.lawyers .write summary').click();
      await page.locator('.lawyers textarea').fill('Hva med oppdateringer?');
      await page.locator('.lawyers .write-form button').click();
      await page.waitForFunction(() => document.querySelector('.case-state')?.textContent === 'Tatt opp igjen');
      must(play.desk.taken.at(-1).data.reason === 'Hva med oppdateringer?', 'otherwise');
    });
    await check('an answer while the window is away is counted in the title, and marked in the list', async () => {
      const hide = (on) => page.evaluate((v) => { Object.defineProperty(document, 'hidden', { value: v, configurable: true }); document.dispatchEvent(new Event('visibilitychange')); }, on);
      await hide(true);
      play.desk.change(c, { state: 'answered', may: ['added', 'reopened'], answers: [...c.answers, { seq: c.seq + 1, at: new Date().toISOString(), agencies: ['dmp'], answer: lawyers }] });
      await page.waitForFunction(() => document.title.startsWith('(1) '));
      await soon(async () => (await page.locator('ki-side .marks').innerText()).includes('Nytt fra juristene'), 'not marked');
      await shot(page, 'case-10-unread', false);
      await hide(false);
      await soon(async () => !(await page.title()).startsWith('('), async () => await page.title());
      await soon(async () => (await page.locator('.lawyers').first().innerText()).includes('nyere svar'), 'the older one does not say so');
    });
    await check('the dark and the narrow', async () => {
      await page.emulateMedia({ colorScheme: 'dark' });
      await axe(page, 'case, dark');
      await shot(page, 'case-11-dark');
      await page.emulateMedia({ colorScheme: 'light' });
      await page.setViewportSize({ width: 320, height: 640 });
      await noSideways(page, 'case at 320 px');
      await axe(page, 'case at 320 px');
      await shot(page, 'case-12-narrow');
      await begin(page, 'Et spørsmål til?');
      await last(page).locator('.hand').click();
      await page.locator('#hand-question').waitFor();
      await noSideways(page, 'form at 320 px');
      await soon(() => page.locator('.hand-dialog').evaluate((d) => d.scrollWidth <= d.clientWidth), 'the form is too wide');
      await axe(page, 'form at 320 px');
      await shot(page, 'case-13-form-narrow', false);
    });
  });
}

{
  const play = played(() => uncertain, desk());
  await withPage('hand-over without a line', play, async (page) => {
    await begin(page);
    await check('without a line the form opens all the same, with the question', async () => {
      await soon(() => page.evaluate(() => performance.getEntriesByType('resource').some((x) => x.name.endsWith('/case.js') && x.responseEnd)), 'what shows it is not fetched beforehand');
      await page.route('**/case-form', (r) => r.abort());
      await page.route('**/static/**', (r) => r.abort());
      await last(page).locator('.hand').click();
      await page.locator('.hand-dialog .box', { hasText: 'ikke fylles ut på forhånd' }).waitFor();
      await soon(async () => await page.locator('#hand-question').inputValue() === question, 'no question');
      await axe(page, 'hand-over form without a line');
      await page.keyboard.press('Escape');
      await page.unroute('**/case-form');
      await page.unroute('**/static/**');
    });
    await check('sent while the line is away, it waits, survives a reload, and arrives once', async () => {
      await last(page).locator('.hand').click();
      await page.locator('#hand-question').waitFor();
      play.refuse = true;
      await page.route('**/livez', (r) => r.abort());
      play.close(4000);
      await connected(page, 'reconnecting');
      await page.locator('.hand-dialog button[type=submit]').click();
      await page.locator('.case-card.waiting').waitFor();
      await told(page, 'tatt vare på');
      await shot(page, 'case-14-waiting', false);
      await axe(page, 'hand-over waits');
      must(play.desk.taken.length === 0, 'sent');
      await page.reload();
      await page.locator('.case-card.waiting').waitFor();
      play.refuse = false;
      await page.unroute('**/livez');
      await page.locator('.case-card[id^=case-]').waitFor();
      await soon(async () => play.desk.taken.length === 1 && await page.locator('.case-card').count() === 1, 'lost or doubled');
    });
    await check('a question that was handed over leads to its case, from its answer too', async () => {
      await last(page).locator('.hand-over a').click();
      await soon(() => focused(page, '.case-card h3'), 'focus is elsewhere');
    });
    await check('arrived without an acknowledgement, it is sent again under its id', async () => {
      await page.reload(); // over a socket again: refused twice, it may have gone on over HTTP
      await connected(page);
      const c = [...play.desk.cases.values()][0][0];
      await card(page).locator('.write summary').first().click();
      await page.locator('.case-card textarea').fill('Enda noe');
      play.desk.lose = true;
      await page.locator('.case-card .write-form button').click();
      await page.locator('.case-card .going').waitFor();
      await soon(() => play.frames.some((f) => f.type === 'case_command'), 'not sent');
      play.desk.lose = false;
      play.close(4000);
      await page.locator('.turn.question', { hasText: 'Enda noe' }).waitFor();
      const ids = play.frames.filter((f) => f.type === 'case_command').map((f) => f.id);
      must(ids.length === 2 && ids[0] === ids[1] && c.added.length === 1, ids.join(' '));
    });
    await check('refused, it says why, and can be put right', async () => {
      play.desk.refuse = () => ({ code: 'invalid', message: 'E-postadressen er ikke gyldig.' });
      await begin(page, 'Et spørsmål til?');
      await last(page).locator('.hand').click();
      await page.locator('#hand-question').waitFor();
      await page.locator('#hand-question').fill('En gang til');
      await page.locator('.hand-dialog button[type=submit]').click();
      await page.locator('.turn.failed').waitFor();
      await soon(async () => (await page.locator('.turn.failed').innerText()).includes('ikke gyldig'), 'no words');
      await axe(page, 'hand-over refused');
      await page.locator('.turn.failed button').first().click();
      await page.locator('#hand-question').waitFor();
      await soon(async () => (await page.locator('.summary').innerText()).includes('ikke gyldig'), 'not in the form');
      await soon(async () => await page.locator('#hand-question').inputValue() === 'En gang til', 'lost');
      play.desk.refuse = () => null;
      await page.locator('.hand-dialog button[type=submit]').click();
      await page.waitForFunction(() => document.querySelectorAll('.case-card[id^=case-]').length === 2);
      await soon(async () => await page.locator('.turn.failed').count() === 0, 'left over');
    });
  });
}

{
  const play = played(() => uncertain, { ...desk(), refuse: true });
  await withPage('hand-over over HTTP', play, async (page) => {
    await connected(page, 'http');
    await begin(page);
    await check('without sockets it goes by POST, once', async () => {
      await last(page).locator('.hand').click();
      await page.locator('#hand-question').waitFor();
      await page.locator('.hand-dialog button[type=submit]').dblclick();
      await page.locator('.case-card[id^=case-]').waitFor();
      must(play.desk.taken.length === 1, `${play.desk.taken.length} times`);
    });
    await check('and so do commands, with what came meanwhile when they are refused', async () => {
      const c = [...play.desk.cases.values()][0][0];
      play.desk.refuse = () => ({ code: 'conflict', message: 'Saken er endret.' });
      Object.assign(c, { seq: 5, state: 'reopened' });
      await card(page).locator('.write summary').first().click();
      await page.locator('.case-card textarea').fill('Mer');
      await page.locator('.case-card .write-form button').click();
      await page.locator('.case-card .error', { hasText: 'endret' }).waitFor();
      await soon(async () => (await card(page).innerText()).includes('Tatt opp igjen'), 'not shown');
      play.desk.refuse = () => null;
      await page.locator('.case-card .write-form button').click();
      await page.locator('.turn.question', { hasText: 'Mer' }).waitFor();
    });
  });
}

{
  const play = played(() => uncertain, desk());
  play.desk.closed = true;
  await withPage('no desk after all', play, async (page) => {
    await begin(page);
    await check('where nobody takes cases after all, the mailbox is offered', async () => {
      await last(page).locator('.hand').click();
      await page.locator('.hand-dialog a[href^="mailto:"]').waitFor();
      await axe(page, 'no desk');
      await page.keyboard.press('Escape');
      await last(page).locator('.mail').waitFor();
    });
  });
}

{
  const play = played(() => uncertain, desk());
  play.desk.closed = true;
  await withPage('closed before it came', play, async (page) => {
    await begin(page);
    await check('a form that is closed while it is fetched does not come back', async () => {
      let come;
      const until = new Promise((done) => { come = done; });
      await page.route('**/case-form', async (r) => { await until; await r.fallback(); });
      await last(page).locator('.hand').click();
      await page.locator('.hand-dialog[open]').waitFor();
      await page.keyboard.press('Escape');
      await page.locator('.hand-dialog[open]').waitFor({ state: 'detached' });
      come();
      await last(page).locator('.mail').waitFor();
      must(await page.locator('dialog[open]').count() === 0, 'it is open again');
    });
  });
}

{
  const play = played(() => uncertain, desk());
  await withPage('links in letters', play, async (page, context) => {
    await handOver(page);
    const [id] = play.conversations.keys();
    const c = play.desk.of(id)[0];
    play.desk.change(c, { state: 'answered', may: ['reopened'], answers: [{ seq: 2, at: new Date().toISOString(), agencies: ['dmp'], answer: lawyers }] });
    await check('a link opens the conversation on another machine, and does not stay in the address', async () => {
      const other = await context.browser().newContext({ locale: 'nb-NO', reducedMotion: 'reduce', viewport: { width: 1280, height: 900 } });
      const there = await other.newPage();
      await play.before(there);
      await there.goto(`${base}/#sak=${id}`);
      await there.locator('.lawyers').waitFor();
      await there.locator('.turn.question').first().waitFor();
      must(!there.url().includes('sak='), there.url());
      await soon(async () => await there.locator('ki-side .talks li').count() === 1, 'not in the list');
      await there.reload();
      await there.locator('.lawyers').waitFor();
      await shut(other);
    });
    await check('the same link again opens what is here', async () => {
      await page.evaluate((x) => { location.hash = `#sak=${x}`; }, id);
      await page.waitForFunction(() => !location.hash);
      await soon(async () => await page.locator('ki-side .talks li').count() === 1 && await page.locator('.lawyers').count() === 1, 'doubled');
    });
    for (const [what, x] of [['malformed', 'x"><b>'], ['unknown', 'a'.repeat(32)]]) {
      await check(`a link that is ${what} is told`, async () => {
        await page.evaluate((y) => { location.hash = `#sak=${y}`; }, x);
        await page.locator('ki-notice .box', { hasText: 'Lenken virker ikke' }).waitFor();
        await soon(async () => await page.locator('ki-side .talks li').count() === 1, 'it stays in the list');
        await axe(page, `link that is ${what}`);
      });
    }
    await shot(page, 'case-15-bad-link', false);
  });
}
