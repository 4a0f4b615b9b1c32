import { assert } from '../base/errors.ts';
import type { AccessProvider } from './gate.ts';
import { isLoopback } from './loopback.ts';
import { sameSecret } from './secret.ts';

/** The parameter that carries the key: `movie?key=…`. */
export const KEY_PARAMETER = 'key';

/** What {@link publishKey} needs of the section `access`. */
export interface PublishKeyOptions {
  readonly publishers: 'key' | 'callbacks';
  readonly publishKey: string;
  readonly loopback: 'trusted' | 'like-others';
}

/**
 * Publishers need the one static key; this machine itself does not where loopback is trusted, and nobody where an origin decides, or
 * callbacks do.
 */
export function publishKey({ publishers, publishKey: expected, loopback }: PublishKeyOptions): AccessProvider {
  assert(expected !== '', 'a publish key is set');
  return async ({ action, query, remote, originDecides = false }) => {
    if (action !== 'publish' || originDecides || publishers === 'callbacks') return 'pass';
    const given = query.get(KEY_PARAMETER);
    if (given !== undefined && sameSecret(given, expected)) return 'allow';
    if (loopback === 'trusted' && isLoopback(remote)) return 'allow';
    return { refuse: given === undefined ? 'a publish key is needed' : 'the publish key is wrong' };
  };
}
