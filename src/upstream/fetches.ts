import { RefusedError } from '../base/errors.ts';
import type { HubEvent } from '../hub/hub.ts';
import type { StreamPath } from '../hub/path.ts';
import type { Context } from '../module.ts';
import { Fetch, type FetchGround } from './fetch.ts';
import type { Server } from './server.ts';

/** How many streams are looked for at the same time: whoever asks for more of them is after something else. */
const MOST_SOUGHT = 256;

/** Fetches from other servers what somebody wants and nobody publishes here; each stream once, however many want it. */
export class Fetches {
  readonly #ground: FetchGround;
  readonly #fetches = new Map<StreamPath, Fetch>();
  /** What was complained of in the log, until it goes well. */
  readonly #complaints = new Map<Server, string>();

  constructor(context: Context, servers: readonly Server[]) {
    const report = (server: Server, trouble: unknown) => this.#report(server, trouble);
    this.#ground = { context, servers, idle: context.config.relay.idle, report };
    context.hub.observe((event) => this.#observe(event));
    context.hub.resolveWith((path) => this.#find(path));
  }

  close(): void {
    for (const fetch of this.#fetches.values()) fetch.end();
  }

  #find(path: StreamPath): Promise<void> | undefined {
    // It can be had from the worker that has it.
    if (this.#ground.context.siblings.ownerOf(path) !== undefined) return undefined;
    return (this.#fetches.get(path) ?? this.#begin(path))?.find();
  }

  #begin(path: StreamPath): Fetch | undefined {
    const sought = [...this.#fetches.values()].filter(({ hasBegun }) => !hasBegun);
    if (sought.length >= MOST_SOUGHT) return undefined;
    const fetch = new Fetch(this.#ground, path, () => this.#fetches.delete(path));
    this.#fetches.set(path, fetch);
    return fetch;
  }

  #observe({ type, stream }: HubEvent): void {
    const { path } = stream;
    const fetch = this.#fetches.get(path);
    if (type === 'published') fetch?.published();
    else if (type === 'ended') fetch?.end();
    // It may have been given up when nobody watched it.
    else if (type === 'read' && !stream.publisher && !fetch) this.#begin(path);
  }

  #report(server: Server, trouble: unknown): void {
    const isAbsent = trouble instanceof RefusedError && trouble.code === 'not-found';
    if (trouble === undefined || isAbsent) return void this.#complaints.delete(server);
    const reason = trouble instanceof Error ? trouble.message : String(trouble);
    if (this.#complaints.get(server) === reason) return;
    this.#complaints.set(server, reason);
    this.#ground.context.log.warn({ origin: server.name, reason }, 'nothing can be fetched from an origin');
  }
}
