/**
 * Options of connections on which nothing may be said for long: what is written goes out at once, and after half a minute of silence
 * the system asks whether the peer is there, who may have gone without a word.
 */
export const LASTING = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 } as const;
