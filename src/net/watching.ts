import type { StreamPath } from '../hub/path.ts';
import type { Session, Sessions, Watching } from '../hub/session.ts';
import { type CountsNode, isViewer } from './cluster.ts';

/** How many rows of {@link Watching} are told of a stream at most: those with most viewers. */
export const MOST_WATCHING = 200;

/** Rows by node and protocol. */
type Sums = Map<string, { readonly node: string; readonly protocol: string; viewers: number }>;

/** How many watch each stream of this process, and where by which protocol, as `reportStreams` counts them. */
export function whoWatches(
  sessions: Pick<Sessions, typeof Symbol.iterator>,
  counts: CountsNode,
): Map<StreamPath, { readonly viewers: number; readonly watching: readonly Watching[] }> {
  const all = new Map<StreamPath, Sums>();
  for (const session of sessions) {
    const { path } = session;
    if (session.role !== 'play' || path === undefined) continue;
    const isHere = isViewer(session);
    if (!isHere && !counts(session)) continue;
    let sums = all.get(path);
    if (!sums) all.set(path, (sums = new Map()));
    if (isHere) addTo(sums, '', session.protocol, 1);
    else for (const { node, protocol, viewers } of watchingBehind(session)) addTo(sums, node, protocol, viewers);
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
  const sums: Sums = new Map();
  for (const { node, protocol, viewers } of rows) addTo(sums, node, protocol, viewers);
  return most(sums);
}

/** Many thousands of viewers are counted every other second: nothing is made for each of them. */
function addTo(sums: Sums, node: string, protocol: string, viewers: number): void {
  if (viewers === 0) return;
  const key = node === '' ? protocol : `${node} ${protocol}`;
  const row = sums.get(key);
  if (row) row.viewers += viewers;
  else sums.set(key, { node, protocol, viewers });
}

function most(sums: Sums): Watching[] {
  return [...sums.values()].sort((a, b) => b.viewers - a.viewers).slice(0, MOST_WATCHING);
}

function viewersIn(rows: Iterable<Watching>): number {
  let sum = 0;
  for (const { viewers } of rows) sum += viewers;
  return sum;
}
