import { z } from 'zod';
import { MILLISECOND } from '../base/clock.ts';
import { describePath } from '../hub/path.ts';
import { type Cluster, isBusy, isEmptied, type NodeReport, type StreamRecord, type Surveyed } from '../net/cluster.ts';
import { type Operation, operation } from './operation.ts';
import { page, paging } from './paging.ts';
import type { Services } from './services.ts';
import { count } from './shapes.ts';

const node = z.object({
  id: z.string(),
  role: z.enum(['origin', 'edge']).describe('Whether streams are published to it.'),
  self: z.boolean().describe('Whether it is the one that answers.'),
  reached: z
    .boolean()
    .describe(
      'Whether it could be asked for its streams; one without relay.listen tells of its viewers where it fetches.',
    ),
  health: z
    .enum(['ok', 'busy', 'silent', 'unknown'])
    .describe(
      'Whether it answers; busy: it does, and uses more than nine tenths of its cores; silent: it lives by the directory and does not answer; unknown: it has no relay.listen, so that it cannot be asked.',
    ),
  name: z.string().describe('What it is called in the list of lines.'),
  region: z.string(),
  draining: z.boolean().describe('Whether all are to leave it.'),
  empty: z
    .boolean()
    .nullable()
    .describe('Whether it has said, since all are to leave it, that all have; null for one that does not say that.'),
  version: z.string(),
  since_ms: count.describe('When it was started: Unix time in milliseconds.'),
  cpu: z.number().nonnegative().describe('In cores: 1 is all of one.'),
  cores: count.describe('How many it can use.'),
  streams: count,
  viewers: count,
  publishers: count,
  kbps: count.describe('What it sends.'),
});

const stream = z.object({
  stream: z.string(),
  owner: z.string().describe('The id of the node that owns it; empty where that is not known.'),
  nodes: z.array(z.string()).describe('The ids of the nodes that have it.'),
  viewers: count.describe('Of all nodes and protocols together.'),
});

type NodeAnswer = z.output<typeof node>;
type StreamAnswer = z.output<typeof stream>;

const id = '5f0c1d6e9ab24c7f8e31';
const load = { cpu: 0.12, cores: 1, streams: 4, viewers: 120, publishers: 3, kbps: 240_000 };
const called = { name: 'North 1', region: 'north', draining: false, empty: false };
const example = {
  total: 1,
  nodes: [
    {
      id,
      role: 'origin',
      ...called,
      self: true,
      reached: true,
      health: 'ok',
      version: '1.0.0',
      since_ms: 1_790_000_000_000,
      ...load,
    },
  ],
  streams: [{ stream: 'live/movie', owner: id, nodes: [id, '9d02e5b1c3f84a6e7720'], viewers: 460 }],
} satisfies { total: number; nodes: NodeAnswer[]; streams: StreamAnswer[] };

/** `/api/v1/cluster` */
export function cluster({ context, outlooks }: Services): Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/api/v1/cluster',
      group: 'Server',
      summary:
        'The nodes of the cluster, and its streams with the viewers of all nodes. Of each node the 400 most watched count.',
      query: paging,
      envelope: 'node',
      answer: z.object({ total: count, nodes: z.array(node), streams: z.array(stream) }),
      example,
      async handle({ url }) {
        const { own, nodes: reports } = await outlooks.ask();
        const { cluster } = context;
        const owners = (await cluster?.streams().catch(() => [])) ?? [];
        const streams = summed(cluster ? reports : [{ node: { id: '' }, answer: own }], owners);
        const nodes = reports.map((report) => describeNode(report, cluster));
        return { total: streams.length, nodes, streams: [...page(streams, url)] };
      },
    }),
  ];
}

function describeNode(
  { node: { load, since, ...rest }, answer }: NodeReport,
  cluster: Cluster | undefined,
): NodeAnswer {
  const { id: nodeId, role, version, url, front, draining } = rest;
  const { cpu, cores, viewers, bitrate } = load;
  const reached = answer !== undefined;
  const health = reached ? (isBusy(load) ? 'busy' : 'ok') : url === undefined ? 'unknown' : 'silent';
  return {
    ...{ id: nodeId, role, version, self: nodeId === cluster?.nodeId, reached, health },
    since_ms: Math.floor(since / MILLISECOND),
    ...{ name: front?.name || nodeId, region: front?.region ?? '', draining: draining !== undefined },
    empty: isEmptied(rest) ?? null,
    ...{
      cpu,
      cores,
      streams: load.streams,
      viewers,
      publishers: front?.publishers ?? 0,
      kbps: Math.round(bitrate / 1000),
    },
  };
}

/** The most watched first. */
function summed(
  reports: readonly { readonly node: { readonly id: string }; readonly answer: Surveyed | undefined }[],
  owners: readonly StreamRecord[],
): StreamAnswer[] {
  const all = new Map<string, StreamAnswer>();
  const of = (path: string): StreamAnswer => {
    const present = all.get(path) ?? { stream: describePath(path), owner: '', nodes: [], viewers: 0 };
    all.set(path, present);
    return present;
  };
  for (const { path, node: owner } of owners) of(path).owner = owner;
  for (const { node: at, answer: told } of reports) {
    for (const { path, isOwner, viewers } of told?.streams ?? []) {
      const answer = of(path);
      answer.viewers += viewers;
      if (at.id !== '') answer.nodes.push(at.id);
      if (isOwner && answer.owner === '') answer.owner = at.id;
    }
  }
  return [...all.values()].sort((a, b) => b.viewers - a.viewers);
}
