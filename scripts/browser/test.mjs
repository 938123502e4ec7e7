// Drives the pages of a running service with a real browser.
//
//   BASE_URL=http://127.0.0.1:8080 SHOTS=/tmp/shots node test.mjs
import { closeBrowser, finish } from './harness.mjs';

// one after the other: they would disturb each other's measures
await import('./service.mjs');
await import('./states.mjs');
await import('./looks.mjs');
await import('./rules.mjs');
await import('./case.mjs');
await closeBrowser();
finish();
