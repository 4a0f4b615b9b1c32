import { RefusedError } from '../base/errors.ts';
import type { HubEvent, Resolver } from '../hub/hub.ts';
import type { StreamPath } from '../hub/path.ts';
import type { Context } from '../module.ts';
import { Fetch, type FetchGround } from './fetch.ts';
import type { Upstream } from './server.ts';

/** How many streams are looked for at the same time: whoever asks for more of them is after something else. */
const MOST_SOUGHT = 256;

/** Fetches from other servers what somebody wants and nobody publishes here; each stream once, however many want it. */
export class Upstreams {
  readonly #ground: FetchGround;
  readonly #fetches = new Map<StreamPath, Fetch>();
  /** What was complained of in the log, until it goes well. */
  readonly #complaints = new Map<Upstream, string>();

  constructor(context: Context, upstreams: readonly Upstream[]) {
    const report = (upstream: Upstream, trouble: unknown) => this.#report(context, upstream, trouble);
    this.#ground = { context, upstreams, idle: context.config.relay.idle, report };
    context.hub.observe((event) => this.#observe(event));
    context.hub.resolveWith(this.#resolve);
  }

  close(): void {
    for (const fetch of this.#fetches.values()) fetch.end();
  }

  readonly #resolve: Resolver = (path) => {
    const present = this.#fetches.get(path);
    if (present) return present.find();
    const sought = [...this.#fetches.values()].filter(({ hasBegun }) => !hasBegun);
    if (sought.length >= MOST_SOUGHT) return undefined;
    const fetch = new Fetch(this.#ground, path, () => this.#fetches.delete(path));
    this.#fetches.set(path, fetch);
    return fetch.find();
  };

  #observe(event: HubEvent): void {
    const fetch = this.#fetches.get(event.stream.path);
    if (event.type === 'read' || event.type === 'stopped') fetch?.look();
    else if (event.type === 'published') fetch?.published(event.session);
    else if (event.type === 'ended') fetch?.end();
  }

  #report({ log }: Context, upstream: Upstream, trouble: unknown): void {
    const isAbsent = trouble instanceof RefusedError && trouble.code === 'not-found';
    if (trouble === undefined || isAbsent) return void this.#complaints.delete(upstream);
    const reason = trouble instanceof Error ? trouble.message : String(trouble);
    if (this.#complaints.get(upstream) === reason) return;
    this.#complaints.set(upstream, reason);
    log.warn({ origin: upstream.name, reason }, 'nothing can be fetched from an origin');
  }
}
