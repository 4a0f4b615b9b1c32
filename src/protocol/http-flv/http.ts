import type { ServerResponse } from 'node:http';
import { flvTag } from '../../container/flv/tag.ts';
import type { Context } from '../../module.ts';
import type { Exchange } from '../../net/http.ts';
import type { Sink } from '../../net/outlet.ts';
import { Departure, type Serving } from '../../net/serve.ts';
import { watch } from '../../net/watch.ts';
import { formatName, readSelection } from '../../container/flv/selection.ts';
import { muxer, opening } from './format.ts';
import { admit } from './viewing.ts';

/** Serves `GET /app/name.flv`: a file that goes on until the stream ends. */
export async function playByHttp(context: Context, exchange: Exchange, serving: Serving): Promise<void> {
  const { request, response, url } = exchange;
  const selection = readSelection(url.searchParams);
  const gone = new AbortController();
  response.once('close', () => gone.abort(new Departure('the viewer left')));
  const signal = AbortSignal.any([gone.signal, serving.signal]);
  const stream = await admit(context, exchange, serving, signal);
  const first = opening(stream.lineup!, selection);
  const sink = beginBody(response);
  if (request.method === 'HEAD') return void response.end();
  sink.write(first);
  const mux = () => muxer(stream, selection, flvTag);
  const viewing = { stream, session: serving.session, format: formatName('flv', selection), mux, sink, signal };
  await watch(context, viewing).finally(() => response.end());
}

/** Sends the head of the answer and says where the body goes: in HTTP/1.1 straight to the socket, which costs a third less. */
function beginBody(response: ServerResponse): Sink {
  const headers = { 'content-type': 'video/x-flv', 'cache-control': 'no-store', 'access-control-allow-origin': '*' };
  if ('stream' in response) {
    response.writeHead(200, headers);
    return response.stream as Sink;
  }
  // Without a length and without chunks the body ends with the connection.
  response.removeHeader('transfer-encoding');
  response.writeHead(200, { ...headers, connection: 'close' });
  response.flushHeaders();
  return response.socket!;
}
