import { clients } from './clients.ts';
import { cluster } from './cluster.ts';
import { clusters } from './clusters.ts';
import { config } from './config.ts';
import { details } from './details.ts';
import { drain } from './drain.ts';
import { explain } from './explain/index.ts';
import { flows } from './flows.ts';
import { history } from './history.ts';
import { lines } from './lines.ts';
import { links } from './links.ts';
import { log } from './log.ts';
import { moves } from './moves.ts';
import { type Document, openapi } from './openapi.ts';
import type { Operation } from './operation.ts';
import { recordings } from './recordings.ts';
import { routes } from './routes.ts';
import type { Services } from './services.ts';
import { session } from './session.ts';
import { shift } from './shift.ts';
import { streams } from './streams.ts';
import { summaries } from './summaries.ts';
import { traces } from './trace.ts';
import { versions } from './versions.ts';
import { vhosts } from './vhosts.ts';

/** All operations, that included which hands out `document`. To add a resource, add its line. */
export function resources(services: Services, document: () => Document): readonly Operation[] {
  return [
    ...session(services),
    ...streams(services),
    ...details(services),
    ...explain(services),
    ...vhosts(services),
    ...clients(services),
    ...traces(services),
    ...recordings(services),
    ...shift(services),
    ...links(services),
    ...flows(services),
    ...lines(services),
    ...cluster(services),
    ...routes(services),
    ...clusters(services),
    ...versions(services),
    ...summaries(services),
    ...moves(services),
    ...drain(services),
    ...history(services),
    ...log(services),
    ...config(services),
    ...openapi(document),
  ];
}
