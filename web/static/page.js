// The pages of the sources need the switches and nothing more.
import { start } from './prefs.js';

start();
