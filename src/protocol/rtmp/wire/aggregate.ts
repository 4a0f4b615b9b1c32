import { ByteReader } from '../../../base/byte-reader.ts';
import { ProtocolError, RefusedError } from '../../../base/errors.ts';
import type { RtmpMessage } from './message.ts';
import { MessageType } from './message.ts';

/** How many messages one aggregate may hold. */
export const MAX_AGGREGATED = 4096;

const CARRIED: ReadonlySet<number> = new Set([
  MessageType.audio,
  MessageType.video,
  MessageType.dataAmf0,
  MessageType.dataAmf3,
]);

/** The messages within an aggregate message (RTMP 1.0, 7.1.6), each with a timestamp and memory of its own. */
export function* splitAggregate(aggregate: RtmpMessage): Generator<RtmpMessage, void, void> {
  const reader = new ByteReader(aggregate.payload);
  let first: number | undefined;
  for (let count = 0; reader.remaining > 0; count++) {
    if (count === MAX_AGGREGATED) throw new RefusedError('limit', `aggregate of more than ${MAX_AGGREGATED} messages`);
    const type = reader.u8();
    if (!CARRIED.has(type)) throw new ProtocolError(`message of type ${type} in an aggregate`);
    const length = reader.u24();
    const timestamp = (reader.u24() | (reader.u8() << 24)) >>> 0;
    reader.skip(3); // the stream id, which the aggregate's own overrides
    const payload = reader.take(length).slice();
    reader.skip(4); // the back pointer
    first ??= timestamp;
    yield { ...aggregate, type, timestamp: (aggregate.timestamp + timestamp - first) >>> 0, payload };
  }
}
