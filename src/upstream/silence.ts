import { type Clock, MILLISECOND, SECOND } from '../base/clock.ts';
import type { Publishing } from '../hub/stream.ts';

/** How often it is looked, in microseconds. */
const LOOK = 100 * MILLISECOND;
/** A silence is longer than this, in microseconds, and than so many of the longest gaps before. */
const [LEAST, GAPS] = [SECOND, 3];

/** What is done about a publisher that sends nothing. */
export interface Remedy {
  /** It is silent; called again every second as long as it is. */
  silent(): void;
  /** It sends again. */
  heard(): void;
}

/** Watches whether a publisher falls silent, by the gaps that there were before; until it closes, or the function returned is called. */
export function watchGaps(publisher: Publishing, clock: Clock, remedy: Remedy): () => void {
  let last = publisher.lastArrival;
  let longest = 0;
  /** When the remedy is called again; undefined while the publisher is heard. */
  let again: number | undefined;
  let cancel = () => {};
  const look = () => {
    if (publisher.closed) return;
    const silence = clock.now() - last;
    if (publisher.lastArrival !== last) {
      longest = Math.max(longest, publisher.lastArrival - last);
      last = publisher.lastArrival;
      if (again !== undefined) remedy.heard();
      again = undefined;
    } else if (silence > (again ?? Math.max(LEAST, GAPS * longest))) {
      again = silence + SECOND;
      remedy.silent();
    }
    cancel = clock.after(LOOK, look);
  };
  look();
  return () => cancel();
}
