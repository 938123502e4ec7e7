// What the desk asks the service for.
import type { DeskCase, Refusal } from './types.ts';

/** Failed says why something did not work. status is 0 when the service was not reached. */
export class Failed extends Error {
  constructor(readonly status: number, message: string, readonly refused?: Refusal, readonly shown?: DeskCase) { super(message); }
}

const cookie = () => /(?:^|;\s*)(?:__Host-)?ki-csrf=([^;]+)/.exec(document.cookie)?.[1] ?? '';

let out: () => void = () => {};
/** onOut is called when the service says that nobody is logged in. */
export const onOut = (run: () => void) => { out = run; };

export async function call<T>(method: string, path: string, body?: unknown, more: RequestInit = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json', 'Accept-Language': document.documentElement.lang };
  if (method !== 'GET') headers['X-CSRF-Token'] = decodeURIComponent(cookie());
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  let r: Response;
  try {
    r = await fetch(path, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }), ...more });
  } catch {
    throw new Failed(0, '');
  }
  if (r.status === 401) out();
  const text = await r.text().catch(() => '');
  let json: unknown;
  try { json = text ? JSON.parse(text) : undefined; } catch { /* no words then */ }
  if (r.ok) return json as T;
  const e = json as { error?: { message?: string }; refused?: Refusal; case?: DeskCase } | undefined;
  throw new Failed(r.status, e?.error?.message ?? '', e?.refused, e?.case);
}

export const at = (id: string, rest = '') => `/v1/cases/${encodeURIComponent(id)}${rest}`;
export const kept = (key: string) => `/v1/desk/kept/${encodeURIComponent(key)}`;
