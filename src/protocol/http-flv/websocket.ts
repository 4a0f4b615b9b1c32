import { type WebSocket, WebSocketServer } from 'ws';
import { RefusedError } from '../../base/errors.ts';
import type { Box } from '../../container/flv/muxer.ts';
import { formatName, readSelection } from '../../container/flv/selection.ts';
import { flvTag } from '../../container/flv/tag.ts';
import type { Context } from '../../module.ts';
import { LAST_WORDS } from '../../net/hang-up.ts';
import type { Upgrade } from '../../net/http.ts';
import type { Sink } from '../../net/outlet.ts';
import { Departure, type Serving } from '../../net/serve.ts';
import { watch } from '../../net/watch.ts';
import { muxer, opening } from './format.ts';
import { admit, placeElsewhere } from './viewing.ts';

/** A viewer has nothing to say but pongs and its good-bye; in bytes. */
const LARGEST_MESSAGE = 1024;
/** Normal closure (RFC 6455, 7.4.1). */
const NORMAL = 1000;
/** A reason has at most 123 bytes (RFC 6455, 5.5); ours are ASCII but for names in them. */
const LONGEST_REASON = 40;

const options = { noServer: true, maxPayload: LARGEST_MESSAGE, perMessageDeflate: false, closeTimeout: LAST_WORDS };
const handshakes = new WebSocketServer(options);

/** Serves FLV over WebSocket: every tag is one binary message. */
export async function playByWebSocket(context: Context, upgrade: Upgrade, serving: Serving): Promise<void> {
  const { socket, url } = upgrade;
  const selection = readSelection(url.searchParams);
  socket.once('close', () => serving.end(new Departure('the viewer left')));
  if (placeElsewhere(context, upgrade) !== undefined)
    throw new RefusedError('shutdown', 'this node is being emptied: another one has the stream');
  const stream = await admit(context, upgrade, serving);
  const first = opening(stream.lineup!, selection);
  const webSocket = await accept(upgrade, serving.signal);
  // The library closes the connection of a viewer that breaks the rules: its end is the session's.
  webSocket.on('error', () => {});
  // Our frames go to the socket beside those of the library: both only ever write whole ones.
  socket.write(binaryFrame(first));
  const mux = () => muxer(stream, selection, boxed);
  const viewing = { stream, format: formatName('ws', selection), mux, sink: socket as Sink };
  await watch(context, serving, viewing).catch((reason: Error) => {
    webSocket.close(NORMAL, reason.message.slice(0, LONGEST_REASON));
    throw reason;
  });
}

/** Rejects with what `signal` says when the peer is refused, or leaves, before the handshake is done. */
async function accept({ request, socket, head }: Upgrade, signal: AbortSignal): Promise<WebSocket> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    handshakes.handleUpgrade(request, socket, head, resolve);
  });
}

const boxed: Box = (type, timestamp, head, data) => binaryFrame(flvTag(type, timestamp, head, data));

/** One whole unmasked binary message (RFC 6455, 5.2). */
function binaryFrame(payload: Uint8Array): Uint8Array {
  const { length } = payload;
  const extra = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const frame = new Uint8Array(2 + extra + length);
  frame[0] = 0x82;
  frame[1] = extra === 0 ? length : extra === 2 ? 126 : 127;
  for (let i = 0, rest = length; i < extra; i++, rest = Math.floor(rest / 256)) frame[1 + extra - i] = rest;
  frame.set(payload, 2 + extra);
  return frame;
}
