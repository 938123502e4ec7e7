// Which cases are shown: the same in the address, in a saved view, and in what
// the service is asked.

export const toggles = ['mine', 'own', 'unread', 'late', 'sign', 'review'] as const;
export type Toggle = typeof toggles[number];
export const open = ['received', 'assessment', 'drafting', 'waiting', 'signoff', 'reopened'];
export const states = [...open, 'answered', 'published', 'referred', 'withdrawn', 'closed'];

/** state is "open", "all", or one of the states; agency is a key, none for any. */
export interface Filter { state: string; agency: string; text: string; on: Toggle[] }

export const standard = (): Filter => ({ state: 'open', agency: '', text: '', on: [] });

const key = /^[\w-]{1,60}$/;

/** read takes a filter from an address, or from what was saved. What it does not know is left out. */
export function read(query: string): Filter {
  const p = new URLSearchParams(query);
  const state = p.get('state') ?? 'open';
  const agency = p.get('agency') ?? '';
  return {
    state: state === 'all' || states.includes(state) ? state : 'open',
    agency: key.test(agency) ? agency : '',
    text: (p.get('q') ?? '').slice(0, 200),
    on: toggles.filter((t) => p.has(t)),
  };
}

/** write gives a filter as it stands in an address; what is as usual is left out. */
export function write(f: Filter): string {
  const p = new URLSearchParams();
  if (f.state !== 'open') p.set('state', f.state);
  if (f.agency) p.set('agency', f.agency);
  if (f.text.trim()) p.set('q', f.text.trim());
  for (const t of toggles) if (f.on.includes(t)) p.set(t, '1');
  return p.toString();
}

/** query gives what the service is asked. own is the agency of who asks. */
export function query(f: Filter, own: string, after = '', limit = 50): string {
  const p = new URLSearchParams();
  // what waits for a new look has been answered: "open" would hide it
  const all = f.state === 'all' || (f.state === 'open' && f.on.includes('review'));
  if (!all) for (const s of f.state === 'open' ? open : [f.state]) p.append('state', s);
  const agency = f.on.includes('own') ? own : f.agency;
  if (agency) p.set('agency', agency);
  if (f.on.includes('mine')) p.set('holder', 'me');
  if (f.text.trim()) p.set('q', f.text.trim());
  for (const t of ['late', 'unread', 'review', 'sign'] as const) if (f.on.includes(t)) p.set(t, '1');
  if (after) p.set('after', after);
  p.set('limit', String(limit));
  return p.toString();
}

export const toggled = (f: Filter, t: Toggle): Filter => ({ ...f, on: f.on.includes(t) ? f.on.filter((x) => x !== t) : [...f.on, t] });

/** viewKey gives the key that a view is kept under, and name its name again. */
export const viewKey = (name: string) => `view:${name.trim().replace(/\s+/g, ' ').slice(0, 60)}`;
export const viewName = (key: string) => key.replace(/^view:/, '');
