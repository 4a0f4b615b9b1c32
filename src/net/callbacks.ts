import type { EventName } from '../config/callback-events.ts';

/** What became of calls: answered with yes; with anything else; given up without an answer; dropped as too many waited. */
type CallResult = 'ok' | 'refused' | 'failed' | 'dropped';

/** What calls of one kind have come to. */
export interface CallCounters extends Record<CallResult, number> {
  /** Attempts to tell something that were followed by another one. */
  retried: number;
  /** How long all attempts have taken, in microseconds. */
  spent: number;
}

/** The callbacks of this process, as others see them. */
export class Callbacks {
  /** Those events that were ever called for. */
  readonly counters = new Map<EventName, CallCounters>();
  /** How many wait to be told something. */
  waiting = 0;
  /** Tells what the server and its machine use, as the API shows it; undefined where nobody knows. */
  summarize: (() => Promise<object>) | undefined;

  /** The counters of an event. */
  of(event: EventName): CallCounters {
    const present = this.counters.get(event);
    if (present) return present;
    const counters = { ok: 0, refused: 0, failed: 0, dropped: 0, retried: 0, spent: 0 };
    this.counters.set(event, counters);
    return counters;
  }
}
