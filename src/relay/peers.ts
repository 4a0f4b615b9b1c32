import { SECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import { readOrigin } from '../config/options.ts';
import type { StreamPath } from '../hub/path.ts';
import type { Context } from '../module.ts';
import type { NodeRecord } from '../net/cluster.ts';
import { Channel } from './channel.ts';
import type { Trust } from './trust.ts';
import { Uplink } from './uplink.ts';

/** How often it is looked who has left the cluster, in microseconds. */
const LOOK_EVERY = 5 * SECOND;

/** The other nodes of the cluster, connected to when something is wanted of them and as long as they are there. */
export class Peers {
  readonly #context: Context;
  readonly #trust: Trust;
  readonly #uplinks = new Map<string, { readonly url: string; readonly uplink: Uplink }>();
  #cancel: () => void;

  constructor(context: Context, trust: Trust) {
    this.#context = context;
    this.#trust = trust;
    this.#cancel = context.clock.after(LOOK_EVERY, () => void this.#look());
  }

  /** The way to a node; undefined where it has none. */
  find({ id, url }: NodeRecord): Uplink | undefined {
    const present = this.#uplinks.get(id);
    if (present?.url === url) return present?.uplink;
    const origin = url === undefined ? undefined : readOrigin(url);
    if (!origin) return undefined;
    present?.uplink.close();
    const uplink = new Uplink(origin, this.#trust, this.#context, id);
    this.#uplinks.set(id, { url: url!, uplink });
    return uplink;
  }

  /** Asks a node for a stream that it owns; rejects when it does not answer within so many milliseconds. */
  async ask(node: NodeRecord, path: StreamPath, patience: number): Promise<boolean> {
    const uplink = this.find(node);
    if (!uplink) throw new RefusedError('not-found', `node ${node.id} cannot be reached`);
    const signal = AbortSignal.timeout(patience);
    const channel = new Channel(await uplink.open(signal));
    try {
      channel.send({ op: 'claim', path });
      return (await channel.hear(signal, patience)).op === 'yielded';
    } finally {
      channel.stream.destroy();
    }
  }

  close(): void {
    this.#cancel();
    for (const { uplink } of this.#uplinks.values()) uplink.close();
  }

  async #look(): Promise<void> {
    const living = new Set((await this.#context.cluster!.nodes()).map(({ id }) => id));
    for (const [id, { uplink }] of this.#uplinks) {
      if (living.has(id)) continue;
      uplink.close();
      this.#uplinks.delete(id);
    }
    this.#cancel = this.#context.clock.after(LOOK_EVERY, () => void this.#look());
  }
}
