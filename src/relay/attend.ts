import { ProtocolError, RefusedError } from '../base/errors.ts';
import { Departure, type Serving } from '../net/serve.ts';
import type { HeardAside } from './asides.ts';
import { type Channel, expectJson } from './channel.ts';

/**
 * Hears one who is sent something, and ends his session when he wants no more or is gone: he says little, but that he is lost is noticed
 * only by one who listens. `heed` is given what he says beside.
 */
export function attend(channel: Channel, serving: Serving, heed?: (said: HeardAside) => void): void {
  const hear = async () => {
    for await (const message of channel.messages(heed)) {
      if (expectJson(message).op !== 'ended') throw new ProtocolError('a message where none is expected');
      throw new RefusedError('gone', 'the node wants no more of it');
    }
    throw new Departure('the node left');
  };
  hear().catch((reason: unknown) => serving.end(reason));
}

/** The same, as all that there is to do. Always rejects, with the reason of the end. */
export function attendToTheEnd(channel: Channel, serving: Serving): Promise<never> {
  const { signal } = serving;
  const ended = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => ended.reject(signal.reason), { once: true });
  if (signal.aborted) ended.reject(signal.reason);
  else attend(channel, serving);
  return ended.promise;
}
