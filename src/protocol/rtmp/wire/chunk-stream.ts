import { ProtocolError, RefusedError } from '../../../base/errors.ts';
import type { Slab } from '../../../base/slab.ts';
import type { RtmpMessage } from './message.ts';
import { isMedia } from './message.ts';

/** What a peer may make us hold. A session may change the figures while messages are read. */
export interface ChunkLimits {
  /** How many chunk streams it may use. */
  chunkStreams: number;
  /** The longest message of audio or video, in bytes. */
  mediaBytes: number;
  /** The longest message of any other kind, in bytes. */
  otherBytes: number;
  /** The memory of all messages that are not complete yet, in bytes. */
  partialBytes: number;
}

/** The memory of all incomplete messages of a connection, in bytes, and what it may come to. */
export type Memory = { readonly limits: Readonly<ChunkLimits>; readonly slab: Slab; partial: number };

/** The value of the 24-bit timestamp field that announces an extended timestamp (RTMP 1.0, 5.3.1.3). */
export const EXTENDED = 0xffffff;

/** Messages up to this size get their memory at once, larger ones as their bytes arrive. */
const AT_ONCE = 4096;
const NOTHING = new Uint8Array(0);

/** The reading end of a chunk stream: its last header, and the message that is being put together. */
export class ChunkStream {
  readonly #id: number;
  readonly #memory: Memory;
  #timestamp = 0;
  /** The last header's timestamp, extension included: absolute from a header of type 0, else a difference. */
  #field = 0;
  #type = 0;
  #streamId = 0;
  #length = 0;
  #payload: Uint8Array = NOTHING;
  #filled = 0;
  #extended = false;

  constructor(id: number, memory: Memory) {
    this.#id = id;
    this.#memory = memory;
  }

  /** Whether the last header has an extended timestamp. */
  get extended(): boolean {
    return this.#extended;
  }

  /** Whether a part of a message is there. */
  get busy(): boolean {
    return this.#filled > 0;
  }

  /** How many bytes of the message are to come. */
  get missing(): number {
    return this.#length - this.#filled;
  }

  /** Takes the header of a chunk of type 0, 1 or 2 (RTMP 1.0, 5.3.1.2.1 to 5.3.1.2.3). */
  header(format: number, bytes: Uint8Array): void {
    if (this.busy) throw new ProtocolError(`chunk of type ${format} in the middle of a message`);
    this.#field = (bytes[0] << 16) | (bytes[1] << 8) | bytes[2];
    this.#extended = this.#field === EXTENDED;
    if (format === 2) return;
    this.#length = (bytes[3] << 16) | (bytes[4] << 8) | bytes[5];
    this.#type = bytes[6];
    if (format === 0) this.#streamId = (bytes[7] | (bytes[8] << 8) | (bytes[9] << 16) | (bytes[10] << 24)) >>> 0;
  }

  /** Takes the extended timestamp of a chunk of type 0, 1 or 2. */
  extend(timestamp: number): void {
    this.#field = timestamp;
  }

  /** Whether these four bytes of a chunk of type 3 are the extended timestamp once more, and not payload. */
  repeats(timestamp: number): boolean {
    return timestamp === this.#field || timestamp === this.#timestamp;
  }

  /** Begins a message. A chunk of type 3 adds the last field again, even an absolute one (RTMP 1.0, 5.3.1.2.4). */
  begin(format: number): void {
    const limit = isMedia(this.#type) ? this.#memory.limits.mediaBytes : this.#memory.limits.otherBytes;
    if (this.#length > limit) throw new RefusedError('limit', `message of ${this.#length} bytes, ${limit} are allowed`);
    this.#timestamp = format === 0 ? this.#field : (this.#timestamp + this.#field) >>> 0;
    if (this.#length <= AT_ONCE) this.#resize(this.#length);
  }

  /** Takes (copies) the next bytes of the payload. */
  fill(bytes: Uint8Array): void {
    const filled = this.#filled + bytes.length;
    if (filled > this.#payload.length)
      this.#resize(Math.min(this.#length, Math.max(filled, this.#payload.length * 2, AT_ONCE)));
    this.#payload.set(bytes, this.#filled);
    this.#filled = filled;
  }

  /** Hands over the complete message. */
  finish(): RtmpMessage {
    const payload = this.#payload;
    this.abort();
    return { chunkStreamId: this.#id, type: this.#type, streamId: this.#streamId, timestamp: this.#timestamp, payload };
  }

  /** Forgets the message that is being put together (RTMP 1.0, 5.4.2). */
  abort(): void {
    this.#memory.partial -= this.#payload.length;
    this.#payload = NOTHING;
    this.#filled = 0;
  }

  #resize(capacity: number): void {
    const { limits } = this.#memory;
    this.#memory.partial += capacity - this.#payload.length;
    if (this.#memory.partial > limits.partialBytes) {
      throw new RefusedError('limit', `incomplete messages of more than ${limits.partialBytes} bytes`);
    }
    const payload = this.#memory.slab.take(capacity);
    if (this.#filled > 0) payload.set(this.#payload);
    this.#payload = payload;
  }
}
