// Findings as a path: numbered steps that say what holds and before whom, each
// with its reasons behind a fold.
import { html, nothing } from 'lit';
import { blocks, safeURL } from './blocks.ts';
import { copyText } from './citation.ts';
import type { Answer, Citation, Finding, Ifs } from './protocol.ts';
import { date, label, t } from './texts.ts';

const colours: Record<string, string> = {
  answered: 'success', permitted: 'success', not_required: 'success', escalate: 'warning', unclear: 'warning',
  clarify: 'info', required: 'info',
};

export const badge = (prefix: string, value: string, lang: string) =>
  html`<span class="ds-tag badge" data-color=${colours[value] ?? 'neutral'}>${label(prefix, value, lang)}</span>`;

/** The order in which a sheet gives kinds of findings. */
export const kinds = ['required', 'consider', 'permitted', 'not_required', 'unclear'];

/** carrier gives the index of the finding that shows a citation, -1 when none does. */
export function carrier(a: Answer, i: number): number {
  const c = a.citations?.[i];
  return (a.findings ?? []).findIndex((f) => f.quotes?.some((q) => q.passage === c?.passage && (q.quote === c.quote || f.citations?.includes(i))));
}

/** path gives the findings of an answer; stepID names their places. alone says that no quote stands below: then the first is unfolded. */
export function path(a: Answer, stepID: (i: number) => string, lang: string, alone: boolean, button: unknown) {
  const list = a.findings ?? [];
  // a purpose that all of them hold for is said once
  const purposes = (f?: Finding) => (f?.purposes ?? []).join(', ');
  const shared = list.every((f) => purposes(f) === purposes(list[0])) ? purposes(list[0]) : '';
  const counts = kinds.map((k) => [k, list.filter((f) => f.kind === k).length] as const).filter(([, n]) => n > 0);
  return html`<section class="findings"><h4>${t('findings', {}, lang)}</h4>
    <p class="shared">${shared ? `${t('holds_for', {}, lang)}: ${shared}. ` : ''}${list.length > 2
      ? `${t('findings_count', { n: list.length }, lang)} ${counts.map(([k, n]) => `${n} ${label('finding_', k, lang).toLowerCase()}`).join(', ')}.` : ''}</p>
    <ol class="steps">${list.map((f, i) => step(shared ? { ...f, purposes: [] } : f, stepID(i), lang, alone && i === 0))}</ol>
    ${button}</section>`;
}

function step(f: Finding, id: string, lang: string, open = false) {
  const quotes = f.quotes ?? [];
  const folded = quotes.length > 0 || f.rule;
  return html`<li class="step" data-kind=${f.kind} id=${id || nothing} tabindex=${id ? '-1' : nothing}><div>
    ${said(f, lang)}
    ${folded ? html`<details class="reasons" ?open=${open}><summary>${quotes.length ? t('why_source', { n: quotes.length }, lang) : t('why_rule', {}, lang)}<span class="away">: ${f.text}</span></summary>
      ${reasons(f, lang)}${quotes.map((c) => short(c, lang))}</details>` : nothing}
  </div></li>`;
}

/** said gives what a finding says: who it is before, by which law, what holds, what to do. */
export function said(f: Finding, lang: string) {
  return html`<p class="step-top">${badge('finding_', f.kind, lang)}${f.authority ? html` <span>${f.authority}</span>` : nothing}
      ${f.legal_basis?.length ? html`<span lang="nb">${f.legal_basis.join(', ')}</span>` : nothing}</p>
    <p class="what">${f.text}</p>
    ${f.prepare ? html`<p class="next"><strong>${t('prepare', {}, lang)}</strong> ${f.prepare}</p>` : nothing}
    ${f.inferred ? html`<small class="inferred">${t('inferred', {}, lang)}</small>` : nothing}`;
}

/** reasons give what a finding stands on besides quotes. */
export function reasons(f: Finding, lang: string) {
  const ids = (f.rule ?? '').split(', ').filter(Boolean);
  return html`<p class="basis">
    ${f.purposes?.length ? html`<span>${t('holds_for', {}, lang)}: ${f.purposes.join(', ')}.</span>` : nothing}
    ${ids.length ? html`<span>${t('by_rule', {}, lang)}: ${ids.map((r, i) => html`${i ? ', ' : ''}<a href="/regler#${r}">${r}</a>`)}.</span>` : nothing}</p>`;
}

/** short gives a quote that a finding rests on, without a card around it. */
export function short(c: Citation, lang: string) {
  const url = safeURL(c.url);
  const section = (c.section ?? []).filter((s) => s !== c.title);
  const when = c.date ? html`<time datetime=${c.date}>${date(c.date, lang)}</time>` : t('date_unknown', {}, lang);
  return html`<figure class="quote"><blockquote lang="nb" cite=${url?.href ?? nothing}>${c.lead ? html`<p class="lead-in">${c.lead}</p>` : nothing}${blocks(c.quote, Boolean(c.lead))}</blockquote>
    <figcaption class="source">${url ? html`<a href=${url.href} lang="nb">${c.title}</a>` : html`<span lang="nb">${c.title}</span>`}, ${c.publisher ? html`<span lang="nb">${c.publisher}</span>, ` : nothing}${section.length ? html`<span lang="nb">${section.join(' › ')}</span>, ` : nothing}${when}
      ${c.superseded ? html`<span class="ds-tag" data-color="warning">${t('old_source', {}, lang)}</span>` : nothing}
      ${c.note ? html`<span class="note">${c.note}</span>` : nothing}
      <ki-copy .text=${copyText(c, lang)} .language=${lang}></ki-copy></figcaption></figure>`;
}

/** ifs tell what would follow from each value of a fact that stays open. */
export function ifs(x: Ifs, lang: string) {
  return html`<section class="box ifs"><h4>${x.question}</h4>
    ${x.cases?.map((c) => html`<details><summary>${t('if_so', { label: c.label }, lang)}</summary>
      ${c.findings?.length ? html`<ul class="plain">${c.findings.map((f) => step(f, '', lang))}</ul>` : html`<p>${t('if_nothing', {}, lang)}</p>`}</details>`)}
  </section>`;
}
