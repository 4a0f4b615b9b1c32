import { exactly, type Need, type Parser, upTo } from '../../src/base/decoder.ts';
import { ProtocolError, RefusedError } from '../../src/base/errors.ts';
import { view } from './flv.ts';

const LONGEST_HEAD = 16_384;
const LONGEST_PART = 65_536;
const BINARY = 0x82;
const CLOSE = 0x88;

/** The bytes that an HTTP answer carries: as they are, in chunked coding, or in WebSocket frames. */
export function* httpBody(): Parser<Uint8Array> {
  const head = yield* textUntil('\r\n\r\n');
  const status = Number(head.slice(9, 12));
  if (status === 101) yield* webSocketPayloads();
  else if (status !== 200) throw new RefusedError('not-found', `HTTP status ${status}`);
  else if (/^transfer-encoding: *chunked/im.test(head)) yield* chunkedBody();
  else for (;;) yield yield upTo(LONGEST_PART);
}

function* textUntil(end: string): Generator<Need, string, Uint8Array> {
  let text = '';
  while (!text.endsWith(end)) {
    if (text.length > LONGEST_HEAD) throw new ProtocolError('an HTTP head without end');
    text += String.fromCharCode((yield exactly(1))[0]!);
  }
  return text;
}

/** RFC 9112, 7.1. */
function* chunkedBody(): Parser<Uint8Array> {
  for (;;) {
    const size = Number.parseInt(yield* textUntil('\r\n'), 16);
    if (!(size > 0)) throw new ProtocolError('the last chunk, or none');
    for (let left = size; left > 0; ) {
      const part = yield upTo(left);
      left -= part.length;
      yield part;
    }
    if ((yield* textUntil('\r\n')) !== '\r\n') throw new ProtocolError('a chunk without its line end');
  }
}

/** RFC 6455, 5.2: frames from a server are not masked. */
function* webSocketPayloads(): Parser<Uint8Array> {
  for (;;) {
    const [first, second] = (yield exactly(2)) as unknown as [number, number];
    if (second & 0x80) throw new ProtocolError('a masked frame from a server');
    let size = second;
    if (second === 126) size = view(yield exactly(2)).getUint16(0);
    if (second === 127) size = Number(view(yield exactly(8)).getBigUint64(0));
    const payload = yield exactly(size);
    if (first === CLOSE) throw new RefusedError('gone', 'closed by the server');
    if (first === BINARY) yield payload;
  }
}
