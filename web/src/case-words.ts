// The words of what is shown of cases, in the reader's language.
import all from '../texts-case.json';
import { base, language } from './app.js';
import type { Values } from './texts.ts';

export type Key = keyof typeof all;

export const t = (key: Key, values: Values = {}): string => all[key][language()].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));

export { base };
