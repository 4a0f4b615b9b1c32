import { z } from 'zod';
import { MILLISECOND } from '../base/clock.ts';
import type { FlowReport } from '../net/flows.ts';
import { type Operation, operation } from './operation.ts';
import type { Outlook } from './outlook.ts';
import type { Services } from './services.ts';
import { count } from './shapes.ts';

const flow = z.object({
  from: z.string().describe('The id of the node that sends; empty for one that is in no cluster.'),
  to: z.string().describe('The id of the node that gets it.'),
  by: z.string().describe('Which of both counts; figures of different nodes are not to be compared.'),
  at_ms: z.number().nonnegative().describe('When it looked, by its own clock: Unix time in milliseconds.'),
  media: z.enum(['udp', 'multicast', 'push', 'reliable']).describe('How media goes.'),
  streams: count,
  bytes: count
    .optional()
    .describe('Media so far; less than before when a stream has ended. Absent where it is pushed to many.'),
  packets: count.optional().describe('By UDP, so far; absent before the node that gets them has told.'),
  lost: count.optional().describe('Of these, what was found missing.'),
});

type Flow = z.output<typeof flow>;

/** So many are told. */
const MOST = 1000;

const example: Flow = {
  ...{ from: '5f0c1d6e9ab24c7f8e31', to: '9d02e5b1c3f84a6e7720', by: '9d02e5b1c3f84a6e7720' },
  ...{ at_ms: 1_790_000_000_000.5, media: 'udp', streams: 2, bytes: 30_373_200, packets: 25_311, lost: 253 },
};

/** `/api/v1/flows` */
export function flows({ outlooks, context }: Services): Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/api/v1/flows',
      group: 'Server',
      summary:
        'What goes from node to node in the whole cluster, as one of both ends counts it; the nodes are asked once a second at most. Of each node the 100 that carry most, and 1,000 in all.',
      envelope: 'node',
      answer: z.object({ flows: z.array(flow) }),
      example: { flows: [example] },
      handle: async () => ({ flows: bestFlows(await outlooks.ask({ flows: true }), context.cluster?.nodeId ?? '') }),
    }),
  ];
}

/** Of each flow the figures of the end that knows more. */
export function bestFlows({ own, nodes }: Outlook, self: string): Flow[] {
  const answers = [
    { by: self, told: own.flows },
    ...nodes.filter(({ node }) => node.id !== self).map(({ node, answer }) => ({ by: node.id, told: answer?.flows })),
  ];
  const best = new Map<string, Flow>();
  for (const { by, told } of answers) {
    for (const each of told?.flows ?? []) {
      // A node can tell of its own alone.
      if (each.from !== by && each.to !== by) continue;
      const described = describe(each, by, told!.at);
      const key = `${each.from} ${each.to}`;
      const before = best.get(key);
      if (!before || worth(described) > worth(before)) best.set(key, described);
    }
  }
  return [...best.values()].sort((a, b) => (b.bytes ?? 0) - (a.bytes ?? 0)).slice(0, MOST);
}

/** Who knows how much it is knows more; of both the one who gets it knows better what is lost. */
function worth({ bytes, media, to, by }: Flow): number {
  return (bytes === undefined ? 0 : 4) + (media === 'reliable' ? 0 : 2) + (to === by ? 1 : 0);
}

function describe({ bytes, packets, lost, ...flow }: FlowReport, by: string, at: number): Flow {
  return {
    ...{ ...flow, by, at_ms: at / MILLISECOND },
    ...(bytes !== undefined && { bytes }),
    ...(packets !== undefined && { packets }),
    ...(lost !== undefined && { lost }),
  };
}
