// What several views are made of: buttons, folds, dialogs with a form.
import type { TemplateResult } from 'lit';
import { html, nothing } from 'lit';
import type { Event as Happened } from './types.ts';
import type { Icon } from './icons.ts';
import { icon } from './icons.ts';
import { desk, me } from './state.ts';
import { happened, said, t, when } from './words.ts';

export interface Field {
  name: string; label: string; kind: 'text' | 'area' | 'select' | 'date' | 'checks' | 'sure';
  options?: [string, string][]; help?: string; value?: string; optional?: boolean;
}
/** A Form stands in a dialog. run says whether it worked; what did not is told under its name, and what was written stays. */
export interface Form {
  under: string; title: string; text?: string | TemplateResult; fields: Field[]; submit: string; danger?: boolean;
  run(values: Record<string, string>): Promise<boolean>;
}

export type Dialog = { kind: 'form'; form: Form } | { kind: 'help' } | { kind: 'account' } | { kind: 'publish' } | null;

/** open shows a dialog; the desk's element puts itself here. */
export const dialogs: { open(d: Dialog): void } = { open: () => {} };
export const ask = (form: Form) => dialogs.open({ kind: 'form', form });

/** button: one that waits is not disabled, which would take the focus away. */
export function button(words: string | TemplateResult, run: (e: MouseEvent) => unknown, o: { variant?: 'primary' | 'secondary' | 'tertiary'; icon?: Icon; busy?: string; danger?: boolean; label?: string; id?: string; off?: boolean } = {}) {
  const waits = Boolean(o.off || (o.busy && desk.busy === o.busy));
  return html`<button type="button" class="ds-button" id=${o.id ?? nothing} data-variant=${o.variant ?? 'secondary'} data-color=${o.danger ? 'danger' : nothing}
    aria-label=${o.label ?? nothing} aria-disabled=${waits ? 'true' : nothing}
    @click=${(e: MouseEvent) => { if (!waits) settle(e, run(e)); }}>${o.icon ? icon(o.icon) : nothing}${words}</button>`;
}

// settle puts the focus where it belongs when the thing that had it is gone:
// on the heading of its section.
function settle(e: MouseEvent, done: unknown) {
  const section = (e.currentTarget as HTMLElement).closest('section, aside, main');
  void Promise.resolve(done).then(() => requestAnimationFrame(() => requestAnimationFrame(() => {
    if (document.activeElement && document.activeElement !== document.body) return;
    const to = (section?.isConnected ? section : document.getElementById('main'))?.querySelector<HTMLElement>('h1, h2, h3, summary');
    if (!to) return;
    if (!to.hasAttribute('tabindex') && to.tagName !== 'SUMMARY') to.tabIndex = -1;
    to.focus();
  })));
}

/** trouble tells what was refused, and what came meanwhile. */
export function trouble(under: string) {
  const x = desk.trouble[under];
  if (!x) return nothing;
  return html`<div class="box bad trouble" role="alert"><p>${icon('warn')} ${x.text}</p>
    ${x.events.length ? html`<p>${t('desk_came_meanwhile')}</p>${events(x.events)}` : nothing}</div>`;
}

export const events = (list: Happened[]) => html`<ul class="events">${list.map((e) => html`<li><strong>${happened(e, me.id)}</strong> <time datetime=${e.at}>${when(e.at)}</time>${said(e) ? html`<p class="words">${said(e)}</p>` : nothing}</li>`)}</ul>`;

/** fold is a section that can be folded; how it was left is remembered. */
export function fold(name: string, title: string | TemplateResult, body: unknown, o: { open?: boolean; mark?: string | TemplateResult | typeof nothing; className?: string; level?: 2 } = {}) {
  const shut = desk.folded(name) ?? !o.open;
  const late = typeof body === 'function'; // made when it is looked at
  return html`<section class="fold ${o.className ?? ''}"><details ?open=${!shut} @toggle=${(e: Event) => { desk.fold(name, !(e.currentTarget as HTMLDetailsElement).open); if (late) desk.change(); }}>
    <summary>${o.level ? html`<h2>${title}</h2>` : html`<h3>${title}</h3>`}${o.mark ? html` <span class="mark">${o.mark}</span>` : nothing}</summary>
    <div class="inside">${late ? (shut ? nothing : (body as () => unknown)()) : body}</div></details></section>`;
}

export const tag = (words: string | TemplateResult, colour: string) => html`<span class="ds-tag" data-color=${colour}>${words}</span>`;

/** grow makes a field as high as its text. */
export const grow = (e: Event | HTMLTextAreaElement) => {
  const area = e instanceof Event ? e.target as HTMLTextAreaElement : e;
  if (CSS.supports('field-sizing', 'content')) return;
  area.style.height = 'auto'; // set by script, which the policy allows
  area.style.height = `${area.scrollHeight + 4}px`;
};

/** reasonField is what most decisions need. */
export const reasonField = (help = ''): Field => ({ name: 'reason', label: t('desk_reason'), kind: 'area', ...(help && { help }) });
