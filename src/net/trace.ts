import { hostname } from 'node:os';
import { RefusedError } from '../base/errors.ts';
import type { Hub } from '../hub/hub.ts';
import type { Trace } from '../hub/passage.ts';
import type { Session, Sessions } from '../hub/session.ts';
import { traceOf } from '../hub/trace.ts';

/** What is asked for the way of what a session of this process plays or publishes. */
export interface TraceContext {
  readonly hub: Hub;
  readonly sessions: Sessions;
  readonly nodeId: string;
}

/** The way of a session of this process, over `most` nodes. Rejects with {@link RefusedError} `not-found` where there is none of that id. */
export async function traceHere({ hub, sessions, nodeId }: TraceContext, id: string, most: number): Promise<Trace> {
  const session = sessions.find(id);
  if (!session || !hasPath(session)) throw new RefusedError('not-found', `no session ${id} plays or publishes here`);
  return traceOf({ hub, nodeId, host: hostname() }, session, most);
}

function hasPath(session: Session): session is Session & { readonly path: string } {
  return session.path !== undefined && session.role !== undefined;
}
