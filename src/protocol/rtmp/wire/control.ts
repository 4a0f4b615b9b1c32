import { ByteReader } from '../../../base/byte-reader.ts';
import { ByteWriter } from '../../../base/byte-writer.ts';
import { ProtocolError } from '../../../base/errors.ts';
import type { RtmpMessage } from './message.ts';
import { ChunkStreamId, MessageType } from './message.ts';

/** The protocol control messages (RTMP 1.0, 5.4) and user control messages (7.1.7). */
export type Control =
  | { readonly kind: 'set-chunk-size'; readonly size: number }
  | { readonly kind: 'abort'; readonly chunkStreamId: number }
  | { readonly kind: 'acknowledgement'; readonly received: number }
  | { readonly kind: 'window-ack-size'; readonly size: number }
  | { readonly kind: 'set-peer-bandwidth'; readonly size: number; readonly limit: BandwidthLimit }
  | UserControl;

/** How a peer is to understand a bandwidth (RTMP 1.0, 5.4.5). */
type BandwidthLimit = 'hard' | 'soft' | 'dynamic';

/** User control messages; those of unknown type keep their number and data. */
type UserControl =
  | { readonly kind: 'stream-begin' | 'stream-eof' | 'stream-dry' | 'stream-is-recorded'; readonly streamId: number }
  | { readonly kind: 'set-buffer-length'; readonly streamId: number; readonly milliseconds: number }
  | { readonly kind: 'ping-request' | 'ping-response'; readonly timestamp: number }
  | { readonly kind: 'other-event'; readonly event: number; readonly data: Uint8Array };

const LIMITS: readonly BandwidthLimit[] = ['hard', 'soft', 'dynamic'];

/** User control event types (RTMP 1.0, 7.1.7). */
const UserEvent = {
  streamBegin: 0,
  streamEof: 1,
  streamDry: 2,
  setBufferLength: 3,
  streamIsRecorded: 4,
  pingRequest: 6,
  pingResponse: 7,
} as const;

/** Reads a control message; `undefined` if the message is none. Throws `ProtocolError` if it is too short. */
export function readControl(message: RtmpMessage): Control | undefined {
  const reader = new ByteReader(message.payload);
  switch (message.type) {
    case MessageType.setChunkSize:
      return { kind: 'set-chunk-size', size: reader.u32() };
    case MessageType.abort:
      return { kind: 'abort', chunkStreamId: reader.u32() };
    case MessageType.acknowledgement:
      return { kind: 'acknowledgement', received: reader.u32() };
    case MessageType.windowAckSize:
      return { kind: 'window-ack-size', size: reader.u32() };
    case MessageType.setPeerBandwidth:
      return { kind: 'set-peer-bandwidth', size: reader.u32(), limit: readLimit(reader) };
    case MessageType.userControl:
      return readUserControl(reader);
    default:
      return undefined;
  }
}

/** The message that says `control`, on the chunk stream prescribed for it. */
export function controlMessage(control: Control): RtmpMessage {
  const writer = new ByteWriter(16);
  const type = write(writer, control);
  return { chunkStreamId: ChunkStreamId.control, type, streamId: 0, timestamp: 0, payload: writer.finish() };
}

function readLimit(reader: ByteReader): BandwidthLimit {
  const limit = LIMITS[reader.u8()];
  if (limit === undefined) throw new ProtocolError('bandwidth limit of an unknown type');
  return limit;
}

function readUserControl(reader: ByteReader): UserControl {
  const event = reader.u16();
  switch (event) {
    case UserEvent.streamBegin:
      return { kind: 'stream-begin', streamId: reader.u32() };
    case UserEvent.streamEof:
      return { kind: 'stream-eof', streamId: reader.u32() };
    case UserEvent.streamDry:
      return { kind: 'stream-dry', streamId: reader.u32() };
    case UserEvent.setBufferLength:
      return { kind: 'set-buffer-length', streamId: reader.u32(), milliseconds: reader.u32() };
    case UserEvent.streamIsRecorded:
      return { kind: 'stream-is-recorded', streamId: reader.u32() };
    case UserEvent.pingRequest:
      return { kind: 'ping-request', timestamp: reader.u32() };
    case UserEvent.pingResponse:
      return { kind: 'ping-response', timestamp: reader.u32() };
    default:
      return { kind: 'other-event', event, data: reader.rest() };
  }
}

function write(writer: ByteWriter, control: Control): number {
  switch (control.kind) {
    case 'set-chunk-size':
      writer.u32(control.size);
      return MessageType.setChunkSize;
    case 'abort':
      writer.u32(control.chunkStreamId);
      return MessageType.abort;
    case 'acknowledgement':
      writer.u32(control.received);
      return MessageType.acknowledgement;
    case 'window-ack-size':
      writer.u32(control.size);
      return MessageType.windowAckSize;
    case 'set-peer-bandwidth':
      writer.u32(control.size).u8(LIMITS.indexOf(control.limit));
      return MessageType.setPeerBandwidth;
    default:
      writeUserControl(writer, control);
      return MessageType.userControl;
  }
}

function writeUserControl(writer: ByteWriter, control: UserControl): void {
  switch (control.kind) {
    case 'stream-begin':
      writer.u16(UserEvent.streamBegin).u32(control.streamId);
      break;
    case 'stream-eof':
      writer.u16(UserEvent.streamEof).u32(control.streamId);
      break;
    case 'stream-dry':
      writer.u16(UserEvent.streamDry).u32(control.streamId);
      break;
    case 'set-buffer-length':
      writer.u16(UserEvent.setBufferLength).u32(control.streamId).u32(control.milliseconds);
      break;
    case 'stream-is-recorded':
      writer.u16(UserEvent.streamIsRecorded).u32(control.streamId);
      break;
    case 'ping-request':
      writer.u16(UserEvent.pingRequest).u32(control.timestamp);
      break;
    case 'ping-response':
      writer.u16(UserEvent.pingResponse).u32(control.timestamp);
      break;
    case 'other-event':
      writer.u16(control.event).put(control.data);
  }
}
