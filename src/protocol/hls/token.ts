import { randomBytes } from 'node:crypto';
import type { Siblings } from '../../net/siblings.ts';

/** What a token looks like in a URL. */
export const TOKEN = 'hls-[\\w-]{22}';

const RANDOM_BYTES = 15;

/** What a viewer is known by, which nobody can guess, with the number of the worker that knows it. */
export function newToken(worker: number): string {
  return `hls-${Buffer.concat([randomBytes(RANDOM_BYTES), Uint8Array.of(worker)]).toString('base64url')}`;
}

/** The number of the worker that knows a viewer, if it is another one of this node. */
export function homeElsewhere(
  token: string,
  { worker, count }: Pick<Siblings, 'worker' | 'count'>,
): number | undefined {
  const home = Buffer.from(token.slice('hls-'.length), 'base64url')[RANDOM_BYTES] ?? 0;
  return home !== worker && home > 0 && home <= count ? home : undefined;
}
