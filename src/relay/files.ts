import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { MILLISECOND, SECOND } from '../base/clock.ts';
import { ProtocolError, RefusedError } from '../base/errors.ts';
import type { ReadFile } from '../hub/files.ts';
import { checkedPath, type StreamPath } from '../hub/path.ts';
import type { Context } from '../module.ts';
import { hangUp } from '../net/hang-up.ts';
import type { Serving } from '../net/serve.ts';
import { Channel } from './channel.ts';
import type { RelayMessage } from './messages.ts';
import type { Source } from './subscription.ts';
import { blankMessage, LARGEST_BODY, MESSAGE_HEAD, MessageType } from './wire/message.ts';

/** A file may have so many bytes; no window of a stream is larger. */
const LARGEST_FILE = 4 * 1024 ** 3;
const PIECE = LARGEST_BODY.get(MessageType.piece)!;
/** How long making a file may take, and the other node taking a piece of it. */
const PATIENCE = 10 * SECOND;
/** How long another node may take to say whether it has a file, in milliseconds. */
const PATIENCE_MS = PATIENCE / MILLISECOND;

/** Sends a file of a stream that is here to another node. Throws `RefusedError` where there is none. */
export async function sendFile(
  { access, hub, files }: Context,
  channel: Channel,
  { session, signal: ending }: Serving,
  { path: asked, file }: RelayMessage & { readonly op: 'fetch' },
): Promise<void> {
  const { remote, id } = session;
  const path = checkedPath(asked);
  await access.may({ action: 'play', path, remote, query: new Map(), protocol: 'relay', session: id });
  const signal = AbortSignal.any([ending, AbortSignal.timeout(PATIENCE_MS)]);
  const pieces = await files.read(path, file, { most: LARGEST_FILE, signal });
  channel.send({ op: 'file', size: pieces.reduce((sum, { length }) => sum + length, 0) });
  const counters = hub.find(path)?.counters;
  for (const piece of pieces) {
    await send(channel, piece, ending);
    session.bytesOut += piece.length;
    if (counters) counters.bytesOut += piece.length;
  }
  // The node leaves when it has all of it: what is on its way would be lost if we did.
  await channel.hear(ending, PATIENCE_MS);
}

/** In messages, no faster than they are taken. */
async function send({ stream }: Channel, bytes: Uint8Array, ending: AbortSignal): Promise<void> {
  for (let at = 0; at < bytes.length; at += PIECE) {
    const part = bytes.subarray(at, at + PIECE);
    const message = blankMessage(MessageType.piece, part.length);
    message.set(part, MESSAGE_HEAD);
    if (!stream.write(message)) await drained(stream, ending);
  }
}

async function drained(stream: Duplex, ending: AbortSignal): Promise<void> {
  const late = AbortSignal.timeout(PATIENCE_MS);
  try {
    await once(stream, 'drain', { signal: AbortSignal.any([ending, late]) });
  } catch (error) {
    if (ending.aborted) throw ending.reason;
    throw late.aborted ? new RefusedError('timeout', 'the node takes nothing more of a file') : error;
  }
}

/** Reads files of a stream at an origin that has it. */
export function filesAt(source: Source, path: StreamPath): ReadFile {
  return async (file, { most, signal }) => {
    const stopping = new AbortController();
    const stop = () => stopping.abort(signal.reason);
    signal.addEventListener('abort', stop);
    try {
      const channel = new Channel(await source.open(stopping.signal));
      stopping.signal.addEventListener('abort', () => channel.break(signal.reason));
      channel.send({ op: 'fetch', path, file });
      return await receive(channel, most, stopping.signal).finally(() => hangUp(channel.stream));
    } finally {
      signal.removeEventListener('abort', stop);
    }
  };
}

async function receive(channel: Channel, most: number, signal: AbortSignal): Promise<Uint8Array[]> {
  const answer = await channel.hear(signal, PATIENCE_MS);
  if (answer.op === 'ended')
    throw new RefusedError(answer.code === 'not-found' ? 'not-found' : 'limit', answer.message);
  if (answer.op !== 'file') throw new ProtocolError(`"${answer.op}" instead of a file`);
  if (answer.size > most) throw new RefusedError('too-large', `a file of ${answer.size} bytes`);
  const pieces: Uint8Array[] = [];
  if (answer.size === 0) return pieces;
  let left = answer.size;
  for await (const { type, body } of channel.messages()) {
    left -= body.length;
    if (type !== MessageType.piece || left < 0) throw new ProtocolError('more or other than the file');
    pieces.push(body.slice());
    if (left === 0) return pieces;
  }
  throw new RefusedError('limit', 'the origin broke off within a file');
}
