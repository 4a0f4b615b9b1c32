import type { Context, Module } from '../../module.ts';
import { HttpRouter } from '../../net/http.ts';
import { answer } from './answer.ts';

/** A router of its own for what original edges serve: `playback`'s routes and `/stats/time`. */
export async function edgeRouter(
  context: Context,
  playback: Module,
  startTime: (key: string) => number | undefined,
): Promise<HttpRouter> {
  const router = new HttpRouter(context.log, context.config);
  await playback.start({ ...context, http: router });
  router.route(['GET', 'HEAD'], /^\/stats\/time$/, ({ response, url }) => {
    const streamUrl = url.searchParams.get('stream') ?? '';
    const time = startTime(streamUrl);
    const data = time === undefined ? null : { streamUrl, startTime: time };
    answer(response, { status: data ? 200 : 404, data }, true);
  });
  return router;
}
