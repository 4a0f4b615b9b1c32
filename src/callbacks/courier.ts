import { type Clock, MILLISECOND, SECOND } from '../base/clock.ts';
import type { EventName } from '../config/callback-events.ts';
import type { HttpAnswer } from '../net/ask-http.ts';
import { Backoff } from '../net/backoff.ts';
import type { Callbacks } from '../net/callbacks.ts';
import type { Logger } from '../ops/log.ts';
import { isTemporary, refusalIn } from './answer.ts';

/** What is to be told. */
export interface Letter {
  readonly event: EventName;
  /** What is told in order: letters of different lanes may overtake each other. */
  readonly lane: string;
  readonly url: string;
  /** The body; without one it is a GET, and any good status will do. */
  readonly json: string | undefined;
}

/** Calls a URL once. Rejects where there is no answer in time. */
export type Send = (call: Pick<Letter, 'url' | 'json'>, signal: AbortSignal) => Promise<HttpAnswer>;

/** What a {@link Courier} is made with. */
export interface CourierGround {
  readonly send: Send;
  readonly clock: Clock;
  readonly log: Logger;
  readonly callbacks: Callbacks;
  /** How long a letter is tried again, in microseconds. */
  readonly retry: number;
}

/** So many letters are on their way to one server at the same time. */
const MOST_AT_ONCE = 8;
/** The shortest and the longest pause while a server is away, in milliseconds. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [250, 10_000];
/** A server that takes some letters and never others is back and away all the time: that is said once in so long, in microseconds. */
const SAID_EVERY = 60 * SECOND;
/** The longest pause when the end is near, in microseconds. */
const LAST_PAUSE = 200 * MILLISECOND;

/** Takes letters to one server: in order within a lane, again where it is away, one at a time until it is back. */
export class Courier {
  readonly #ground: CourierGround;
  /** How messages call the server. */
  readonly #name: string;
  readonly #backoff = new Backoff(FIRST_PAUSE, LONGEST_PAUSE);
  /** What waits, by lane; what is on its way stays the first of its lane. */
  readonly #lanes = new Map<string, { readonly letter: Letter; readonly since: number }[]>();
  /** The lanes whose first letter is not on its way, in the order of their turn. */
  readonly #ready = new Set<string>();
  /** Those of them whose first letter was tried in vain: their turn is when nothing else is to be told. */
  readonly #again = new Set<string>();
  /** Those who wait until nothing of a lane waits any more, or the server turns out to be away. */
  readonly #waiting = new Map<string, Set<() => void>>();
  /** Events that were answered with no, or cannot be told: said once. */
  readonly #complained = new Set<EventName>();
  readonly #ending = new AbortController();
  /** The lanes whose first letter is on its way. */
  readonly #busy = new Set<string>();
  #isAway = false;
  /** When the log was told last that it is away, and whether it has that it is. */
  #saidAt = Number.NEGATIVE_INFINITY;
  #isSaid = false;
  #isClosing = false;
  #size = 0;
  /** Ends the pause; undefined where there is none. */
  #resume: (() => void) | undefined;

  constructor(name: string, ground: CourierGround) {
    this.#name = name;
    this.#ground = ground;
  }

  /** How many letters wait here. */
  get size(): number {
    return this.#size;
  }

  add(letter: Letter): void {
    const { clock, callbacks } = this.#ground;
    const waiting = this.#lanes.get(letter.lane);
    callbacks.waiting++;
    this.#size++;
    if (waiting) return void waiting.push({ letter, since: clock.now() });
    this.#lanes.set(letter.lane, [{ letter, since: clock.now() }]);
    this.#ready.add(letter.lane);
    this.#pump();
  }

  /** Resolves when all letters of a lane have been told, and as soon as that fails or `signal` aborts. The pause, if any, is over. */
  settled(lane: string, signal: AbortSignal): Promise<void> {
    if (!this.#lanes.has(lane) || signal.aborted) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const all = this.#waiting.get(lane) ?? new Set();
    this.#waiting.set(lane, all.add(resolve));
    signal.addEventListener('abort', () => resolve(), { once: true });
    this.#prefer(lane);
    this.#resume?.();
    return promise;
  }

  /** Does not pause for long any more. */
  hurry(): void {
    this.#isClosing = true;
    this.#resume?.();
  }

  /** Gives up what is still here. */
  close(): void {
    this.#ending.abort(new Error('the server is stopping'));
    this.#isClosing = true;
    for (const lane of [...this.#lanes.keys()]) while (this.#lanes.has(lane)) this.#give(lane, 'failed');
    this.#resume?.();
  }

  #pump(): void {
    while (!this.#resume && this.#busy.size < (this.#isAway ? 1 : MOST_AT_ONCE)) {
      const turns = this.#ready.size > 0 ? this.#ready : this.#again;
      const [lane] = turns;
      if (lane === undefined) return;
      turns.delete(lane);
      void this.#deliver(lane);
    }
  }

  async #deliver(lane: string): Promise<void> {
    const { letter, since } = this.#lanes.get(lane)![0]!;
    this.#busy.add(lane);
    const { reason, isAway } = await this.#attempt(letter);
    this.#busy.delete(lane);
    // All was given up meanwhile.
    if (this.#ending.signal.aborted) return;
    if (isAway) this.#fail(lane, since, reason!);
    else {
      this.#recover(letter, reason);
      this.#give(lane, reason === undefined ? 'ok' : 'refused');
    }
    if (this.#lanes.has(lane)) (isAway ? this.#again : this.#ready).add(lane);
    this.#pump();
  }

  async #attempt(letter: Letter): Promise<{ reason: string | undefined; isAway: boolean }> {
    const { clock, callbacks, send } = this.#ground;
    const began = clock.now();
    try {
      const answer = await send(letter, this.#ending.signal);
      return { reason: refusalOf(letter, answer), isAway: isTemporary(answer) };
    } catch (error) {
      return { reason: (error as Error).message, isAway: true };
    } finally {
      callbacks.of(letter.event).spent += clock.now() - began;
    }
  }

  #fail(lane: string, since: number, reason: string): void {
    const { callbacks, clock, retry } = this.#ground;
    const { event } = this.#lanes.get(lane)![0]!.letter;
    this.#isAway = true;
    this.#sayAway(event, reason);
    if (clock.now() - since < retry) callbacks.of(event).retried++;
    this.#giveUpOld();
    // Who waits for this lane goes on without it.
    this.#tellWaiting(lane);
    this.#pause();
  }

  #sayAway(event: EventName, reason: string): void {
    const { log, clock } = this.#ground;
    if (this.#isSaid || clock.now() - this.#saidAt < SAID_EVERY) return;
    this.#saidAt = clock.now();
    this.#isSaid = true;
    log.warn({ server: this.#name, event, reason }, 'callbacks cannot be told: they are tried again');
  }

  /** Everything that has waited for too long is given up. */
  #giveUpOld(): void {
    const { clock, retry, log } = this.#ground;
    const oldest = clock.now() - retry;
    let given = 0;
    for (const lane of [...this.#lanes.keys()]) {
      if (this.#busy.has(lane)) continue;
      for (let first = this.#lanes.get(lane)?.[0]; first && first.since <= oldest; first = this.#lanes.get(lane)?.[0]) {
        this.#give(lane, 'failed');
        given++;
      }
    }
    if (given > 0) log.error({ server: this.#name, callbacks: given }, 'callbacks could not be told in time: given up');
  }

  #pause(): void {
    if (this.#resume) return;
    const length = this.#backoff.next() * MILLISECOND;
    const end = () => {
      cancel();
      this.#resume = undefined;
      this.#pump();
    };
    const cancel = this.#ground.clock.after(this.#isClosing ? Math.min(length, LAST_PAUSE) : length, end);
    this.#resume = end;
  }

  #recover({ event }: Letter, refusal: string | undefined): void {
    const { log } = this.#ground;
    if (this.#isSaid) log.info({ server: this.#name, waiting: this.#size }, 'callbacks are told again');
    this.#isSaid = this.#isAway = false;
    this.#backoff.reset();
    if (refusal === undefined) this.#complained.delete(event);
    else if (!this.#complained.has(event)) {
      this.#complained.add(event);
      log.warn({ server: this.#name, event, reason: refusal }, 'what is told is not taken');
    }
  }

  /** The first letter of a lane is done with. */
  #give(lane: string, result: 'ok' | 'refused' | 'failed'): void {
    const { callbacks } = this.#ground;
    const letters = this.#lanes.get(lane)!;
    callbacks.of(letters.shift()!.letter.event)[result]++;
    callbacks.waiting--;
    this.#size--;
    if (letters.length > 0) return;
    this.#lanes.delete(lane);
    this.#ready.delete(lane);
    this.#again.delete(lane);
    this.#tellWaiting(lane);
  }

  #tellWaiting(lane: string): void {
    for (const resolve of this.#waiting.get(lane) ?? []) resolve();
    this.#waiting.delete(lane);
  }

  /** Has a lane be the next one. */
  #prefer(lane: string): void {
    if (!this.#ready.delete(lane) && !this.#again.delete(lane)) return;
    const others = [...this.#ready];
    this.#ready.clear();
    for (const each of [lane, ...others]) this.#ready.add(each);
  }
}

function refusalOf({ json }: Letter, answer: HttpAnswer): string | undefined {
  if (json !== undefined) return refusalIn(answer);
  return answer.status >= 200 && answer.status < 300 ? undefined : `the answer has the status ${answer.status}`;
}
