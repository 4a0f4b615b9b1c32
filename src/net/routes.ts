/** How a route is doing. */
export interface RouteReport {
  /** From where to where: URLs, secrets masked, or streams of this server. */
  readonly from: string;
  readonly to: string;
  /** The stream of this server, as a path; undefined for a pattern that no stream fits at present. */
  readonly path: string | undefined;
  readonly state: RouteState;
  /** The session that does the work while the route is running. */
  readonly session: string | undefined;
  /** How often it was begun again. */
  readonly reconnects: number;
  /** Why it ended the last time; empty when it never did. */
  readonly reason: string;
}

/** Waiting for a stream that fits; looking for the far end; at work; pausing before the next attempt. */
export type RouteState = 'waiting' | 'connecting' | 'running' | 'retrying';

/** The routes of this node. */
export class Routes {
  /** How often any route was begun again, those included that are gone. */
  reconnects = 0;
  /** Frames that were published here and that no origin got. */
  skipped = 0;
  readonly #routes = new Set<() => Iterable<RouteReport>>();

  /** Shows routes, by what tells how they are doing. */
  add(report: () => Iterable<RouteReport>): void {
    this.#routes.add(report);
  }

  *[Symbol.iterator](): Generator<RouteReport> {
    for (const report of this.#routes) yield* report();
  }
}
