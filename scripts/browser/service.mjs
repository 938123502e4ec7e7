// The chat with a running service: what it answers is checked as it comes.
import { ask, axe, check, connected, covered, last, must, shot, soon, targets, told, withPage } from './harness.mjs';

await withPage('start', {}, async (page) => {
  await check('the start page has a heading, examples and a connection', async () => {
    await soon(() => page.locator('h1').isVisible(), 'no heading');
    const n = await page.locator('.examples button').count();
    must(n >= 5 && n <= 6, `${n} examples`);
    await connected(page);
  });
  await shot(page, '01-start');
  await axe(page, 'start');
  await targets(page, 'start');

  await check('a question gets an answer with quotes', async () => {
    await ask(page, covered);
    await last(page).locator('.card, .step').first().waitFor();
    await soon(() => last(page).locator('.badge').first().innerText(), 'no status');
    await soon(async () => (await last(page).locator('blockquote:visible').first().innerText()).length > 20, 'no quote');
    await soon(() => last(page).locator('time:visible').first().isVisible(), 'no date');
    await soon(async () => await last(page).getAttribute('lang') === 'nb', 'no language');
  });
  await shot(page, '02-answer');
  await shot(page, '03-answer-window', false);
  await axe(page, 'answer');
  await targets(page, 'answer');

  await check('an answer is read aloud when it comes, the history is not', async () => {
    const spoken = () => page.evaluate(() => {
      globalThis.spoken = [];
      new MutationObserver((all) => {
        for (const m of all) for (const n of m.addedNodes) if (n.matches?.('.turn')) globalThis.spoken.push([n.className, document.getElementById('log').getAttribute('aria-live') ?? 'polite']);
      }).observe(document.querySelector('ki-log'), { childList: true, subtree: true });
    });
    await spoken();
    await ask(page, 'Hvem søker vi til om dispensasjon fra taushetsplikten?');
    await page.locator('.turn.answer').nth(1).waitFor();
    await soon(async () => JSON.stringify(await page.evaluate(() => globalThis.spoken)) === '[["turn question","polite"],["turn answer","polite"]]', async () => JSON.stringify(await page.evaluate(() => globalThis.spoken)));
    await page.addInitScript(() => {
      globalThis.live = new Set();
      new MutationObserver((all) => {
        if (all.some((m) => [...m.addedNodes].some((n) => n.matches?.('.turn')))) globalThis.live.add(document.getElementById('log').getAttribute('aria-live'));
      }).observe(document, { childList: true, subtree: true });
    });
    await page.reload();
    await page.locator('.turn.answer').nth(1).waitFor();
    await soon(async () => JSON.stringify(await page.evaluate(() => [...globalThis.live])) === '["off"]', 'the history is read aloud');
  });

  await check('folded quotes unfold', async () => {
    const more = last(page).locator('details.more');
    if (!await more.count()) return;
    await more.locator('summary').click();
    await soon(() => more.locator('.card').first().isVisible(), 'still folded');
  });
  await axe(page, 'answer unfolded');

  const quote = (await last(page).locator('blockquote:visible').first().innerText()).replace(/\s+/g, ' ');
  await check('a citation leads to its passage, marked and in view', async () => {
    await last(page).locator('.card .actions a:visible, .quote .source a:visible').first().click();
    await page.waitForURL('**/kilder/**');
    const passage = page.locator('.passage:target');
    await passage.waitFor();
    let box;
    await soon(async () => (box = await passage.boundingBox()).y >= 0 && box.y < 900, () => `at ${box?.y}`);
    const background = await passage.evaluate((e) => getComputedStyle(e).backgroundColor);
    must(background !== 'rgba(0, 0, 0, 0)', 'not marked');
    const words = (s) => s.toLowerCase().match(/[\p{L}\d]+/gu);
    const there = new Set(words(await passage.innerText()));
    const missing = words(quote).filter((w) => !there.has(w));
    must(missing.length <= words(quote).length / 10, `the passage lacks ${missing.slice(0, 5)}`);
  });
  await shot(page, '04-source-target', false);
  await axe(page, 'source with a marked passage');

  await check('the way back keeps the conversation', async () => {
    await page.locator('.back a').first().click();
    await page.locator('.turn.answer :is(.card, .step)').first().waitFor();
    await soon(async () => (await page.locator('.turn.question').first().innerText()).includes(covered), 'the question is gone');
  });
  await check('a reload keeps the conversation and the draft', async () => {
    await page.locator('#question').fill('halvskrevet');
    await page.reload();
    await page.locator('.turn.answer :is(.card, .step)').first().waitFor();
    await soon(async () => await page.locator('.turn').count() === 4, 'turns');
    await soon(async () => await page.locator('#question').inputValue() === 'halvskrevet', 'draft');
  });
  await check('"Ny samtale" begins another, and keeps what is being written and the one before', async () => {
    await page.locator('.talkbar .new').click();
    await soon(async () => await page.locator('.turn').count() === 0, 'turns are left');
    await soon(() => page.locator('.examples').isVisible(), 'no examples');
    await soon(async () => await page.locator('#question').inputValue() === 'halvskrevet', 'draft');
    await soon(async () => await page.locator('ki-side .talks li').count() === 1, 'not listed');
    await page.reload();
    await page.locator('.examples').waitFor();
    await soon(async () => await page.locator('.turn').count() === 0, 'it comes back');
    await page.locator('#question').fill('');
  });
  await check('an example is asked by a click', async () => {
    const first = page.locator('.examples button').first();
    const words = await first.innerText();
    await first.click();
    await last(page).waitFor();
    await soon(async () => (await page.locator('.turn.question').innerText()).includes(words), 'another question');
  });
  await check('a quick reply, where the service asks back', async () => {
    const reply = last(page).locator('.replies button').first();
    if (!await reply.count()) { console.log('     (the service did not ask back)'); return; }
    await reply.click();
    await page.locator('.turn.answer').nth(1).waitFor();
    await soon(() => page.locator('.replies [aria-pressed=true]').first().isVisible(), 'not shown as chosen');
    await shot(page, '05-quick-reply');
    await axe(page, 'quick reply');
  });
  await check('the conversation before is opened from the list, with all that was said', async () => {
    await page.locator('ki-side .pick').nth(1).click();
    await soon(async () => (await page.locator('.turn.question').first().innerText()).includes(covered), 'another one');
    await soon(async () => await page.locator('.turn').count() === 4, 'turns');
    await soon(async () => await page.evaluate(() => document.activeElement.id) === 'talk-title', 'focus is lost');
  });
  await check('a conversation is downloaded as text and as data', async () => {
    for (const [words, ending] of [['som tekst', '.md'], ['som data', '.json']]) {
      await page.locator('.menu summary').click();
      const [file] = await Promise.all([page.waitForEvent('download'), page.locator('.choices button', { hasText: words }).click()]);
      must(file.suggestedFilename().endsWith(ending), file.suggestedFilename());
      const chunks = [];
      for await (const c of await file.createReadStream()) chunks.push(c);
      must(Buffer.concat(chunks).toString().includes('kvalitetssikring'), 'the question is not in it');
    }
  });
  await check('a deleted conversation is gone, here and at the service', async () => {
    const id = await page.evaluate(() => JSON.parse(sessionStorage.getItem(`kiveileder:c:${sessionStorage.getItem('kiveileder:current')}`)).id);
    await page.locator('.menu summary').click();
    await page.locator('.choices .danger').click();
    await page.locator('dialog.confirm[open]').waitFor();
    await page.locator('dialog.confirm .ds-button').first().click();
    await page.locator('.examples').waitFor();
    await soon(async () => await page.locator('ki-side .talks li').count() === 1, 'still listed');
    const there = await page.evaluate((key) => fetch('/v1/conversation', { headers: { Authorization: `Bearer ${key}` } }).then((r) => r.status), id);
    must(there === 404 || there === 410, `the service still has it: ${there}`);
    await soon(async () => !JSON.stringify(await page.evaluate(() => ({ ...sessionStorage, ...localStorage }))).includes(id), 'its key is kept');
  });
});

await withPage('http', { before: (page) => page.routeWebSocket('**/v1/chat', (ws) => ws.close()) }, async (page) => {
  await check('without a WebSocket the page says that it is there all the same', () => connected(page, 'http'));
  await check('without a WebSocket the question goes by HTTP', async () => {
    await Promise.all([page.waitForRequest('**/v1/conversation/messages'), ask(page, covered)]);
    await last(page).locator('.card, .step').first().waitFor();
    await soon(async () => await page.locator('.turn').count() === 2, 'shown twice');
  });
  await shot(page, '06-http', false);
  await axe(page, 'without a WebSocket');
  await check('an error over HTTP is shown in words', async () => {
    await page.route('**/v1/conversation/messages', (r) => r.fulfill({
      status: 400, contentType: 'application/json', body: '{"error":{"code":"invalid","message":"Dette går ikke."}}' }));
    await ask(page, 'Enda et spørsmål?');
    await page.locator('.failed').waitFor();
    await soon(async () => (await page.locator('.failed').innerText()).includes('Dette går ikke'), 'other words');
  });
});

await withPage('offline', {}, async (page, context) => {
  await connected(page);
  await check('offline is told, and the question waits, also over a reload', async () => {
    await context.setOffline(true);
    await connected(page, 'offline');
    await ask(page, covered);
    await ask(page, 'Hvem søker vi til?');
    await told(page, 'tatt vare på');
    await soon(async () => await page.locator('.turn.waiting').count() === 2, 'not shown as waiting');
  });
  await shot(page, '06-offline', false);
  await axe(page, 'offline');
  await check('back online, both are sent and answered in their order', async () => {
    await context.setOffline(false);
    await page.locator('.turn.answer').nth(1).waitFor();
    await connected(page);
    let words;
    await soon(async () => (words = await page.locator('.turn.question p').allInnerTexts()).length === 2 && words[0] === covered, () => words.join(' | '));
    await soon(async () => await page.locator('.waiting').count() === 0, 'still shown as waiting');
  });
});

await withPage('keyboard', {}, async (page) => {
  await check('all by keyboard: skip link, question, to the source and back', async () => {
    await page.keyboard.press('Tab');
    await soon(async () => await page.evaluate(() => document.activeElement.className) === 'skip', 'the skip link is not first');
    await page.keyboard.press('Enter');
    await soon(async () => await page.evaluate(() => document.activeElement.id) === 'question', 'it does not lead to the field');
    await page.keyboard.type(covered);
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.type('Vi er et sykehus.');
    await soon(async () => (await page.locator('#question').inputValue()).includes('\n'), 'no new line');
    await page.keyboard.press('Enter');
    await last(page).locator('.card, .step').first().waitFor();
    await soon(async () => await page.evaluate(() => document.activeElement.id) === 'question', 'focus is lost');
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press('Shift+Tab');
      const [link, seen] = await page.evaluate(() => {
        const e = document.activeElement;
        return [e.matches('.card .actions a, .quote .source a'), getComputedStyle(e).outlineStyle !== 'none'];
      });
      must(seen, 'focus is not seen');
      if (link) break;
    }
    await soon(() => page.evaluate(() => document.activeElement.matches('.card .actions a, .quote .source a')), 'the link is not reached');
    await page.keyboard.press('Enter');
    await page.locator('.passage:target').waitFor();
    await page.goBack();
    await page.locator('.turn.answer :is(.card, .step)').first().waitFor();
  });
  await check('an example by keyboard puts focus on the conversation', async () => {
    await page.locator('.talkbar .new').focus();
    await page.keyboard.press('Enter');
    await soon(async () => await page.evaluate(() => document.activeElement.id) === 'question', 'after "Ny samtale"');
    await page.locator('.examples button').nth(1).focus();
    await page.keyboard.press('Space');
    await soon(async () => await page.evaluate(() => document.activeElement.id) === 'talk-title', 'focus is lost');
    await last(page).waitFor();
  });
});
