// What the service tells the desk, as far as the page reads it.
import type { Citation, Finding } from '../protocol.ts';

export type Text = Record<string, string>; // by language

export interface Actor { id: string; name?: string; role: string; agency?: string }
export interface Lease { holder: Actor; until: string }
export interface Quote { source: string; passage: string; text: string }
export interface Section { question?: string; text: string }
export interface Draft { sections?: Section[]; quotes?: Quote[]; references?: string[] }
export interface Version { number: number; seq: number; at: string; by: Actor; hash: string; draft: Draft }
export interface SignOff { seq: number; at: string; by: Actor; agency: string; hash: string; verdict: string; reason?: string }
export interface Task { id: number; at: string; agency?: string; text: string; fact?: string; replied?: string; reply?: string; facts?: Record<string, unknown> }
export interface Remark { seq: number; at: string; by: Actor; agency?: string; all?: boolean; text: string }
export interface CaseAnswer { seq: number; at: string; hash: string; draft: Draft; agencies: string[]; bypassed?: string[] }
export interface Event { seq: number; id: string; at: string; actor: Actor; kind: string; data: Record<string, unknown> }
export interface Mail { id: string; case: string; number?: string; seq: number; kind: string; at: string; attempt: number; status: string; next: string; reason?: string }
export interface Line { at?: string; automated?: boolean; text: string }

export interface Received {
  language?: string; title?: string; question: string; project?: string; agency?: string; publish?: boolean; has_contact?: boolean;
  transcript?: Line[]; facts?: Record<string, unknown>; findings?: Finding[]; unclear?: string[]; passages?: Citation[]; topics?: string[];
}

/** What everybody may read. Other fields than these go back as they came. */
export interface Publication {
  title: string; question: string; answer?: string; sections?: Section[]; agencies?: string[]; references?: string[];
  quotes?: Quote[]; asked?: Record<string, string[]>; valid_until?: string; review?: string; reasons?: Text; withdrawn?: string; [field: string]: unknown;
}

export interface Law { paragraph: string; says: string; in_force: boolean; binding: boolean; unconfirmed?: boolean }
export interface Standing {
  target: string; name: Text; due?: string; left: number; late: number; done?: string; overdue: boolean; soon: boolean;
  paused: boolean; lifted: boolean; extended: boolean; reason?: string; may_extend?: boolean; law?: Law[];
}

export interface Row {
  id: string; number: string; seq: number; state: string; title: string; topics?: string[]; agencies?: string[]; unsigned?: string[];
  holder?: Actor; opened: string; changed: string; due?: string; review?: boolean; held?: boolean; lease?: Lease; unread?: boolean; late?: boolean;
}
export interface ListPage { cases: Row[] | null; next?: string; count: Record<string, number> }

export interface DeskCase {
  id: string; number: string; seq: number; state: string; opened: string; changed: string; received: Received; title: string; topics?: string[];
  agencies?: string[]; holder?: Actor; facts?: Record<string, unknown>; drafts?: Version[]; sign_offs?: SignOff[]; round?: number;
  bypass?: { at: string; by: Actor; hash: string; agencies: string[]; reason: string };
  silence?: { since: string; reminded?: string[]; told?: string }; closing?: { at: string; reason?: string; until?: string }; told?: { kind: string; text: Text }[];
  tasks?: Task[]; informed?: { seq: number; at: string; agency?: string; text: string; until?: string }[]; added?: Remark[]; notes?: Remark[]; answers?: CaseAnswer[]; publication?: Publication; referral?: string;
  extensions?: { target: string; until: string; reason: string }[]; undelivered?: string[]; anonymised?: boolean;
  lease?: Lease; held?: boolean; hash?: string; signed?: SignOff[]; unsigned?: string[]; targets?: Standing[]; due?: string;
  log?: Event[]; earlier?: number; mails?: Mail[]; address?: string; seen: number; may?: string[];
}

/** What is known of a case without a look into it. */
export interface Head { id: string; number: string; state: string; agencies: string[]; holder?: Actor; opened: string; changed: string; due?: string; late?: boolean }
export interface SignedIn { id: string; name: string; agency?: string; roles: string[]; sessions: number; used: string }
export interface Session { name: string; device?: string; began: string; used: string; ends: string; current: boolean }

export interface Refusal { code: string; guard?: string; text?: Text; forbidden?: boolean; lease?: Lease; events?: Event[] }
export interface Agency { key: string; name: Text; short?: string; remit?: Text }
export interface Target { key?: string; target?: string; name: Text }
export interface FactInfo { key: string; name: Text; question: Text; values?: Record<string, Text>; never_asked?: boolean }
export interface Module { key: string; title: Text; text: Text }
export interface DeskInfo { agencies: Agency[]; targets: Target[]; facts: FactInfo[]; modules: Module[]; sources?: Record<string, { title: string; publisher?: string; date?: string }>; limits?: { text?: number; short?: number } }

export interface Near { number: string; title: string; question: string; published: string; agencies: string[]; url: string; why?: Text[] }
export interface Match { id?: string; number?: string; title?: string; why?: Text[]; score?: number }
export interface Similar { cases: Match[] | null; answers: Near[] | null }
export interface Mark { field: string; start: number; end: number; kind: string; text?: string; suggest?: string; strict?: boolean }
export interface Proposal { publication: Publication; marks: Mark[] | null }
export interface Contact { name?: string; email?: string; phone?: string; [field: string]: unknown }
export interface Hit { source: string; passage: string; section?: string[]; quote: string; url: string }

export interface Present { id: string; name: string; agency?: string; doing: string }

/** Any frame of the live desk. Fields that belong to other types are absent. */
export interface LiveFrame { type: string; case?: string; number?: string; seq?: number; state?: string; people?: Present[] | null; person?: { id: string; name: string; agency?: string } }
