import { type RefusalCode, RefusedError } from '../base/errors.ts';
import type { Taker } from '../net/takers.ts';

/** What an origin says that would say so again, as would others. */
const FINAL: ReadonlySet<RefusalCode> = new Set(['forbidden', 'unsupported', 'kicked']);

/**
 * Whether a publisher is to hear why an origin does not take it, or not any more: else another one may, or the same one later.
 * `wasTaken`: whether any ever did.
 */
export function isFinal(reason: unknown, taker: Pick<Taker, 'recognizes'> | undefined, wasTaken: boolean): boolean {
  if (!(reason instanceof RefusedError)) return false;
  if (FINAL.has(reason.code)) return true;
  // One that does not know him again takes him for another one, as long as it has not noticed that it lost him.
  return reason.code === 'busy' && (!wasTaken || taker?.recognizes === true);
}
