// Small pictures beside words, never instead of them.
import { svg } from 'lit';

const paths = {
  connected: 'M10 2a8 8 0 1 0 0 16 8 8 0 0 0 0-16Zm-1.2 11.3L5.5 10l1.2-1.2 2.1 2.1 4.5-4.5 1.2 1.2-5.7 5.7Z',
  http: 'M6 3 2 7h3v8h2V7h3L6 3Zm8 14 4-4h-3V5h-2v8h-3l4 4Z',
  connecting: 'M10 2a8 8 0 0 0-8 8h2.2A5.8 5.8 0 1 1 10 15.8V18a8 8 0 0 0 0-16Z',
  reconnecting: 'M10 4a6 6 0 0 1 5.2 3H12v2h7V2h-2v3.3A8 8 0 0 0 2 10h2a6 6 0 0 1 6-6Zm0 12a6 6 0 0 1-5.2-3H8v-2H1v7h2v-3.3A8 8 0 0 0 18 10h-2a6 6 0 0 1-6 6Z',
  offline: 'm2.4 1 16.6 16.6-1.4 1.4-3.3-3.3H5.5a4 4 0 0 1-.8-7.9L1 4.200 2.400 1ZM8 4.600A5.500 5.500 0 0 1 15.400 8.600a3.500 3.500 0 0 1 2.300 5.800L8 4.600Z',
  idle: 'M6 4h3v12H6V4Zm5 0h3v12h-3V4Z',
  stopped: 'M6.500 2h7L18 6.500v7L13.500 18h-7L2 13.500v-7L6.500 2ZM9 6v5h2V6H9Zm0 6.500v2h2v-2H9Z',
  list: 'M2 4h16v2H2V4Zm0 5h16v2H2V9Zm0 5h10v2H2v-2Z',
  plus: 'M9 3h2v6h6v2h-6v6H9v-6H3V9h6V3Z',
  bin: 'M8 2h4l1 2h4v2H3V4h4l1-2ZM4.500 7h11l-1 11h-9l-1-11Zm3 2 .4 7h1.400L9 9H7.500Zm3.500 0-.3 7h1.400l.4-7H11Z',
  close: 'm4.400 3 5.600 5.600L15.600 3 17 4.400 11.400 10l5.600 5.600-1.400 1.400L10 11.400 4.400 17 3 15.600 8.600 10 3 4.400 4.400 3Z',
};

export const icon = (name: keyof typeof paths) =>
  svg`<svg class="icon" aria-hidden="true" viewBox="0 0 20 20" width="20" height="20"><path fill="currentColor" fill-rule="evenodd" d=${paths[name]}></path></svg>`;
