import { setTimeout as sleep } from 'node:timers/promises';
import { Courier, type CourierGround, type Letter } from './courier.ts';

/** What an {@link Outbox} is made with. */
export interface OutboxGround extends CourierGround {
  /** How many letters may wait for each server. */
  readonly queue: number;
}

/** How often it is looked at the end whether all is told, in milliseconds. */
const LOOK_EVERY = 20;

/** What is to be told to the servers of the configuration, each of which has a {@link Courier}. */
export class Outbox {
  readonly #ground: OutboxGround;
  readonly #couriers = new Map<string, Courier>();
  /** The servers for which too many wait. */
  readonly #full = new Set<string>();

  constructor(ground: OutboxGround) {
    this.#ground = ground;
  }

  /** Has a letter told as soon as its turn comes; where too many wait it is dropped. Never blocks. */
  post(letter: Letter): void {
    const { callbacks, queue, log } = this.#ground;
    const { origin: server } = new URL(letter.url);
    const courier = this.#courierTo(server);
    if (courier.size >= queue) {
      callbacks.of(letter.event).dropped++;
      if (!this.#full.has(server))
        log.error({ server, waiting: queue }, 'callbacks are dropped: too many wait (callbacks.queue)');
      this.#full.add(server);
      return;
    }
    // Said again only when it was far from full in between.
    if (courier.size < queue / 2) this.#full.delete(server);
    courier.add(letter);
  }

  /** Resolves when nothing of a lane waits, as far as the servers take it; at the latest when `signal` aborts. */
  async settled(lane: string, signal: AbortSignal): Promise<void> {
    await Promise.all(Array.from(this.#couriers.values(), (courier) => courier.settled(lane, signal)));
  }

  /** Resolves when `isComplete` and all is told, or after so many milliseconds, when what is left is given up. */
  async close(patience: number, isComplete: () => boolean): Promise<void> {
    const { callbacks, log } = this.#ground;
    for (const courier of this.#couriers.values()) courier.hurry();
    const end = performance.now() + patience;
    while ((callbacks.waiting > 0 || !isComplete()) && performance.now() < end) await sleep(LOOK_EVERY);
    if (callbacks.waiting > 0)
      log.error({ callbacks: callbacks.waiting }, 'callbacks could not be told before the end');
    for (const courier of this.#couriers.values()) courier.close();
  }

  #courierTo(server: string): Courier {
    const present = this.#couriers.get(server);
    if (present) return present;
    const courier = new Courier(server, this.#ground);
    this.#couriers.set(server, courier);
    return courier;
  }
}
