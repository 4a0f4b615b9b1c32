import type { Duplex } from 'node:stream';
import { Decoder, exactly, type Parser } from '../base/decoder.ts';
import { ProtocolError } from '../base/errors.ts';

/** The longest message, in bytes of JSON. */
const LONGEST = 16 * 1024;

/** Sends one message: a 32-bit length and so many bytes of JSON. */
export function sendJson(stream: Duplex, message: unknown): void {
  const body = Buffer.from(JSON.stringify(message));
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length);
  stream.write(Buffer.concat([head, body]));
}

/** Receives the one message that the peer sends, unchecked. Rejects when none comes whole, or is none. */
export async function receiveJson(stream: Duplex): Promise<unknown> {
  const decoder = new Decoder(readJson());
  for await (const piece of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    decoder.push(piece);
    const message = decoder.next();
    if (message) return message.value;
  }
  throw new ProtocolError('the connection ended without an answer');
}

function* readJson(): Parser<{ value: unknown }> {
  const head = yield exactly(4);
  const length = new DataView(head.buffer, head.byteOffset).getUint32(0);
  if (length > LONGEST) throw new ProtocolError(`a message of ${length} bytes, at most ${LONGEST} are allowed`);
  const text = new TextDecoder().decode(yield exactly(length));
  try {
    yield { value: JSON.parse(text) as unknown };
  } catch {
    throw new ProtocolError('a message that is no JSON');
  }
}
