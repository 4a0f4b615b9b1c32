import { type Clock, SECOND } from '../../base/clock.ts';
import type { NodeLoad } from '../../net/cluster.ts';

/** How often the workers are asked, in microseconds. */
const ASK_EVERY = 1 * SECOND;
const IDLE: NodeLoad = { cpu: 0, streams: 0, viewers: 0, bitrate: 0 };

/** How busy the workers of a node are together, as far as they have said. */
export class Workload {
  readonly #clock: Clock;
  readonly #ask: () => Promise<readonly unknown[]>;
  #sum = IDLE;
  #cancel = () => {};
  #isClosed = false;

  /** `ask` resolves to what each of them measures, a `NodeLoad`. */
  constructor(clock: Clock, ask: () => Promise<readonly unknown[]>) {
    this.#clock = clock;
    this.#ask = ask;
    void this.#look();
  }

  get sum(): NodeLoad {
    return this.#sum;
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
  }

  async #look(): Promise<void> {
    const loads = (await this.#ask()) as readonly NodeLoad[];
    this.#sum = loads.reduce(add, IDLE);
    if (!this.#isClosed) this.#cancel = this.#clock.after(ASK_EVERY, () => void this.#look());
  }
}

function add(a: NodeLoad, b: NodeLoad): NodeLoad {
  const cpu = Math.round((a.cpu + b.cpu) * 1000) / 1000;
  const [streams, viewers] = [a.streams + b.streams, a.viewers + b.viewers];
  return { cpu, streams, viewers, bitrate: a.bitrate + b.bitrate };
}
