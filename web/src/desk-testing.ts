// What the desk's unit tests load: everything that needs no browser.
export { changes, diff } from './desk/diff.ts';
export { Editor } from './desk/editor.ts';
export * as filters from './desk/filters.ts';
export { Keeper, keeping } from './desk/keep.ts';
export { beats, Live } from './desk/live.ts';
export * as model from './desk/model.ts';
export { offered, references } from './desk/references.ts';
export { Keys, typing } from './desk/shortcuts.ts';
