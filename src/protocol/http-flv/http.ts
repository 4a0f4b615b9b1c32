import { formatName, readSelection } from '../../container/flv/selection.ts';
import { flvTag } from '../../container/flv/tag.ts';
import type { Context } from '../../module.ts';
import { hangUp } from '../../net/hang-up.ts';
import type { Download } from '../../net/http-download.ts';
import { Departure, type Serving } from '../../net/serve.ts';
import { watch } from '../../net/watch.ts';
import { muxer, opening } from './format.ts';
import { admit, placeElsewhere } from './viewing.ts';

const HEADERS = {
  'content-type': 'video/x-flv',
  'cache-control': 'no-store',
  'access-control-allow-origin': '*',
};

/** Serves `GET /app/name.flv`: a file that goes on until the stream ends. */
export async function playByHttp(context: Context, download: Download, serving: Serving): Promise<void> {
  const { request, connection } = download;
  const selection = readSelection(download.url.searchParams);
  connection.once('close', () => serving.end(new Departure('the viewer left')));
  const place = placeElsewhere(context, download);
  if (place !== undefined) return hangUp(download.begin(302, { ...HEADERS, location: place, 'content-length': 0 }));
  const stream = await admit(context, download, serving);
  const first = opening(stream.lineup!, selection);
  const sink = download.begin(200, HEADERS);
  if (request.method === 'HEAD') return hangUp(sink);
  sink.write(first);
  const mux = () => muxer(stream, selection, flvTag);
  await watch(context, serving, { stream, format: formatName('flv', selection), mux, sink }).finally(() =>
    hangUp(sink),
  );
}
