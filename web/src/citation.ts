// One quote as a card, with what is needed to check it and to cite it.
import { html, LitElement, nothing } from 'lit';
import { blocks, safeURL } from './blocks.ts';
import { chat } from './state.ts';
import type { Citation } from './protocol.ts';
import { date, t } from './texts.ts';

/** reference gives the line that a quote is cited by. */
export function reference(c: Citation, lang: string): string {
  return [c.publisher, c.title, (c.section ?? []).join(' › '), c.date ? date(c.date, lang) : t('date_unknown', {}, lang)].filter(Boolean).join('. ');
}

/** copyText gives a quote with where it stands, to be put elsewhere. */
export const copyText = (c: Citation, lang: string) =>
  `«${[c.lead, c.quote].filter(Boolean).join('\n')}»\n\n${reference(c, lang)}\n${safeURL(c.url)?.href ?? ''}`;

/** citation gives the card. Quotes stay in the language of their source, which is Norwegian. */
export function citation(c: Citation, number: number, id: string, lang: string) {
  const url = safeURL(c.url);
  return html`<li class="card" id=${id} tabindex="-1">
    <p class="card-top">
      <span class="number">${t('quote_n', { n: number }, lang)}</span>
      <span class="when">${c.date ? html`<time datetime=${c.date}>${date(c.date, lang)}</time>` : t('date_unknown', {}, lang)}</span>
      ${c.superseded ? html`<span class="ds-tag" data-color="warning">${t('old_source', {}, lang)}</span>` : nothing}
    </p>
    <blockquote lang="nb" cite=${url?.href ?? nothing}>
      ${c.lead ? html`<p class="lead-in">${c.lead}</p>` : nothing}
      ${blocks(c.quote, Boolean(c.lead))}
    </blockquote>
    ${c.note ? html`<p class="note">${c.note}</p>` : nothing}
    <div class="origin">
      <p><cite lang="nb">${c.title}</cite>${c.publisher ? html`<span class="publisher" lang="nb">${c.publisher}</span>` : nothing}</p>
      ${c.section?.length ? html`<p class="section" lang="nb">${c.section.join(' › ')}</p>` : nothing}
    </div>
    <p class="actions">
      ${url ? html`<a class="ds-button" data-variant="secondary" href=${url.href} aria-label=${`${t('read_source', {}, lang)}: ${c.title}`}>${t('read_source', {}, lang)}</a>` : nothing}
      <ki-copy .text=${copyText(c, lang)} .language=${lang}></ki-copy>
    </p>
  </li>`;
}

/** A button that copies a text and says so. */
class Copy extends LitElement {
  static override properties = { text: {}, words: {}, language: {}, done: { state: true } };
  declare text: string;
  declare language: string;
  declare words: string; // on the button, for something else than a quote
  declare done: '' | 'copied' | 'copy_failed';

  constructor() {
    super();
    this.text = this.words = this.language = this.done = '';
  }

  protected override createRenderRoot() { return this; }

  protected override render() {
    return html`<button type="button" class="ds-button" data-variant="tertiary" @click=${this.copy}>${this.words && !this.done ? this.words : t(this.done || 'copy', {}, this.language || undefined)}</button>`;
  }

  private async copy() {
    this.done = await write(this.text) ? 'copied' : 'copy_failed';
    chat.say(t(this.done, {}, this.language || undefined), 4);
    setTimeout(() => { this.done = ''; }, 2500);
  }
}

customElements.define('ki-copy', Copy);

async function write(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // no permission, or plain http: the old way
    const area = document.createElement('textarea');
    area.className = 'away';
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}
