// What case.ts takes from the page, so that nothing is loaded twice.
export { html, nothing } from 'lit';
export { repeat } from 'lit/directives/repeat.js';
export { blocks, safeURL } from './blocks.ts';
export { agencies } from './cases.ts';
export { optionsOf } from './facts.ts';
export { icon } from './icons.ts';
export { mark, Part } from './parts.ts';
export { randomID } from './protocol.ts';
export { chat } from './state.ts';
export * as store from './store.ts';
export { isOpen } from './talk.ts';
export { date, day, language, number } from './texts.ts';
export { t as base } from './texts.ts';
