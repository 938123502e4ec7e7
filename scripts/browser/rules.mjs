// The page of the rules, and the result sheet.
import * as answers from './answers.mjs';
import { ask, axe, base, check, last, must, noSideways, says, shot, soon, targets, withPage } from './harness.mjs';
import { played } from './played.mjs';

await withPage('rules', { path: '/regler' }, async (page) => {
  await shot(page, '30-rules', false);
  await axe(page, '/regler');
  await targets(page, '/regler');
  await noSideways(page, '/regler');
  await check('every rule has its own address, and all links on the page lead somewhere', async () => {
    const wrong = await page.evaluate(() => {
      const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
      const twice = ids.filter((id, i) => ids.indexOf(id) !== i);
      const there = new Set(ids);
      const dead = [...document.querySelectorAll('main a[href^="#"]')].map((a) => decodeURIComponent(a.hash.slice(1))).filter((id) => !there.has(id));
      return [...twice, ...dead];
    });
    must(!wrong.length, wrong.slice(0, 3).join(', '));
    await soon(async () => await page.locator('table.rules tbody').count() > 100, 'few rules');
  });
  await check('how far the rules have come is said, with the rule set', async () => {
    const words = await page.locator('.rulebook .box').innerText();
    must(/bekreftet av en jurist/.test(words) && /[0-9a-f]{16}/.test(words), words);
  });
  await check('an address leads to its rule, marked and in view', async () => {
    await page.goto(`${base}/regler#R9`);
    const rule = page.locator('#R9');
    let box;
    await soon(async () => (box = await rule.boundingBox()).y >= 0 && box.y < 900, () => `at ${box?.y}`);
    await soon(() => rule.evaluate((e) => e.matches(':target') && getComputedStyle(e).backgroundColor !== 'rgba(0, 0, 0, 0)'), 'not marked');
    await soon(async () => /samtykke/.test(await rule.innerText()) && /Påkrevd/.test(await rule.innerText()), async () => await rule.innerText());
  });
  await check('by keyboard: quotes unfold and lead to the very passage', async () => {
    await page.locator('#R9 summary').first().focus();
    await page.keyboard.press('Enter');
    await soon(() => page.locator('#R9 blockquote').first().isVisible(), 'still folded');
    await shot(page, '31-rule-open', false);
    await page.keyboard.press('Tab');
    await soon(() => page.evaluate(() => document.activeElement.matches('#R9 figcaption a')), 'the link is not next');
    await page.keyboard.press('Enter');
    await page.locator('.passage:target').waitFor();
    await page.goBack();
  });
  await check('a case is unfolded where its link leads', async () => {
    await page.locator('#R9 details').nth(1).locator('summary').click();
    await page.locator('#R9 details li a').first().click();
    const there = page.locator('.cases div:target');
    await soon(() => there.isVisible(), 'folded');
    await soon(async () => /Formål: /.test(await there.innerText()), async () => await there.innerText());
  });
  await page.locator('details').evaluateAll((all) => all.forEach((d, i) => { d.open = i < 40; }));
  await axe(page, '/regler, partly unfolded');
  await check('in the reader\'s language, which is remembered', async () => {
    await page.goto(`${base}/regler#R9`);
    await page.locator('[data-lang=nn]').click();
    await page.waitForURL('**/regler?lang=nn#R9');
    await soon(async () => (await page.locator('h1').innerText()) === 'Reglane' && (await page.locator('#R9').innerText()).includes('frå alle'), 'not nynorsk');
    await page.goto(`${base}/regler`);
    await page.waitForURL('**/regler?lang=nn');
    await page.goto(`${base}/regler?lang=en`);
    await soon(async () => (await page.locator('h1').innerText()) === 'The rules' && await page.locator('html').getAttribute('lang') === 'en', 'an address that names a language');
  });
  await axe(page, '/regler in English');
});

await withPage('rules without scripts', { path: '/regler?lang=en', context: { javaScriptEnabled: false } }, async (page) => {
  await check('the rules need no script', async () => {
    await soon(async () => (await page.locator('h1').innerText()) === 'The rules', 'no heading');
    await page.locator('noscript a[lang=nn], p a[lang=nn]').first().click();
    await soon(async () => (await page.locator('h1').innerText()) === 'Reglane', 'no way to another language');
  });
});

for (const [name, context] of [['dark', { colorScheme: 'dark' }], ['320 px', { viewport: { width: 320, height: 700 } }], ['forced colours', { forcedColors: 'active' }]]) {
  await withPage(`rules, ${name}`, { path: '/regler#R10', context }, async (page) => {
    await shot(page, `32-rules-${name.replace(' ', '-')}`, false);
    await axe(page, `/regler, ${name}`);
    await noSideways(page, `/regler, ${name}`);
    await page.goto(`${base}/regler#emne-research`);
    await shot(page, `33-flow-${name.replace(' ', '-')}`, false);
  });
}

// ---- the result sheet

for (const [name, context] of [['light', {}], ['dark', { colorScheme: 'dark' }], ['320 px', { viewport: { width: 320, height: 700 } }], ['forced colours', { forcedColors: 'active' }]]) {
  await withPage(`sheet, ${name}`, { ...played(() => answers.full, { sheet: answers.sheet }), context }, async (page) => {
    await ask(page, 'Hva gjelder?');
    await last(page).locator('.to-sheet button').click();
    await page.locator('.paper').waitFor();
    await shot(page, `34-sheet-${name.replace(' ', '-')}`);
    await axe(page, `sheet, ${name}`);
    await targets(page, `sheet, ${name}`);
    await noSideways(page, `sheet, ${name}`);
    if (name !== 'light') return;
    await check('the sheet has all its parts, and nothing runs', async () => {
      await says(page.locator('.paper'), '[navn]', '<b>REK</b>', 'Fra noen', 'helseforskning', 'vil forske', 'oppgitt', 'Vet ikke', 'Må gjøres eller være på plass', 'Bør vurderes', 'Er uklart i kildene',
        'noe_nytt', 'helseforskningsloven § 9', 'R3a', 'Datakilder er ikke oppgitt', 'Hvis svaret er: Nei', 'ikke enige', 'udatert', 'Eldre kilde', 'e5-small', 'automatisk svar');
      must(await page.locator('.paper img').count() === 0 && await page.locator('.paper a[href^="javascript:"]').count() === 0, 'it runs');
    });
    await check('focus is on its heading, and comes back to the button', async () => {
      await soon(() => page.evaluate(() => document.activeElement.matches('.paper h1')), 'not on the heading');
      await page.goBack();
      await page.locator('.paper').waitFor({ state: 'detached' });
      await soon(() => page.evaluate(() => document.activeElement.matches('.to-sheet button')), 'lost');
      await page.keyboard.press('Enter');
      await page.locator('.paper').waitFor();
      await page.reload();
      await page.locator('.paper').waitFor();
      await page.locator('ki-sheet .back a').click();
      await soon(async () => await page.locator('#question').isVisible() && !page.url().includes('#'), 'not back');
    });
    await last(page).locator('.to-sheet button').click();
    await page.locator('.paper').waitFor();
    await check('printed: without buttons, with addresses written out', async () => {
      await page.emulateMedia({ media: 'print' });
      await soon(async () => await page.locator('ki-sheet button:visible, .top nav:visible, #composer:visible').count() === 0, 'controls are printed');
      await soon(() => page.locator('.paper blockquote').first().isVisible(), 'no quotes');
      await soon(async () => (await page.locator('.paper .source a').first().evaluate((e) => getComputedStyle(e, '::after').content)).includes('href') || (await page.locator('.paper .source a').first().evaluate((e) => getComputedStyle(e, '::after').content)).includes('/kilder/'), 'no address');
      await shot(page, '35-sheet-print');
      await page.emulateMedia({ media: 'screen' });
    });
  });
}

await withPage('sheet that is not there', played(() => answers.full), async (page) => {
  await ask(page, 'Hva gjelder?');
  await last(page).locator('.to-sheet button').click();
  await check('it is said when there is no sheet', () => page.getByText('ingen vurdering').waitFor());
  await axe(page, 'no sheet');
});

await withPage('a project', {}, async (page) => {
  const project = 'Vi er et sykehus og vil forske på kreft med pasientjournaler, uten samtykke fra alle. Trenger vi godkjenning?';
  await ask(page, project);
  await last(page).locator('.steps').waitFor();
  await shot(page, '36-path');
  await axe(page, 'a path of findings');
  await targets(page, 'a path of findings');
  await check('steps are numbered, and their quotes folded, copied and not repeated below', async () => {
    const first = last(page).locator('.step').first();
    await soon(async () => !await first.locator('blockquote').first().isVisible(), 'not folded');
    await first.locator('summary').click();
    await soon(async () => await first.locator('blockquote').first().isVisible() && await first.locator('ki-copy button').first().isVisible(), 'no quote, no copy');
    const [inside, below] = await last(page).evaluate((e) => ['.step blockquote', '.card blockquote'].map((s) => [...e.querySelectorAll(s)].map((q) => q.textContent.trim())));
    must(!below.some((q) => inside.includes(q)), 'a quote stands twice');
  });
  await check('a finding leads to its rule', async () => {
    const link = last(page).locator('.basis a').first();
    const id = await link.innerText();
    await link.click();
    await page.waitForURL(`**/regler#${id}`);
    await soon(() => page.locator(`[id="${id}"]`).evaluate((e) => e.matches(':target')), 'not there');
    await page.goBack();
    await last(page).locator('.to-sheet button').waitFor();
  });
  await check('the sheet is of this project, and saved as text and as data', async () => {
    await last(page).locator('.to-sheet button').click();
    await page.locator('.paper').waitFor();
    await soon(async () => (await page.locator('.paper').innerText()).includes(project), 'another question');
    for (const ending of ['Markdown', 'JSON']) {
      const [file] = await Promise.all([page.waitForEvent('download'), page.locator('.sheet-view .actions button', { hasText: ending }).click()]);
      must(/^resultatark-.*\.(md|json)$/.test(file.suggestedFilename()), file.suggestedFilename());
      const chunks = [];
      for await (const c of await file.createReadStream()) chunks.push(c);
      must(Buffer.concat(chunks).toString().includes('forske på kreft'), 'the question is not in it');
    }
  });
  await shot(page, '37-sheet-real');
  await axe(page, 'the sheet of a project');
});

await withPage('a fact that is not known', {}, async (page) => {
  await ask(page, 'Vi vil forske på kreft med data fra Kreftregisteret, uten samtykke fra alle. Trenger vi godkjenning?');
  await last(page).locator('.replies button', { hasText: 'Vet ikke' }).click();
  await page.locator('.chip.unknown').waitFor();
  await check('what is not known stands as a chip that offers the values', async () => {
    const chip = page.locator('.chip.unknown');
    await soon(async () => /: vet ikke$/.test(await chip.locator('select').evaluate((e) => e.selectedOptions[0].label)), async () => await chip.innerText());
    await soon(async () => await chip.locator('option').count() > 2, 'no values');
    await chip.locator('select').selectOption({ index: 1 });
    await soon(async () => await page.locator('.chip.unknown').count() === 0, 'it is still not known');
  });
  await axe(page, 'chips');
});
