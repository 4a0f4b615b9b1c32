import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { formatName, readSelection } from '../../container/flv/selection.ts';
import { flvTag } from '../../container/flv/tag.ts';
import type { Context } from '../../module.ts';
import { hangUp } from '../../net/hang-up.ts';
import type { Exchange } from '../../net/http.ts';
import { Departure, type Serving } from '../../net/serve.ts';
import { watch } from '../../net/watch.ts';
import { muxer, opening } from './format.ts';
import { admit } from './viewing.ts';

/** Serves `GET /app/name.flv`: a file that goes on until the stream ends. */
export async function playByHttp(context: Context, exchange: Exchange, serving: Serving): Promise<void> {
  const { request, response } = exchange;
  const selection = readSelection(exchange.url.searchParams);
  response.once('close', () => serving.end(new Departure('the viewer left')));
  const stream = await admit(context, exchange, serving);
  const first = opening(stream.lineup!, selection);
  const sink = beginBody(response);
  if (request.method === 'HEAD') return void response.end();
  sink.write(first);
  const mux = () => muxer(stream, selection, flvTag);
  await watch(context, serving, { stream, format: formatName('flv', selection), mux, sink }).finally(() =>
    hangUp(sink),
  );
}

/** Sends the head of the answer and says where the body goes: in HTTP/1.1 straight to the socket, which costs a third less. */
function beginBody(response: ServerResponse): Duplex {
  const isHttp2 = 'stream' in response;
  if (!isHttp2) {
    // Without a length and without chunks the body ends with the connection.
    response.removeHeader('transfer-encoding');
    response.setHeader('connection', 'close');
  }
  response.writeHead(200, {
    'content-type': 'video/x-flv',
    'cache-control': 'no-store',
    'access-control-allow-origin': '*',
  });
  response.flushHeaders();
  return isHttp2 ? (response.stream as Duplex) : response.socket!;
}
