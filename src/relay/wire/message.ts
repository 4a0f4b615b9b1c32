import { exactly, type Parser } from '../../base/decoder.ts';
import { ProtocolError } from '../../base/errors.ts';

/** What a message is. */
export const MessageType = {
  /** JSON in UTF-8: see `messages.ts`. */
  json: 1,
  /** A frame: see `record.ts`. */
  record: 2,
  /** A piece of a file. */
  piece: 3,
  /** JSON in UTF-8, beside the frames of a subscription: see `asides.ts`. */
  aside: 4,
} as const;

/** A message as it came; `body` is valid until the next one is asked for. */
export interface Message {
  readonly type: number;
  readonly body: Uint8Array;
}

/** What stands before a message's body: its length in four bytes, its type in one. */
export const MESSAGE_HEAD = 5;
/** The largest body of a message, by its type, in bytes. */
export const LARGEST_BODY: ReadonlyMap<number, number> = new Map([
  [MessageType.json, 64 * 1024],
  [MessageType.record, 16 * 1024 * 1024],
  [MessageType.piece, 256 * 1024],
  [MessageType.aside, 64 * 1024],
]);

/** A message whose body of `length` bytes is yet to be written behind its head. */
export function blankMessage(type: number, length: number): Uint8Array {
  const message = new Uint8Array(MESSAGE_HEAD + length);
  new DataView(message.buffer).setUint32(0, length);
  message[4] = type;
  return message;
}

/** Reads messages one after another. Those of a type that is not known are left out: a newer node may send them. */
export function* readMessages(): Parser<Message> {
  for (;;) {
    const head = yield exactly(MESSAGE_HEAD);
    const length = ((head[0]! << 24) | (head[1]! << 16) | (head[2]! << 8) | head[3]!) >>> 0;
    const type = head[4]!;
    const most = LARGEST_BODY.get(type);
    if (length > (most ?? LARGEST_BODY.get(MessageType.json)!))
      throw new ProtocolError(`a message of type ${type} with ${length} bytes`);
    const body = yield exactly(length);
    if (most !== undefined) yield { type, body };
  }
}
