import { type Clock, SECOND } from '../../base/clock.ts';

/** How often it is looked whether a worker answers. */
const EVERY = 1 * SECOND;
/** One that was silent for so many looks hangs: they are counted, and not the time, as all may have stood still together. */
const MOST_SILENT = 10;

/** Calls `onHang` once when `ask` is not answered any more, unless the function returned is called before. */
export function watchPulse(clock: Clock, ask: () => Promise<unknown>, onHang: () => void): () => void {
  let silent = 0;
  let cancel: () => void;
  const answered = () => {
    silent = 0;
  };
  const look = () => {
    if (++silent > MOST_SILENT) return onHang();
    ask().then(answered, answered);
    cancel = clock.after(EVERY, look);
  };
  look();
  return () => cancel();
}
