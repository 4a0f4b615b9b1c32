import { moved, type Store } from '../base/log.ts';
import { Frame, type Stamp, type Tenure } from '../media/frame.ts';
import type { Track } from '../media/track.ts';

const SMALLEST = 16;
const KEYFRAME = 1;
const STARTABLE = 2;

/**
 * Keeps frames as columns of numbers. Hundreds of thousands of frames live for seconds each, which is what a garbage
 * collector likes least: here it finds no object per frame, but for the memory of large ones.
 */
export class FrameStore implements Store<Frame> {
  #dts = new Float64Array(SMALLEST);
  #ingest = new Float64Array(SMALLEST);
  #seqs = new Float64Array(SMALLEST);
  /** Presentation time less decoding time. */
  #composition = new Int32Array(SMALLEST);
  #flags = new Uint8Array(SMALLEST);
  #tracks: (Track | undefined)[] = new Array<Track | undefined>(SMALLEST);
  #tenures: (Tenure | undefined)[] = new Array<Tenure | undefined>(SMALLEST);
  #stamps: (Stamp | undefined)[] = new Array<Stamp | undefined>(SMALLEST);
  /** Where the data lie. */
  #memory: (ArrayBufferLike | undefined)[] = new Array<ArrayBufferLike | undefined>(SMALLEST);
  #offsets = new Uint32Array(SMALLEST);
  #lengths = new Uint32Array(SMALLEST);

  put(slot: number, frame: Frame): void {
    const { track, dts, pts, keyframe, startable, data } = frame;
    this.#dts[slot] = dts;
    this.#ingest[slot] = frame.ingest;
    this.#seqs[slot] = frame.seq;
    this.#tenures[slot] = frame.tenure;
    this.#stamps[slot] = frame.stamp;
    this.#composition[slot] = pts - dts;
    this.#flags[slot] = (keyframe ? KEYFRAME : 0) | (startable ? STARTABLE : 0);
    this.#tracks[slot] = track;
    this.#memory[slot] = data.buffer;
    this.#offsets[slot] = data.byteOffset;
    this.#lengths[slot] = data.length;
  }

  get(slot: number): Frame {
    const dts = this.#dts[slot]!;
    const pts = dts + this.#composition[slot]!;
    const flags = this.#flags[slot]!;
    const data = new Uint8Array(this.#memory[slot]!, this.#offsets[slot], this.#lengths[slot]);
    const track = this.#tracks[slot]!;
    const sample = { track, dts, pts, keyframe: (flags & KEYFRAME) !== 0, data };
    const place = { seq: this.#seqs[slot]!, tenure: this.#tenures[slot]!, stamp: this.#stamps[slot] };
    return new Frame(sample, place, dts, track, (flags & STARTABLE) !== 0, this.#ingest[slot]!);
  }

  drop(slot: number): void {
    this.#tracks[slot] = undefined;
    this.#tenures[slot] = undefined;
    this.#stamps[slot] = undefined;
    this.#memory[slot] = undefined;
  }

  resize(size: number, tail: number, head: number): void {
    this.#dts = moved(this.#dts, new Float64Array(size), tail, head);
    this.#ingest = moved(this.#ingest, new Float64Array(size), tail, head);
    this.#seqs = moved(this.#seqs, new Float64Array(size), tail, head);
    this.#tenures = moved(this.#tenures, new Array<Tenure | undefined>(size), tail, head);
    this.#stamps = moved(this.#stamps, new Array<Stamp | undefined>(size), tail, head);
    this.#composition = moved(this.#composition, new Int32Array(size), tail, head);
    this.#flags = moved(this.#flags, new Uint8Array(size), tail, head);
    this.#tracks = moved(this.#tracks, new Array<Track | undefined>(size), tail, head);
    this.#memory = moved(this.#memory, new Array<ArrayBufferLike | undefined>(size), tail, head);
    this.#offsets = moved(this.#offsets, new Uint32Array(size), tail, head);
    this.#lengths = moved(this.#lengths, new Uint32Array(size), tail, head);
  }
}
