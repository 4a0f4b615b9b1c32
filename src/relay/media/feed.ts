import { randomBytes } from 'node:crypto';
import { type Clock, MILLISECOND } from '../../base/clock.ts';
import { type Entry, Log } from '../../base/log.ts';
import { Reader } from '../../hub/reader.ts';
import type { Shared, Stream } from '../../hub/stream.ts';
import type { Frame } from '../../media/frame.ts';
import { Departure } from '../../net/serve.ts';
import { StreamSender } from '../link/stream-sender.ts';
import { MESSAGE_HEAD } from '../wire/message.ts';
import { RecordWriter } from '../wire/record.ts';
import { Alarm } from './alarm.ts';
import { type MediaKeys, newMediaKeys, sealWith } from './media-cipher.ts';

/** What a {@link Feed} is made with. */
export interface FeedOptions {
  readonly clock: Clock;
  /** One of {@link paceFor}. */
  readonly latency: number;
  /** UDP payload, in bytes. */
  readonly datagramBytes: number;
  /** The most that is kept for those who come, in bytes. */
  readonly windowBytes: number;
}

/** What one who joins is given: the records up to now, to be sent by other means, and where media by UDP goes on. */
export interface Opening {
  /** Messages of type record, since the newest point where a receiver may begin. */
  readonly records: readonly Uint8Array[];
  readonly sequence: number;
  readonly chain: number;
}

/** A record as it is kept for those who come. */
interface Kept extends Entry {
  readonly message: Uint8Array;
}

/** Edges of about the same latency share a feed. */
const PACES = [0, 100, 200, 500, 1000, 2000, 5000].map((pace) => pace * MILLISECOND);

/** The latency that packets are paced and kept for, where an edge has this one: no longer than its own, in microseconds. */
export function paceFor(latency: number): number {
  return PACES.findLast((pace) => pace <= latency) ?? 0;
}

/** One stream on its way to any number of edges: each frame is written, encrypted and paced once. Generations follow by a new feed. */
export class Feed implements Shared {
  readonly sender: StreamSender;
  readonly keys: MediaKeys = newMediaKeys();
  readonly #clock: Clock;
  readonly #reader: Reader;
  readonly #writer = new RecordWriter();
  readonly #log: Log<Kept>;
  readonly #alarm: Alarm;
  readonly #off: () => void;
  readonly #ends = new Set<(reason: unknown) => void>();
  /** Why there is no more, once there is none. */
  #reason: unknown;
  #isPulling = false;

  constructor(stream: Stream, { clock, latency, datagramBytes, windowBytes }: FeedOptions) {
    const seal = sealWith(this.keys);
    this.sender = new StreamSender({ ssrc: randomBytes(4).readUInt32BE(), seal, latency, datagramBytes });
    this.#clock = clock;
    this.#reader = new Reader(stream);
    this.#log = new Log({ duration: 0, bytes: windowBytes });
    this.#alarm = new Alarm(clock, this.sender);
    this.#off = stream.log.onChange(() => this.#wake());
    // What was before the first one came is told to him as to all others.
    this.#pull((frame) => this.#keep(frame));
  }

  /** Has `end` called, with the reason, when there is no more. Throws it when that is so already. */
  join(end: (reason: unknown) => void): Opening & { readonly leave: () => void } {
    this.#forward();
    if (this.#reason) throw this.#reason;
    this.#ends.add(end);
    return { records: this.#kept(), ...this.sender.position, leave: () => this.#ends.delete(end) };
  }

  close(): void {
    this.#off();
    this.#alarm.close();
  }

  /** Frames that come in one go are taken together, but none waits for the next turn. */
  #wake(): void {
    if (this.#isPulling) return;
    this.#isPulling = true;
    queueMicrotask(() => this.#forward());
  }

  #forward(): void {
    this.#isPulling = false;
    this.#pull((frame) => this.#send(frame));
    this.#alarm.set();
  }

  #pull(take: (frame: Frame) => void): void {
    if (this.#reason) return;
    try {
      for (let frame = this.#reader.next(); frame; frame = this.#reader.next()) take(frame);
    } catch (reason) {
      this.#end(reason);
    }
  }

  #send(frame: Frame): void {
    const { message, startable } = this.#keep(frame);
    this.sender.push({ kind: frame.track.kind, startable, bytes: message.subarray(MESSAGE_HEAD) }, this.#clock.now());
    if (this.sender.exhausted) this.#end(new Departure('a new generation of packets begins'));
  }

  #keep(frame: Frame): Kept {
    const { message, startable } = this.#writer.write(frame);
    const kept = { message, startable, size: message.length };
    this.#log.append(kept, this.#clock.now());
    return kept;
  }

  #kept(): Uint8Array[] {
    const { start, head } = this.#log;
    if (start === undefined) return [];
    return Array.from({ length: head - start }, (_, i) => this.#log.at(start + i).message);
  }

  #end(reason: unknown): void {
    this.#reason ??= reason;
    for (const end of this.#ends) end(this.#reason);
  }
}
