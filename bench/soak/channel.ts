import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { prepareClip } from '../clip.ts';
import { Publisher, publish, type Script, writeScript } from '../publisher.ts';
import type { Dice } from './dice.ts';
import type { Tally } from './tally.ts';

/** What befalls a publisher: its line breaks, it says good-bye and comes back, it falls silent, … */
const MISHAPS = ['break', 'stop', 'silence', 'replacement', 'change', 'end'] as const;
/** Of clips that differ in their configuration, too. */
const BITRATES = [200, 300];
/** How long a publisher goes on until the next mishap, in milliseconds. */
const CALM = [1000, 5000] as const;
const PUMP_EVERY = 10;
/** How often one who is refused tries again, and after how long. */
const TRIES = 5;
const TRY_AGAIN = 1000;
/** How long a new stream may take until it can be watched. */
const OPENING = 500;

/** What a {@link Channel} needs. */
export interface ChannelOptions {
  readonly port: number;
  readonly name: string;
  readonly dice: Dice;
  readonly tally: Tally;
  /** How long the server keeps viewers when a publisher says that it ends, in milliseconds. */
  readonly stopGrace: number;
  /** How long it takes to count as silent, in milliseconds. */
  readonly staleAfter: number;
  /** Resolves when those who watch have been told that the stream has ended. */
  readonly dismissed: (channel: Channel) => Promise<void>;
}

/** One stream whose publisher is out of luck. */
export class Channel {
  readonly name: string;
  /** Since when frames are sent, by `performance.now()`; undefined while none are. */
  liveSince: number | undefined;
  /** Whether viewers may be sent away: the stream is ending, or not there. */
  isOver = true;
  readonly #options: ChannelOptions;
  readonly #scripts: readonly Script[];
  #publisher: Publisher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #frames = 0;

  constructor(options: ChannelOptions) {
    this.#options = options;
    this.name = options.name;
    this.#scripts = BITRATES.map((kilobits) => writeScript(prepareClip(kilobits)));
  }

  /** Begins to publish; resolves when there is something to watch. */
  async open(): Promise<void> {
    this.#timer = setInterval(() => this.#pump(), PUMP_EVERY).unref();
    await this.#begin();
  }

  /** Goes on, with one mishap after another, until `signal` aborts; ends the stream then. */
  async run(signal: AbortSignal): Promise<void> {
    const { dice, tally } = this.#options;
    while (!signal.aborted) {
      for (const mishap of dice.shuffle(MISHAPS)) {
        await dice.pause(...CALM, signal);
        if (signal.aborted) break;
        tally.count(mishap);
        await this.#suffer(mishap);
      }
    }
    await this.#end();
    clearInterval(this.#timer);
  }

  #pump(): void {
    if (this.liveSince !== undefined) this.#publisher?.pump(performance.now(), true);
  }

  async #suffer(mishap: (typeof MISHAPS)[number]): Promise<void> {
    const { dice, stopGrace, staleAfter } = this.#options;
    this.liveSince = undefined;
    if (mishap === 'change') this.#publisher!.change(dice.pick(this.#scripts));
    else if (mishap === 'silence') await sleep(dice.between(100, 5000));
    else if (mishap === 'replacement') await this.#replace(staleAfter + dice.between(0, 1000));
    else if (mishap === 'break') await this.#return(() => this.#publisher!.kill(), dice.between(0, 4000));
    else if (mishap === 'stop') await this.#return(() => this.#publisher!.stop(), dice.between(0, stopGrace / 2));
    else {
      await this.#end();
      await this.#begin();
    }
    this.liveSince = performance.now();
  }

  /** Goes, and comes back after so many milliseconds. */
  async #return(go: () => void, away: number): Promise<void> {
    this.#drop(go);
    await sleep(away);
    await this.#begin();
  }

  /** Is silent on its connection while another one takes its place. */
  async #replace(silence: number): Promise<void> {
    const old = this.#publisher!;
    this.#drop(() => undefined);
    await sleep(silence);
    await this.#begin();
    old.kill();
  }

  /** Stops for good: all who watch are to go. */
  async #end(): Promise<void> {
    this.isOver = true;
    this.liveSince = undefined;
    this.#drop(() => this.#publisher!.stop());
    await this.#options.dismissed(this);
  }

  async #begin(): Promise<void> {
    const socket = await this.#publish();
    this.#publisher = new Publisher(socket, this.#options.dice.pick(this.#scripts), this.#frames);
    const publisher = this.#publisher;
    socket.on('close', () => {
      if (this.#publisher === publisher) this.#options.tally.fault('publishers thrown out', this.name);
    });
    publisher.start();
    this.liveSince = performance.now();
    if (this.isOver) await sleep(OPENING);
    this.isOver = false;
  }

  async #publish(): Promise<Socket> {
    const { port, name, tally } = this.#options;
    for (let tries = 1; ; tries++) {
      try {
        return await publish({ port, app: 'live', name });
      } catch (error) {
        tally.fault('publishers refused', `${name}: ${(error as Error).message}`);
        if (tries === TRIES) throw error;
        await sleep(TRY_AGAIN);
      }
    }
  }

  /** The present publisher's connection is not missed when it closes. */
  #drop(go: () => void): void {
    this.#frames = this.#publisher!.frameNumber;
    go();
    this.#publisher = undefined;
  }
}
