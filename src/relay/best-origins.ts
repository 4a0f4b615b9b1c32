import { cpuShare, isBusy, type NodeRecord } from '../net/cluster.ts';

/** Which origins are the best ones for a stream. */
export interface Preference {
  /** The ids of those that have it. */
  readonly owners: ReadonlySet<string>;
  /** Where it is published; empty where nobody said. */
  readonly region: string;
}

/** The origins among nodes: the stream's owner, then those that are not to be left, not busy, of the same region, and with the least to do. */
export function bestOrigins(nodes: readonly NodeRecord[], { owners, region }: Preference): NodeRecord[] {
  const marks = ({ id, draining, load, front }: NodeRecord) => [
    Number(!owners.has(id)),
    Number(draining !== undefined),
    Number(isBusy(load)),
    Number(region === '' || front?.region !== region),
    cpuShare(load),
  ];
  const ranked = nodes.filter(({ role }) => role === 'origin').map((node) => ({ node, marks: marks(node) }));
  return ranked.sort((a, b) => firstDifference(a.marks, b.marks)).map(({ node }) => node);
}

function firstDifference(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((mark, i) => mark !== b[i]);
  return at < 0 ? 0 : a[at]! - b[at]!;
}
