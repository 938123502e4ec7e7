// From one answer to many: first what points to somebody, one by one, then the
// text that everybody may read.
import { html, nothing } from 'lit';
import * as api from './api.ts';
import { sourceName } from './draft.ts';
import { icon } from './icons.ts';
import * as model from './model.ts';
import { desk, why } from './state.ts';
import type { Mark, Proposal, Publication } from './types.ts';
import { button, grow, tag, trouble } from './ui.ts';
import { label, t } from './words.ts';

class Publishing {
  case = '';
  proposal: Proposal | null = null;
  failed = '';
  decided: model.Decision[] = [];
  at = 0;
  step: 'marks' | 'text' = 'marks';
  text: Publication | null = null;

  get marks(): Mark[] { return this.proposal?.marks ?? []; }

  async begin(id: string): Promise<void> {
    if (this.case === id && this.proposal) return; // what was decided stays
    Object.assign(this, { case: id, proposal: null, failed: '', decided: [], at: 0, step: 'marks', text: null });
    try {
      this.proposal = await api.call<Proposal>('GET', api.at(id, '/publication'));
      this.decided = this.marks.map(() => undefined);
      if (!this.marks.length) this.go();
    } catch (e) { this.failed = why(e); }
    desk.change();
  }

  decide(d: model.Decision): void {
    this.decided[this.at] = d;
    const next = this.decided.findIndex((x) => x === undefined);
    if (next >= 0) this.at = next;
    desk.change();
    requestAnimationFrame(() => requestAnimationFrame(() => document.getElementById(next >= 0 ? 'mark-words' : 'marks-done')?.focus()));
  }

  go(): void {
    if (!this.proposal) return;
    this.text = model.masked(this.proposal.publication, this.marks, this.decided);
    this.step = 'text';
    desk.change();
    requestAnimationFrame(() => requestAnimationFrame(() => document.getElementById('publish-title')?.focus()));
  }

  forget(): void { this.case = ''; this.proposal = null; }
}

export const publishing = new Publishing();

const kindWords = (kind: string) => { const key = `desk_kind_${kind.replace(/[^a-z_]/g, '_')}`; const words = label('', key); return words === key ? kind : words; };
const fieldWords = (field: string) => label('desk_field_', field.split(/[.[]/)[0] ?? field);

export function publishView(close: () => void) {
  const p = publishing;
  if (p.failed) return html`<p class="box bad" role="alert">${p.failed}</p>`;
  if (!p.proposal) return html`<p class="none">${t('desk_loading')}</p>`;
  return p.step === 'marks' ? marksView(p) : textView(p, close);
}

function marksView(p: Publishing) {
  const left = p.decided.filter((x) => x === undefined).length;
  const m = p.marks[p.at];
  if (!m) return nothing;
  const [before, words, after] = model.around(model.get(p.proposal!.publication, m.field), m);
  const now = p.decided[p.at];
  const suggest = m.suggest || `[${kindWords(m.kind)}]`;
  return html`<p>${t('desk_marks_text')}</p>
    <p class="fine" aria-live="polite">${t('desk_marks_left', { n: left, all: p.marks.length })}</p>
    <section class="mark-card"><h3 id="mark-words" tabindex="-1">${t('desk_mark_n', { n: p.at + 1, all: p.marks.length })}: ${fieldWords(m.field)}</h3>
      <p class="context">${before}<mark>${words}</mark>${after}</p>
      <p>${tag(kindWords(m.kind), 'warning')} ${now === undefined ? nothing : html`${icon('ok')} ${now === null ? t('desk_mark_kept') : t('desk_mark_masked', { with: now })}`}</p>
      ${m.strict ? html`<p>${icon('warn')} ${t('desk_mark_strict')}</p>` : nothing}
      <form class="line-form" @submit=${(e: SubmitEvent) => { e.preventDefault(); p.decide(String(new FormData(e.target as HTMLFormElement).get('with') ?? '')); }}>
        <label>${t('desk_mark_with')}<input class="ds-input" name="with" .value=${typeof now === 'string' ? now : suggest}></label>
        <button type="submit" class="ds-button">${t('desk_mark_mask')}</button></form>
      <p class="actions">${m.strict ? nothing : button(t('desk_mark_keep'), () => p.decide(null))}
        ${p.at > 0 ? button(t('desk_before'), () => { p.at--; desk.change(); }, { variant: 'tertiary' }) : nothing}
        ${p.at < p.marks.length - 1 ? button(t('desk_next'), () => { p.at++; desk.change(); }, { variant: 'tertiary' }) : nothing}</p></section>
    <p class="actions" id="marks-done" tabindex="-1">${button(t('desk_marks_done'), () => p.go(), { variant: left ? 'secondary' : 'primary', off: left > 0 })}${left ? html`<span class="fine">${t('desk_marks_not_done')}</span>` : nothing}</p>`;
}

function textView(p: Publishing, close: () => void) {
  const x = p.text!;
  const set = (field: string, text: string) => { p.text = model.put(x, field, text); desk.change(); };
  const area = (field: string, words: string, rows = 3) => html`<label>${words}<textarea rows=${rows} .value=${model.get(x, field)} @input=${(e: Event) => { grow(e); set(field, (e.target as HTMLTextAreaElement).value); }}></textarea></label>`;
  const sections = x.sections ?? [];
  return html`<form @submit=${(e: SubmitEvent) => { e.preventDefault(); void publish(p, close); }}>
    <p class="box warn">${icon('eye')} ${t('desk_publish_text')}</p>
    <label>${t('desk_field_title')}<input class="ds-input" id="publish-title" .value=${x.title} @input=${(e: Event) => set('title', (e.target as HTMLInputElement).value)}></label>
    ${area('question', t('desk_field_question'))}
    ${x.answer || !sections.length ? area('answer', t('desk_field_answer'), 5) : nothing}
    ${sections.map((s, i) => html`<div class="section" role="group" aria-label=${t('desk_section_n', { n: i + 1 })}>${s.question !== undefined ? html`<label>${t('desk_section_q_n', { n: i + 1 })}<input class="ds-input" .value=${s.question} @input=${(e: Event) => set(`sections.${i}.question`, (e.target as HTMLInputElement).value)}></label>` : nothing}${area(`sections.${i}.text`, t('desk_section_text_n', { n: i + 1 }), 6)}</div>`)}
    ${x.quotes?.length ? html`<h3>${t('desk_quotes')}</h3><ol class="quotes">${x.quotes.map((q) => html`<li><blockquote lang="nb"><p class="asked-text">${q.text}</p></blockquote><p class="fine" lang="nb">${sourceName(q.source)}</p></li>`)}</ol>` : nothing}
    ${x.references?.length ? html`<p><strong>${t('desk_refs')}:</strong> ${x.references.join('; ')}</p>` : nothing}
    <label>${t('desk_publish_words')}<textarea rows="2" .value=${(x.asked?.['nb'] ?? []).join('\n')} @change=${(e: Event) => {
      const nb = (e.target as HTMLTextAreaElement).value.split('\n').map((s) => s.trim()).filter(Boolean);
      p.text = { ...x, asked: { ...x.asked, nb } };
    }}></textarea></label>
    <label>${t('desk_publish_until')}<input class="ds-input" type="date" .value=${x.valid_until ?? ''} @input=${(e: Event) => { p.text = { ...x, valid_until: (e.target as HTMLInputElement).value }; }}></label>
    ${trouble('published')}
    <p class="actions"><button type="submit" class="ds-button" id="publish-do">${t('desk_publish')}</button>
      ${p.marks.length ? button(t('desk_marks_back'), () => { p.step = 'marks'; desk.change(); }, { variant: 'tertiary' }) : nothing}</p></form>`;
}

async function publish(p: Publishing, close: () => void) {
  const { agencies: _, leans: __, ...own } = p.text!; // the service says those
  if (!own.valid_until) delete own.valid_until;
  if (!Object.values(own.asked ?? {}).some((l) => l.length)) delete own.asked;
  if (!await desk.act('published', own)) return;
  p.forget();
  close();
  desk.say(t('desk_published'));
}
