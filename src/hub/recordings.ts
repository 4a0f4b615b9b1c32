import type { StreamPath } from './path.ts';

/** One file of a recording, finished or in the making. */
export interface Recording {
  /** Short, and always the same for the same file. */
  readonly id: string;
  /** Its name in the folder of recordings, with `/` between the parts. */
  readonly file: string;
  readonly path: StreamPath;
  readonly format: 'fmp4' | 'flv' | 'ts';
  readonly isFinished: boolean;
  /** When its first and its last piece came in: milliseconds since 1970. */
  readonly began: number;
  readonly ended: number;
  /** In bytes. */
  readonly size: number;
  readonly video: number;
  readonly audio: number;
  /** Frames known to be missing. */
  readonly missing: number;
}

/** Bytes of a recording that can be downloaded. */
export interface RecordingContent {
  readonly size: number;
  /** For HTTP: `video/mp4`. */
  readonly type: string;
  /** The bytes from `from` up to, not including, `to`; a content is read once. */
  read(from: number, to: number): AsyncIterable<Uint8Array>;
}

/** A part of a recording that begins with a key frame and can be played by itself behind the recording's opening. */
export interface Section {
  /** Where it is in the file, in bytes. */
  readonly at: number;
  readonly size: number;
  /** The wall clock at its first frame, in microseconds since 1970, and how long it is, in microseconds. */
  readonly time: number;
  readonly duration: number;
  /** Whether there is a pause before it, or frames are missing. */
  readonly isAfterBreak: boolean;
}

/** A recording divided into sections that follow one another. */
export interface Outline {
  /** With so many bytes the file begins: what decoders must know first. */
  readonly opening: number;
  readonly sections: readonly Section[];
  /** False while it is being written: then there will be more. */
  readonly isFinished: boolean;
}

/** What all recordings of this node together have come to. */
export interface RecordingCounters {
  bytes: number;
  finished: number;
  /** Files that a process which was killed had left and that were finished. */
  recovered: number;
  /** Files removed because of their age, or for room. */
  removed: number;
  /** Frames known to be missing. */
  missed: number;
  /** How often recording a stream came to be in trouble. */
  troubles: number;
}

/** What is recorded, and how it is told to. */
export interface Recordings {
  /** Who may download: `play` is whoever may play the stream. */
  readonly access: 'admin' | 'play';
  readonly counters: Readonly<RecordingCounters>;
  /** Streams that are being recorded, and why that fails at present, where it does. */
  readonly running: ReadonlyMap<StreamPath, { readonly trouble: string | undefined }>;
  /** All recordings, the oldest first. */
  list(): Recording[];
  find(id: string): Recording | undefined;
  /** Records a stream now, and whenever it is published, until {@link stop}. */
  start(path: StreamPath): void;
  /** Ends what {@link start} began, and the present recording, also of a stream that the configuration names; false when there is none. */
  stop(path: StreamPath): boolean;
  /** The whole file. Rejects with {@link RefusedError} `not-found`. */
  content(id: string): Promise<RecordingContent>;
  /**
   * An MP4 of what lies between two moments, in seconds from the recording's first frame: from the key frame before `from`
   * to that after `to`, at times that begin with 0. Rejects with {@link RefusedError} `not-found` and `unsupported`.
   */
  cut(id: string, from: number, to: number): Promise<RecordingContent>;
  /** How it can be played by parts. Rejects with {@link RefusedError} `not-found` and `unsupported`. */
  outline(id: string): Promise<Outline>;
}
