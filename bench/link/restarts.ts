import { setTimeout as sleep } from 'node:timers/promises';
import { note } from '../measure.ts';
import type { Child } from '../process.ts';
import { type Report, type Row, verdict } from '../report.ts';
import { Dice } from '../soak/dice.ts';
import { spread } from '../statistics.ts';
import { onPath, type Started } from './ground.ts';
import { now } from './moment.ts';
import type { LinkNode } from './node.ts';
import type { LinkSettings } from './settings.ts';
import { type Ground, publish, TRANSPORTS } from './transports.ts';
import type { Resumed, Watched } from './watcher.ts';

/** What may be ended and started again. */
const CHOICES = ['origin', 'edge', 'both'] as const;
/** A node is away for up to so many milliseconds more than it takes to start; then play goes on for up to so many. */
const LONGEST_AWAY = 1500;
const LONGEST_PLAY = 1200;
const MOST_TO_RESUME = 2000;
const TOLD_EVERY = 10;

/** Which nodes were ended, and how long it took, once all was there again, in milliseconds; infinite for too long. */
interface Restart {
  readonly which: (typeof CHOICES)[number];
  /** Until the edge was connected to the origin, which it may have been by then. */
  readonly connected: number;
  /** Until all saw new pictures. */
  readonly resumed: number;
}

/** Ends origin and edge in any order, by force or gently, and starts them again; whoever watches comes again when he is thrown out. */
export async function manyRestarts(settings: LinkSettings, tunnel: string | undefined): Promise<Report> {
  const { restarts, thrownOut } = await onPath('rtp', settings, tunnel, async (ground, started) => {
    const stage = await Stage.open(ground, started);
    const restarts: Restart[] = [];
    for (let i = 1; i <= settings.restarts; i++) {
      restarts.push(await stage.restart());
      if (i % TOLD_EVERY === 0) note(`${i} restarts, ${restarts.filter(isLate).length} times late`);
    }
    return { restarts, thrownOut: stage.thrownOut };
  });
  const verdicts = [
    verdict('times that play went on later than 2 s after the stream', restarts.filter(isLate).length, 0),
    verdict('viewers thrown out by a restart of the origin', thrownOut, 0),
  ];
  return { rows: CHOICES.map((which) => rowOf(which, restarts)), verdicts };
}

function isLate({ resumed }: Restart): boolean {
  return resumed > MOST_TO_RESUME;
}

function rowOf(which: Restart['which'], restarts: readonly Restart[]): Row {
  const its = restarts.filter((restart) => restart.which === which);
  const { count, p50, p95, max } = spread(its.map(({ resumed }) => resumed));
  const connected = spread(its.map((restart) => restart.connected));
  const figures = { 'connect p50 ms': connected.p50, 'connect max ms': connected.max };
  return {
    server: which,
    figures: { restarts: count, ...figures, 'resume p50 ms': p50, 'p95 ms': p95, 'max ms': max },
  };
}

/** Origin, edge, publisher and viewer, of whom two are restarted. */
class Stage {
  /** How many connections of viewers ended though only the origin did. */
  thrownOut = 0;
  readonly #ground: Ground;
  readonly #started: Started;
  readonly #dice: Dice;
  readonly #watcher: Child;
  readonly #nodes: { origin: LinkNode; edge: LinkNode };
  #source: Child;

  static async open(ground: Ground, started: Started): Promise<Stage> {
    const { nodes, source, watcher } = await TRANSPORTS.headwater.start(ground, started);
    return new Stage(ground, started, nodes as [LinkNode, LinkNode], source, watcher);
  }

  private constructor(
    ground: Ground,
    started: Started,
    [origin, edge]: [LinkNode, LinkNode],
    source: Child,
    watcher: Child,
  ) {
    this.#ground = ground;
    this.#started = started;
    this.#dice = new Dice(ground.settings.seed);
    this.#nodes = { origin, edge };
    this.#source = source;
    this.#watcher = watcher;
  }

  async restart(): Promise<Restart> {
    const which = CHOICES[this.#dice.below(CHOICES.length)]!;
    await sleep(this.#dice.between(0, LONGEST_PLAY));
    this.#watcher.say('begin');
    const ended = now();
    const names = which === 'both' ? this.#dice.shuffle(['origin', 'edge'] as const) : [which];
    for (const name of names) await this.#end(name);
    for (const name of this.#dice.shuffle(names)) await this.#begin(name);
    const since = now();
    this.#watcher.say(`since ${ended}`);
    const { at = Number.POSITIVE_INFINITY } = await this.#watcher.answer<Resumed>();
    this.#watcher.say('end');
    const { endings } = await this.#watcher.answer<Watched>();
    if (which === 'origin') this.thrownOut += endings;
    const connected = this.#nodes.edge.loggedAt('connected to an origin') ?? Number.POSITIVE_INFINITY;
    return { which, connected: Math.max(0, connected - since), resumed: Math.max(0, at - since) };
  }

  async #end(name: 'origin' | 'edge'): Promise<void> {
    const node = this.#nodes[name];
    await (this.#dice.percent(50) ? node.kill() : node.stop());
    if (name === 'origin') this.#source.kill();
  }

  /** With the origin its publisher comes again; resolves when both are there. */
  async #begin(name: 'origin' | 'edge'): Promise<void> {
    await sleep(this.#dice.between(0, LONGEST_AWAY));
    const node = await this.#nodes[name].again();
    this.#started(node);
    this.#nodes[name] = node;
    if (name === 'origin') this.#source = await publish(this.#ground, this.#started);
  }
}
