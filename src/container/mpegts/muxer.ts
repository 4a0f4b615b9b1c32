import { MILLISECOND } from '../../base/clock.ts';
import { assert } from '../../base/errors.ts';
import { frameDuration } from '../../codec/frame-duration.ts';
import type { Sample } from '../../media/frame.ts';
import type { AudioTrack, Kind, Track } from '../../media/track.ts';
import { type Pieces, type TsCodec, tsCodec } from './codecs.ts';
import { type Opening, TsPackets } from './packets.ts';
import { pesHeader } from './pes.ts';
import { PAT_PID, PMT_PID, programAssociation, programMap } from './tables.ts';

/** The continuity counters of the next packets, by what they carry. */
export type TsCounters = Readonly<Record<Kind | 'association' | 'map', number>>;

/** How a {@link TsMuxer} is set up. */
export interface TsMuxerOptions {
  /** At most one of each kind. */
  readonly tracks: readonly Track[];
  /** Those of the muxer before, so that they go on; 0 for the first one. */
  readonly counters?: TsCounters | undefined;
  /** How much sound is gathered in one PES packet, in microseconds; 0 for a packet per frame. */
  readonly gather?: number | undefined;
}

interface Carried {
  readonly track: Track;
  readonly pid: number;
  readonly row: TsCodec;
  readonly unit: (frame: Sample) => Pieces;
}

/** Sound that waits to share a PES packet, whose one timestamp is that of the first frame. */
interface Gathered {
  readonly carried: Carried;
  readonly first: Sample;
  readonly pieces: Uint8Array[];
  bytes: number;
  /** When the frame after these sounds, as they say themselves. */
  end: number;
}

const PIDS: Record<Kind, number> = { video: 0x100, audio: 0x101 };
const FIRST_COUNTERS: TsCounters = { association: 0, map: 0, video: 0, audio: 0 };
/** How much earlier than a frame is decoded the program clock says that its bytes come. */
const CLOCK_LEAD = 100 * MILLISECOND;
/** How far the time of a gathered frame may be from what those before it say. */
const LARGEST_JITTER = 1 * MILLISECOND;
/** So much sound, in bytes, has room in a PES packet, which must tell its length. */
const MOST_SOUND = 60_000;
const PLAIN: Opening = { randomAccess: false };

/** Makes a transport stream of one program of a stream's frames. */
export class TsMuxer {
  readonly #packets = new TsPackets();
  readonly #counters: Record<Kind | 'association' | 'map', number>;
  readonly #carried: readonly Carried[];
  /** The kind whose packets carry the program clock. */
  readonly #leading: Kind;
  readonly #map: Uint8Array;
  readonly #gather: number;
  #gathered: Gathered | undefined;

  /** Throws `RefusedError` where MPEG-TS cannot carry a track. */
  constructor({ tracks, counters = FIRST_COUNTERS, gather = 0 }: TsMuxerOptions) {
    this.#counters = { ...counters };
    this.#gather = gather;
    this.#carried = tracks.map(carry);
    this.#leading = tracks.some(({ kind }) => kind === 'video') ? 'video' : 'audio';
    const streams = this.#carried.map(({ track, pid, row }) => ({
      pid,
      streamType: row.streamType(track),
      descriptors: row.descriptors(track),
    }));
    this.#map = programMap(PIDS[this.#leading], streams);
  }

  /** As they are after what was written; take them after {@link take}. */
  get counters(): TsCounters {
    return { ...this.#counters };
  }

  /** Writes the tables that a decoder needs first: at the start of a segment, and now and then in a stream without end. */
  tables(): void {
    this.#counters.association = this.#packets.write(
      PAT_PID,
      this.#counters.association,
      [programAssociation()],
      PLAIN,
    );
    this.#counters.map = this.#packets.write(PMT_PID, this.#counters.map, [this.#map], PLAIN);
  }

  /** Writes the next frame, which must be of one of the tracks given. What the codec cannot carry is left out. */
  write(frame: Sample): void {
    const carried = this.#carried.find(({ track }) => track === frame.track);
    assert(carried, 'an MPEG-TS muxer is given frames of its own tracks');
    if (this.#gathered && frame.dts - this.#gathered.first.dts >= this.#gather) this.#flush();
    const pieces = carried.unit(frame);
    const length = lengthOf(pieces);
    const isSound = carried.track.kind === 'audio';
    if (length === 0 || (isSound && length > MOST_SOUND)) return;
    if (isSound && this.#gather > 0) this.#add(carried, frame, pieces, length);
    else this.#pes(carried, frame, pieces, length);
  }

  /** All whole packets since the last time, in memory of their own. */
  take(): Uint8Array {
    this.#flush();
    return this.#packets.take();
  }

  #add(carried: Carried, frame: Sample, pieces: Pieces, length: number): void {
    const duration = frameDuration(carried.track as AudioTrack, frame.data);
    const present = this.#gathered;
    const fits = present && Math.abs(frame.pts - present.end) <= LARGEST_JITTER && present.bytes + length <= MOST_SOUND;
    if (fits) {
      for (const piece of pieces) present.pieces.push(piece);
      present.bytes += length;
      present.end += duration;
    } else {
      this.#flush();
      this.#gathered = { carried, first: frame, pieces: [...pieces], bytes: length, end: frame.pts + duration };
    }
  }

  #flush(): void {
    const gathered = this.#gathered;
    if (!gathered) return;
    this.#gathered = undefined;
    this.#pes(gathered.carried, gathered.first, gathered.pieces, gathered.bytes);
  }

  #pes({ track, pid, row }: Carried, frame: Sample, pieces: Pieces, length: number): void {
    const { kind } = track;
    const header = pesHeader(row.streamId, frame.pts, frame.dts, length);
    const leads = kind === this.#leading;
    const clock = leads ? Math.max(0, frame.dts - CLOCK_LEAD) * 27 : undefined;
    const opening = { clock, randomAccess: leads && frame.keyframe };
    this.#counters[kind] = this.#packets.write(pid, this.#counters[kind], [header, ...pieces], opening);
  }
}

function carry(track: Track): Carried {
  const row = tsCodec(track.codec);
  return { track, pid: PIDS[track.kind], row, unit: row.unit(track) };
}

function lengthOf(pieces: Pieces): number {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  return length;
}
