// What changed between two texts, by words.

export interface Piece { kind: 'same' | 'added' | 'taken'; text: string }

const token = /[\p{L}\p{N}]+|\n|[^\S\n]+|[^\p{L}\p{N}\s]/gu;
const words = (text: string): string[] => text.match(token) ?? [];

const most = 1200; // differing tokens; beyond that whole lines are compared

/** diff gives the pieces of both texts in order: all but what was added is the old one, all but what was taken the new one. */
export function diff(before: string, after: string): Piece[] {
  if (before === after) return before ? [{ kind: 'same', text: before }] : [];
  return join(compare(words(before), words(after), () => compare(lines(before), lines(after), whole)));
}

const lines = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

const whole = (a: string[], b: string[]): Piece[] => [{ kind: 'taken', text: a.join('') }, { kind: 'added', text: b.join('') }];

function compare(a: string[], b: string[], give: (a: string[], b: string[]) => Piece[]): Piece[] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const same = (list: string[], from: number, to: number): Piece[] => (from < to ? [{ kind: 'same', text: list.slice(from, to).join('') }] : []);
  const left = a.slice(start, a.length - end);
  const right = b.slice(start, b.length - end);
  const middle = shortest(left, right);
  if (!middle) return give(a, b);
  return [...same(a, 0, start), ...middle, ...same(a, a.length - end, a.length)];
}

// shortest is Myers' way: how far one gets with 0, 1, 2 … differences.
function shortest(a: string[], b: string[]): Piece[] | null {
  if (!a.length || !b.length) return [...a.map((text): Piece => ({ kind: 'taken', text })), ...b.map((text): Piece => ({ kind: 'added', text }))];
  const paths: Int32Array[] = [];
  let v = new Int32Array(2 * most + 3);
  const mid = most + 1;
  for (let d = 0; d <= most; d++) {
    paths.push(v.slice(mid - d - 1, mid + d + 2));
    const next = v.slice();
    for (let k = -d; k <= d; k += 2) {
      let x = k === -d || (k !== d && v[mid + k - 1]! < v[mid + k + 1]!) ? v[mid + k + 1]! : v[mid + k - 1]! + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      next[mid + k] = x;
      if (x >= a.length && x - k >= b.length) return back(a, b, paths);
    }
    v = next;
  }
  return null;
}

function back(a: string[], b: string[], paths: Int32Array[]): Piece[] {
  const out: Piece[] = [];
  let x = a.length;
  let y = b.length;
  for (let d = paths.length - 1; d >= 0; d--) {
    const v = paths[d]!;
    const at = (k: number) => v[k + d + 1]!;
    const k = x - y;
    const from = k === -d || (k !== d && at(k - 1) < at(k + 1)) ? k + 1 : k - 1;
    const px = d ? at(from) : 0;
    const py = d ? px - from : 0;
    while (x > px && y > py) { x--; y--; out.push({ kind: 'same', text: a[x]! }); }
    if (!d) break;
    if (x === px) out.push({ kind: 'added', text: b[--y]! });
    else out.push({ kind: 'taken', text: a[--x]! });
  }
  return out.reverse();
}

// join puts pieces of a kind together. What is the same by chance between two
// changes, a space or a small word, is changed with them: two phrases read
// better than four pieces.
function join(pieces: Piece[]): Piece[] {
  const out: Piece[] = [];
  let taken = '';
  let added = '';
  const flush = () => {
    if (taken) out.push({ kind: 'taken', text: taken });
    if (added) out.push({ kind: 'added', text: added });
    taken = added = '';
  };
  const runs: Piece[] = [];
  for (const p of pieces) {
    const last = runs.at(-1);
    if (last?.kind === p.kind) last.text += p.text;
    else runs.push({ ...p });
  }
  runs.forEach((p, i) => {
    if (p.kind === 'taken') taken += p.text;
    else if (p.kind === 'added') added += p.text;
    else if (i && i + 1 < runs.length && chance(p.text, taken, added)) { taken += p.text; added += p.text; }
    else {
      flush();
      out.push(p);
    }
  });
  flush();
  return out;
}

const count = (text: string) => words(text).filter((w) => /[\p{L}\p{N}]/u.test(w)).length;

const chance = (same: string, taken: string, added: string) =>
  (taken !== '' && added !== '' && /^ +$/.test(same)) || (/^ ?\p{L}{1,4} ?$/u.test(same) && count(taken) + count(added) >= 4);

/** changes counts the words that differ. */
export const changes = (pieces: Piece[]): number => pieces.reduce((n, p) => n + (p.kind === 'same' ? 0 : count(p.text)), 0);
