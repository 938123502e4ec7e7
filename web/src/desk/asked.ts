// What was asked, and what the machine made of it: the left of a case.
import { html, nothing } from 'lit';
import { blocks, safeURL } from '../blocks.ts';
import type { Citation, Finding } from '../protocol.ts';
import { insertQuote } from './draft.ts';
import { icon } from './icons.ts';
import { desk } from './state.ts';
import type { DeskCase } from './types.ts';
import { button, fold, tag } from './ui.ts';
import { base, day, full, of, t } from './words.ts';
import { label as common } from '../texts.ts';

const colours: Record<string, string> = { required: 'info', permitted: 'success', not_required: 'success', unclear: 'warning' };

export function askedView(c: DeskCase) {
  const r = c.received;
  const findings = r.findings ?? [];
  const passages = r.passages ?? [];
  const facts = Object.entries(c.facts ?? {}).filter(([, v]) => v !== null && v !== '');
  return html`<h2 tabindex="-1" id="asked">${t('desk_asked')}</h2>
    <section class="question"><h3 class="away">${t('desk_question')}</h3><p class="asked-text" lang=${r.language || 'nb'}>${r.question}</p>
      <p class="fine">${t('desk_asked_at', { when: full(c.opened) })}${r.language && r.language !== 'nb' ? html` · ${t(r.language === 'nn' ? 'desk_in_nn' : 'desk_in_en')}` : nothing}</p>
      <p class="fine">${t(r.publish ? 'desk_may_publish' : 'desk_may_not_publish')}</p></section>
    ${r.project ? html`<section><h3>${t('desk_project')}</h3><p class="asked-text">${r.project}</p></section>` : nothing}
    ${c.added?.length ? html`<section><h3>${t('desk_added')}</h3>${c.added.map((a) => html`<p class="asked-text">${a.text} <time class="fine" datetime=${a.at}>${day(a.at)}</time></p>`)}</section>` : nothing}
    ${facts.length ? fold('facts', t('desk_facts'), html`<dl class="facts-list">${facts.map(([k, v]) => html`<div><dt>${of(desk.info.facts.find((f) => f.key === k)?.name, k)}</dt><dd>${factValue(k, v)}</dd></div>`)}</dl>`, { open: true, mark: String(facts.length) }) : nothing}
    ${r.unclear?.length ? fold('unclear', t('desk_unclear'), html`<ul>${r.unclear.map((u) => html`<li>${findings.find((f) => f.outcome === u)?.text ?? u}</li>`)}</ul>`, { open: true, mark: String(r.unclear.length) }) : nothing}
    ${findings.length ? fold('findings', t('desk_findings'), html`<ol class="findings-list">${findings.map(finding)}</ol>`, { open: true, mark: String(findings.length) }) : nothing}
    ${passages.length ? fold('passages', t('desk_passages'), () => html`<ul class="quotes">${passages.map(quote)}</ul>`, { mark: String(passages.length) }) : nothing}
    ${r.transcript?.length ? fold('transcript', t('desk_transcript'), () => html`<ol class="transcript">${(r.transcript ?? []).map((l) => html`<li class=${l.automated ? 'machine' : 'person'}><p class="who">${t(l.automated ? 'desk_machine' : 'desk_asker')}${l.at ? html` <time datetime=${l.at}>${full(l.at)}</time>` : nothing}</p><p class="asked-text">${l.text}</p></li>`)}</ol>`, { mark: String(r.transcript.length) }) : nothing}`;
}

/** factValue gives a fact's value in words, as far as the service has them. */
export function factValue(fact: string, v: unknown): string {
  if (Array.isArray(v)) return v.map((x) => factValue(fact, x)).join(', ');
  return of(desk.info.facts.find((f) => f.key === fact)?.values?.[String(v)]) || plain(v);
}

const plain = (v: unknown): string => (v === true ? t('desk_yes') : v === false ? t('desk_no') : v === 'unknown' ? t('desk_unknown') : String(v));

function finding(f: Finding) {
  return html`<li><p class="finding-top">${tag(common('finding_', f.kind), colours[f.kind] ?? 'neutral')} ${(f.rule ?? '').split(/,\s*/).filter(Boolean).map((id) => html`<a href=${`/regler#${id}`}>${id}</a> `)}</p>
    <p class="what">${f.text}</p>
    ${f.prepare ? html`<p>${f.prepare}</p>` : nothing}
    ${f.authority || f.legal_basis?.length ? html`<p class="fine">${[f.authority, ...(f.legal_basis ?? [])].filter(Boolean).join(' · ')}</p>` : nothing}
    ${f.inferred ? html`<p class="fine">${base('inferred')}</p>` : nothing}
    ${f.quotes?.length ? html`<details><summary>${t('desk_quotes_n', { n: f.quotes.length })}<span class="away"> ${f.rule}</span></summary><ul class="quotes">${f.quotes.map(quote)}</ul></details>` : nothing}</li>`;
}

/** quote is a quote with where it stands, to be put into the draft. */
export function quote(q: Citation) {
  const url = safeURL(q.url);
  return html`<li><blockquote lang="nb" cite=${url?.href ?? nothing}>${q.lead ? html`<p class="lead-in">${q.lead}</p>` : nothing}${blocks(q.quote, Boolean(q.lead))}</blockquote>
    <p class="fine">${url ? html`<a href=${url.href} target="_blank" rel="noopener" lang="nb">${q.title || q.source}</a>` : q.title}${q.section?.length ? html` · <span lang="nb">${q.section.join(' › ')}</span>` : nothing}${q.date ? html` · ${day(q.date)}` : nothing}</p>
    ${q.superseded ? tag(base('old_source'), 'warning') : nothing}${q.note ? html`<p class="note-of">${q.note}</p>` : nothing}
    ${putIn(q.source, q.passage, q.quote, q.title || q.source)}</li>`;
}

export function putIn(source: string, passage: string, text: string, title: string) {
  if (!desk.may('draft_saved')) return nothing;
  const there = desk.editor?.draft.quotes?.some((x) => x.passage === passage && x.text === text);
  return html`<p>${there ? html`<span class="fine">${icon('ok')} ${t('desk_quote_there')}</span>` : button(t('desk_quote_in'), () => insertQuote({ source, passage, text }), { variant: 'tertiary', icon: 'plus', label: `${t('desk_quote_in')}: ${title}` })}</p>`;
}
