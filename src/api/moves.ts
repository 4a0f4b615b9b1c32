import { z } from 'zod';
import { readJson } from './body.ts';
import { ApiError } from './error.ts';
import { refusable } from './lines.ts';
import { type Operation, operation } from './operation.ts';
import type { Services } from './services.ts';
import { count } from './shapes.ts';
import { readStream } from './urls.ts';

const [MOST, LONGEST] = [100, 256];
/** How many may be told a second, as with `dispatch.pace`. */
const PACES = { least: 1, most: 100_000 };
const name = z.string().min(1).max(LONGEST);

const body = z.object({
  node: name.optional().describe('Those who may be at this node, by its id.'),
  region: name.optional().describe('Those who may be at a node of this region.'),
  stream: name.optional().describe('Those who play this stream.'),
  to: name.optional().describe('The node to which they go, by its id.'),
  exclude: z.array(name).max(MOST).optional().describe('Nodes to which they do not go, where `to` is not given.'),
  pace: z
    .int()
    .min(PACES.least)
    .max(PACES.most)
    .optional()
    .describe(
      'How many are told a second, by each node that they listen to; where it is absent what `dispatch.pace` says there.',
    ),
});

const begun = z.object({ move: z.string().describe('By which it is asked how far it is.') });

const report = z.object({
  move: z.string(),
  listeners: count.describe('Players that listen, and are meant.'),
  told: count.describe('How many of them were told so far.'),
  viewers: count.describe('Who watched when it began where they are to leave, whether or not they listen.'),
  gone: count.describe('How many of these have left.'),
  silent: count.describe('Nodes that do not tell how far it is there: those of older versions.'),
});

const id = '7jd2mr4t';

/** `/api/v1/move`: viewers are sent elsewhere by their players; and how far that is. */
export function moves({ context }: Services): Operation[] {
  return [
    operation({
      method: 'POST',
      path: '/api/v1/move',
      group: 'Lines',
      summary: 'Has players that ask for lines go to another node, a few at a time.',
      body,
      envelope: 'code',
      answer: begun,
      example: { move: id },
      errors: {
        400: 'The body is not as described.',
        404: 'There is no such node.',
        409: 'The node to which they are to go is to be left itself.',
        413: 'The body is larger than 1 MiB.',
        503: 'The directory cannot be reached.',
      },
      async handle({ request }) {
        const { stream, ...move } = await readJson(request, body, '{"node": "…", "to": "…"}');
        const isMeant = move.node !== undefined || move.region !== undefined || stream !== undefined;
        const isSent = move.to !== undefined || move.node !== undefined || move.region !== undefined || move.exclude;
        if (!isMeant || !isSent) throw new ApiError(400, 'it takes node, region or stream, and to or exclude');
        if (move.to !== undefined && move.to === move.node)
          throw new ApiError(400, 'to is the node that is to be left');
        const path = stream !== undefined && { path: readStream(stream) };
        return { move: await refusable(() => context.dispatch.move({ ...move, ...path })) };
      },
    }),
    operation({
      method: 'GET',
      path: '/api/v1/move/{id}',
      group: 'Lines',
      summary:
        'How far a move is at all nodes together, as they said within the last two seconds; for five minutes after it began.',
      envelope: 'code',
      answer: report,
      example: { move: id, listeners: 412, told: 240, viewers: 430, gone: 236, silent: 0 },
      errors: { 404: 'No such move is known any more.' },
      async handle({ params }) {
        const { meant, told, viewers, stay, silent } = await refusable(async () => context.dispatch.moved(params.id!));
        return { move: params.id!, listeners: meant, told, viewers, gone: Math.max(0, viewers - stay), silent };
      },
    }),
  ];
}
