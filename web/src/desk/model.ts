// The rules by which what comes changes what is shown.
import type { DeskCase, Draft, Event, Mark, Present, Publication, Quote, Row, SignOff, Version } from './types.ts';

// ---- the list

export interface Rows { rows: Row[]; fresh: number }

/**
 * merge puts newer rows in place without moving one: what is read stays where
 * it is. Cases that were not there are counted, to be shown when one asks.
 */
export function merge(shown: Row[], came: Row[]): Rows {
  const by = new Map(came.map((r) => [r.id, r]));
  const known = new Set(shown.map((r) => r.id));
  return {
    rows: shown.map((r) => {
      const n = by.get(r.id);
      return n && n.seq >= r.seq ? n : r;
    }),
    fresh: came.filter((r) => !known.has(r.id)).length,
  };
}

/** append adds a page; a case that moved down meanwhile stands once. */
export const append = (shown: Row[], more: Row[]): Row[] => [...shown, ...more.filter((r) => !shown.some((s) => s.id === r.id))];

// ---- who is there

export class Presence {
  private cases = new Map<string, Present[]>();

  take(id: string, people: Present[] | null | undefined, me: string): void {
    const others = (people ?? []).filter((p) => p.id !== me && p.doing);
    if (others.length) this.cases.set(id, others);
    else this.cases.delete(id);
  }

  of(id: string): Present[] { return this.cases.get(id) ?? []; }
  clear(): void { this.cases.clear(); }
}

// ---- a case

/** newer says whether a case that was fetched is not older than what is shown: answers may overtake each other. */
export const newer = (shown: DeskCase | null, came: DeskCase): boolean => !shown || shown.id !== came.id || came.seq >= shown.seq;

/** since gives what happened after an event, by others than me. */
export const since = (log: Event[], seq: number, me = ''): Event[] => log.filter((e) => e.seq > seq && e.actor.id !== me);

export const newest = (c: DeskCase): Version | undefined => c.drafts?.at(-1);

export interface Verdict { agency: string; said: '' | 'approve' | 'reserve' | 'return'; sign?: SignOff; void?: SignOff }

/**
 * verdicts gives what each agency on the case has said of the newest text, and what it had said of one that is gone, or
 * before the asker last replied.
 */
export function verdicts(c: DeskCase): Verdict[] {
  const hash = newest(c)?.hash ?? '';
  const holds = (s: SignOff): boolean => s.hash === hash && !(s.seq < (c.round ?? 0));
  return (c.agencies ?? []).map((agency) => {
    const all = (c.sign_offs ?? []).filter((s) => s.agency === agency);
    const sign = hash ? all.findLast(holds) : undefined;
    const old = sign ? undefined : all.findLast((s) => !holds(s));
    return { agency, said: (sign?.verdict ?? '') as Verdict['said'], ...(sign && { sign }), ...(old && { void: old }) };
  });
}

/** voids says which sign-offs a change of the text takes away. */
export const voids = (c: DeskCase): string[] => verdicts(c).filter((v) => v.said === 'approve' || v.said === 'reserve').map((v) => v.agency);

// ---- a draft

export const copyOf = (d: Draft | undefined): Draft => ({
  sections: (d?.sections ?? []).map((s) => ({ ...s })),
  quotes: (d?.quotes ?? []).map((q) => ({ ...q })),
  references: [...(d?.references ?? [])],
});

/** tidy gives a draft as it is saved: without what is empty. */
export function tidy(d: Draft): Draft {
  const sections = (d.sections ?? []).map((s) => ({ question: (s.question ?? '').trim(), text: s.text.replace(/[ \t]+$/gm, '').trim() }))
    .filter((s) => s.question || s.text)
    .map((s) => (s.question ? s : { text: s.text }));
  const quotes = (d.quotes ?? []).filter((q) => q.text.trim());
  const references = [...new Set((d.references ?? []).map((r) => r.trim()).filter(Boolean))];
  return { ...(sections.length && { sections }), ...(quotes.length && { quotes }), ...(references.length && { references }) };
}

export const equal = (a: Draft | undefined, b: Draft | undefined): boolean => canon(a) === canon(b);
const canon = (d: Draft | undefined) => {
  const t = tidy(d ?? {});
  return JSON.stringify([t.sections?.map((s) => [s.question ?? '', s.text]), t.quotes?.map((q) => [q.source, q.passage, q.text]), t.references]);
};

/** plain gives a draft as text, for a difference to be shown. */
export const plain = (d: Draft | undefined): string => [
  ...(d?.sections ?? []).map((s) => [s.question, s.text].filter(Boolean).join('\n')),
  ...(d?.quotes ?? []).map((q) => `«${q.text}»\n${q.source}`),
  (d?.references ?? []).join('; '),
].filter(Boolean).join('\n\n');

/**
 * both takes a newer version and one's own text: sections that only one side
 * changed since base are taken from it; where both did, one's own comes first
 * and the other after it. Quotes and references of both are there.
 */
export function both(base: Draft | undefined, theirs: Draft, mine: Draft): Draft {
  const at = (d: Draft | undefined, i: number) => d?.sections?.[i];
  const same = (a: Draft['sections'], i: number, b: Draft['sections'], k: number) => a?.[i]?.text === b?.[k]?.text && (a?.[i]?.question ?? '') === (b?.[k]?.question ?? '');
  const sections = [];
  for (let i = 0; i < Math.max(theirs.sections?.length ?? 0, mine.sections?.length ?? 0); i++) {
    const [m, h, b] = [at(mine, i), at(theirs, i), at(base, i)];
    if (!m || !h) { sections.push({ ...(m ?? h)! }); continue; }
    if (same(mine.sections, i, theirs.sections, i) || (b && same(mine.sections, i, base?.sections, i))) sections.push({ ...h });
    else if (b && same(theirs.sections, i, base?.sections, i)) sections.push({ ...m });
    else sections.push({ ...m }, { ...h });
  }
  const quotes: Quote[] = [];
  for (const q of [...(theirs.quotes ?? []), ...(mine.quotes ?? [])]) if (!quotes.some((x) => x.passage === q.passage && x.text === q.text)) quotes.push({ ...q });
  return { sections, quotes, references: [...new Set([...(theirs.references ?? []), ...(mine.references ?? [])])] };
}

/** Quoted knows the passages that were seen, so that a quote can be held against its source. */
export class Quoted {
  private seen = new Map<string, string[]>();

  learn(passage: string, text: string): void { this.seen.set(passage, [...(this.seen.get(passage) ?? []), flat(text)]); }

  /** is: "verbatim", "changed", or "unknown" when the passage was not seen here; the service checks it all when the text is handed in. */
  is(q: Quote): 'verbatim' | 'changed' | 'unknown' {
    const texts = this.seen.get(q.passage);
    if (!texts) return 'unknown';
    return texts.some((t) => t.includes(flat(q.text))) ? 'verbatim' : 'changed';
  }
}
const flat = (s: string) => s.replace(/\s+/g, ' ').trim();

// ---- publication

/** A decision on a mark: undefined while there is none, null when the words stay, else what stands in their place. */
export type Decision = string | null | undefined;

/** get and set reach a text by the name of its field: "title", "sections.0.text", "sections[0].text". */
const path = (field: string) => field.split(/[.[\]]+/).filter(Boolean);

export function get(p: Publication, field: string): string {
  let v: unknown = p;
  for (const k of path(field)) v = (v as Record<string, unknown> | undefined)?.[k];
  return typeof v === 'string' ? v : '';
}

export function put(p: Publication, field: string, text: string): Publication {
  const copy = structuredClone(p);
  const keys = path(field);
  let v: Record<string, unknown> | undefined = copy;
  for (const k of keys.slice(0, -1)) v = v?.[k] as Record<string, unknown> | undefined;
  if (v) v[keys.at(-1)!] = text;
  return copy;
}

/** masked puts what was decided into the texts. Places count characters, not UTF-16 units; a mark inside another that was replaced goes with it. */
export function masked(p: Publication, marks: Mark[], decided: Decision[]): Publication {
  const out = structuredClone(p);
  let result: Publication = out;
  for (const field of new Set(marks.map((m) => m.field))) {
    const chars = [...get(p, field)];
    let text = '';
    let at = 0;
    marks.map((m, i) => ({ m, d: decided[i] })).filter(({ m, d }) => m.field === field && typeof d === 'string')
      .sort((a, b) => a.m.start - b.m.start || b.m.end - a.m.end)
      .forEach(({ m, d }) => {
        if (m.start < at) return;
        text += chars.slice(at, m.start).join('') + String(d);
        at = m.end;
      });
    result = put(result, field, text + chars.slice(at).join(''));
  }
  return result;
}

/** around gives the words of a mark with what stands before and after. */
export function around(text: string, m: Mark, most = 60): [string, string, string] {
  const chars = [...text];
  const before = chars.slice(Math.max(0, m.start - most), m.start).join('');
  const after = chars.slice(m.end, m.end + most).join('');
  return [(m.start > most ? '…' : '') + before, chars.slice(m.start, m.end).join(''), after + (m.end + most < chars.length ? '…' : '')];
}

// ---- time

export interface Due { late: boolean; days: number } // days by the calendar, from today

/** The one time zone that counts here, wherever the browser is. */
export const zone = 'Europe/Oslo';
const parts = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat('en-CA', { timeZone: zone, hourCycle: 'h23', ...options });
const byDay = parts({ year: 'numeric', month: '2-digit', day: '2-digit' });
const byClock = parts({ hour: '2-digit', minute: '2-digit' });

/** closing gives the end of a working day, from a date like 2026-11-22; "" for what is none. */
export const closing = (date: string): string => ['+01:00', '+02:00'].map((offset) => new Date(`${date}T15:45:00${offset}`))
  .find((d) => !Number.isNaN(d.getTime()) && byClock.format(d) === '15:45')?.toISOString() ?? '';

/** due says how far a date is from today. */
export function due(iso: string, now: number): Due {
  const day = (ms: number) => Date.parse(byDay.format(ms));
  const at = Date.parse(iso);
  return { late: at < now, days: Math.round((day(at) - day(now)) / 86_400_000) };
}
