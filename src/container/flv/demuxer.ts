import { MILLISECOND } from '../../base/clock.ts';
import { ProtocolError } from '../../base/errors.ts';
import type { Sample } from '../../media/frame.ts';
import { type Kind, sameTrack, type Track } from '../../media/track.ts';
import { readAudio } from './audio.ts';
import { type FlvMetadata, readMetadata } from './metadata.ts';
import type { CodedFrame, FlvPacket, SequenceHeader, Warn } from './packet.ts';
import { readVideo } from './video.ts';

const MAX_WARNINGS = 16;
/** The longest decoder configuration in bytes: every frame keeps its own in memory. */
const MAX_CONFIG = 65_536;

/**
 * Makes samples of the bodies of FLV tags or RTMP messages: those of one stream, in the order in which they came.
 * Timestamps are milliseconds in 32 bits; video and audio share one clock. Malformed bodies throw ProtocolError.
 */
export class FlvDemuxer {
  readonly #warnings = new Set<string>();
  readonly #report: Warn;
  #video: Track | undefined;
  #audio: Track | undefined;
  #lastTimestamp: number | undefined;
  /** The last timestamp without its wraps, in milliseconds. */
  #time = 0;

  /** `warn` is told once of each thing that is left out. */
  constructor(warn: Warn) {
    this.#report = warn;
  }

  /** The tracks as they have been described by now. */
  get tracks(): Track[] {
    return [this.#video, this.#audio].filter((track) => track !== undefined);
  }

  /** The sample that a video body holds, if it holds one; its data is a view of `body`. */
  video(timestampMs: number, body: Uint8Array): Sample | undefined {
    return this.#sample('video', this.#unwrap(timestampMs), readVideo(body, this.#warn));
  }

  /** The sample that an audio body holds, if it holds one; its data is a view of `body`. */
  audio(timestampMs: number, body: Uint8Array): Sample | undefined {
    return this.#sample('audio', this.#unwrap(timestampMs), readAudio(body, this.#warn));
  }

  /** What a script body announces, if it is an `onMetaData`; never throws. */
  script(body: Uint8Array): FlvMetadata | undefined {
    return readMetadata(body);
  }

  #sample(kind: Kind, time: number, packet: FlvPacket | undefined): Sample | undefined {
    if (packet === undefined || packet.data.length === 0) return undefined;
    if (packet.type === 'sequence-header') {
      if (packet.codec.hasSequenceHeader) this.#configure(kind, packet);
      return undefined;
    }
    const track = this.#trackOf(kind, packet);
    return track && toSample(track, time, packet);
  }

  /** Encoders repeat their sequence headers: the track stays the same object until the bytes differ. */
  #configure(kind: Kind, { codec, data }: SequenceHeader): void {
    if (data.length > MAX_CONFIG) throw new ProtocolError(`${codec.codec} configuration of ${data.length} bytes`);
    const present = this.#track(kind);
    const track = codec.track(data);
    if (track && !(present && sameTrack(present, track))) this.#setTrack(kind, track);
  }

  #trackOf(kind: Kind, { codec, data }: CodedFrame): Track | undefined {
    const present = this.#track(kind);
    if (present?.codec === codec.codec) return present;
    const track = codec.hasSequenceHeader ? undefined : codec.track(data);
    if (track) this.#setTrack(kind, track);
    else this.#warn(`${codec.codec} frames ignored: they came before what describes their track`);
    return track;
  }

  #track(kind: Kind): Track | undefined {
    return kind === 'video' ? this.#video : this.#audio;
  }

  #setTrack(kind: Kind, track: Track): void {
    if (kind === 'video') this.#video = track;
    else this.#audio = track;
  }

  /** A timestamp is taken to be the one nearest to its predecessor, before or after. */
  #unwrap(timestampMs: number): number {
    this.#time += this.#lastTimestamp === undefined ? timestampMs : (timestampMs - this.#lastTimestamp) | 0;
    this.#lastTimestamp = timestampMs;
    return this.#time * MILLISECOND;
  }

  readonly #warn: Warn = (message) => {
    if (this.#warnings.has(message) || this.#warnings.size === MAX_WARNINGS) return;
    this.#warnings.add(message);
    this.#report(message);
  };
}

function toSample(track: Track, time: number, packet: CodedFrame): Sample | undefined {
  const { codec } = packet;
  const data = codec.layOut ? codec.layOut(packet.data, track.config) : packet.data;
  if (data.length === 0) return undefined;
  const dts = time + packet.offset;
  const pts = dts + packet.compositionTime * MILLISECOND;
  const keyframe = packet.keyframe || (codec.isKeyFrame?.(data, track.config) ?? false);
  return { track, dts, pts, keyframe, data };
}
