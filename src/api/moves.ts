import { z } from 'zod';
import { readJson } from './body.ts';
import { ApiError } from './error.ts';
import { refusable } from './lines.ts';
import { type Operation, operation } from './operation.ts';
import type { Services } from './services.ts';
import { readStream } from './urls.ts';

const [MOST, LONGEST] = [100, 256];
const name = z.string().min(1).max(LONGEST);

const body = z.object({
  node: name.optional().describe('Those who may be at this node, by its id.'),
  region: name.optional().describe('Those who may be at a node of this region.'),
  stream: name.optional().describe('Those who play this stream.'),
  to: name.optional().describe('The node to which they go, by its id.'),
  exclude: z.array(name).max(MOST).optional().describe('Nodes to which they do not go, where `to` is not given.'),
});

/** `/api/v1/move`: viewers are sent elsewhere by their players. */
export function moves({ context }: Services): Operation[] {
  return [
    operation({
      method: 'POST',
      path: '/api/v1/move',
      group: 'Lines',
      summary: 'Has players that ask for lines go to another node, a few at a time (`dispatch.pace`).',
      body,
      envelope: 'code',
      answer: z.object({}),
      example: {},
      errors: {
        400: 'The body is not as described.',
        404: 'There is no such node.',
        413: 'The body is larger than 1 MiB.',
        503: 'The directory cannot be reached.',
      },
      async handle({ request }) {
        const { stream, ...move } = await readJson(request, body, '{"node": "…", "to": "…"}');
        const isMeant = move.node !== undefined || move.region !== undefined || stream !== undefined;
        const isSent = move.to !== undefined || move.node !== undefined || move.region !== undefined || move.exclude;
        if (!isMeant || !isSent) throw new ApiError(400, 'it takes node, region or stream, and to or exclude');
        await refusable(() =>
          context.dispatch.move({ ...move, ...(stream !== undefined && { path: readStream(stream) }) }),
        );
        return {};
      },
    }),
  ];
}
