// Keys that do something: never while somebody types, and only when they are
// switched on.

/** The keys by what they do, as they are shown. "g l" is one after the other. */
export const shortcuts = {
  list: ['j', 'k', 'Enter', 'o', 'u', '/', 'r', 'f'],
  case: ['g l', 'c', 'e', 'n', 'a', 'q', 'd', '1', '2', '3'],
  both: ['?'],
} as const;
export type Shortcut = typeof shortcuts[keyof typeof shortcuts][number];

export interface Press { key: string; ctrlKey: boolean; metaKey: boolean; altKey: boolean; isComposing?: boolean; typing: boolean; dialog: boolean }

const wait = 1200; // ms between the keys of a sequence

/** Keys gives the shortcut that a press ends, or null. */
export class Keys {
  on = true;
  private first = '';
  private at = 0;

  press(p: Press, where: 'list' | 'case', now: number): Shortcut | null {
    const first = now - this.at < wait ? this.first : '';
    this.first = '';
    if (!this.on || p.typing || p.dialog || p.ctrlKey || p.metaKey || p.altKey || p.isComposing) return null;
    const known: readonly string[] = [...shortcuts[where], ...shortcuts.both];
    const both = `${first} ${p.key}`;
    if (first && known.includes(both)) return both as Shortcut;
    if (known.some((k) => k.startsWith(`${p.key} `))) {
      this.first = p.key;
      this.at = now;
      return null;
    }
    const arrow = { ArrowDown: 'j', ArrowUp: 'k' }[p.key];
    if (arrow && known.includes(arrow)) return arrow as Shortcut;
    return known.includes(p.key) ? p.key as Shortcut : null;
  }
}

/** typing says whether a key that is pressed there is text. */
export function typing(tag: string, type: string, editable: boolean): boolean {
  if (editable || tag === 'TEXTAREA' || tag === 'SELECT') return true;
  return tag === 'INPUT' && !['checkbox', 'radio', 'button', 'submit'].includes(type);
}
