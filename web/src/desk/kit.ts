// What the administrator's script takes from the desk's, so that nothing is loaded twice.
export { html, nothing } from 'lit';
export { randomID } from '../protocol.ts';
export { Failed } from './api.ts';
export * as api from './api.ts';
export { icon } from './icons.ts';
export { anonymiseForm, dead, reassignForm, rolesOf, stateTag, tried } from './parts.ts';
export { desk, me, why } from './state.ts';
export { ask, button, reasonField } from './ui.ts';
export { agency, day, dueWords, label, person, t, when } from './words.ts';
