// Legal references in a text: offered for the list of references, as lawyers
// write them.

// Acts that have a short name. What ends in -loven, -lova, -forskriften or
// -forskrifta is one too.
const act = String.raw`(?<![a-zæøå-])(?:[a-zæøå-]{2,40}?(?:loven|lova|lovens|lovas|forskriften|forskrifta|forskriftens)|(?:lov|forskrift) om [a-zæøå ]{3,60}?|[a-zæøå-]{2,40}?forordning(?:en|a)|personvernforordningen|GDPR|MDR|IVDR|EHDS|KI-forordningen|KI-forordninga|AI Act)`;
const number = String.raw`\d{1,3}(?:-\d{1,3})?(?:\s?[a-z](?![a-zæøå]))?`;
const ledd = String.raw`(?:,?\s+(?:første|andre|annet|tredje|fjerde|femte|fyrste|siste)\s+(?:ledd|punktum))*`;
const letter = String.raw`(?:,?\s+(?:bokstav|bokst\.|nr\.|nummer)\s?(?:[a-z](?![a-zæøå])|\d{1,2}))*`;
const also = String.raw`(?:(?:,\s|\s(?:og|eller|til|jf\.)\s)${number}(?!\s?(?:ledd|prosent|dager|år|kap)))*`;
const paragraph = new RegExp(String.raw`${act}\s+§{1,2}\s?${number}${also}${ledd}${letter}`, 'giu');
const article = new RegExp(String.raw`${act}\s+(?:artikkel|art\.|article)\s?\d{1,3}(?:\s?\(\d{1,2}\))*(?:\s?\([a-z]\))*${ledd}${letter}`, 'giu');
const published = /\b(?:LOV|FOR)-\d{4}-\d{2}-\d{2}(?:-\d{1,5})?\b/g;

const clean = (s: string) => s.replace(/\s+/g, ' ').replace(/[,;.]$/, '').trim();

/** references gives those that a text names, in its order, each once. */
export function references(text: string): string[] {
  let known = memo.get(text);
  if (known) return known;
  if (memo.size > 40) memo.clear();
  memo.set(text, known = find(text));
  return known;
}

const memo = new Map<string, string[]>(); // parts of a draft that are not being written in are asked for again and again

function find(text: string): string[] {
  const found: { at: number; text: string }[] = [];
  for (const re of [paragraph, article, published]) for (const m of text.matchAll(re)) found.push({ at: m.index, text: clean(m[0]) });
  const out: string[] = [];
  const known = new Set<string>();
  for (const f of found.sort((a, b) => a.at - b.at)) {
    const key = same(f.text);
    if (known.has(key)) continue;
    known.add(key);
    out.push(f.text);
  }
  return out;
}

/** same gives what two ways to write a reference have in common. */
export const same = (ref: string): string => ref.toLowerCase().replace(/§+\s*/g, '§').replace(/\bart\.|article/g, 'artikkel').replace(/lovas?\b/g, 'loven').replace(/[\s,.]+/g, ' ').trim();

/** offered gives what texts name and the list does not have. */
export function offered(texts: string[], have: string[]): string[] {
  const known = new Set(have.map(same));
  return texts.flatMap(references).filter((r) => !known.has(same(r)) && known.add(same(r)));
}
