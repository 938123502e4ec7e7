// One quote as a card, with what is needed to check it and to cite it.
import { blocks, h, safeURL } from './dom.js';
import { date, t } from './texts.js';

// reference gives the line that a quote is cited by.
export function reference(c, lang) {
  const parts = [c.publisher, c.title, (c.section ?? []).join(' › '), c.date ? date(c.date, lang) : t('date_unknown', {}, lang)];
  return parts.filter(Boolean).join('. ');
}

export function citation(c, number, id, lang, say) {
  const url = safeURL(c.url);
  const copy = h('button', { type: 'button', class: 'quiet', onclick: () => copyQuote(c, url, lang, copy, say) }, t('copy', {}, lang));
  // quotes stay in the language of their source, which is Norwegian
  return h('li', { class: 'card', id, tabindex: '-1' },
    h('p', { class: 'card-top' },
      h('span', { class: 'number' }, t('quote_n', { n: number }, lang)),
      c.superseded && h('span', { class: 'mark old' }, t('old_source', {}, lang)),
    ),
    h('blockquote', { lang: 'nb', cite: url?.href },
      c.lead && h('p', { class: 'lead-in' }, c.lead),
      blocks(c.quote, Boolean(c.lead)),
    ),
    h('div', { class: 'origin' },
      c.section?.length > 0 && h('p', { class: 'section', lang: 'nb' }, c.section.join(' › ')),
      h('p', {},
        h('cite', { lang: 'nb' }, c.title),
        c.publisher && [h('br'), h('span', { lang: 'nb' }, c.publisher)],
        h('br'),
        c.date ? h('time', { datetime: c.date }, date(c.date, lang)) : t('date_unknown', {}, lang),
      ),
      c.note && h('p', { class: 'note' }, c.note),
    ),
    h('p', { class: 'actions' },
      url && h('a', { href: url.href, 'aria-label': `${t('read_source', {}, lang)}: ${c.title}` }, t('read_source', {}, lang)),
      copy,
    ),
  );
}

async function copyQuote(c, url, lang, button, say) {
  const text = `«${[c.lead, c.quote].filter(Boolean).join('\n')}»\n\n${reference(c, lang)}\n${url?.href ?? ''}`;
  const done = await write(text);
  const words = t(done ? 'copied' : 'copy_failed', {}, lang);
  button.textContent = words;
  say(words);
  setTimeout(() => { button.textContent = t('copy', {}, lang); }, 2500);
}

async function write(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // no permission, or plain http: the old way
    const area = h('textarea', { class: 'away', 'aria-hidden': 'true' });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}
