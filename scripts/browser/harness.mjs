// What the checks share: a browser, one line per check, axe.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const base = (process.env.BASE_URL ?? 'http://127.0.0.1:8080').replace(/\/$/, '');
const slow = Number(process.env.SLOW ?? 1);
const late = Number(process.env.LATE ?? 0);
const hours = Number(process.env.HOURS ?? 0);
const shots = process.env.SHOTS;
if (shots) mkdirSync(shots, { recursive: true });

let passed = 0;
let alive = Date.now(); // when something was last checked
const failures = [];

// patience is how long anything is waited for, in ms: a bound for what hangs,
// which a machine many times slower than a usual one keeps.
export const patience = 60_000;

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// launch waits for the service, so that it may be started just before.
export async function launch() {
  for (const end = Date.now() + patience; ;) {
    if (await fetch(base).then((r) => r.ok, () => false)) break;
    if (Date.now() > end) { console.error(`no service at ${base}`); process.exit(1); }
    await pause(500);
  }
  return launchOnly();
}

// launchOnly is for checks that start a service of their own.
export async function launchOnly() {
  const executablePath = process.env.CHROMIUM ?? execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim();
  const root = process.getuid?.() === 0; // its sandbox does not work for root
  const browser = await chromium.launch({ executablePath, args: root ? ['--no-sandbox'] : [] });
  if (slow > 1 || late) slowed(browser);
  if (hours) moved(browser);
  return browser;
}

// later moves the clock of where it runs on by so many hours.
function later(by) {
  const now = Date.now.bind(Date);
  globalThis.Date = class extends Date {
    constructor(...given) { super(...given.length ? given : [now() + by * 3_600_000]); }
    static now() { return now() + by * 3_600_000; }
  };
}
if (hours) later(hours);

// moved has every page of a browser live so many hours later, as what is played
// here does: what holds at this hour should hold at every other. A real service
// keeps its own time.
function moved(browser) {
  const newContext = browser.newContext.bind(browser);
  browser.newContext = async (options) => {
    const context = await newContext(options);
    await context.addInitScript(later, hours);
    return context;
  };
}

// slowed has every page of a browser run as on a machine so many times slower,
// and get what it asks for so many ms later.
function slowed(browser) {
  const newContext = browser.newContext.bind(browser);
  browser.newContext = async (options) => {
    const context = await newContext(options);
    const newPage = context.newPage.bind(context);
    context.newPage = async () => {
      const page = await newPage();
      const session = await context.newCDPSession(page);
      await session.send('Emulation.setCPUThrottlingRate', { rate: slow });
      if (late) await session.send('Network.enable');
      if (late) await session.send('Network.emulateNetworkConditions', { offline: false, latency: late, downloadThroughput: -1, uploadThroughput: -1 });
      return page;
    };
    return context;
  };
}

export function ok(what, good, detail = '') {
  alive = Date.now();
  if (good) passed++;
  else failures.push(`${what}${detail ? `: ${detail}` : ''}`);
  console.log(good ? `ok   ${what}` : `FAIL ${failures.at(-1)}`);
}

// check runs one check; what it throws is its failure.
export async function check(what, run) {
  try {
    await run();
    ok(what, true);
  } catch (err) {
    ok(what, false, String(err.message ?? err).split('\n').slice(0, 4).join(' | '));
  }
}

// shut closes a page, a context or a browser. A browser sometimes never says
// that it has closed one: nothing waits for it longer than that takes.
export const shut = (x) => Promise.race([x.close().catch(() => {}), new Promise((done) => { setTimeout(done, 5000).unref(); })]);

export function must(condition, detail) {
  if (!condition) throw new Error(detail);
}

// soon waits until something holds: what a page shows follows what was done by
// as long as the machine takes. detail may be a function.
export async function soon(holds, detail, ms = patience) {
  for (const end = Date.now() + ms; ;) {
    let trouble = null;
    try {
      if (await holds()) return;
    } catch (err) { trouble = err; }
    if (Date.now() > end) throw trouble ?? new Error(typeof detail === 'function' ? await detail() : detail);
    await pause(30);
  }
}

// says waits until a part of a page has all these words.
export async function says(locator, ...words) {
  let text = '';
  await soon(async () => { text = await locator.innerText(); return words.every((w) => text.includes(w)); },
    () => `lacks ${words.filter((w) => !text.includes(w)).join(', ')}: ${text.slice(0, 200)}`);
}

// told waits for words on the status line, where they stand for some seconds
// alone: all that it says is written down. What was said before them is left.
export async function told(page, words) {
  await soon(() => page.evaluate((w) => {
    const at = globalThis.statusLines.findIndex((x) => x.includes(w));
    if (at >= 0) globalThis.statusLines.splice(0, at + 1);
    return at >= 0;
  }, words), async () => `never said ${words}, but ${JSON.stringify(await page.evaluate(() => globalThis.statusLines))}`);
}

const writeDown = () => {
  globalThis.statusLines = [];
  let last = '';
  new MutationObserver(() => {
    const now = document.getElementById('status')?.textContent.trim() ?? '';
    if (now !== last && now) globalThis.statusLines.push(now);
    last = now;
  }).observe(document, { childList: true, characterData: true, subtree: true });
};

// axe holds a state of a page to WCAG 2.2 AA and good practice.
export async function axe(page, state) {
  await check(`axe: ${state}`, async () => {
    if (!await page.evaluate(() => Boolean(globalThis.axe))) await page.evaluate(axeSource);
    const moving = await page.evaluate(async () => { // half faded in, nothing has the contrast it gets
      const ends = document.getAnimations().filter((a) => a.effect.getComputedTiming().endTime !== Infinity);
      const names = ends.map((a) => a.animationName ?? a.transitionProperty);
      await Promise.allSettled(ends.map((a) => a.finished));
      return matchMedia('(prefers-reduced-motion: reduce)').matches ? names : [];
    });
    must(!moving.length, `moves, though the reader wishes it not: ${moving}`);
    const { violations } = await page.evaluate(() => globalThis.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
      resultTypes: ['violations'], // of what is right nothing is told, which takes a third of the time
    }));
    must(!violations.length, violations.map((v) =>
      `${v.id} (${v.nodes.length}): ${v.nodes[0].target} ${v.nodes[0].failureSummary.replace(/\s+/g, ' ')}`).join(' || '));
  });
}

export async function shot(page, name, fullPage = true) {
  if (!shots) return;
  try {
    await page.screenshot({ path: join(shots, `${name}.png`), fullPage });
  } catch (err) {
    console.log(`     (no picture of ${name}: ${String(err.message).split('\n')[0]})`); // pictures decide nothing
  }
}

// noSideways holds that nothing is wider than the window.
export async function noSideways(page, state) {
  await check(`no sideways scrolling: ${state}`, async () => {
    let inner; let outer;
    await soon(async () => {
      [inner, outer] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      return inner <= outer;
    }, () => `${inner} px of content in ${outer} px`, 5000);
  });
}

// targets holds that what is clicked is at least 24 px, but for links in text.
export async function targets(page, state) {
  await check(`24 px targets: ${state}`, async () => {
    const small = await page.evaluate(() => [...document.querySelectorAll('button, summary, textarea, select, nav a, .self, .refs a, .up, .asked a, .actions a, .mail')]
      .filter((e) => e.checkVisibility())
      .map((e) => ({ text: e.textContent.trim().slice(0, 30), r: e.getBoundingClientRect() }))
      .filter(({ r }) => r.width < 24 || r.height < 24)
      .map(({ text, r }) => `${text} ${Math.round(r.width)}x${Math.round(r.height)}`));
    must(!small.length, small.slice(0, 5).join(', '));
  });
}

export function finish() {
  console.log(`${passed} passed, ${failures.length} failed`);
  for (const one of failures) console.log(`  ${one}`);
  process.exitCode = failures.length ? 1 : 0;
  setTimeout(() => process.exit(), 15_000).unref(); // whatever a browser leaves open
}

setInterval(() => { // a run that hangs has failed
  if (Date.now() - alive < 5 * 60_000) return;
  console.log('FAIL nothing was checked for five minutes');
  process.exit(1);
}, 5000).unref();

const desktop = { viewport: { width: 1280, height: 900 }, locale: 'nb-NO', colorScheme: 'light', reducedMotion: 'reduce' };
let browser = null;

// withPage opens the chat in a fresh browser and holds that nothing goes wrong
// unseen: no error in a script, nothing refused by the policy, no other host.
export async function withPage(name, options, run) {
  browser ??= await launch();
  const context = await browser.newContext({ ...desktop, ...options.context });
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  await page.addInitScript(writeDown);
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
  await shut(context);
}

export const closeBrowser = async () => { if (browser) await shut(browser); };

// ---- what is done again and again on the chat page

export const covered = 'Kan vi bruke pasientjournaler til intern kvalitetssikring uten samtykke?';

export async function ask(page, question) {
  await page.locator('#question').fill(question);
  await page.keyboard.press('Enter');
}

export const last = (page) => page.locator('.turn.answer').last();
export const connected = (page, state = 'connected') => page.locator(`ki-line[data-state=${state}]`).waitFor({ timeout: patience });
