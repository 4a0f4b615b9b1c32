import { z } from 'zod';
import { MILLISECOND } from '../base/clock.ts';
import type { DrainReport } from '../net/dispatch.ts';
import { refusable } from './lines.ts';
import { type Operation, operation } from './operation.ts';
import type { Services } from './services.ts';
import { count } from './shapes.ts';

const answer = z.object({
  node: z.string(),
  draining: z.boolean().describe('Whether all are to leave it.'),
  since_ms: count.nullable().describe('Since when: Unix time in milliseconds.'),
  viewers: count.describe('Who is there, as the node last said; it does so every second.'),
  publishers: count,
  empty: z
    .boolean()
    .nullable()
    .describe('Whether all have left, by its own word; null for a node of an older version, which does not say that.'),
});

const example: z.output<typeof answer> = {
  ...{ node: '9d02e5b1c3f84a6e7720', draining: true, since_ms: 1_800_000_000_000 },
  ...{ viewers: 412, publishers: 20, empty: false },
};

/** `/api/v1/nodes/{id}/drain`: all leave a node, at whichever node of the cluster that is said. */
export function drain({ context: { dispatch } }: Services): Operation[] {
  const common = { path: '/api/v1/nodes/{id}/drain', group: 'Lines', envelope: 'code', answer, example } as const;
  const absent = { 404: 'There is no such node.' };
  const away = { ...absent, 503: 'The directory cannot be reached.' };
  return [
    operation({
      ...common,
      method: 'GET',
      summary: 'How many are left at a node that is drained; `self` is the one that answers.',
      errors: absent,
      handle: async ({ params }) => describe(await refusable(() => dispatch.drained(params['id']!))),
    }),
    operation({
      ...common,
      method: 'POST',
      summary: 'Sends nobody to a node any more, and all who are there elsewhere, a few at a time.',
      errors: { ...away, 409: 'There is no other node to go to.' },
      handle: async ({ params }) => describe(await refusable(() => dispatch.drain(params['id']!, true))),
    }),
    operation({
      ...common,
      method: 'DELETE',
      summary: 'Opens a node again.',
      errors: away,
      handle: async ({ params }) => describe(await refusable(() => dispatch.drain(params['id']!, false))),
    }),
  ];
}

function describe({ node, since, viewers, publishers, isEmpty }: DrainReport): z.output<typeof answer> {
  const isDraining = since !== undefined;
  return {
    ...{ node, draining: isDraining, since_ms: isDraining ? Math.floor(since / MILLISECOND) : null },
    ...{ viewers, publishers, empty: isEmpty ?? null },
  };
}
