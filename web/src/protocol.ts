// The frames of docs/protocol.md, as far as the page reads them.

/** A quick reply. Its value is a string, a bool or a list of strings. */
export interface Option { value: unknown; label: string }
export interface Ask { fact: string; question: string; options?: Option[]; why?: string }
export interface Ifs { fact: string; question: string; cases?: { value: unknown; label: string; findings?: Finding[] }[] }

export interface Finding {
  outcome: string; kind: string; text: string; prepare?: string; authority?: string; legal_basis?: string[];
  rule?: string; purposes?: string[]; inferred?: boolean; citations?: number[]; quotes?: Citation[];
}

export interface Conflict { text: string; citations?: number[] }
export interface HandOver { topic?: string; agencies?: string[]; text: string; email: string }

export interface Citation {
  source: string; passage: string; title: string; publisher: string; date: string; section?: string[];
  lead?: string; quote: string; url: string; superseded: boolean; note?: string;
}

/** A fact in words: its name, its value's, those of the asker that it was read from, and the values to choose from. */
export interface FactRead { fact: string; value: unknown; name?: string; label?: string; words?: string; options?: Option[] }

export interface Answer {
  status: string; language: string; lead: string;
  findings?: Finding[]; citations?: Citation[]; conflicts?: Conflict[];
  facts?: Record<string, unknown>; facts_read?: FactRead[]; unknown?: string[]; unknown_read?: FactRead[]; missing?: string[];
  ask?: Ask; ifs?: Ifs; hand_over?: HandOver; masked?: string[]; confidence?: number;
  versions?: Record<string, string>; notice?: string;
}

export interface Message {
  type: 'message'; conversation: string; offset: number; id: string; at: string;
  text: string; masked?: string[]; facts?: Record<string, unknown>;
}

export interface Reply {
  type: 'answer'; conversation: string; offset: number; reply_to: number; id: string; at: string; answer: Answer;
}

/** An entry of a conversation: it has an offset, and every reader gets the same. */
export type Entry = Message | Reply;

export interface Limits {
  frame_bytes?: number; question_chars?: number; conversations?: number; in_flight?: number; retention_days?: number;
  /** The most characters of one text to the lawyers; none where nobody takes cases. */
  case_chars?: number;
}

// ---- what was handed over to the lawyers

/** A text that the service has in several languages, by their code. */
export type Text = Record<string, string>;

export interface CaseTask { id: number; at: string; agency?: string; text: string; fact?: string; options?: Option[]; replied?: string; reply?: string }
export interface CaseQuote { source: string; passage: string; text: string; title?: string; publisher?: string; date?: string; url?: string }
export interface CaseDraft { sections?: { question?: string; text: string }[]; quotes?: CaseQuote[]; references?: string[] }
export interface CaseAnswer { seq: number; at: string; answer: CaseDraft; agencies?: string[] }

/** A case as its asker sees it. It is state: of several, the one with the highest seq counts. */
export interface AskerCase {
  id: string; number: string; seq: number; state: string; opened: string; question: string; project?: string; agencies?: string[];
  tasks?: CaseTask[]; added?: { at: string; text: string }[]; answers?: CaseAnswer[]; referral?: string; referred?: string; published?: boolean; undelivered?: boolean;
  informed?: { at: string; agency?: string; text: string; until?: string }[]; again?: { at: string; text: string }[]; language?: string;
  names?: Record<string, Text>; expected?: string; address?: string; has_mail?: boolean; not_sent?: boolean; may?: string[];
  reminded?: string[]; closed?: { at: string; reason?: string; until?: string };
}

/** What is sent to the lawyers. */
export interface HandedOver {
  question: string; project?: string; agency?: string; contact?: { name?: string; email?: string }; publish?: boolean; language?: string;
}

/** What is done with a case: kind is added, replied, withdrawn or reopened. */
export interface CaseCommand { case: string; kind: string; data: Record<string, unknown>; seen: number }

/** The body of GET /v1/conversation/case-form: what a hand-over begins with. */
export interface CaseForm {
  question: string; project?: string; agency?: string; agencies: { key: string; name: Text; short: string; remit?: Text }[];
  contact: boolean; mail: boolean; expected?: string; limits: { text: number; short: number };
  near: { number: string; title: string; question: string; published: string; agencies: string[]; url: string }[];
}

/** Any frame from the service. Fields that belong to other types are absent. */
export interface Frame {
  type: string; id?: string; conversation?: string; epoch?: string; offset?: number; recovered?: boolean;
  limits?: Limits; case?: AskerCase; stage?: string; code?: string; message?: string; retry_after?: number;
}

/** The body of GET /v1/conversation/sheet: what the newest findings came to. */
export interface Sheet {
  language: string; at: string; lead: string; questions: { at: string; text: string }[];
  facts: { fact: string; name: string; label: string; told: boolean; words?: string }[];
  path: (Finding & { number: number })[];
  open: { question?: string; missing: { fact: string; name: string }[]; ifs?: Ifs };
  conflicts: { text: string; quotes: Citation[] }[]; quotes: Citation[];
  hand_over?: HandOver; versions: Record<string, string>; notice: string;
}

/** The body of GET /v1/conversation. */
export interface Page { conversation: string; epoch: string; offset: number; entries?: Entry[]; more?: boolean }

export const subprotocol = 'kiveileder.v1';

/** Codes after which the same again would end the same way. */
export const terminal = (code: number) => (code >= 4500 && code < 5000) || code === 1003 || code === 1007 || code === 1009;

export const closed = { flood: 4004, idle: 4005, version: 4500 } as const;

export const isEntry = (f: Frame | Entry): f is Entry => (f.type === 'message' || f.type === 'answer') && Number.isInteger(f.offset);

/** randomID names a message for ever: 128 random bits. */
export function randomID(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join('-');
}

/** parse gives the frame of a message, and null for what is none. */
export function parse(data: unknown): Frame | null {
  try {
    const f: unknown = JSON.parse(String(data));
    return typeof f === 'object' && f !== null && 'type' in f ? (f as Frame) : null;
  } catch {
    return null;
  }
}
