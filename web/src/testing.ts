// What the unit tests load: everything that needs no browser.
export { Connection } from './connection.ts';
export { readEvents } from './events.ts';
export { chips } from './facts.ts';
export { backoff, timing } from './line.ts';
export { heard, isOpen, shorten, Talk } from './talk.ts';
