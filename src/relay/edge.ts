import { isUpstream, type OriginAddress } from '../config/options.ts';
import type { HubEvent, Resolver } from '../hub/hub.ts';
import type { StreamPath } from '../hub/path.ts';
import type { Context } from '../module.ts';
import { Pull } from './pull.ts';
import type { Trust } from './trust.ts';
import { Uplink } from './uplink.ts';

/** Fetches from its origins what somebody wants and nobody publishes here. */
export class Edge {
  readonly #context: Context;
  readonly #idle: number;
  readonly #uplinks: readonly Uplink[];
  readonly #pulls = new Map<StreamPath, Pull>();

  /** Connects to the origins of the configuration at once. */
  constructor(context: Context, trust: Trust) {
    const { origins, idle } = context.config.relay;
    this.#context = context;
    this.#idle = idle;
    const nodes = origins.filter((origin): origin is OriginAddress => !isUpstream(origin));
    this.#uplinks = nodes.map((origin) => new Uplink(origin, trust, context));
    context.hub.observe((event) => this.#observe(event));
    context.hub.resolveWith(this.resolve);
  }

  /** Looks for a stream at all origins; however many want it, it is fetched once. */
  readonly resolve: Resolver = (path) => {
    const present = this.#pulls.get(path);
    if (present) return present.found;
    const ground = { context: this.#context, sources: this.#uplinks, idle: this.#idle };
    const pull = new Pull(ground, path, () => this.#pulls.delete(path));
    this.#pulls.set(path, pull);
    return pull.found;
  };

  /** Whether a stream is being asked for at a node, or comes from it: then it would only get its own question back. */
  isAsking(node: string, path: StreamPath): boolean {
    return this.#pulls.get(path)?.isFrom(node) === true;
  }

  close(): void {
    for (const pull of this.#pulls.values()) pull.end();
    for (const uplink of this.#uplinks) uplink.close();
  }

  #observe({ type, stream }: HubEvent): void {
    const pull = this.#pulls.get(stream.path);
    if (type === 'read' || type === 'stopped') pull?.look();
    else if (type === 'ended') pull?.end();
  }
}
