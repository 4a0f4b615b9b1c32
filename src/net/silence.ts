import type { Clock } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import type { Publishing } from '../hub/stream.ts';

/** How long a publisher may be silent, in microseconds. */
export interface Patience {
  readonly firstFrameTimeout: number;
  readonly idleTimeout: number;
}

/** Calls `end` once when a publisher has sent nothing for too long, unless the function returned is called before. */
export function watchSilence(
  publisher: Publishing,
  hasMedia: () => boolean,
  { firstFrameTimeout, idleTimeout }: Patience,
  clock: Clock,
  end: (reason: RefusedError) => void,
): () => void {
  let cancel = () => {};
  const look = () => {
    const left = (hasMedia() ? idleTimeout : firstFrameTimeout) - (clock.now() - publisher.lastArrival);
    // Its media may begin meanwhile, and end again.
    if (left > 0) cancel = clock.after(Math.min(left, idleTimeout), look);
    else end(new RefusedError('timeout', hasMedia() ? 'the publisher fell silent' : 'no frame came in time'));
  };
  look();
  return () => cancel();
}
