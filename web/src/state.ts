// The one chat of the page.
import { Chat } from './chat.ts';

export const chat = new Chat();
