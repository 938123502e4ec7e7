// States that a service gives only now and then, played to the page.
import * as answers from './answers.mjs';
import { ask, axe, base, check, connected, last, must, says, shot, shut, soon, targets, told, withPage } from './harness.mjs';
import { played } from './played.mjs';

{
  const play = played(() => answers.full);
  await withPage('full answer', { ...play, context: { permissions: ['clipboard-read', 'clipboard-write'] } }, async (page) => {
    await ask(page, 'Hva med Ola Nordmann?');
    await last(page).locator('.card').first().waitFor();
    await check('an uncertain answer says so, with all its parts', () => says(page.locator('#log'), 'Ikke sikkert', 'fødselsnummer', 'annet', 'Påkrevd', 'helseforskningsloven § 9', 'ikke enige', 'Eldre kilde',
        'Neste steg:', 'Utledet fra kildene', 'Hvorfor? Se kilden (2)', 'Hvis svaret er: Nei', '14. februar 2024', 'Formål › Helseforskning', 'heter nå', 'Eksempler er:', 'Vis flere sitater (2)', 'Spør et menneske'));
    await check('lists are lists, and go on counting', async () => {
      await soon(async () => await last(page).locator('blockquote ol[start="2"] li').count() === 2, 'no numbered list');
      await soon(() => last(page).locator('.card blockquote ul li').first().isVisible(), 'no bullets');
    });
    await check('the letter never holds personal data', async () => {
      const href = decodeURIComponent(await last(page).locator('.mail').getAttribute('href'));
      must(href.startsWith('mailto:post@example.no?'), href);
      must(!href.includes('Ola'), 'the question is in it');
      must(href.includes(`${base}/kilder/eksempel#avsnitt-1`), 'no reference');
    });
    await check('a conflict leads to a folded quote', async () => {
      await last(page).locator('.conflict a').last().click();
      await soon(() => page.evaluate(() => document.activeElement.matches('.card') && document.activeElement.checkVisibility()), 'not shown');
    });
    await check('hostile text and addresses stay text', async () => {
      must(await page.locator('.turn img').count() === 0, 'HTML was made');
      must(await page.locator('a[href^="javascript:"]').count() === 0, 'a link that runs');
    });
    await check('a quote is copied with its source', async () => {
      await Promise.all([page.locator('ki-copy button', { hasText: 'Kopiert' }).waitFor(), last(page).locator('.card ki-copy button').first().click()]); // it says so for a moment
      const copied = await page.evaluate(() => navigator.clipboard.readText());
      for (const part of ['fortsetter en liste', 'Helsedirektoratet, FHI', '14. februar 2024', `${base}/kilder/eksempel#avsnitt-1`]) {
        must(copied.includes(part), `lacks ${part}`);
      }
    });
    await last(page).locator('details').evaluateAll((all) => all.forEach((d) => { d.open = true; }));
    await shot(page, '07-all-parts');
    await axe(page, 'all parts of an answer');
    await targets(page, 'all parts of an answer');
    await check('printed, quotes are there and controls are not', async () => {
      await page.emulateMedia({ media: 'print' });
      await soon(async () => !await page.locator('#composer').isVisible(), 'the field is printed');
      await soon(() => page.locator('.card').first().isVisible(), 'no quotes');
      await shot(page, '08-print');
      await page.emulateMedia({ media: 'screen' });
    });
  });
}

{
  const play = played(() => answers.published);
  await withPage('published answer', play, async (page) => {
    await ask(page, 'Kan sykehjemmet bruke fallsensor?');
    await last(page).locator('.card').first().waitFor();
    await check('what lawyers answered to just this stands before the rules, once', async () => {
      await soon(() => last(page).evaluate((turn) => Boolean(turn.querySelector('.card').compareDocumentPosition(turn.querySelector('.steps, .path, ol')) & Node.DOCUMENT_POSITION_FOLLOWING)), 'below');
      await soon(async () => await last(page).locator('.card', { hasText: 'Fallsensor med KI' }).count() === 1, 'doubled');
      await soon(async () => (await last(page).locator('.card').first().innerText()).includes('Sitat 1'), 'another number');
    });
    await check('a step that shows both sides of a conflict is led to once', async () => {
      await soon(async () => (await last(page).locator('.conflict').innerText()).match(/Punkt 1/g).length === 1, async () => await last(page).locator('.conflict').innerText());
    });
    await axe(page, 'a published answer before the rules');
    await shot(page, '07-published-first');
  });
}

{
  const play = played(() => ({ text: 'Hva med [navn] og tlf. [telefonnummer]?', masked: ['navn', 'telefon'], answer: answers.answered }));
  await withPage('masked', play, async (page) => {
    await ask(page, 'Hva med Ola Nordmann og tlf. 99 88 77 66?');
    await last(page).waitFor();
    await check('what was written is shown as it is stored, and what was taken out is told', async () => {
      const words = await page.locator('.turn.question').innerText();
      must(words.includes('[navn]') && !words.includes('Ola'), words);
      must(words.includes('telefonnummer') && words.includes('tok bort'), words);
      must(!JSON.stringify(await page.evaluate(() => ({ ...sessionStorage, ...localStorage }))).includes('Ola'), 'the browser keeps it');
    });
  });
}

{
  const known = { ...answers.answered, facts: { purpose: 'health_research', consent: 'all' },
    facts_read: [{ fact: 'purpose', value: 'health_research', name: 'Formål', label: 'Forskning på helse og sykdom', options: answers.clarify.ask.options },
      { fact: 'consent', value: 'all', name: 'Samtykke', label: 'Samtykke fra alle', words: 'alle har samtykket', options: [{ value: 'all', label: 'Samtykke fra alle' }, { value: 'none', label: 'Ikke samtykke' }] }] };
  const play = played((m, n) => (n === 1 ? answers.clarify : known));
  await withPage('asking back', play, async (page) => {
    await ask(page, 'Trenger vi godkjenning?');
    await last(page).locator('.replies').waitFor();
    await shot(page, '09-ask', false);
    await axe(page, 'question back');
    await check('a quick reply sends its words with the fact', async () => {
      await last(page).locator('.replies button').first().click();
      await page.locator('.turn.answer').nth(1).waitFor();
      const m = play.asked[1];
      must(m.type === 'ask' && m.question === 'Forskning på helse og sykdom', m.question);
      must(JSON.stringify(m.facts) === '{"purpose":"health_research"}', JSON.stringify(m.facts));
      await soon(() => page.locator('.replies [aria-pressed=true]').innerText().then((x) => x.includes('Forskning')), 'not chosen');
    });
    await check('what is known stands as chips, with words', async () => {
      const chips = page.locator('.chip');
      await soon(async () => await chips.count() === 2, async () => `${await chips.count()} chips`);
      await soon(async () => await page.locator('.chip select').first().evaluate((e) => e.selectedOptions[0].label) === 'Forskning på helse og sykdom', 'another value');
    });
    await shot(page, '10-facts', false);
    await axe(page, 'facts as chips');
    await targets(page, 'facts as chips');
    await check('a fact that is taken away or changed goes along with the next question', async () => {
      await page.locator('.chip').first().locator('button').click();
      await soon(async () => await page.locator('.chip').count() === 1, 'still there');
      await soon(async () => await page.evaluate(() => document.activeElement.id) === 'question', 'focus is lost');
      await page.locator('.chip select').selectOption({ label: 'Ikke samtykke' });
      await ask(page, 'Og nå?');
      await page.locator('.turn.answer').nth(2).waitFor();
      must(JSON.stringify(play.asked[2].facts) === '{"purpose":null,"consent":"none"}', JSON.stringify(play.asked[2].facts));
      await ask(page, 'Og etter det?');
      await page.locator('.turn.answer').nth(3).waitFor();
      must(play.asked[3].facts === undefined, 'sent twice');
    });
    await shot(page, '10-chosen');
    await axe(page, 'chosen reply');
  });
}

{
  const play = played((m, n) => (n === 1 || m.question === 'Feil igjen?' ? { error: { code: 'internal', message: 'Tjenesten er ikke tilgjengelig akkurat nå.' } } : answers.answered));
  await withPage('error', play, async (page) => {
    await ask(page, 'Hva sier loven?');
    await page.locator('.failed').waitFor();
    await check('an error is shown in words and the question is kept', async () => {
      await soon(async () => (await page.locator('.failed').innerText()).includes('ikke tilgjengelig'), 'other words');
      await soon(async () => (await page.locator('.turn.question').innerText()).includes('Hva sier loven?'), 'lost');
      await told(page, 'Det gikk ikke');
      await page.reload();
      await soon(async () => (await page.locator('.turn.question').innerText()).includes('Hva sier loven?'), 'lost by a reload');
    });
    await shot(page, '11-error', false);
    await axe(page, 'error');
    await check('"Prøv igjen" asks once more', async () => {
      await page.locator('.failed button').first().click();
      await last(page).locator('.card').first().waitFor();
      await soon(async () => await page.locator('.failed').count() === 0 && await page.locator('.turn.question').count() === 1, 'left over');
    });
    await check('"Endre spørsmålet" puts it back into the field', async () => {
      await ask(page, 'Feil igjen?');
      await page.locator('.failed button').nth(1).click();
      await soon(async () => await page.locator('#question').inputValue() === 'Feil igjen?', 'not there');
      await soon(async () => await page.locator('.failed').count() === 0, 'left over');
    });
    await check('a question that is too long is not sent and not lost', async () => {
      const sent = play.asked.length;
      await ask(page, 'å'.repeat(4001));
      await told(page, 'for langt');
      await soon(async () => (await page.locator('#counter').innerText()).includes('for mye'), 'no counter');
      await soon(async () => (await page.locator('#question').inputValue()).length === 4001, 'lost');
      must(play.asked.length === sent, 'sent');
    });
    await axe(page, 'too long');
  });
}

{
  const order = [answers.declined, answers.smalltalk, answers.english];
  const play = played((_, n) => order[n - 1]);
  await withPage('other answers', play, async (page) => {
    for (let n = 0; n < order.length; n++) {
      await ask(page, `Melding ${n}`);
      await page.locator('.turn.answer').nth(n).waitFor();
    }
    await check('each answer is in its own language', async () => {
      await soon(async () => (await last(page).innerText()).includes('Answer from the sources'), 'not in English');
      await soon(async () => await last(page).getAttribute('lang') === 'en', 'not marked as English');
      await soon(async () => await last(page).locator('blockquote').getAttribute('lang') === 'nb', 'the quote is not marked as Norwegian');
    });
    await shot(page, '12-other-answers');
    await axe(page, 'declined, greeting, English');
  });
}

{
  const play = played(() => null);
  await withPage('silence', play, async (page) => {
    await ask(page, 'Hallo?');
    await page.locator('.turn.question').waitFor();
    await check('a question without an answer is kept over a reload, and shown as being worked on', async () => {
      await page.locator('.working').waitFor(); // the service has it
      await page.reload();
      await page.locator('.turn.question').waitFor();
      await soon(async () => await page.locator('.turn.question').count() === 1, 'lost or doubled');
      await soon(() => page.locator('.working').isVisible(), 'nothing is shown');
    });
    await axe(page, 'waiting');
  });
}

{
  const play = played(() => answers.answered);
  await withPage('lines', play, async (page) => {
    await ask(page, 'Første?');
    await last(page).waitFor();
    await check('a connection that is lost comes back, with what was asked meanwhile', async () => {
      play.refuse = true;
      await page.route('**/livez', (r) => r.abort());
      play.close(4000);
      await connected(page, 'reconnecting');
      await ask(page, 'Andre?');
      await page.locator('.turn.waiting').waitFor();
      await shot(page, '12-reconnecting', false);
      await axe(page, 'reconnecting');
      play.refuse = false;
      await page.unroute('**/livez');
      await page.locator('.turn.answer').nth(1).waitFor();
      await soon(async () => await page.locator('.turn').count() === 4, 'lost or doubled');
      await page.reload(); // over a socket again: refused twice, it may have gone on over HTTP
      await connected(page);
    });
    await check('what another window asks comes here too', async () => {
      const [id] = play.conversations.keys();
      await play.take(id, { id: 'other', question: 'Fra et annet vindu?' });
      await page.locator('.turn.answer').nth(2).waitFor();
      await soon(async () => (await page.locator('.turn.question').nth(2).innerText()).includes('annet vindu'), 'other words');
    });
    await check('a service that rests is woken by a question', async () => {
      play.close(4005);
      await connected(page, 'idle');
      await axe(page, 'idle');
      await ask(page, 'Fjerde?');
      await page.locator('.turn.answer').nth(3).waitFor();
    });
    await check('an answer while the window is away is counted in the title', async () => {
      await page.evaluate(() => { Object.defineProperty(document, 'hidden', { value: true, configurable: true }); document.dispatchEvent(new Event('visibilitychange')); });
      const [id] = play.conversations.keys();
      await play.take(id, { id: 'later', question: 'Mens du er borte?' });
      await page.waitForFunction(() => document.title.startsWith('(1) '));
      await page.evaluate(() => { Object.defineProperty(document, 'hidden', { value: false, configurable: true }); document.dispatchEvent(new Event('visibilitychange')); });
      await soon(async () => !(await page.title()).startsWith('('), async () => await page.title());
    });
    await check('a conversation that was deleted elsewhere says so, and asking goes on in a new one', async () => {
      const [id] = play.conversations.keys();
      play.conversations.delete(id);
      for (const s of play.sockets) s.send({ type: 'gone', conversation: id });
      await page.locator('ki-notice .box').waitFor();
      await told(page, 'slettet');
      await axe(page, 'deleted conversation');
      await shot(page, '13-gone', false);
      await ask(page, 'Femte?');
      await page.locator('.turn.answer').waitFor();
      await soon(async () => await page.locator('.turn').count() === 2, 'not a new one');
    });
    await check('closed for good: told, with a way on, and the field still open', async () => {
      play.close(4500);
      await connected(page, 'stopped');
      await soon(() => page.locator('ki-notice button').isVisible(), 'no way on');
      await ask(page, 'Sjette?');
      await soon(() => page.locator('.turn.waiting').isVisible(), 'not kept');
    });
    await shot(page, '14-terminal', false);
    await axe(page, 'terminal');
    await check('a reload sends what was kept', async () => {
      await page.locator('ki-notice button').click();
      await page.locator('.turn.answer').nth(1).waitFor();
      await soon(async () => await page.locator('.turn').count() === 4, 'lost or doubled');
    });
  });
}

{
  const play = played((m) => (m.question.startsWith('Må') ? answers.clarify : answers.answered));
  await withPage('conversations', { ...play, context: { viewport: { width: 390, height: 800 } } }, async (page, context) => {
    for (const q of ['Må vi søke REK?', 'Er dette medisinsk utstyr?']) {
      await ask(page, q);
      await last(page).waitFor();
      if (q.startsWith('Må')) {
        await page.locator('.opener').click();
        await page.locator('dialog.drawer .new').click();
        await soon(async () => await page.locator('dialog[open]').count() === 0, 'the drawer stays');
      }
    }
    await check('the drawer opens with focus inside, and Escape gives it back', async () => {
      await page.locator('.opener').focus();
      await page.keyboard.press('Enter');
      await page.locator('dialog.drawer[open] .talks').waitFor();
      await soon(() => page.evaluate(() => document.activeElement.closest('dialog') !== null), 'focus is outside');
      await shot(page, '15-drawer', false);
      await axe(page, 'list of conversations open');
      await targets(page, 'list of conversations open');
      await page.keyboard.press('Escape');
      await soon(async () => await page.locator('dialog[open]').count() === 0, 'still open');
      await soon(() => page.evaluate(() => document.activeElement.matches('.opener')), 'focus is lost');
    });
    await check('the list names each by its first question, the latest first', async () => {
      await page.locator('.opener').click();
      let titles;
      await soon(async () => (titles = (await page.locator('dialog.drawer .title').allInnerTexts()).join('|')) === 'Er dette medisinsk utstyr?|Må vi søke REK?', () => titles);
      await page.locator('dialog.drawer .pick').nth(1).click();
      await soon(async () => (await page.locator('.turn.question').innerText()).includes('REK'), 'another one');
    });
    await check('deleting asks first; "Avbryt" and Escape keep it', async () => {
      await page.locator('.opener').click();
      await page.locator('dialog.drawer .bin').first().click();
      await page.locator('dialog.confirm[open]').waitFor();
      await soon(async () => (await page.locator('dialog.confirm').innerText()).includes('medisinsk utstyr'), 'which one is not said');
      await soon(() => page.evaluate(() => document.activeElement.textContent.includes('Avbryt')), 'the careful choice is not first');
      await shot(page, '16-delete', false);
      await axe(page, 'delete dialog');
      await page.keyboard.press('Escape');
      await soon(async () => await page.locator('dialog.drawer .talks li').count() === 2, 'deleted all the same');
      await page.locator('dialog.drawer .bin').first().click();
      await page.locator('dialog.confirm .ds-button').first().click();
      await page.waitForFunction(() => document.querySelectorAll('dialog.drawer .talks li').length === 1);
      must(play.conversations.size === 1, 'the service still has it');
      await page.keyboard.press('Escape');
    });
    await check('by default nothing of it is left for another tab', async () => {
      const other = await context.newPage();
      await play.before(other);
      await other.goto(base);
      await other.locator('.opener').click();
      await other.locator('dialog.drawer[open]').waitFor();
      must(await other.locator('.talks li').count() === 0, 'it is there');
      await shut(other);
    });
    await check('remembered on the machine, they are there in another tab, and both get everything', async () => {
      await page.locator('.opener').click();
      await page.locator('dialog.drawer [role=switch]').check();
      await soon(async () => (await page.locator('.remember').innerText()).includes('kan lese dem'), 'others are not spoken of');
      await shot(page, '17-remember', false);
      await page.keyboard.press('Escape');
      const other = await context.newPage();
      await play.before(other);
      await other.goto(base);
      await other.locator('.opener').click();
      await other.locator('.talks .pick').click();
      await other.locator('.turn.answer').waitFor();
      await ask(other, 'Fra den andre fanen?');
      await other.locator('.turn.answer').nth(1).waitFor();
      await page.locator('.turn.answer').nth(1).waitFor();
      const texts = (p) => p.locator('.turn').allInnerTexts();
      await soon(async () => JSON.stringify(await texts(page)) === JSON.stringify(await texts(other)), 'they differ');
      await shut(other);
    });
    await check('switched off again, nothing stays on the machine', async () => {
      await page.locator('.opener').click();
      await page.locator('dialog.drawer [role=switch]').uncheck();
      await page.keyboard.press('Escape');
      let left;
      await soon(async () => !(left = await page.evaluate(() => Object.keys(localStorage).filter((k) => k.startsWith('kiveileder')))).length, () => left.join(', '));
      await page.reload();
      await page.locator('.turn.answer').nth(1).waitFor();
    });
  });
}

await withPage('prefilled', { ...played(() => answers.answered), path: '/?q=Hva%20er%20%C2%A7%209%3F' }, async (page) => {
  await check('a question in the address is put into the field, and not sent', async () => {
    await soon(async () => await page.locator('#question').inputValue() === 'Hva er § 9?', async () => await page.locator('#question').inputValue());
    await soon(async () => await page.locator('.turn').count() === 0, 'sent');
    await soon(() => !page.url().includes('q='), 'it stays in the address');
  });
});
