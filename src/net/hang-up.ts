import type { Duplex } from 'node:stream';

/** How long a peer may take to read what was sent last, in milliseconds: one that does not read never would. */
export const LAST_WORDS = 2000;

/** Ends a connection; what was sent last may still reach the peer, for a moment. */
export function hangUp(connection: Duplex): void {
  connection.end();
  const timer = setTimeout(() => connection.destroy(), LAST_WORDS);
  connection.once('close', () => clearTimeout(timer));
}
