// Drives the pages of a running service with a real browser.
//
//   BASE_URL=http://127.0.0.1:8080 SHOTS=/tmp/shots node test.mjs
//   … node test.mjs states case    these parts alone
import { closeBrowser, finish } from './harness.mjs';

const parts = process.argv.slice(2);
// one after the other: they share a browser
for (const name of parts.length ? parts : ['service', 'states', 'looks', 'rules', 'case']) await import(`./${name}.mjs`);
await closeBrowser();
finish();
