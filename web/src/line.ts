// What the line to the service needs from outside, and what it tells.
import type { Entry } from './protocol.ts';
import type { News, Talk } from './talk.ts';

/**
 * connecting: the first attempt. connected: over a socket. http: over events
 * and POST. reconnecting: lost, trying again. offline: the machine has no
 * network. idle: closed because nothing was asked; comes back by itself.
 * stopped: the same again would end the same way.
 */
export type LineState = 'connecting' | 'connected' | 'http' | 'reconnecting' | 'offline' | 'idle' | 'stopped';

/** The browser, or a test in its place. */
export interface Env {
  origin: string;
  socket(url: string, protocol: string): WebSocket;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  setTimeout(run: () => void, ms: number): number;
  clearTimeout(timer: number): void;
  now(): number;
  random(): number;
  online(): boolean;
}

/** Who holds the conversations. */
export interface Desk {
  /** The conversations to hold open, the most important first. */
  wanted(): Talk[];
  state(state: LineState, code?: number): void;
  /** Something of a conversation changed. entry is one that just came, and news is of a case. */
  changed(talk: Talk, entry?: Entry, news?: News): void;
  /** A message, or an errand, could not be taken now; it is sent again after so many seconds. */
  delayed(talk: Talk, message: string, seconds: number): void;
}

export const timing = {
  first: 500, // ms; the ceiling of the first wait, doubled by each failure
  last: 30_000,
  flood: 10_000,
  opening: 5_000, // for a socket that a proxy neither lets through nor refuses
  patience: 10_000, // before a ping, and again for the pong
  stable: 5_000, // a connection of this age is no failure any more
  events: 40_000, // without a byte; a comment comes every 15 seconds
  post: 60_000,
  probe: 30_000, // between attempts to get the socket back
  retry: 5_000, // after "not now" without a time
} as const;

/**
 * backoff gives how long to wait after so many failures in a row: anything
 * from nothing to the ceiling, so that ten thousand who were dropped at once
 * do not come back at once.
 */
export function backoff(failures: number, random: number, least = 0): number {
  return Math.max(least, 0) + random * Math.min(timing.last, timing.first * 2 ** Math.min(failures, 10));
}
