// Languages, colours, sizes, and the pages of the sources.
import * as answers from './answers.mjs';
import { ask, axe, base, check, connected, last, must, noSideways, shot, soon, targets, withPage } from './harness.mjs';
import { played } from './played.mjs';

await withPage('languages', { context: { locale: 'en-GB' } }, async (page) => {
  await check('the page speaks the reader\'s language and remembers another', async () => {
    await page.locator('html:not(.wait)').waitFor();
    await soon(async () => await page.locator('html').getAttribute('lang') === 'en', 'not English');
    await soon(async () => (await page.locator('h1').innerText()).startsWith('Which rules'), 'other words');
    await shot(page, '13-english', false);
    await page.locator('[data-lang=nn]').click();
    await soon(async () => (await page.locator('h1').innerText()).startsWith('Kva reglar'), 'not nynorsk');
    await page.goto(`${base}/kilder`);
    await soon(async () => (await page.locator('h1').innerText()).startsWith('Kjeldene'), 'forgotten');
    await soon(async () => await page.locator('html').getAttribute('lang') === 'nn', 'not marked');
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
    await soon(async () => await page.evaluate(() => getComputedStyle(document.body.parentElement).backgroundColor) === 'rgb(255, 255, 255)', 'still dark');
    await soon(async () => await page.locator('#theme').getAttribute('aria-pressed') === 'false', 'the switch says dark');
  });
});

for (const [name, context] of [['dark', { colorScheme: 'dark' }], ['320 px', { viewport: { width: 320, height: 700 } }], ['forced colours', { forcedColors: 'active' }]]) {
  const play = played((m) => (m.question === 'Feil?' ? { error: { code: 'internal', message: 'Noe gikk galt.' } } : m.question === 'Ingenting?' ? null : answers.clarify));
  await withPage(`states, ${name}`, { ...play, context }, async (page, browserContext) => {
    const look = async (state) => {
      await axe(page, `${state}, ${name}`);
      await noSideways(page, `${state}, ${name}`);
      await shot(page, `state-${name.replace(' ', '-')}-${state.replaceAll(' ', '-')}`, false);
    };
    await connected(page);
    await look('start');
    await ask(page, 'Første?');
    await last(page).waitFor();
    await look('question back');
    await ask(page, 'Feil?');
    await page.locator('.failed').waitFor();
    await look('error');
    await browserContext.setOffline(true);
    await connected(page, 'offline');
    await ask(page, 'Ingenting?');
    await look('offline');
    await browserContext.setOffline(false);
    await page.locator('.working').waitFor();
    await look('waiting');
    if (await page.locator('.opener').isVisible()) await page.locator('.opener').click();
    await page.locator('.bin:visible').first().click();
    await page.locator('dialog.confirm[open]').waitFor();
    await look('delete dialog');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    play.close(1007);
    await connected(page, 'stopped');
    await look('terminal');
    await page.goto(`${base}/finnes-ikke`);
    await look('not found');
  });
}

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
    await soon(async () => await page.locator('.sources time').count() >= links.length, 'dates');
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
  await check('wide windows have the contents beside the text, in view all the way', async () => {
    await page.goto(links.find((href) => href.includes('radiologi')) ?? links[0]);
    await page.locator('details.contents[open] a').first().waitFor();
    await page.mouse.wheel(0, 4000);
    await soon(() => page.evaluate(() => scrollY > 1000), 'not scrolled');
    await soon(() => page.locator('details.contents').evaluate((e) => { const r = e.getBoundingClientRect(); return r.top >= 0 && r.top < 100; }), 'out of view');
    await shot(page, '21-source-wide', false);
  });
  await check('a footnote leads there and back', async () => {
    const ref = page.locator('.refs a').first();
    if (!await ref.count()) { console.log('     (no footnotes)'); return; }
    await ref.click();
    await page.locator('.notes li:target').waitFor();
    await shot(page, '21-footnote', false);
    await page.locator('.notes li:target .up').first().click();
    await page.locator('.refs a:target').waitFor();
  });
  await check('"Spurt om her" leads to the chat with the question', async () => {
    const asked = page.locator('details.asked').first();
    if (!await asked.count()) { console.log('     (no questions)'); return; }
    await asked.locator('summary').click();
    const words = await asked.locator('a').first().innerText();
    await shot(page, '21-asked', false);
    await asked.locator('a').first().click();
    await page.waitForFunction((q) => document.getElementById('question')?.value === q, words);
  });
});

await withPage('not found', { path: '/finnes-ikke' }, async (page) => {
  await check('an unknown address gets a friendly page', async () => {
    await soon(() => page.locator('main a[href="/kilder"]').isVisible(), 'no way on');
  });
  await shot(page, '22-not-found', false);
  await axe(page, 'not found');
});

await withPage('no script', { context: { javaScriptEnabled: false } }, async (page) => {
  await check('without scripts the page tells where to go', async () => {
    await soon(() => page.locator('noscript a[href="/kilder"]').isVisible(), 'no way on');
    await soon(async () => !await page.locator('#composer').isVisible(), 'a field that does nothing');
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
