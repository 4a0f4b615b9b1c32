import type { Clock } from '../base/clock.ts';
import { MILLISECOND } from '../base/clock.ts';

/** What Node's timers can count to, in milliseconds. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** The machine's time, in whole microseconds. Timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Math.round(performance.now() * MILLISECOND),
  wall: () => Math.round((performance.timeOrigin + performance.now()) * MILLISECOND),
  after(delay, action) {
    let timer: NodeJS.Timeout;
    const wait = (left: number) => {
      const step = Math.min(left, LONGEST_TIMEOUT);
      timer = setTimeout(() => (left > step ? wait(left - step) : action()), step).unref();
    };
    wait(delay / MILLISECOND);
    return () => clearTimeout(timer);
  },
};
