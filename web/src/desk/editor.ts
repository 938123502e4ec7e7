// The draft that somebody writes: never replaced by what comes, and kept while
// it is typed.
import type { Keeper } from './keep.ts';
import * as model from './model.ts';
import type { DeskCase, Draft, Version } from './types.ts';

interface Kept { base: number; draft: Draft; at: number }

export class Editor {
  base = 0; // number of the version that was begun with
  from: Draft = {}; // its text
  draft: Draft = { sections: [{ question: '', text: '' }], quotes: [], references: [] };
  newer: Version | undefined; // somebody saved this meanwhile
  open = false; // what to do about it is shown
  was: Draft | null = null; // what a choice replaced, to be had again
  recovered = 0; // when what was brought back was typed
  show: '' | 'read' | 'write' | 'changes' = ''; // '' is what fits: a text that is being signed is read
  left = 0; // the versions that are compared; 0 is what is written
  right = 0;

  constructor(readonly keeper: Keeper, c: DeskCase) { this.take(c); }

  get dirty(): boolean { return !model.equal(this.draft, this.from); }

  /** take hears of a case. The text stays unless nothing was written yet. */
  take(c: DeskCase): void {
    const v = model.newest(c);
    if (!v || v.number <= this.base) return;
    if (this.base === 0 && !this.dirty) this.use(v);
    else if (model.equal(v.draft, this.draft)) this.use(v); // one's own
    else this.newer = v;
  }

  /** use begins anew with a version. */
  use(v: Version): void {
    this.base = v.number;
    this.from = v.draft;
    this.draft = filled(model.copyOf(v.draft));
    this.newer = undefined;
    this.open = false;
  }

  saved(v: Version): void {
    this.use(v);
    this.was = null;
    this.recovered = 0;
    this.keeper.clear();
  }

  typed(): void {
    if (this.dirty) this.keeper.write({ base: this.base, draft: model.copyOf(this.draft), at: Date.now() } satisfies Kept);
    else if (this.keeper.unsaved) this.keeper.clear();
  }

  /**
   * recover brings back what was typed and not saved: the newest of what this
   * window and the service kept. Another one, of another window, can be had
   * instead, and so can what was kept when somebody typed before it came. It
   * says whether there was something.
   */
  recover(kept: unknown[], c: DeskCase): boolean {
    const now = model.newest(c);
    const all = kept.filter(isKept).sort((a, b) => b.at - a.at);
    const [k, other] = all.filter((x, i) => !model.equal(x.draft, now?.draft) && all.findIndex((y) => model.equal(y.draft, x.draft)) === i);
    if (this.dirty) { if (k) this.was = filled(model.copyOf(k.draft)); return false; }
    if (!k) { if (all.length) this.keeper.clear(); return false; }
    this.from = c.drafts?.find((v) => v.number === k.base)?.draft ?? {};
    this.base = k.base;
    this.draft = filled(model.copyOf(k.draft));
    this.was = other ? filled(model.copyOf(other.draft)) : null;
    this.recovered = k.at || Date.now();
    this.newer = now && now.number > k.base ? now : undefined;
    this.typed();
    return true;
  }

  /** settle ends a conflict: with one's own text, theirs, or both. Whatever it is can be taken back. */
  settle(how: 'mine' | 'theirs' | 'both'): void {
    const v = this.newer;
    if (!v) return;
    const mine = model.copyOf(this.draft);
    const before = this.from;
    this.use(v);
    if (how === 'mine') this.draft = mine;
    if (how === 'both') this.draft = filled(model.both(before, v.draft, mine));
    if (how !== 'mine') this.was = mine;
    this.typed();
  }

  /** discard goes back to the newest version; what was written can be had again. */
  discard(): void {
    this.was = model.copyOf(this.draft);
    this.draft = filled(model.copyOf(this.from));
    this.recovered = 0;
    if (this.newer) this.use(this.newer);
    this.keeper.clear();
  }

  undo(): void {
    if (!this.was) return;
    [this.draft, this.was] = [this.was, this.dirty ? model.copyOf(this.draft) : null]; // and back again
    this.typed();
  }
}

const isKept = (x: unknown): x is Kept => typeof x === 'object' && x !== null && typeof (x as Kept).base === 'number' && typeof (x as Kept).draft === 'object' && typeof (x as Kept).at === 'number';

const filled = (d: Draft): Draft => ({ ...d, sections: d.sections?.length ? d.sections : [{ question: '', text: '' }] });
