import type { Socket } from 'node:net';
import { type Clock, MILLISECOND } from '../base/clock.ts';
import { handleOf } from './socket-handle.ts';

/** What one wake-up to read a socket costs, in microseconds, and how much of the processor wake-ups may take. */
const COST_OF_A_READ = 12;
const SHARE = 0.15;
/** Shorter than this it is not worth the trouble. */
const SHORTEST_REST = 5 * MILLISECOND;
/** How often resting sockets are looked after, in milliseconds. */
const TICK = 5;

/**
 * Lets sockets that send many small pieces rest after each read, the longer the more of them there are, so that one read
 * brings many messages. With few senders nothing rests. What a rest holds back waits in the kernel.
 */
export class Gatherer {
  readonly #clock: Clock;
  readonly #longest: number;
  readonly #resting: { socket: Socket; due: number }[] = [];
  #senders = 0;
  #rest = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `longest` is the most that reading may be put off, in microseconds. */
  constructor(longest: number, clock: Clock) {
    this.#longest = longest;
    this.#clock = clock;
  }

  /** How long sockets rest at present, in microseconds. */
  get rest(): number {
    return this.#rest;
  }

  /** Has the socket's reads gathered until the function returned is called, once. */
  add(socket: Socket): () => void {
    const onData = () => {
      if (this.#rest > 0) this.#lay(socket);
    };
    this.#count(1);
    socket.on('data', onData);
    return () => {
      this.#count(-1);
      socket.off('data', onData);
    };
  }

  #count(change: number): void {
    this.#senders += change;
    const rest = Math.min((this.#senders * COST_OF_A_READ) / SHARE, this.#longest);
    this.#rest = rest < SHORTEST_REST ? 0 : rest;
  }

  #lay(socket: Socket): void {
    const handle = handleOf(socket);
    if (!handle) return;
    handle.readStop();
    this.#resting.push({ socket, due: this.#clock.now() + this.#rest });
    this.#timer ??= setInterval(() => this.#wake(), TICK);
  }

  /** All rest for the same time, so they wake in the order in which they lay down. */
  #wake(): void {
    const now = this.#clock.now();
    let woken = 0;
    for (const { socket, due } of this.#resting) {
      if (due > now) break;
      woken++;
      handleOf(socket)?.readStart();
    }
    this.#resting.splice(0, woken);
    if (this.#resting.length > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
