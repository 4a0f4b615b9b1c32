import { randomBytes } from 'node:crypto';

/** What a token looks like in a URL. */
export const TOKEN = 'hls-[\\w-]{22}';

const RANDOM_BYTES = 15;

/** What a viewer is known by, which nobody can guess, with the number of the worker that knows it. */
export function newToken(worker: number): string {
  return `hls-${Buffer.concat([randomBytes(RANDOM_BYTES), Uint8Array.of(worker)]).toString('base64url')}`;
}

/** The number of the worker that knows a viewer. A token that nobody made has any. */
export function homeOf(token: string): number {
  return Buffer.from(token.slice('hls-'.length), 'base64url')[RANDOM_BYTES] ?? 0;
}
