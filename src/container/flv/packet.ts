import type { FlvCodec } from './codecs.ts';

/** What the body of one video or audio tag says; payloads are views of it. */
export type FlvPacket = SequenceHeader | CodedFrame;

/** A decoder configuration. */
export interface SequenceHeader {
  readonly type: 'sequence-header';
  readonly codec: FlvCodec;
  readonly data: Uint8Array;
}

/** A frame. */
export interface CodedFrame {
  readonly type: 'frame';
  readonly codec: FlvCodec;
  readonly keyframe: boolean;
  /** In milliseconds. */
  readonly compositionTime: number;
  /** What the tag's timestamp lacks, in microseconds. */
  readonly offset: number;
  readonly data: Uint8Array;
}

/** Told of whatever is left out of a stream, by a sentence that is the same each time. */
export type Warn = (message: string) => void;
