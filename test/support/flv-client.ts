import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { WebSocket } from 'ws';
import { flvReceiver } from './flv.ts';
import type { Owner } from './until.ts';
import { Viewer } from './viewer.ts';

/** A viewer of `http://…/live/NAME.flv` or `https://…`, by HTTP/1.1. It ends with what the server answered instead of FLV, if it did. */
export function httpFlvViewer(owner: Owner, url: string): Viewer {
  const request = (url.startsWith('https:') ? httpsRequest : httpRequest)(url, {
    agent: false,
    rejectUnauthorized: false,
  });
  let answer: IncomingMessage | undefined;
  const viewer = new Viewer({
    pause: () => void answer?.pause(),
    resume: () => void answer?.resume(),
    close: () => void request.destroy(),
  });
  request.on('error', (error) => viewer.end(error.message));
  request.on('response', (response) => {
    answer = response;
    if (response.statusCode === 200) response.on('data', guarded(viewer));
    else collect(response, (text) => viewer.end(`${response.statusCode} ${text}`));
    response.on('error', (error) => viewer.end(error.message));
    response.on('close', () => viewer.end('closed'));
  });
  request.end();
  owner.after(() => void request.destroy());
  return viewer;
}

/** A viewer by HTTP/2. */
export function http2FlvViewer(owner: Owner, url: string): Viewer {
  const { origin, pathname, search } = new URL(url);
  const session = connectHttp2(origin, { rejectUnauthorized: false });
  const stream = session.request({ ':path': pathname + search });
  const viewer = new Viewer({
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    close: () => session.destroy(),
  });
  session.on('error', (error) => viewer.end(error.message));
  stream.on('error', (error) => viewer.end(error.message));
  stream.on('response', ({ ':status': status }) => {
    if (status === 200) stream.on('data', guarded(viewer));
    else collect(stream, (text) => viewer.end(`${status} ${text}`));
  });
  stream.on('close', () => viewer.end('closed'));
  owner.after(() => session.destroy());
  return viewer;
}

/** A viewer by WebSocket: `ws://…/live/NAME.flv` or `wss://…`. It ends with the reason of the closing frame. */
export function wsFlvViewer(owner: Owner, url: string): Viewer {
  const socket = new WebSocket(url, { rejectUnauthorized: false, perMessageDeflate: false });
  const viewer = new Viewer({
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: () => socket.terminate(),
  });
  const receive = guarded(viewer);
  socket.on('message', (data: Buffer) => receive(data));
  socket.on('error', (error) => viewer.end(error.message));
  socket.on('unexpected-response', (_, response) =>
    collect(response, (text) => viewer.end(`${response.statusCode} ${text}`)),
  );
  socket.on('close', (code, reason) => viewer.end(`${code} ${reason.toString()}`));
  owner.after(() => socket.terminate());
  return viewer;
}

/** Broken framing ends the viewer, with that reason. */
function guarded(viewer: Viewer): (bytes: Uint8Array) => void {
  const receive = flvReceiver((tag) => viewer.take(tag));
  return (bytes) => {
    if (viewer.reason !== undefined) return;
    try {
      receive(bytes);
    } catch (error) {
      viewer.end(`broken: ${(error as Error).message}`);
    }
  };
}

function collect(readable: NodeJS.ReadableStream, done: (text: string) => void): void {
  let text = '';
  readable.on('data', (bytes: Buffer) => (text += bytes.toString()));
  readable.on('end', () => done(text));
}
