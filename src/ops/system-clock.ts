import type { Clock } from '../base/clock.ts';
import { MILLISECOND } from '../base/clock.ts';

/** The machine's time. Timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => performance.now() * MILLISECOND,
  wall: () => (performance.timeOrigin + performance.now()) * MILLISECOND,
  after(delay, action) {
    const timer = setTimeout(action, delay / MILLISECOND).unref();
    return () => clearTimeout(timer);
  },
};
