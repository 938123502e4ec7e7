// What is kept in the browser tab, and nowhere else: the conversation, what is
// known of the project and what is being written.

const key = 'kiveileder';

export function load() {
  try {
    const s = JSON.parse(sessionStorage.getItem(key)) ?? {};
    return {
      turns: Array.isArray(s.turns) ? s.turns : [],
      facts: Array.isArray(s.facts) ? s.facts : [],
      draft: typeof s.draft === 'string' ? s.draft : '',
    };
  } catch {
    return { turns: [], facts: [], draft: '' };
  }
}

export function save(state) {
  // when it grows too large for the browser, the oldest turns go first
  for (let from = 0; from <= state.turns.length; from++) {
    try {
      sessionStorage.setItem(key, JSON.stringify({ ...state, turns: state.turns.slice(from) }));
      return;
    } catch { /* try with one turn less */ }
  }
}

export function clear() {
  try { sessionStorage.removeItem(key); } catch { /* nothing was kept */ }
}
