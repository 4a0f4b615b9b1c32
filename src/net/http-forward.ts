import {
  Agent,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request as open,
} from 'node:http';
import { pipeline } from 'node:stream/promises';
import { RefusedError } from '../base/errors.ts';
import type { Exchange } from './http.ts';
import type { IncomingHead } from './http-incoming.ts';
import { peerHeader, peerOf } from './http-peer.ts';
import { type Question, Reply } from './http-reply.ts';

/** Connections to other workers are kept for the next request. */
const agent = new Agent({ keepAlive: true });
/** Of one connection alone (RFC 9110, 7.6.1). */
const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy-connection', 'te', 'transfer-encoding', 'upgrade'];

/** Has another worker of this node answer a request, at its Unix socket. Throws {@link RefusedError} when it is not there. */
export async function forward({ request, response }: Exchange, door: string): Promise<void> {
  const onward = openTo(door, request);
  response.once('close', () => onward.destroy());
  request.pipe(onward);
  const answer = await answerOf(onward);
  response.writeHead(answer.statusCode!, endToEnd(answer.headers));
  // One who leaves is no fault of anybody's.
  await pipeline(answer, response).catch(() => response.destroy());
}

/** The same, for what is answered as a whole. A question for the head alone is put in full: the answer tells how long it is. */
export async function forwardQuestion({ request, signal }: Question, door: string): Promise<Reply> {
  const { url, headers: asked, socket } = request;
  const onward = openTo(door, { method: 'GET', url, headers: asked, socket });
  signal.addEventListener('abort', () => onward.destroy(), { once: true });
  const answer = await answerOf(onward.end());
  const body = await answer.toArray().catch(() => {
    throw gone();
  });
  const { 'content-length': _, date: __, ...headers } = endToEnd(answer.headers);
  return new Reply(answer.statusCode!, headers as Record<string, string>, body as Uint8Array[]);
}

function openTo(socketPath: string, request: IncomingHead): ClientRequest {
  const { method, url: path } = request;
  const headers = { ...endToEnd(request.headers), ...peerHeader(peerOf(request)) };
  return open({ socketPath, method, path, headers, agent });
}

function answerOf(onward: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    onward.once('response', resolve);
    onward.once('error', () => reject(gone()));
  });
}

function gone(): RefusedError {
  return new RefusedError('shutdown', 'the worker that has this is being started again');
}

/** HTTP/2 has `:authority` for `host`. */
function endToEnd(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const kept = Object.entries(headers).filter(([name]) => !name.startsWith(':') && !HOP_BY_HOP.includes(name));
  const authority = headers[':authority'] as string | undefined;
  return { ...(authority !== undefined && { host: authority }), ...Object.fromEntries(kept) };
}
