import { MILLISECOND } from '../../base/clock.ts';
import type { StreamPath } from '../../hub/path.ts';
import type { Context } from '../../module.ts';
import type { MediaWish } from '../messages.ts';
import type { EdgeNode } from './edge-link.ts';
import { PushTarget } from './push-target.ts';

/** All that `relay.push` names: where packets go once for all edges that hear them there. */
export class Pushes {
  readonly #context: Context;
  readonly #targets: readonly PushTarget[];
  readonly #hide: readonly (() => void)[];

  /** Rejects with one plain sentence when the interface of multicast is not there. */
  static async open(context: Context): Promise<Pushes> {
    const targets: PushTarget[] = [];
    try {
      for (const rule of context.config.relay.push) {
        for (const address of rule.to) targets.push(await PushTarget.open(context, rule, address));
      }
      return new Pushes(context, targets);
    } catch (error) {
      for (const target of targets) target.close();
      throw error;
    }
  }

  private constructor(context: Context, targets: readonly PushTarget[]) {
    this.#context = context;
    this.#targets = targets;
    this.#hide = targets.map((target) => context.links.addPush(() => target.report()));
  }

  /** Where an edge may hear a stream: at its own address, else in a group, if it is late enough for that. */
  find(path: StreamPath, edge: EdgeNode, { latency, pushed }: MediaWish): PushTarget | undefined {
    const hosts = [edge.remote, ...(pushed?.hosts ?? [])];
    const isOwn = ({ address: { host, port } }: PushTarget) => port === pushed?.port && hosts.includes(host);
    const fitting = this.#targets.filter((target) => target.fits(path));
    const near = [...fitting.filter(isOwn), ...fitting.filter(({ isGroup }) => isGroup)];
    const found = near.find((target) => target.latency <= latency);
    if (!found && near[0]) this.#tell(path, edge, latency, near[0]);
    return found;
  }

  /** All that is carried has to have ended by then. */
  close(): void {
    for (const hide of this.#hide) hide();
    for (const target of this.#targets) target.close();
  }

  #tell(path: StreamPath, { node }: EdgeNode, latency: number, { name, latency: least }: PushTarget): void {
    const fields = { node, path, to: name, latency: latency / MILLISECOND, least: least / MILLISECOND };
    this.#context.log.info(fields, 'an edge has less latency than what is pushed: it is sent the stream by itself');
  }
}
