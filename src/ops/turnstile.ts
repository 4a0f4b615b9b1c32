import { Turnstile } from '../base/turnstile.ts';

/** Node has four threads for files and for names of hosts: a disk that hangs must leave one. */
const MOST_AT_ONCE = 3;

/** Whoever does something with files does it through this. */
export const turnstile = new Turnstile(MOST_AT_ONCE);
