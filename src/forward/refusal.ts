import { type RefusalCode, RefusedError } from '../base/errors.ts';
import type { Taker } from '../net/takers.ts';

/** What an origin says that will say no again, as would others. */
const WORDS: ReadonlySet<RefusalCode> = new Set(['forbidden', 'unsupported', 'kicked']);

/** Whether a publisher is to hear why an origin does not take it, or not any more; else it may be taken by another one, or later. */
export function isFinal(reason: unknown, taker: Taker | undefined, wasTaken: boolean): boolean {
  if (!(reason instanceof RefusedError)) return false;
  if (WORDS.has(reason.code)) return true;
  // One that does not know him again takes him for another one, as long as it has not noticed that it lost him.
  return reason.code === 'busy' && (!wasTaken || taker!.recognizes);
}
