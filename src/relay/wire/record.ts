import { ByteReader } from '../../base/byte-reader.ts';
import { ByteWriter } from '../../base/byte-writer.ts';
import { SECOND } from '../../base/clock.ts';
import { ProtocolError } from '../../base/errors.ts';
import { Slab } from '../../base/slab.ts';
import type { Relayed } from '../../hub/mirror.ts';
import type { Frame, Stamp } from '../../media/frame.ts';
import type { Kind, Track } from '../../media/track.ts';
import { blankMessage, MESSAGE_HEAD, MessageType } from './message.ts';
import { readTrack, writeTrack } from './track.ts';

/** A frame as it goes out, the same for all receivers. */
export interface WrittenRecord {
  /** A message of type `record`. */
  readonly message: Uint8Array;
  /** Whether a receiver may begin here: all that it must know is in this record and those behind it. */
  readonly startable: boolean;
}

/** The bits of a record's first byte; the others are 0. */
const Flag = { keyframe: 0x01, audio: 0x02, track: 0x04, stamp: 0x08 } as const;
const KNOWN_FLAGS = Flag.keyframe | Flag.audio | Flag.track | Flag.stamp;

/** Up to where the stamp begins, the track or the data. */
const HEAD = 42;
const STAMP = 12;
const HIGH = 2 ** 32;
const TRACK_NUMBERS = 256;
/** In a stream without video one may begin anywhere: the configuration comes this often, in microseconds. */
const REPEAT = 1 * SECOND;

/**
 * Turns the frames of one stream into records. A configuration is written when it is new and at every point where a receiver
 * may begin, so that the records stand for themselves.
 */
export class RecordWriter {
  readonly #tracks = new Map<Kind, { readonly track: Track; readonly number: number; readonly encoded: Uint8Array }>();
  /** The kinds whose configuration came since the last point where a receiver may begin. */
  readonly #told = new Set<Kind>();
  /** When that was; undefined before the first one. */
  #started: number | undefined;

  write(frame: Frame): WrittenRecord {
    const { track } = frame;
    const startable = frame.startable && this.#isTime(frame);
    if (startable) {
      this.#started = frame.dts;
      this.#told.clear();
    }
    const known = this.#tracks.get(track.kind);
    const { number, encoded } = known?.track === track ? known : this.#change(track);
    const isTold = this.#told.has(track.kind);
    this.#told.add(track.kind);
    return { message: encode(frame, number, isTold ? undefined : encoded), startable };
  }

  #isTime({ track, dts }: Frame): boolean {
    return track.kind === 'video' || this.#started === undefined || dts - this.#started >= REPEAT;
  }

  #change(track: Track) {
    const writer = new ByteWriter();
    writeTrack(writer, track);
    const number = ((this.#tracks.get(track.kind)?.number ?? -1) + 1) % TRACK_NUMBERS;
    const entry = { track, number, encoded: writer.finish() };
    this.#tracks.set(track.kind, entry);
    this.#told.delete(track.kind);
    return entry;
  }
}

/** Turns the records of one stream, in their order, into frames again. */
export class RecordReader {
  readonly #tracks = new Map<Kind, { readonly track: Track; readonly number: number }>();
  readonly #slab = new Slab();

  /**
   * The record, which owns its memory; `undefined` when it was made for a configuration that got lost on the way.
   * Throws {@link ProtocolError} when it is malformed.
   */
  read(body: Uint8Array): Relayed | undefined {
    const reader = new ByteReader(body);
    const flags = reader.u8();
    if (flags & ~KNOWN_FLAGS) throw new ProtocolError(`a record with flags ${flags}`);
    const number = reader.u8();
    const epoch = reader.u32();
    const [token, seq, dts] = [readInteger(reader), readInteger(reader), readInteger(reader)];
    const composition = reader.i32();
    const ingest = readInteger(reader);
    if (token < 0 || seq < 0) throw new ProtocolError('a record with a negative position');
    const stamp = flags & Flag.stamp ? readStamp(reader) : undefined;
    const track = this.#track(flags, number, reader);
    if (!track) return undefined;
    const keyframe = (flags & Flag.keyframe) !== 0;
    const [pts, data] = [dts + composition, this.#own(reader.rest())];
    return { token, epoch, seq, track, dts, pts, ingest, keyframe, stamp, data };
  }

  #track(flags: number, number: number, reader: ByteReader): Track | undefined {
    const kind = flags & Flag.audio ? 'audio' : 'video';
    const known = this.#tracks.get(kind);
    if (!(flags & Flag.track)) return known?.number === number ? known.track : undefined;
    const track = readTrack(reader);
    if (track.kind !== kind) throw new ProtocolError(`a record of ${kind} with a track of ${track.kind}`);
    this.#tracks.set(kind, { track, number });
    return track;
  }

  #own(bytes: Uint8Array): Uint8Array {
    const data = this.#slab.take(bytes.length);
    data.set(bytes);
    return data;
  }
}

/** The layout that docs/internals/relay.md describes. */
function encode(frame: Frame, number: number, track: Uint8Array | undefined): Uint8Array {
  const { data, keyframe, tenure, seq, dts, pts, ingest, stamp } = frame;
  const isAudio = frame.track.kind === 'audio';
  const head = HEAD + (stamp ? STAMP : 0);
  const message = blankMessage(MessageType.record, head + (track?.length ?? 0) + data.length);
  const view = new DataView(message.buffer, MESSAGE_HEAD);
  const flags = (keyframe ? Flag.keyframe : 0) | (isAudio ? Flag.audio : 0) | (track ? Flag.track : 0);
  view.setUint8(0, flags | (stamp ? Flag.stamp : 0));
  view.setUint8(1, number);
  view.setUint32(2, tenure.epoch);
  writeInteger(view, 6, tenure.token);
  writeInteger(view, 14, seq);
  writeInteger(view, 22, dts);
  view.setInt32(30, pts - dts);
  writeInteger(view, 34, ingest);
  if (stamp) {
    writeInteger(view, HEAD, stamp.segment);
    view.setUint32(HEAD + 8, stamp.discontinuity);
  }
  if (track) message.set(track, MESSAGE_HEAD + head);
  message.set(data, message.length - data.length);
  return message;
}

function readStamp(reader: ByteReader): Stamp {
  const [segment, discontinuity] = [readInteger(reader), reader.u32()];
  if (segment < 0) throw new ProtocolError('a record with a negative segment');
  return { segment, discontinuity };
}

function writeInteger(view: DataView, at: number, value: number): void {
  const high = Math.floor(value / HIGH);
  view.setInt32(at, high);
  view.setUint32(at + 4, value - high * HIGH);
}

/** A signed number of 64 bits, of which JavaScript can count 53. */
function readInteger(reader: ByteReader): number {
  const value = reader.i32() * HIGH + reader.u32();
  if (!Number.isSafeInteger(value)) throw new ProtocolError('a number of more than 53 bits');
  return value;
}
