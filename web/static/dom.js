// Making elements. Text always goes in as text, never as HTML.

// h makes an element: attributes by name, functions as listeners ("onclick"),
// children as strings or nodes; null, false and '' leave out.
export function h(name, attributes = {}, ...children) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') e.addEventListener(key.slice(2), value);
    else e.setAttribute(key, value === true ? '' : value);
  }
  e.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false && c !== ''));
  return e;
}

const months = 'januar februar mars april mai juni juli august september oktober november desember'.split(' ');

// blocks makes paragraphs and lists of a quote, by the rules of blocks.go: a
// number or letter begins an item only when it counts from one or on from the
// last.
export function blocks(text, goesOn = false) {
  const out = [];
  const next = { 1: 1, a: 1 };
  const list = (fits, make) => (fits ? out.at(-1) : out[out.push(make()) - 1]);
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    if (!line) continue;
    const last = out.at(-1);
    if (line.startsWith('•')) {
      list(last?.localName === 'ul', () => h('ul')).append(h('li', {}, line.slice(1).trim()));
      continue;
    }
    const { n, type, item } = counted(line);
    if (!n || (n !== 1 && n !== next[type] && !(goesOn && !out.length))) {
      out.push(h('p', {}, line));
      continue;
    }
    const goes = last?.localName === 'ol' && last.type === type && n === next[type];
    list(goes, () => h('ol', { start: n, type })).append(h('li', {}, item));
    next[type] = n + 1;
  }
  return out;
}

function counted(line) {
  const m = /^(\d{1,2}|[a-z])[.)]\s+(\S.*)$/.exec(line);
  if (!m || months.includes(m[2].split(' ')[0].toLowerCase().replace(/[.,:;]+$/, ''))) return {};
  const letter = m[1] >= 'a';
  return { n: letter ? m[1].charCodeAt(0) - 96 : Number(m[1]), type: letter ? 'a' : '1', item: m[2] };
}

// safeURL lets through addresses on this host and on the web, and nothing that
// runs ("javascript:").
export function safeURL(url) {
  try {
    const u = new URL(url, location.href);
    return u.protocol === 'https:' || u.protocol === 'http:' ? u : null;
  } catch {
    return null;
  }
}
