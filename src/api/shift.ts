import { z } from 'zod';
import { MILLISECOND } from '../base/clock.ts';
import { ApiError } from './error.ts';
import { type Operation, operation } from './operation.ts';
import { admitViewer } from './recording-access.ts';
import type { Services } from './services.ts';
import { count } from './shapes.ts';
import { readStream } from './urls.ts';

/** `/api/v1/shift`: how far back a stream can be watched. */
export function shift({ context }: Services): Operation[] {
  const { hub, pasts, clock, config } = context;
  return [
    operation({
      method: 'GET',
      path: '/api/v1/shift',
      group: 'Recordings',
      open: 'decides',
      summary: 'How far back a running stream can be watched, by HLS with `?from=`; for whoever may play it.',
      query: [{ name: 'stream', description: 'Such as `live/movie`.', schema: { type: 'string' } }],
      envelope: 'code',
      answer: z.object({
        from: count.describe('The earliest moment: Unix time in milliseconds. It is `to` where nothing is kept.'),
        to: count.describe('This very moment.'),
      }),
      example: { from: 1_800_000_000_125, to: 1_800_003_600_025 },
      errors: { 404: 'There is no such stream here at present.' },
      async handle(exchange) {
        const path = readStream(exchange.url.searchParams.get('stream') ?? '');
        await admitViewer(context, exchange, path);
        const stream = hub.find(path);
        if (!stream) throw new ApiError(404, 'there is no such stream here at present');
        const now = clock.wall();
        const since = (await pasts.since(stream)) ?? now;
        const from = Math.min(now, Math.max(since, now - config.play.shift));
        return { from: Math.floor(from / MILLISECOND), to: Math.floor(now / MILLISECOND) };
      },
    }),
  ];
}
