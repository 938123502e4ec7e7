// The form of a hand-over, and the question before a case is withdrawn: modal
// dialogs, in which the browser keeps focus, and gives it back.
import { agencies, base, chat, date, day, html, language, number, nothing, Part, randomID, store } from './app.js';
import type { Key } from './case-words.ts';
import { t } from './case-words.ts';
import type { AskerCase, CaseForm, HandedOver } from './protocol.ts';
import type { Errand, Talk } from './talk.ts';

interface Draft { id: string; question: string; project: string; agency: string; name: string; email: string; publish: boolean }
type Field = 'question' | 'project' | 'name' | 'email';

const mailbox = () => document.getElementById('main')?.dataset['mailbox'] ?? '';
const address = /^[^\s@<>,;"()]+@[^\s@<>,;"()]+\.[^\s@<>,;"().]{2,}$/;

/** lacks says what is wrong with a hand-over, by field. */
export function lacks(d: Draft, limits: { text: number; short: number }): Partial<Record<Field, string>> {
  const long = (s: string, most: number) => ([...s].length > most ? t('case_too_long', { n: number(most) }) : '');
  const all: Record<Field, string> = {
    question: d.question.trim() ? long(d.question, limits.text) : t('hand_no_question'),
    project: long(d.project, limits.text),
    name: long(d.name, Math.min(limits.short, 200)),
    email: !d.email.trim() || (address.test(d.email.trim()) && d.email.trim().length <= 254) ? '' : t('hand_bad_email'),
  };
  return Object.fromEntries(Object.entries(all).filter(([, v]) => v));
}

class Dialogs extends Part {
  private state: 'closed' | 'loading' | 'form' | 'none' | 'withdraw' = 'closed';
  private talk: Talk = chat.current;
  private form: CaseForm | null = null;
  private draft: Draft = blank();
  private errors: Partial<Record<Field, string>> = {};
  private refused = '';
  private of: AskerCase | null = null; // to withdraw

  /** hand shows the form: as it was left, else filled in with what is known. */
  async hand(talk: Talk, question: string, e?: Errand): Promise<void> {
    this.talk = talk;
    this.errors = {};
    this.refused = e?.error?.message ?? '';
    this.form = null;
    const kept = read(talk);
    this.draft = e?.hand ? of(e) : kept ?? blank();
    await this.show('loading');
    let taken = true;
    try {
      this.form = await chat.form(talk);
      taken = this.form !== null;
    } catch { /* no network: it can be filled in all the same */ }
    if (this.state !== 'loading') return; // closed meanwhile
    if (!taken) return this.show('none');
    if (!e && !kept) {
      const last = talk.entries.findLast((x) => x.type === 'message');
      Object.assign(this.draft, { question: question || this.form?.question || (last?.type === 'message' ? last.text : ''), project: this.form?.project ?? '', agency: this.form?.agency ?? '' });
    }
    await this.show('form');
    this.querySelector<HTMLElement>(this.refused ? '.summary' : 'h2')?.focus();
  }

  async withdraw(talk: Talk, c: AskerCase): Promise<void> {
    this.talk = talk;
    this.of = c;
    await this.show('withdraw');
  }

  private async show(state: Dialogs['state']): Promise<void> {
    this.state = state;
    this.requestUpdate();
    await this.updateComplete;
    const d = this.querySelector('dialog');
    if (d && !d.open) d.showModal();
  }

  private close() { this.querySelector('dialog')?.close(); }

  private closed() {
    this.state = 'closed';
    this.requestUpdate();
  }

  private set(name: keyof Draft, value: string | boolean) {
    Object.assign(this.draft, { [name]: value });
    if (name in this.errors) delete this.errors[name as Field];
    store.setDraft(`${this.talk.key}:hand`, JSON.stringify(this.draft));
    this.requestUpdate();
  }

  // send is carried out once, whatever is pressed: the dialog closes with it.
  private async send() {
    if (this.state !== 'form') return;
    const d = this.draft;
    this.errors = lacks(d, this.form?.limits ?? { text: chat.connection.limits.case_chars || 4000, short: 200 });
    if (Object.keys(this.errors).length) {
      this.refused = '';
      this.requestUpdate();
      await this.updateComplete;
      this.querySelector<HTMLElement>('.summary')?.focus();
      return;
    }
    const hand: HandedOver = { question: d.question.trim(), language: language() };
    if (d.project.trim()) hand.project = d.project.trim();
    if (d.agency) hand.agency = d.agency;
    if (d.name.trim() || d.email.trim()) hand.contact = { ...(d.name.trim() && { name: d.name.trim() }), ...(d.email.trim() && { email: d.email.trim() }) };
    if (d.publish) hand.publish = true;
    this.state = 'closed';
    chat.handOver(this.talk, d.id, hand);
    store.setDraft(`${this.talk.key}:hand`, '');
    this.close();
    requestAnimationFrame(() => requestAnimationFrame(() => {
      const turn = document.getElementById(`errand-${d.id}`) ?? [...document.querySelectorAll<HTMLElement>('.case-card')].at(-1);
      turn?.querySelector<HTMLElement>('h3')?.focus({ preventScroll: true });
      turn?.scrollIntoView({ block: 'center' });
    }));
  }

  // helped: a published answer was enough.
  private helped() {
    store.setDraft(`${this.talk.key}:hand`, '');
    this.close();
    chat.say(t('hand_helped_thanks'), 6);
  }

  private sendWithdrawal() {
    const c = this.of;
    if (this.state !== 'withdraw' || !c) return;
    const reason = this.querySelector<HTMLTextAreaElement>('#withdraw-reason')?.value.trim();
    this.state = 'closed';
    chat.command(this.talk, { case: c.id, kind: 'withdrawn', data: reason ? { reason } : {}, seen: c.seq });
    this.close();
    requestAnimationFrame(() => document.querySelector<HTMLElement>(`#case-${CSS.escape(c.id)} h3`)?.focus());
  }

  protected override render() {
    return html`<dialog class="ds-dialog hand-dialog" aria-labelledby="hand-title" @close=${this.closed}>${this.content()}</dialog>`;
  }

  private content() {
    switch (this.state) {
      case 'closed': return nothing;
      case 'withdraw': return this.withdrawal();
      case 'form': return this.fields();
      default: return html`<h2 id="hand-title" tabindex="-1">${t('hand_title')}</h2>
        ${this.state === 'loading' ? html`<p role="status">${t('hand_loading')}</p>` : html`<p>${t('hand_none')} <a href="mailto:${mailbox()}">${mailbox()}</a></p>`}
        <p class="actions"><button type="button" class="ds-button" data-variant="secondary" @click=${this.close}>${base('close')}</button></p>`;
    }
  }

  private withdrawal() {
    return html`<h2 id="hand-title">${t('case_withdraw_title', { number: this.of?.number ?? '' })}</h2>
      <p>${t('case_withdraw_text')}</p>
      <label for="withdraw-reason">${t('case_withdraw_reason')}</label>
      <textarea class="ds-input" id="withdraw-reason" rows="2" maxlength="4000"></textarea>
      <p class="actions"><button type="button" class="ds-button" data-color="danger" @click=${this.sendWithdrawal}>${t('case_withdraw_yes')}</button>
        <button type="button" class="ds-button" data-variant="secondary" autofocus @click=${this.close}>${base('cancel')}</button></p>`;
  }

  private fields() {
    const f = this.form;
    const d = this.draft;
    const wrong = Object.entries(this.errors) as [Field, string][];
    return html`<h2 id="hand-title" tabindex="-1">${t('hand_title')}</h2>
      <p>${t('hand_intro')} ${f?.expected ? html`<strong>${t('hand_expected', { date: day(f.expected) })}</strong>` : nothing}</p>
      ${f ? nothing : html`<p class="box warn">${t('hand_offline')}</p>`}
      ${f?.near?.length ? this.near(f) : nothing}
      <form novalidate @submit=${(e: Event) => { e.preventDefault(); void this.send(); }}>
        ${wrong.length || this.refused ? html`<div class="box bad summary" tabindex="-1" role="group" aria-labelledby="hand-wrong">
          <h3 id="hand-wrong">${t('hand_wrong')}</h3>
          ${this.refused ? html`<p>${this.refused}</p>` : html`<ul>${wrong.map(([name, words]) => html`<li><a href="#hand-${name}" @click=${(e: Event) => { e.preventDefault(); this.querySelector<HTMLElement>(`#hand-${name}`)?.focus(); }}>${words}</a></li>`)}</ul>`}
        </div>` : nothing}
        ${this.area('question', 5, 'hand_question', 'hand_question_hint')}
        ${this.area('project', 3, 'hand_project', 'hand_project_hint')}
        ${f?.agencies?.length ? html`<div class="row"><label for="hand-agency">${t('hand_agency')}</label>
          <p class="hint" id="hand-agency-hint">${t('hand_agency_hint')}</p>
          <select class="ds-input" id="hand-agency" aria-describedby="hand-agency-hint" @change=${(e: Event) => this.set('agency', (e.target as HTMLSelectElement).value)}>
            <option value="" ?selected=${!d.agency}>${t('hand_agency_unknown')}</option>
            ${f.agencies.map((a) => html`<option value=${a.key} ?selected=${a.key === d.agency}>${a.name[language()] ?? a.name['nb'] ?? a.key}${a.key === f.agency ? ` – ${t('hand_agency_proposed')}` : ''}</option>`)}
          </select></div>` : nothing}
        ${f && !f.contact ? nothing : html`<fieldset><legend>${t('hand_contact')}</legend>
          <p class="hint" id="hand-contact-hint">${t(f && !f.mail ? 'hand_contact_kept' : 'hand_contact_hint')}</p>
          ${this.line('name', 'hand_name', 'name', 'text')}${this.line('email', 'hand_email', 'email', 'email')}</fieldset>`}
        <div class="row check"><input type="checkbox" class="ds-input" id="hand-publish" .checked=${d.publish} aria-describedby="hand-publish-hint"
            @change=${(e: Event) => this.set('publish', (e.target as HTMLInputElement).checked)}>
          <div><label for="hand-publish">${t('hand_publish')}</label><p class="hint" id="hand-publish-hint">${t('hand_publish_hint')}</p></div></div>
        <p>${t('hand_along')}</p>
        <details class="along"><summary>${t('hand_see')}</summary>${this.along()}</details>
        <p class="actions"><button type="submit" class="ds-button">${t('hand_send')}</button>
          <button type="button" class="ds-button" data-variant="secondary" @click=${this.close}>${t('hand_later')}</button></p>
        <p class="hint">${t('hand_kept')}</p>
      </form>`;
  }

  private near(f: CaseForm) {
    const names = (keys: string[]) => keys.map((k) => { const a = f.agencies.find((x) => x.key === k); return a ? a.name[language()] ?? a.short : k; });
    return html`<section class="box near"><h3>${t('hand_near')}</h3>
      <ul>${f.near.map((n) => html`<li><a href=${n.url} target="_blank" rel="noopener">${n.title || n.question}<span class="away"> ${t('hand_new_tab')}</span></a>
        <span class="hint">${agencies({ agencies: names(n.agencies) } as AskerCase)}, <time datetime=${n.published}>${date(n.published)}</time></span></li>`)}</ul>
      <p class="actions"><button type="button" class="ds-button" data-variant="secondary" @click=${this.helped}>${t('hand_helped')}</button></p></section>`;
  }

  private area(name: 'question' | 'project', rows: number, label: Key, hint: Key) {
    return html`<div class="row"><label for="hand-${name}">${t(label)}</label>
      <p class="hint" id="hand-${name}-hint">${t(hint)}</p>${this.error(name)}
      <textarea class="ds-input" id="hand-${name}" rows=${rows} aria-describedby="hand-${name}-hint${this.errors[name] ? ` hand-${name}-error` : ''}" aria-invalid=${this.errors[name] ? 'true' : nothing}
        aria-required=${name === 'question' ? 'true' : nothing} .value=${this.draft[name]} @input=${(e: Event) => this.set(name, (e.target as HTMLTextAreaElement).value)}></textarea></div>`;
  }

  private line(name: 'name' | 'email', label: Key, fill: 'name' | 'email', type: string) {
    return html`<div class="row"><label for="hand-${name}">${t(label)}</label>${this.error(name)}
      <input class="ds-input" id="hand-${name}" type=${type} autocomplete=${fill} aria-describedby="hand-contact-hint${this.errors[name] ? ` hand-${name}-error` : ''}" aria-invalid=${this.errors[name] ? 'true' : nothing}
        .value=${this.draft[name]} @input=${(e: Event) => this.set(name, (e.target as HTMLInputElement).value)}></div>`;
  }

  private error(name: Field) {
    return this.errors[name] ? html`<p class="error" id="hand-${name}-error">${this.errors[name]}</p>` : nothing;
  }

  // along shows what goes to the lawyers with the question: the conversation as it is stored.
  private along() {
    return html`<ul class="plain">${this.talk.entries.map((e) => (e.type === 'message' ? html`<li><strong>${base('you_asked')}:</strong> ${e.text}</li>`
      : html`<li lang=${e.answer.language || 'nb'}><strong>${base('answer_heading')}:</strong> ${e.answer.lead}${e.answer.findings?.length ? html`<ul>${e.answer.findings.map((x) => html`<li>${x.text}</li>`)}</ul>` : nothing}</li>`))}</ul>`;
  }
}

customElements.define('ki-hand', Dialogs);

const blank = (): Draft => ({ id: randomID(), question: '', project: '', agency: '', name: '', email: '', publish: false });

const of = (e: Errand): Draft => ({
  ...blank(), id: e.id, question: e.hand?.question ?? '', project: e.hand?.project ?? '', agency: e.hand?.agency ?? '',
  name: e.hand?.contact?.name ?? '', email: e.hand?.contact?.email ?? '', publish: e.hand?.publish ?? false,
});

// read gives what was being written. One that has been sent is begun anew.
function read(talk: Talk): Draft | null {
  try {
    const kept = JSON.parse(store.draft(`${talk.key}:hand`)) as Draft;
    return talk.errands.some((e) => e.id === kept.id) ? null : { ...blank(), ...kept };
  } catch {
    return null;
  }
}

let part: Dialogs | null = null;

function dialogs(): Dialogs {
  if (!part) {
    part = document.createElement('ki-hand') as Dialogs;
    document.querySelector('#main .column')?.append(part);
  }
  return part;
}

export function showForm(talk: Talk, question: string, refused?: Errand): void { void dialogs().hand(talk, question, refused); }
export function showWithdraw(talk: Talk, c: AskerCase): void { void dialogs().withdraw(talk, c); }
