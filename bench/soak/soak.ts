import { setTimeout as sleep } from 'node:timers/promises';
import { headwater, withServer } from '../measure.ts';
import type { RunningServer } from '../servers/server.ts';
import { Channel } from './channel.ts';
import { Crowd } from './crowd.ts';
import { Dice } from './dice.ts';
import { Health } from './health.ts';
import { Noise } from './noise.ts';
import { progress, type SoakReport, summary } from './report.ts';
import { Tally } from './tally.ts';

/** What a soak is to be. */
export interface SoakSettings {
  readonly seconds: number;
  /** The same seed lets every actor decide alike. */
  readonly seed: number;
  readonly serverCores: string;
  /** More options of the server, by their environment variables. */
  readonly options?: Readonly<Record<string, string>>;
  /** Is told how it goes, every ten seconds. */
  readonly note: (text: string) => void;
}

const CHANNELS = 4;
const STOP_GRACE = 4000;
const STALE_AFTER = 500;
const LOOK_EVERY = 1000;
const LOOKS_A_NOTE = 10;
/** How long the server may take to let go of everybody at the end. */
const SETTLING = 15_000;

/** Deadlines as short as a soak needs them; and the kernel takes little for a viewer who is slow. */
const OPTIONS = {
  HEADWATER_LOG_LEVEL: 'warn',
  HEADWATER_LOG_FORMAT: 'json',
  // Or it is made for the run and told, between the lines of the log.
  HEADWATER_ACCESS_PUBLISH_KEY: 'soak',
  HEADWATER_PUBLISH_STOP_GRACE: `${STOP_GRACE}ms`,
  HEADWATER_PUBLISH_STALE_AFTER: `${STALE_AFTER}ms`,
  HEADWATER_PLAY_STALL_TIMEOUT: '6s',
  HEADWATER_PLAY_MAX_UNSENT: '64KiB',
  HEADWATER_LIMITS_HANDSHAKE: '3s',
  HEADWATER_LIMITS_COMMAND: '4s',
  HEADWATER_LIMITS_HTTP_HEAD: '3s',
  HEADWATER_LIMITS_HTTP_REQUEST: '4s',
  HEADWATER_LIMITS_HTTP_IDLE: '3s',
};

/** Runs one server with unlucky publishers, storms of viewers and strangers, and checks everything all the time. */
export function soak(settings: SoakSettings): Promise<SoakReport> {
  const options = { task: 'play', options: { ...OPTIONS, ...settings.options } } as const;
  return withServer(headwater, options, settings, (server) => new Soak(settings, server).run());
}

class Soak {
  readonly #settings: SoakSettings;
  readonly #server: RunningServer;
  readonly #tally = new Tally();
  readonly #health: Health;
  readonly #channels: Channel[];
  readonly #crowd: Crowd;
  readonly #noise: Noise;
  readonly #failed = (error: Error): void => this.#tally.fault('failures of the soak itself', error.message);

  constructor(settings: SoakSettings, server: RunningServer) {
    const tally = this.#tally;
    const { rtmpPort, httpPort } = server;
    const dice = (actor: number): Dice => new Dice(settings.seed * 1000 + actor);
    const dismissed = (channel: Channel): Promise<void> => this.#crowd.dismissed(channel);
    const common = { port: rtmpPort, tally, stopGrace: STOP_GRACE, staleAfter: STALE_AFTER, dismissed };
    const names = Array.from({ length: CHANNELS }, (_, i) => `channel${i}`);
    const channels = names.map((name, i) => new Channel({ ...common, name, dice: dice(i) }));
    const ports = { rtmpPort, httpPort, tally };
    this.#settings = settings;
    this.#server = server;
    this.#health = new Health(server, tally);
    this.#channels = channels;
    this.#crowd = new Crowd({ ...ports, channels, dice: dice(CHANNELS) });
    this.#noise = new Noise({ ...ports, dice: dice(CHANNELS + 1) });
  }

  async run(): Promise<SoakReport> {
    const files = this.#health.look().files;
    await this.#play();
    if (this.#server.child.running) await this.#settle(files).catch(this.#failed);
    this.#health.close();
    this.#crowd.collect();
    return summary(this.#settings.seconds, this.#tally, this.#crowd.found, this.#health);
  }

  async #play(): Promise<void> {
    await Promise.all(this.#channels.map((channel) => channel.open()));
    const ending = new AbortController();
    const actors = [...this.#channels, this.#crowd, this.#noise].map((actor) => actor.run(ending.signal));
    const timer = setInterval(() => this.#look(), LOOK_EVERY);
    await Promise.race([sleep(this.#settings.seconds * 1000), ...actors]).catch(this.#failed);
    ending.abort();
    await Promise.allSettled(actors);
    clearInterval(timer);
    this.#crowd.close();
  }

  #look(): void {
    this.#health.look();
    if (this.#health.looks.length % LOOKS_A_NOTE !== 0) return;
    const delays = this.#crowd.collect();
    this.#settings.note(progress(this.#tally, this.#crowd, this.#health, delays));
  }

  /** All have gone: the server has to let go of them, too. */
  async #settle(files: number): Promise<void> {
    const deadline = performance.now() + SETTLING;
    let left = await this.#health.left(files);
    while (left.length > 0 && performance.now() < deadline) {
      await sleep(LOOK_EVERY / 5);
      left = await this.#health.left(files);
    }
    for (const what of left) this.#tally.fault('left at the end', what);
  }
}
