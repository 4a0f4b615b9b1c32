import {
  Agent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request as open,
} from 'node:http';
import { pipeline } from 'node:stream/promises';
import { RefusedError } from '../base/errors.ts';
import type { Exchange } from './http.ts';
import { peerHeader, peerOf } from './http-peer.ts';

/** Connections to other workers are kept for the next request. */
const agent = new Agent({ keepAlive: true });
/** Of one connection alone (RFC 9110, 7.6.1). */
const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy-connection', 'te', 'transfer-encoding', 'upgrade'];

/** Has another worker of this node answer a request, at its Unix socket. Throws {@link RefusedError} when it is not there. */
export async function forward({ request, response }: Exchange, door: string): Promise<void> {
  const { method, url: path } = request;
  const headers = { ...endToEnd(request.headers), ...peerHeader(peerOf(request)) };
  const onward = open({ socketPath: door, method, path, headers, agent });
  response.once('close', () => onward.destroy());
  request.pipe(onward);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    onward.once('response', resolve);
    onward.once('error', () => reject(new RefusedError('shutdown', 'the worker that has this is being started again')));
  });
  response.writeHead(answer.statusCode!, endToEnd(answer.headers));
  // One who leaves is no fault of anybody's.
  await pipeline(answer, response).catch(() => response.destroy());
}

/** HTTP/2 has `:authority` for `host`. */
function endToEnd(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const kept = Object.entries(headers).filter(([name]) => !name.startsWith(':') && !HOP_BY_HOP.includes(name));
  const authority = headers[':authority'] as string | undefined;
  return { ...(authority !== undefined && { host: authority }), ...Object.fromEntries(kept) };
}
