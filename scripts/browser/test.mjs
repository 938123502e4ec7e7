// Drives the pages of a running service with a real browser.
//
//   BASE_URL=http://127.0.0.1:8080 SHOTS=/tmp/shots node test.mjs
//
// What the service answers is checked as it comes; states that it gives only
// now and then are played to the page over a socket of our own (answers.mjs).
import * as answers from './answers.mjs';
import { axe, base, check, finish, launch, must, noSideways, shot, targets } from './harness.mjs';

const browser = await launch();
const desktop = { viewport: { width: 1280, height: 900 }, locale: 'nb-NO', colorScheme: 'light', reducedMotion: 'reduce' };
const covered = 'Kan vi bruke pasientjournaler til intern kvalitetssikring uten samtykke?';

const ask = async (page, question) => {
  await page.locator('#question').fill(question);
  await page.keyboard.press('Enter');
};
const last = (page) => page.locator('.turn.answer').last();

// withPage opens the chat in a fresh browser and holds that nothing goes wrong
// unseen: no error in a script, nothing refused by the policy, no other host.
async function withPage(name, options, run) {
  const context = await browser.newContext({ ...desktop, ...options.context });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const wrong = [];
  page.on('pageerror', (err) => wrong.push(String(err)));
  page.on('console', (m) => { if (/Content Security Policy|Trusted ?Type/i.test(m.text())) wrong.push(m.text()); });
  page.on('request', (r) => { if (!r.url().startsWith(base) && !r.url().startsWith('data:')) wrong.push(`asks ${r.url()}`); });
  try {
    await options.before?.(page, context);
    await page.goto(base + (options.path ?? '/'));
    await run(page, context);
  } catch (err) {
    await check(`${name}: runs to its end`, () => { throw err; });
    await shot(page, `failed-${name}`, false);
  }
  await check(`${name}: no errors, no other host`, () => must(!wrong.length, wrong.join(' | ')));
  await context.close();
}

// played answers every question over the socket with what reply gives: an
// answer, {error: {...}}, or null for silence. It keeps what was asked.
function played(reply) {
  const asked = [];
  return {
    asked,
    before: (page) => page.routeWebSocket('**/v1/chat', (ws) => {
      ws.onMessage((text) => {
        const m = JSON.parse(text);
        asked.push(m);
        const r = reply(m, asked.length);
        if (!r) return;
        ws.send(JSON.stringify({ type: 'progress', id: m.id, stage: 'searching' }));
        ws.send(JSON.stringify(r.error ? { type: 'error', id: m.id, ...r.error } : { type: 'answer', id: m.id, answer: r }));
      });
    }),
  };
}

// ---- the running service

await withPage('start', {}, async (page) => {
  await check('the start page has a heading, examples and a connection', async () => {
    must(await page.locator('h1').isVisible(), 'no heading');
    const n = await page.locator('.examples button').count();
    must(n >= 5 && n <= 6, `${n} examples`);
    await page.locator('#connection[data-state=connected]').waitFor();
  });
  await shot(page, '01-start');
  await axe(page, 'start');
  await targets(page, 'start');

  await check('a question gets an answer with quotes', async () => {
    await ask(page, covered);
    await last(page).locator('.card').first().waitFor();
    must(await last(page).locator('.badge').first().innerText(), 'no status');
    must((await last(page).locator('blockquote').first().innerText()).length > 20, 'no quote');
    must(await last(page).locator('.card time').first().isVisible(), 'no date');
    must(await last(page).getAttribute('lang') === 'nb', 'no language');
  });
  await shot(page, '02-answer');
  await shot(page, '03-answer-window', false);
  await axe(page, 'answer');
  await targets(page, 'answer');

  await check('folded quotes unfold', async () => {
    const more = last(page).locator('details.more');
    if (!await more.count()) return;
    await more.locator('summary').click();
    must(await more.locator('.card').first().isVisible(), 'still folded');
  });
  await axe(page, 'answer unfolded');

  const quote = (await last(page).locator('blockquote').first().innerText()).replace(/\s+/g, ' ');
  await check('a citation leads to its passage, marked and in view', async () => {
    await last(page).locator('.card .actions a').first().click();
    await page.waitForURL('**/kilder/**');
    const passage = page.locator('.passage:target');
    await passage.waitFor();
    const box = await passage.boundingBox();
    must(box.y >= 0 && box.y < 900, `at ${box.y}`);
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
    await page.locator('.turn.answer .card').first().waitFor();
    must((await page.locator('.turn.question').first().innerText()).includes(covered), 'the question is gone');
  });
  await check('a reload keeps the conversation and the draft', async () => {
    await page.locator('#question').fill('halvskrevet');
    await page.reload();
    await page.locator('.turn.answer .card').first().waitFor();
    must(await page.locator('.turn').count() === 2, 'turns');
    must(await page.locator('#question').inputValue() === 'halvskrevet', 'draft');
  });
  await check('"Ny samtale" clears, and keeps what is being written', async () => {
    await page.locator('#clear').click();
    must(await page.locator('.turn').count() === 0, 'turns are left');
    must(await page.locator('.examples').isVisible(), 'no examples');
    must(await page.locator('#question').inputValue() === 'halvskrevet', 'draft');
    await page.reload();
    await page.locator('.examples').waitFor();
    must(await page.locator('.turn').count() === 0, 'it comes back');
  });
  await check('an example is asked by a click', async () => {
    const first = page.locator('.examples button').first();
    const words = await first.innerText();
    await first.click();
    await last(page).waitFor();
    must((await page.locator('.turn.question').innerText()).includes(words), 'another question');
  });
  await check('a quick reply, where the service asks back', async () => {
    const reply = last(page).locator('.replies button').first();
    if (!await reply.count()) { console.log('     (the service did not ask back)'); return; }
    const label = await reply.innerText();
    await reply.click();
    await page.locator('.turn.answer').nth(1).waitFor();
    must(await page.locator('.replies [aria-pressed=true]').first().isVisible(), 'not shown as chosen');
    must((await page.locator('.facts').innerText()).includes(label), 'not among what is known');
    await shot(page, '05-quick-reply');
    await axe(page, 'quick reply');
  });
});

await withPage('http', { before: (page) => page.routeWebSocket('**/v1/chat', (ws) => ws.close()) }, async (page) => {
  await check('without a WebSocket the page still says that the service is there', async () => {
    await page.locator('#connection[data-state=http]').waitFor();
  });
  await check('without a WebSocket the question goes by HTTP', async () => {
    const posted = page.waitForRequest('**/v1/ask', { timeout: 15000 });
    await ask(page, covered);
    await posted;
    await last(page).locator('.card').first().waitFor();
  });
  await check('an error over HTTP is shown in words', async () => {
    await page.route('**/v1/ask', (r) => r.fulfill({
      status: 429, contentType: 'application/json', body: '{"error":{"code":"rate_limited","message":"Vent litt og prøv igjen."}}' }));
    await ask(page, 'Enda et spørsmål?');
    await page.locator('.failed').waitFor();
    must((await page.locator('.failed').innerText()).includes('Vent litt'), 'other words');
  });
});

await withPage('offline', {}, async (page, context) => {
  await page.locator('#connection[data-state=connected]').waitFor();
  await check('offline is told, and the question waits', async () => {
    await context.setOffline(true);
    await page.locator('#connection[data-state=offline]').waitFor();
    await ask(page, covered);
    await page.waitForTimeout(300);
    must(/tatt vare på/.test(await page.locator('#status').innerText()), await page.locator('#status').innerText());
  });
  await shot(page, '06-offline', false);
  await axe(page, 'offline');
  await check('back online, it is sent and answered', async () => {
    await context.setOffline(false);
    await last(page).waitFor();
    await page.locator('#connection[data-state=connected]').waitFor();
    must(await page.locator('.turn.question').count() === 1, 'asked twice');
  });
});

{
  let sockets = 0;
  await withPage('dropped', {
    before: (page) => page.routeWebSocket('**/v1/chat', (ws) => {
      const first = ++sockets === 1;
      const server = ws.connectToServer();
      ws.onMessage((m) => { if (first) ws.close({ code: 1012 }); else server.send(m); });
    }),
  }, async (page) => {
    await page.locator('#connection[data-state=connected]').waitFor();
    await check('a connection lost under a question comes back and answers', async () => {
      await ask(page, covered);
      await last(page).waitFor();
      must(sockets > 1, 'no new connection');
      must(await page.locator('.turn.answer').count() === 1, 'answered twice');
    });
  });
}

await withPage('keyboard', {}, async (page) => {
  await check('all by keyboard: skip link, question, to the source and back', async () => {
    await page.keyboard.press('Tab');
    must(await page.evaluate(() => document.activeElement.className) === 'skip', 'the skip link is not first');
    await page.keyboard.press('Enter');
    must(await page.evaluate(() => document.activeElement.id) === 'question', 'it does not lead to the field');
    await page.keyboard.type(covered);
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.type('Vi er et sykehus.');
    must((await page.locator('#question').inputValue()).includes('\n'), 'no new line');
    await page.keyboard.press('Enter');
    await last(page).locator('.card').first().waitFor();
    must(await page.evaluate(() => document.activeElement.id) === 'question', 'focus is lost');
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press('Shift+Tab');
      const [link, seen] = await page.evaluate(() => {
        const e = document.activeElement;
        return [e.matches('.card .actions a'), getComputedStyle(e).outlineStyle !== 'none'];
      });
      must(seen, 'focus is not seen');
      if (link) break;
    }
    must(await page.evaluate(() => document.activeElement.matches('.card .actions a')), 'the link is not reached');
    await page.keyboard.press('Enter');
    await page.locator('.passage:target').waitFor();
    await page.goBack();
    await page.locator('.turn.answer .card').first().waitFor();
  });
  await check('an example by keyboard puts focus on the question', async () => {
    await page.locator('#clear').focus();
    await page.keyboard.press('Enter');
    must(await page.evaluate(() => document.activeElement.id) === 'question', 'after clearing');
    await page.locator('.examples button').nth(1).focus();
    await page.keyboard.press('Space');
    must(await page.evaluate(() => document.activeElement.closest('.turn.question') !== null), 'focus is lost');
    await last(page).waitFor();
  });
});

// ---- states played to the page

{
  const play = played(() => answers.full);
  await withPage('full answer', { ...play, context: { permissions: ['clipboard-read', 'clipboard-write'] } }, async (page) => {
    await ask(page, 'Hva med Ola Nordmann?');
    await last(page).locator('.card').first().waitFor();
    const text = await last(page).innerText();
    await check('an uncertain answer says so, with all its parts', () => {
      for (const part of ['Ikke sikkert', 'fødselsnummer', 'annet', 'Påkrevd', 'helseforskningsloven § 9', 'ikke enige', 'Eldre kilde',
        '14. februar 2024', 'Formål › Helseforskning', 'heter nå', 'Eksempler er:', 'Vis flere sitater (2)', 'Spør et menneske']) {
        must(text.includes(part), `lacks ${part}`);
      }
    });
    await check('lists are lists, and go on counting', async () => {
      must(await last(page).locator('blockquote ol[start="2"] li').count() === 2, 'no numbered list');
      must(await last(page).locator('blockquote ul li').first().isVisible(), 'no bullets');
    });
    await check('the letter never holds personal data', async () => {
      const href = decodeURIComponent(await last(page).locator('.mail').getAttribute('href'));
      must(href.startsWith('mailto:post@example.no?'), href);
      must(!href.includes('Ola'), 'the question is in it');
      must(href.includes(`${base}/kilder/eksempel#avsnitt-1`), 'no reference');
    });
    await check('a conflict leads to a folded quote', async () => {
      await last(page).locator('.conflict a').last().click();
      must(await page.evaluate(() => document.activeElement.matches('.card') && document.activeElement.checkVisibility()), 'not shown');
    });
    await check('hostile text and addresses stay text', async () => {
      must(await page.locator('.turn img').count() === 0, 'HTML was made');
      must(await page.locator('a[href^="javascript:"]').count() === 0, 'a link that runs');
    });
    await check('a quote is copied with its source', async () => {
      await last(page).locator('.card button').first().click();
      await page.locator('.card button', { hasText: 'Kopiert' }).waitFor();
      const copied = await page.evaluate(() => navigator.clipboard.readText());
      for (const part of ['fortsetter en liste', 'Helsedirektoratet, FHI', '14. februar 2024', `${base}/kilder/eksempel#avsnitt-1`]) {
        must(copied.includes(part), `lacks ${part}`);
      }
    });
    await last(page).locator('details.about summary').click();
    await shot(page, '07-all-parts');
    await axe(page, 'all parts of an answer');
    await targets(page, 'all parts of an answer');
    await check('printed, quotes are there and controls are not', async () => {
      await page.emulateMedia({ media: 'print' });
      must(!await page.locator('#composer').isVisible(), 'the field is printed');
      must(await page.locator('.card').first().isVisible(), 'no quotes');
      await shot(page, '08-print');
      await page.emulateMedia({ media: 'screen' });
    });
    await check('what held personal data is not sent again', async () => {
      await ask(page, 'Og så?');
      await page.locator('.turn.answer').nth(1).waitFor();
      must(play.asked[1].history.length === 0, JSON.stringify(play.asked[1]));
    });
  });
}

{
  const play = played((m) => (m.facts.purpose ? answers.answered : answers.clarify));
  await withPage('asking back', play, async (page) => {
    await ask(page, 'Trenger vi godkjenning?');
    await last(page).locator('.replies').waitFor();
    await shot(page, '09-ask', false);
    await axe(page, 'question back');
    await check('a quick reply sends the question again with the fact', async () => {
      await last(page).locator('.replies button').first().click();
      await page.locator('.turn.answer').nth(1).waitFor();
      const m = play.asked[1];
      must(m.type === 'ask' && m.question === 'Trenger vi godkjenning?', m.question);
      must(JSON.stringify(m.facts) === '{"purpose":["health_research"]}', JSON.stringify(m.facts));
      must(m.history.length === 0, 'the question is its own history');
      must(await page.locator('.replies [aria-pressed=true]').innerText().then((s) => s.includes('Forskning')), 'not chosen');
    });
    await check('the fact goes along with the next question, until it is taken away', async () => {
      await ask(page, 'Hvem søker vi til?');
      await page.locator('.turn.answer').nth(2).waitFor();
      must(play.asked[2].facts.purpose, 'forgotten');
      must(JSON.stringify(play.asked[2].history) === '["Trenger vi godkjenning?"]', JSON.stringify(play.asked[2].history));
      await page.locator('#facts button').click();
      await ask(page, 'Og nå?');
      await page.locator('.turn.answer').nth(3).waitFor();
      must(!play.asked[3].facts.purpose, 'still there');
    });
    await shot(page, '10-chosen');
    await axe(page, 'chosen reply');
  });
}

{
  const play = played((m, n) => (n === 1 ? { error: { code: 'unavailable', message: 'Tjenesten er ikke tilgjengelig akkurat nå.' } } : answers.answered));
  await withPage('error', play, async (page) => {
    await ask(page, 'Hva sier loven?');
    await page.locator('.failed').waitFor();
    await check('an error is shown in words and the question is kept', async () => {
      must((await page.locator('.failed').innerText()).includes('ikke tilgjengelig'), 'other words');
      must((await page.locator('.turn.question').innerText()).includes('Hva sier loven?'), 'lost');
    });
    await shot(page, '11-error', false);
    await axe(page, 'error');
    await check('"Endre spørsmålet" puts it back into the field', async () => {
      await page.locator('.failed button').nth(1).click();
      must(await page.locator('#question').inputValue() === 'Hva sier loven?', 'not there');
    });
    await check('"Prøv igjen" asks once more', async () => {
      await page.locator('.failed button').first().click();
      await last(page).locator('.card').first().waitFor();
      must(await page.locator('.failed').count() === 0 && await page.locator('.turn.question').count() === 1, 'left over');
    });
    await check('a question that is too long is not sent and not lost', async () => {
      const sent = play.asked.length;
      await ask(page, 'å'.repeat(4001));
      must(/for langt/.test(await page.locator('#status').innerText()), 'not told');
      must((await page.locator('#counter').innerText()).includes('for mye'), 'no counter');
      must((await page.locator('#question').inputValue()).length === 4001, 'lost');
      must(play.asked.length === sent, 'sent');
    });
    await axe(page, 'too long');
  });
}

{
  const order = [answers.declined, answers.smalltalk, answers.english];
  const play = played((m, n) => order[n - 1]);
  await withPage('other answers', play, async (page) => {
    for (let n = 0; n < order.length; n++) {
      await ask(page, `Melding ${n}`);
      await page.locator('.turn.answer').nth(n).waitFor();
    }
    await check('each answer is in its own language', async () => {
      must((await last(page).innerText()).includes('Answer from the sources'), 'not in English');
      must(await last(page).getAttribute('lang') === 'en', 'not marked as English');
      must(await last(page).locator('blockquote').getAttribute('lang') === 'nb', 'the quote is not marked as Norwegian');
    });
    await shot(page, '12-other-answers');
    await axe(page, 'declined, greeting, English');
  });
}

await withPage('silence', played(() => null), async (page) => {
  await ask(page, 'Hallo?');
  await check('a question without an answer is kept over a reload and asked again', async () => {
    await page.waitForTimeout(200);
    const again = page.waitForEvent('websocket', { timeout: 1000 }).catch(() => null);
    await page.reload();
    await again;
    must((await page.locator('.turn.question').innerText()).includes('Hallo?'), 'lost');
    must((await page.locator('#status').innerText()).length > 0, 'nothing is said');
  });
});

// ---- languages, colours, sizes

await withPage('languages', { context: { locale: 'en-GB' } }, async (page) => {
  await check('the page speaks the reader\'s language and remembers another', async () => {
    await page.locator('html:not(.wait)').waitFor();
    must(await page.locator('html').getAttribute('lang') === 'en', 'not English');
    must((await page.locator('h1').innerText()).startsWith('Which rules'), 'other words');
    await shot(page, '13-english', false);
    await page.locator('[data-lang=nn]').click();
    must((await page.locator('h1').innerText()).startsWith('Kva reglar'), 'not nynorsk');
    await page.goto(`${base}/kilder`);
    must((await page.locator('h1').innerText()).startsWith('Kjeldene'), 'forgotten');
    must(await page.locator('html').getAttribute('lang') === 'nn', 'not marked');
  });
  await axe(page, 'nynorsk');
});

await withPage('dark', { ...played(() => answers.full), context: { colorScheme: 'dark' } }, async (page) => {
  await ask(page, 'Hva gjelder?');
  await last(page).locator('.card').first().waitFor();
  await page.locator('details.more summary').click();
  await shot(page, '14-dark');
  await axe(page, 'dark, all parts');
  await page.goto(`${base}/kilder`);
  await axe(page, 'dark, sources');
  await page.locator('.sources a').first().click();
  await page.locator('.self').first().click();
  await shot(page, '15-dark-source', false);
  await axe(page, 'dark, source');
  await check('the switch overrules the system and is remembered', async () => {
    await page.locator('#theme').click();
    await page.reload();
    must(await page.evaluate(() => getComputedStyle(document.body.parentElement).backgroundColor) === 'rgb(255, 255, 255)', 'still dark');
    must(await page.locator('#theme').getAttribute('aria-pressed') === 'false', 'the switch says dark');
  });
});

for (const width of [320, 390]) {
  await withPage(`phone ${width}`, { ...played((m, n) => (n === 1 ? answers.clarify : answers.full)), context: { viewport: { width, height: 800 }, hasTouch: true } }, async (page) => {
    await noSideways(page, `${width} px, start`);
    await shot(page, `16-phone-${width}-start`);
    await ask(page, 'Trenger vi godkjenning?');
    await last(page).locator('.replies').waitFor();
    await ask(page, `Et${'langt'.repeat(30)}ord?`);
    await page.locator('.turn.answer').nth(1).waitFor();
    await page.locator('details.more summary').click();
    await noSideways(page, `${width} px, answer`);
    await shot(page, `17-phone-${width}-answer`);
    await axe(page, `${width} px, answer`);
    await targets(page, `${width} px, answer`);
    await page.goto(`${base}/kilder`);
    await noSideways(page, `${width} px, sources`);
    const links = await page.locator('.sources a').evaluateAll((all) => all.map((a) => a.href));
    for (const href of links) {
      await page.goto(href);
      await noSideways(page, `${width} px, ${new URL(href).pathname}`);
    }
    await shot(page, `18-phone-${width}-source`, false);
  });
}

await withPage('forced colours', { ...played(() => answers.full), context: { forcedColors: 'active' } }, async (page) => {
  await ask(page, 'Hva gjelder?');
  await last(page).locator('.card').first().waitFor();
  await shot(page, '19-forced-colours', false);
  await axe(page, 'forced colours');
});

await withPage('sources', { path: '/kilder' }, async (page) => {
  await shot(page, '20-sources');
  await axe(page, '/kilder');
  await targets(page, '/kilder');
  const links = await page.locator('.sources a').evaluateAll((all) => all.map((a) => a.href));
  await check('every source is listed with a date', async () => {
    must(links.length > 0, 'none');
    must(await page.locator('.sources time').count() >= links.length, 'dates');
  });
  for (const href of links) {
    await page.goto(href);
    const path = new URL(href).pathname;
    await check(`${path}: addresses are unique and the contents lead somewhere`, async () => {
      const wrong = await page.evaluate(() => {
        const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
        const twice = ids.filter((id, i) => ids.indexOf(id) !== i);
        const dead = [...document.querySelectorAll('a[href^="#"]')].map((a) => decodeURIComponent(a.hash.slice(1))).filter((id) => !ids.includes(id));
        return [...twice, ...dead];
      });
      must(!wrong.length, wrong.slice(0, 3).join(', '));
    });
    await axe(page, path);
    await targets(page, path);
  }
  await shot(page, '21-source', false);
});

await withPage('not found', { path: '/finnes-ikke' }, async (page) => {
  await check('an unknown address gets a friendly page', async () => {
    must(await page.locator('main a[href="/kilder"]').isVisible(), 'no way on');
  });
  await shot(page, '22-not-found', false);
  await axe(page, 'not found');
});

await withPage('no script', { context: { javaScriptEnabled: false } }, async (page) => {
  await check('without scripts the page tells where to go', async () => {
    must(await page.locator('noscript a[href="/kilder"]').isVisible(), 'no way on');
    must(!await page.locator('#composer').isVisible(), 'a field that does nothing');
  });
  await shot(page, '23-no-script', false);
});

await withPage('layout', {}, async (page) => {
  await check('nothing moves while the page loads', async () => {
    const shift = await page.evaluate(() => new Promise((done) => {
      let sum = 0;
      new PerformanceObserver((list) => { for (const e of list.getEntries()) sum += e.value; }).observe({ type: 'layout-shift', buffered: true });
      setTimeout(() => done(sum), 500);
    }));
    must(shift < 0.01, `moved by ${shift}`);
  });
});

await browser.close();
finish();
