import { MILLISECOND, SECOND } from '../../base/clock.ts';
import type { Stream } from '../../hub/stream.ts';
import type { Frame, Stamp } from '../../media/frame.ts';
import type { Kind, Track } from '../../media/track.ts';
import type { Packager, Packaging } from './packaging.ts';
import type { Shelf } from './shelf.ts';

/** For so long, of media, a segment waits for a first frame of each of the stream's tracks; in microseconds. */
const LONGEST_LOOK = 1 * SECOND;
const KINDS: readonly Kind[] = ['video', 'audio'];
/** How long a picture is shown of which nothing tells. */
const USUAL_STEP = 40 * MILLISECOND;
/** Sequence numbers of fragments go on from segment to segment, as if each had so many parts. */
const PARTS_COUNTED = 256;

/** The segment that is being made, by the frames of its leading track: the picture, if there is one. */
interface Draft {
  readonly packager: Packager;
  readonly leading: Kind;
  readonly number: number;
  parts: number;
  frames: number;
  /** Decoding times of the present part's first frame and of the newest one, and the last step between two. */
  partStart: number;
  last: number;
  step: number;
  /** Whether decoding can begin with the present part. */
  independent: boolean;
}

/**
 * Makes a stream's frames into segments and puts them on a shelf. Where a segment begins its owner has stamped; all else is
 * decided by its frames alone, so that every node makes the same bytes of them.
 */
export class Segmenter {
  readonly #stream: Pick<Stream, 'lineup' | 'tracks'>;
  readonly #shelf: Shelf;
  readonly #packaging: Packaging;
  /** How long parts are aimed at, in microseconds. */
  readonly #part: number;
  /** Of the segment that is being made; undefined before the first one. */
  #stamp: Stamp | undefined;
  #from = 0;
  /** What the present discontinuity is made of, once that is known. */
  #tracks: readonly Track[] | undefined;
  /** The segment's frames until its tracks are known. */
  #held: Frame[] = [];
  #draft: Draft | undefined;
  /** Whether frames of the present segment are missing. */
  #isSpoilt = false;
  #before: Frame | undefined;

  constructor(stream: Pick<Stream, 'lineup' | 'tracks'>, shelf: Shelf, packaging: Packaging, part: number) {
    this.#stream = stream;
    this.#shelf = shelf;
    this.#packaging = packaging;
    this.#part = part;
  }

  /** Takes the next frame of the stream. Throws `RefusedError` where the container cannot carry it. */
  write(frame: Frame): void {
    this.look(frame);
    this.#before = frame;
    if (frame.stamp) this.#begin(frame, frame.stamp);
    if (this.#stamp && !this.#isSpoilt) this.#take(frame);
  }

  /** Notices that frames are missing before the next one of the stream. */
  look(frame: Frame): void {
    if (this.#isAfterHole(frame)) this.spoil();
  }

  /** Frames got lost: the segment that is being made cannot be what it is on other nodes. */
  spoil(): void {
    if (!this.#stamp) return;
    this.#isSpoilt = true;
    this.#shelf.spoil();
  }

  /** No more frames will come. */
  finish(): void {
    if (this.#stamp) this.#end(undefined);
    this.#shelf.end();
  }

  /** What another owner lost of its last segment nobody knows. */
  #isAfterHole({ seq, tenure }: Frame): boolean {
    const before = this.#before;
    return before !== undefined && (before.tenure.token !== tenure.token || before.seq + 1 !== seq);
  }

  #begin(frame: Frame, stamp: Stamp): void {
    const goesOn = this.#stamp?.discontinuity === stamp.discontinuity;
    if (this.#stamp) this.#end(goesOn ? frame : undefined);
    if (!goesOn) this.#tracks = undefined;
    this.#stamp = stamp;
    this.#from = frame.dts;
    this.#isSpoilt = false;
    this.#shelf.open(stamp, frame.ingest);
    if (this.#tracks) this.#start(this.#tracks, frame);
  }

  #take(frame: Frame): void {
    if (this.#draft) return this.#put(this.#draft, frame);
    this.#held.push(frame);
    const isComplete = this.#wanted().every((kind) => this.#held.some(({ track }) => track.kind === kind));
    if (isComplete || frame.dts - this.#held[0]!.dts >= LONGEST_LOOK) this.#decide();
  }

  /** Of each kind the first track that came counts, else the one that was there before. */
  #decide(): void {
    const held = this.#held;
    this.#held = [];
    const track = (kind: Kind) =>
      held.find((frame) => frame.track.kind === kind)?.track ?? this.#stream.tracks.get(kind);
    this.#tracks = this.#wanted()
      .map(track)
      .filter((each) => each !== undefined);
    const draft = this.#start(this.#tracks, held[0]!);
    for (const frame of held) this.#put(draft, frame);
  }

  /** Always in the same order, on every node. */
  #wanted(): Kind[] {
    return KINDS.filter((kind) => this.#stream.lineup?.[kind] !== undefined);
  }

  #start(tracks: readonly Track[], { dts }: Frame): Draft {
    const packager = this.#packaging(tracks);
    this.#shelf.describe(tracks, packager.init);
    const leading = tracks.some(({ kind }) => kind === 'video') ? 'video' : 'audio';
    const times = { partStart: dts, last: dts, step: USUAL_STEP };
    const number = this.#stamp!.segment;
    return (this.#draft = { packager, leading, number, parts: 0, frames: 0, ...times, independent: true });
  }

  /** A frame of another configuration waits in vain: the owner begins a discontinuity with the next key frame. */
  #put(draft: Draft, frame: Frame): void {
    const { packager, leading } = draft;
    if (!this.#tracks!.includes(frame.track)) return;
    packager.write(frame);
    if (frame.track.kind !== leading) return;
    draft.frames++;
    if (frame.dts > draft.last) draft.step = frame.dts - draft.last;
    draft.last = frame.dts;
    if (packager.part && this.#isDue(draft)) this.#cut(draft, frame);
  }

  /** A part ends where it is closest to the length aimed at: one frame later would be farther off. */
  #isDue({ partStart, last, step }: Draft): boolean {
    return last - partStart + step / 2 >= this.#part && last > partStart;
  }

  #cut(draft: Draft, { dts, keyframe }: Frame): void {
    this.#add(draft, draft.packager.part!(sequenceOf(draft)), dts);
    draft.partStart = dts;
    draft.independent = keyframe;
  }

  #add(draft: Draft, bytes: Uint8Array | undefined, end: number): void {
    if (!bytes) return;
    draft.parts++;
    // Frames may have the same time; a part without any would be none.
    this.#shelf.add({ bytes, duration: Math.max(1, end - draft.partStart), independent: draft.independent });
  }

  #end(next: Frame | undefined): void {
    if (this.#held.length > 0 && !this.#isSpoilt) this.#decide();
    const draft = this.#draft;
    this.#held = [];
    this.#draft = undefined;
    this.#stamp = undefined;
    const end = next?.dts ?? (draft ? draft.last + draft.step : this.#from + USUAL_STEP);
    if (draft && !this.#isSpoilt) this.#add(draft, draft.packager.end(sequenceOf(draft), next), end);
    this.#shelf.close(end - this.#from, draft?.leading === 'video' ? draft.frames : 0);
  }
}

function sequenceOf({ number, parts }: Draft): number {
  return (number * PARTS_COUNTED + parts) % 2 ** 32;
}
