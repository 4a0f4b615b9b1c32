import { z } from 'zod';
import { MILLISECOND } from '../base/clock.ts';
import { COLUMNS, type NodeHistory, STEP } from './chronicle.ts';
import { ApiError } from './error.ts';
import { type Operation, operation } from './operation.ts';
import type { Services } from './services.ts';
import { count } from './shapes.ts';

const values = z.array(z.number().nullable());
const WORDS: Readonly<Record<(typeof COLUMNS)[number], string>> = {
  viewers: 'Those who watch.',
  streams: 'Streams.',
  recv_kbps: 'Media from publishers and other nodes.',
  send_kbps: 'Media to viewers.',
  cpu: 'Of one core: 1 is all of it; of all workers together.',
  delay_ms: "The event loop's delay, the 99th percentile; of several workers the worst.",
  memory: 'Resident memory in bytes, of all workers together.',
};
const columns = Object.fromEntries(COLUMNS.map((name) => [name, values.describe(WORDS[name])])) as Record<
  (typeof COLUMNS)[number],
  typeof values
>;

const node = z.object({
  id: z.string().describe('Empty for a node that is in no cluster.'),
  self: z.boolean().describe('Whether it is the one that answers. Of others less is known: the rest is null.'),
  time_ms: z.array(count).describe('The moments: Unix time in milliseconds.'),
  ...columns,
});

const example: z.output<typeof node> = {
  id: '',
  self: true,
  time_ms: [1_790_000_000_000, 1_790_000_005_000],
  viewers: [118, 120],
  streams: [4, 4],
  recv_kbps: [9800, 9790],
  send_kbps: [238_000, 240_000],
  cpu: [0.11, 0.12],
  delay_ms: [1.2, 1.4],
  memory: [151_000_000, 151_200_000],
};

/** `/api/v1/history` */
export function history({ chronicle }: Services): Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/api/v1/history',
      group: 'Server',
      summary: 'The last hour of this node, and of the others of its cluster, every five seconds; kept in memory.',
      query: [
        {
          name: 'after',
          description: 'Unix time in milliseconds: what was later is told.',
          schema: { type: 'integer', minimum: 0, default: 0 },
        },
      ],
      envelope: 'node',
      answer: z.object({ step_ms: count, nodes: z.array(node) }),
      example: { step_ms: STEP / MILLISECOND, nodes: [example] },
      async handle({ url }) {
        const after = url.searchParams.get('after') ?? '0';
        if (!/^\d{1,15}$/.test(after)) throw new ApiError(400, 'after must be a whole number from 0 on');
        const nodes = await chronicle.read(Math.floor((Number(after) * MILLISECOND) / STEP));
        return { step_ms: STEP / MILLISECOND, nodes: nodes.map(describe) };
      },
    }),
  ];
}

function describe({ id, self, reading: { slots, columns } }: NodeHistory): z.output<typeof node> {
  return { id, self, time_ms: slots.map((slot) => (slot * STEP) / MILLISECOND), ...(columns as never as Columns) };
}

type Columns = Record<(typeof COLUMNS)[number], (number | null)[]>;
