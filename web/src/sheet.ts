// The result sheet: what the newest findings came to, in a form to print or to
// pass on. It takes the place of the conversation, so that paper gets it whole.
import { html, nothing } from 'lit';
import { Part } from './parts.ts';
import type { Sheet } from './protocol.ts';
import { chat } from './state.ts';
import { kinds, reasons, said, short } from './steps.ts';
import { date, label, t } from './texts.ts';

const address = '#resultatark';
const root = document.documentElement;

/** startSheet opens the sheet when it is asked for, or the address says so as after a reload. The browser's way back closes it. */
export function startSheet(): void {
  addEventListener('ki-sheet', () => {
    history.pushState(null, '', address);
    follow();
  });
  addEventListener('popstate', follow);
  follow();
}

function follow(): void {
  document.querySelector<SheetPart>('ki-sheet')?.show(location.hash === address);
}

class SheetPart extends Part {
  private state: 'closed' | 'loading' | 'failed' | 'none' | 'there' = 'closed';
  private sheet: Sheet | null = null;

  show(on: boolean): void {
    if (on === (this.state !== 'closed')) return;
    root.classList.toggle('sheet-open', on);
    document.querySelector<HTMLElement>('.skip')!.hidden = on; // there is no field to skip to
    this.become(on ? 'loading' : 'closed');
    if (on) void this.load();
    else this.back();
  }

  private back(): void {
    const button = [...document.querySelectorAll<HTMLElement>('.to-sheet button')].at(-1);
    button?.focus({ preventScroll: true });
    button?.scrollIntoView({ block: 'center' });
  }

  private async load(): Promise<void> {
    try {
      this.sheet = await chat.sheet(chat.current);
      if (this.state !== 'closed') this.become(this.sheet ? 'there' : 'none');
    } catch {
      if (this.state !== 'closed') this.become('failed');
    }
    await this.updateComplete;
    scrollTo(0, 0);
    this.querySelector('h1')?.focus({ preventScroll: true });
  }

  private become(state: SheetPart['state']): void {
    this.state = state;
    this.requestUpdate();
  }

  private close(): void {
    // an address that was opened directly has nothing of ours behind it
    history.replaceState(null, '', location.pathname);
    this.show(false);
  }

  private save(format: 'md' | 'json'): void {
    chat.download(chat.current, format, 'sheet').then(() => chat.say(t('downloaded'), 4), () => chat.say(t('download_failed'), 8));
  }

  protected override render() {
    if (this.state === 'closed') return nothing;
    const back = html`<p class="back"><a href="/" @click=${(e: Event) => { e.preventDefault(); this.close(); }}>${t('back_to_chat')}</a></p>`;
    const s = this.sheet;
    if (this.state !== 'there' || !s) {
      const words = { loading: t('sheet_loading'), failed: t('sheet_failed'), none: t('sheet_none'), there: '' }[this.state];
      return html`<div class="column">${back}<h1 tabindex="-1">${t('sheet_title')}</h1><p role="status">${words}</p></div>`;
    }
    return html`<div class="column sheet-view">${back}
      <p class="actions">
        <button type="button" class="ds-button" @click=${() => print()}>${t('sheet_print')}</button>
        <button type="button" class="ds-button" data-variant="secondary" @click=${() => this.save('md')}>Markdown</button>
        <button type="button" class="ds-button" data-variant="secondary" @click=${() => this.save('json')}>JSON</button>
        <span role="status">${chat.said}</span>
      </p>${paper(s)}</div>`;
  }
}

customElements.define('ki-sheet', SheetPart);

function paper(s: Sheet) {
  const lang = s.language;
  const quotes = (list: Sheet['quotes']) => list.map((c) => short(c, lang));
  const parts = [...new Set([...kinds, ...s.path.map((f) => f.kind)])].map((k) => [k, s.path.filter((f) => f.kind === k)] as const).filter(([, list]) => list.length > 0);
  const { missing, question, ifs } = s.open;
  return html`<article lang=${lang} class="paper">
    <h1 tabindex="-1">${t('sheet_title', {}, lang)}</h1>
    <p class="made">${t('sheet_made', { time: when(s.at, lang) }, lang)}</p>
    <section><h2>${t('sheet_asked', {}, lang)}</h2>${s.questions.map((q) => html`<p class="asked-text">${q.text}</p>`)}</section>
    ${s.facts.length ? html`<section><h2>${t('sheet_facts', {}, lang)}</h2><dl class="known">${s.facts.map((f) => html`<div><dt>${f.name}</dt>
      <dd>${f.label}${f.told ? html` <small>(${t('sheet_told', {}, lang)})</small>` : f.words ? html` <small>(${t('fact_from', { words: f.words }, lang)})</small>` : nothing}</dd></div>`)}</dl></section>` : nothing}
    <section><h2>${t('sheet_path', {}, lang)}</h2>${s.lead ? html`<p>${s.lead}</p>` : nothing}
      ${parts.map(([kind, list]) => html`<h3>${label('part_', kind, lang)}</h3><ol class="steps" start=${list[0]!.number}>${list.map((f) => html`<li class="step" value=${f.number}><div>
        ${said(f, lang)}${reasons(f, lang)}${quotes(f.quotes ?? [])}</div></li>`)}</ol>`)}</section>
    ${missing.length || question || ifs ? html`<section><h2>${t('sheet_open_points', {}, lang)}</h2>
      ${missing.length ? html`<ul>${missing.map((m) => html`<li>${t('sheet_not_given', { name: m.name }, lang)}</li>`)}</ul>` : nothing}
      ${ifs ? html`<h3>${ifs.question}</h3><dl class="ifs-list">${ifs.cases?.map((c) => html`<div><dt>${t('if_so', { label: c.label }, lang)}</dt>
        <dd>${c.findings?.length ? html`<ul>${c.findings.map((f) => html`<li>${label('part_', f.kind, lang)}: ${f.text}</li>`)}</ul>` : t('if_nothing', {}, lang)}</dd></div>`)}</dl>`
        : question ? html`<p><strong>${question}</strong></p>` : nothing}</section>` : nothing}
    ${s.conflicts.length ? html`<section><h2>${t('conflict', {}, lang)}</h2>${s.conflicts.map((c) => html`<p>${c.text}</p>${quotes(c.quotes)}`)}</section>` : nothing}
    ${s.quotes.length ? html`<section><h2>${t('sheet_more', {}, lang)}</h2>${quotes(s.quotes)}</section>` : nothing}
    <section><h2>${t('sheet_versions', {}, lang)}</h2><dl class="known">${['corpus', 'rules', 'model', 'build'].filter((k) => s.versions[k]).map((k) => html`<div><dt>${label('version_', k, lang)}</dt><dd>${s.versions[k]}</dd></div>`)}</dl>
      ${s.hand_over ? html`<p>${s.hand_over.text}</p>` : nothing}
      ${s.notice ? html`<p class="notice">${s.notice}</p>` : nothing}</section>
  </article>`;
}

// when says the day and the hour.
function when(iso: string, lang: string): string {
  const at = Date.parse(iso);
  const day = new Date(at);
  const pad = (n: number) => String(n).padStart(2, '0');
  return Number.isNaN(at) ? iso : `${date(`${day.getFullYear()}-${pad(day.getMonth() + 1)}-${pad(day.getDate())}`, lang)}, ${pad(day.getHours())}.${pad(day.getMinutes())}`;
}
