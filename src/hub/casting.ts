import { type Clock, MILLISECOND, SECOND } from '../base/clock.ts';
import type { Publisher } from './publisher.ts';
import type { Publishing, Stream } from './stream.ts';

/** How often it is looked whether a publisher that has others behind it has fallen silent. */
const LOOK_EVERY = 100 * MILLISECOND;
/** So long, or so many times its longest gap, a publisher may be silent; who is to go on must not be, for half that long. */
const [SILENCE, GAPS] = [1 * SECOND, 3];
/** A main publisher that is back goes on at its first key frame after so long. */
const STEADY = 1 * SECOND;

/** Whether nothing has come from a publisher for longer than it is known to pause. */
export function isSilent({ lastArrival, longestGap }: Publishing, now: number): boolean {
  return now - lastArrival >= Math.max(SILENCE, GAPS * longestGap);
}

/** Decides which of several publishers of a stream is heard, and has `change` make it so. */
export class Casting {
  readonly #clock: Clock;
  readonly #change: (stream: Stream, to: Publisher) => void;
  readonly #since = new Map<Publisher, number>();
  readonly #looking = new Set<Stream>();

  constructor(clock: Clock, change: (stream: Stream, to: Publisher) => void) {
    this.#clock = clock;
    this.#change = change;
  }

  /** Has a publisher stand by. */
  add(stream: Stream, publisher: Publisher): void {
    stream.understudies.add(publisher);
    this.#since.set(publisher, this.#clock.now());
    if (this.#looking.has(stream)) return;
    this.#looking.add(stream);
    this.#later(stream);
  }

  /** It stands by no more: its turn has come, or it is gone. */
  remove(stream: Stream, publisher: Publisher): void {
    stream.understudies.delete(publisher);
    this.#since.delete(publisher);
  }

  /** One who stands by has sent a key frame: a main publisher goes on where a backup is heard. */
  offered(stream: Stream, publisher: Publisher): void {
    const isSteady = this.#clock.now() - this.#since.get(publisher)! >= STEADY;
    if (publisher.role === 'main' && stream.publisher?.role === 'backup' && isSteady) this.#change(stream, publisher);
  }

  /** Whoever appended is gone: has another one go on, if there is one. */
  replace(stream: Stream): void {
    const successor = this.#successor(stream);
    if (successor) this.#change(stream, successor);
  }

  #later(stream: Stream): void {
    this.#clock.after(LOOK_EVERY, () => this.#look(stream));
  }

  #look(stream: Stream): void {
    if (stream.understudies.size === 0 || stream.ended) return void this.#looking.delete(stream);
    if (!stream.publisher || isSilent(stream.publisher, this.#clock.now())) this.replace(stream);
    this.#later(stream);
  }

  /** The main one before any backup; nobody who is silent himself. */
  #successor({ understudies }: Stream): Publisher | undefined {
    const awake = [...understudies].filter(({ lastArrival }) => this.#clock.now() - lastArrival < SILENCE / 2);
    return (awake.find(({ role }) => role === 'main') ?? awake[0]) as Publisher | undefined;
  }
}
