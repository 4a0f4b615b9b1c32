import type { StreamPath } from '../hub/path.ts';
import type { Session, Sessions, Watching } from '../hub/session.ts';
import { type CountsNode, isViewer } from './cluster.ts';

/** How many rows of {@link Watching} are told of a stream at most: those with most viewers. */
export const MOST_WATCHING = 200;

/** How many watch each stream of this process, and where by which protocol, as `reportStreams` counts them. */
export function whoWatches(
  sessions: Pick<Sessions, typeof Symbol.iterator>,
  counts: CountsNode,
): Map<StreamPath, { readonly viewers: number; readonly watching: readonly Watching[] }> {
  const all = new Map<StreamPath, Map<string, Watching>>();
  for (const session of sessions) {
    const { path } = session;
    if (session.role !== 'play' || path === undefined) continue;
    const isHere = isViewer(session);
    if (!isHere && !counts(session)) continue;
    const rows = isHere ? [{ node: '', protocol: session.protocol, viewers: 1 }] : watchingBehind(session);
    const sums = all.get(path) ?? new Map<string, Watching>();
    all.set(path, sums);
    for (const row of rows) addTo(sums, row);
  }
  return new Map(
    Array.from(all, ([path, sums]) => [path, { viewers: viewersIn(sums.values()), watching: most(sums) }]),
  );
}

/** Who watches at a node that fetches, and behind it; one that does not tell where counts as a whole. */
function watchingBehind({ isInner, detail, audience, watching }: Session): Watching[] {
  // Another worker of this node is this node.
  const at = isInner ? '' : (detail['node'] ?? '');
  const told = watching.map((row) => ({ ...row, node: row.node || at }));
  const rest = audience - viewersIn(told);
  return rest > 0 ? [...told, { node: at, protocol: '', viewers: rest }] : told;
}

/** Rows of the same node and protocol as one, most viewers first. */
export function sumOfWatching(rows: Iterable<Watching>): Watching[] {
  const sums = new Map<string, Watching>();
  for (const row of rows) addTo(sums, row);
  return most(sums);
}

function addTo(sums: Map<string, Watching>, { node, protocol, viewers }: Watching): void {
  const key = `${node} ${protocol}`;
  const before = sums.get(key)?.viewers ?? 0;
  if (before + viewers > 0) sums.set(key, { node, protocol, viewers: before + viewers });
}

function most(sums: ReadonlyMap<string, Watching>): Watching[] {
  return [...sums.values()].sort((a, b) => b.viewers - a.viewers).slice(0, MOST_WATCHING);
}

function viewersIn(rows: Iterable<Watching>): number {
  let sum = 0;
  for (const { viewers } of rows) sum += viewers;
  return sum;
}
