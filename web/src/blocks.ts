// Quotes as paragraphs and lists, by the rules of blocks.go: a number or
// letter begins an item only when it counts from one or on from the last.
import type { TemplateResult } from 'lit';
import { html } from 'lit';

const months = 'januar februar mars april mai juni juli august september oktober november desember'.split(' ');

interface Block { kind: 'p' | 'ul' | 'ol'; type?: '1' | 'a'; start?: number; items: string[] }

export function blocks(text: string, goesOn = false): TemplateResult[] {
  return parts(text, goesOn).map((b) => {
    if (b.kind === 'p') return html`<p>${b.items[0]}</p>`;
    const items = b.items.map((i) => html`<li>${i}</li>`);
    return b.kind === 'ul' ? html`<ul>${items}</ul>` : html`<ol start=${b.start ?? 1} type=${b.type ?? '1'}>${items}</ol>`;
  });
}

function parts(text: string, goesOn: boolean): Block[] {
  const out: Block[] = [];
  const next = { 1: 1, a: 1 };
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    if (!line) continue;
    const last = out.at(-1);
    if (line.startsWith('•')) {
      const item = line.slice(1).trim();
      if (last?.kind === 'ul') last.items.push(item);
      else out.push({ kind: 'ul', items: [item] });
      continue;
    }
    const c = counted(line);
    if (!c || (c.n !== 1 && c.n !== next[c.type] && !(goesOn && !out.length))) {
      out.push({ kind: 'p', items: [line] });
      continue;
    }
    if (last?.kind === 'ol' && last.type === c.type && c.n === next[c.type]) last.items.push(c.item);
    else out.push({ kind: 'ol', type: c.type, start: c.n, items: [c.item] });
    next[c.type] = c.n + 1;
  }
  return out;
}

function counted(line: string): { n: number; type: '1' | 'a'; item: string } | null {
  const m = /^(\d{1,2}|[a-z])[.)]\s+(\S.*)$/.exec(line);
  if (!m?.[1] || !m[2]) return null;
  if (months.includes((m[2].split(' ')[0] ?? '').toLowerCase().replace(/[.,:;]+$/, ''))) return null;
  const letter = m[1] >= 'a';
  return { n: letter ? m[1].charCodeAt(0) - 96 : Number(m[1]), type: letter ? 'a' : '1', item: m[2] };
}

/** safeURL lets through addresses on this host and on the web, and nothing that runs ("javascript:"). */
export function safeURL(url: string): URL | null {
  try {
    const u = new URL(url, location.href);
    return u.protocol === 'https:' || u.protocol === 'http:' ? u : null;
  } catch {
    return null;
  }
}
