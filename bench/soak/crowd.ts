import { setTimeout as sleep } from 'node:timers/promises';
import { PROTOCOLS, type Protocol } from '../load.ts';
import { type Spread, spread } from '../statistics.ts';
import { Findings } from '../viewers/checker.ts';
import { Viewer } from '../viewers/viewer.ts';
import type { Channel } from './channel.ts';
import type { Dice } from './dice.ts';
import type { Fault, Tally } from './tally.ts';

/** How somebody watches: to the end of its stay, with pauses, without reading at all, or gone before it has begun. */
type Habit = 'steady' | 'slow' | 'deaf' | 'hasty';

/** One who watches a channel. */
interface Guest {
  readonly viewer: Viewer;
  readonly protocol: Protocol;
  readonly channel: Channel;
  readonly habit: Habit;
  /** By `performance.now()`. */
  readonly leavesAt: number;
  /** When one who is slow stops to read, or goes on. */
  turnsAt: number;
  isPaused: boolean;
  /** Whether it may be sent away: it came when there was no stream, or the stream has ended. */
  isExcused: boolean;
}

/** How many come at once, and how long it takes until the next ones do, in milliseconds. */
const STORM = [1, 30] as const;
const CALM = [300, 2200] as const;
/** How long they stay, in milliseconds: one who is hasty, and all others. */
const GLANCE = [0, 300] as const;
const STAY = [500, 30_000] as const;
/** A viewer who gets nothing for so long while frames are sent is starved, in milliseconds. */
const STARVED = 5000;
/** How long the end of a stream may take to reach those who watch, beside the time that they are kept. */
const DISMISSAL = 8000;
const LOOK_EVERY = 50;

/** What a {@link Crowd} needs. */
export interface CrowdOptions {
  readonly rtmpPort: number;
  readonly httpPort: number;
  readonly channels: readonly Channel[];
  readonly dice: Dice;
  readonly tally: Tally;
}

/** Viewers that come and go in storms, and are checked to the last byte. */
export class Crowd {
  /** What was found up to the last {@link collect}. */
  readonly found = new Map(PROTOCOLS.map((protocol) => [protocol, new Findings()]));
  readonly #news = new Map(PROTOCOLS.map((protocol) => [protocol, new Findings()]));
  readonly #options: CrowdOptions;
  readonly #guests = new Set<Guest>();

  constructor(options: CrowdOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#guests.size;
  }

  /** Lets storms come until `signal` aborts; whoever is there then stays until its stream ends. */
  async run(signal: AbortSignal): Promise<void> {
    const { dice } = this.#options;
    const timer = setInterval(() => this.#look(), LOOK_EVERY);
    while (!signal.aborted) {
      const channel = dice.pick(this.#options.channels);
      for (let left = dice.between(...STORM); left > 0; left--) this.#join(dice.pick(PROTOCOLS), channel);
      await dice.pause(...CALM, signal);
    }
    clearInterval(timer);
  }

  /** Resolves when all who have seen something of a channel are gone, because its stream has ended. */
  async dismissed(channel: Channel): Promise<void> {
    const present = [...this.#guests].filter((guest) => guest.channel === channel && guest.viewer.keyAt !== undefined);
    for (const guest of this.#guests) if (guest.channel === channel) guest.isExcused = true;
    const deadline = performance.now() + DISMISSAL;
    const left = () => present.filter((guest) => this.#guests.has(guest) && !guest.isPaused);
    while (left().length > 0 && performance.now() < deadline) {
      await sleep(LOOK_EVERY);
      this.#look();
    }
    for (const guest of left()) this.#fault(guest, 'viewers not told of the end', channel.name);
  }

  /** Adds up what was found since the last time, and returns the delays: a long soak must not hold them all. */
  collect(): Spread {
    const delays: number[] = [];
    for (const protocol of PROTOCOLS) {
      const [total, news] = [this.found.get(protocol)!, this.#news.get(protocol)!];
      for (const name of ['frames', 'holes', 'undecodable', 'damaged', 'backwards'] as const) total[name] += news[name];
      for (const delay of news.delays) delays.push(delay);
      this.#news.set(protocol, new Findings());
    }
    return spread(delays);
  }

  /** Sends everybody home. */
  close(): void {
    for (const guest of this.#guests) this.#leave(guest);
  }

  #join(protocol: Protocol, channel: Channel): void {
    const { dice, tally, rtmpPort, httpPort } = this.#options;
    const port = protocol === 'rtmp' ? rtmpPort : httpPort;
    const findings = (): Findings => this.#news.get(protocol)!;
    const viewer = new Viewer({ protocol, port, name: channel.name, sampled: true, findings });
    const habit = this.#habit();
    const now = performance.now();
    const [shortest, longest] = habit === 'hasty' ? GLANCE : STAY;
    const stay = dice.between(shortest, longest);
    const times = { leavesAt: now + stay, turnsAt: now + dice.between(0, 1000) };
    this.#guests.add({ viewer, protocol, channel, habit, ...times, isPaused: false, isExcused: channel.isOver });
    tally.count(`${protocol} joined`);
  }

  #habit(): Habit {
    const roll = this.#options.dice.below(100);
    if (roll < 65) return 'steady';
    return roll < 80 ? 'slow' : roll < 88 ? 'deaf' : 'hasty';
  }

  #look(): void {
    const now = performance.now();
    for (const guest of this.#guests) {
      if (guest.viewer.fault !== undefined) this.#ended(guest);
      else if (now >= guest.leavesAt) this.#leave(guest);
      else if (guest.habit === 'steady') this.#checkFed(guest, now);
      else if (guest.habit !== 'hasty' && now >= guest.turnsAt) this.#turn(guest, now);
    }
  }

  /** Stops reading, or goes on; the deaf never do. */
  #turn(guest: Guest, now: number): void {
    const { dice } = this.#options;
    guest.isPaused = guest.habit === 'deaf' || !guest.isPaused;
    guest.turnsAt = now + (guest.isPaused ? dice.between(100, 2000) : dice.between(20, 300));
    if (guest.isPaused) guest.viewer.pause();
    else guest.viewer.resume();
  }

  #checkFed(guest: Guest, now: number): void {
    const { viewer, channel } = guest;
    if (channel.liveSince === undefined || now - Math.max(viewer.lastAt, channel.liveSince) < STARVED) return;
    this.#fault(guest, 'viewers starved', viewer.keyAt === undefined ? 'never a key frame' : 'nothing more');
    this.#leave(guest);
  }

  /** The server has closed it. */
  #ended(guest: Guest): void {
    const { viewer, protocol, isExcused, habit } = guest;
    this.#guests.delete(guest);
    if (viewer.isBroken) this.#fault(guest, 'broken framing', viewer.fault!);
    else if (isExcused || habit === 'deaf') this.#options.tally.count(`${protocol} sent away`);
    else this.#fault(guest, 'viewers thrown out', viewer.fault!);
  }

  #leave(guest: Guest): void {
    this.#guests.delete(guest);
    guest.viewer.leave();
  }

  #fault({ protocol, channel, habit }: Guest, kind: Fault, detail: string): void {
    this.#options.tally.fault(kind, `a ${habit} viewer of ${channel.name} by ${protocol}: ${detail}`);
  }
}
