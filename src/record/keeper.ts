import { type Clock, SECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import type { Hub } from '../hub/hub.ts';
import type { StreamPath } from '../hub/path.ts';
import type { RecordingCounters } from '../hub/recordings.ts';
import type { Sessions } from '../hub/session.ts';
import type { Stream } from '../hub/stream.ts';
import { type Serving, serve } from '../net/serve.ts';
import type { Logger } from '../ops/log.ts';
import type { Disk } from './disk.ts';
import type { End } from './manifest.ts';
import type { RecordOptions } from './options.ts';
import { Recorder, type RecorderEvents } from './recorder.ts';
import type { RecordingFile } from './recording-file.ts';
import type { Shelf } from './shelf.ts';

/** What recordings work with. */
export interface RecordingsGround {
  readonly options: RecordOptions;
  readonly disk: Disk;
  readonly hub: Hub;
  readonly sessions: Sessions;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What a {@link Keeper} works with besides. */
export interface KeeperGround extends RecordingsGround {
  readonly path: StreamPath;
  readonly shelf: Shelf;
  readonly counters: RecordingCounters;
  /** Streams that are being recorded. */
  readonly running: Map<StreamPath, { trouble: string | undefined }>;
  /** Whether less is free on the disk than is to stay free. */
  readonly isShort: () => boolean;
  /** Whether what comes of that name after it is to be recorded, too. */
  readonly isWanted: () => boolean;
}

/** When it is tried again to record a stream that could not be recorded. */
const RETRY_AFTER = 5 * SECOND;

/** Has one stream recorded as soon as it is there, and where that is wanted what comes of its name after it. */
export class Keeper {
  /** Resolves when it has come to its end; never rejects. */
  readonly done: Promise<void>;
  readonly #ground: KeeperGround;
  readonly #ending = new AbortController();
  #recorder: Recorder | undefined;

  /** Begins at once. */
  constructor(ground: KeeperGround) {
    this.#ground = ground;
    this.done = this.#run();
  }

  /** Whether it was told to end. */
  get isEnding(): boolean {
    return this.#ending.signal.aborted;
  }

  /** Finishes the recording, for the reason given. Idempotent. */
  end(reason: RefusedError): void {
    this.#ending.abort(reason);
  }

  /** Nobody publishes at present: all that came is written. */
  flush(): void {
    this.#recorder?.flush();
  }

  /** The stream has ended: one that ended before it began is not waited for. */
  forget(): void {
    if (!this.#recorder) this.end(new RefusedError('gone', 'the stream has ended'));
  }

  async #run(): Promise<void> {
    const { hub, path, isWanted } = this.#ground;
    const { signal } = this.#ending;
    for (;;) {
      const stream = await hub.read(path, Number.POSITIVE_INFINITY, signal).catch(() => undefined);
      if (!stream) return;
      const peer = { protocol: 'record', remote: '' };
      const cause = await serve(this.#ground, peer, (serving) => this.#record(stream, serving));
      this.#recorder = undefined;
      const code = cause instanceof RefusedError ? cause.code : undefined;
      if (code === 'kicked') return;
      // What cannot be recorded stays so; what was closed for want of memory is tried again.
      do await this.#pause(stream);
      while (code === 'unsupported' && !stream.ended && !signal.aborted);
      if (signal.aborted || (stream.ended && !isWanted())) return;
    }
  }

  /** Resolves after a while, at once where that makes no sense. */
  async #pause(stream: Stream): Promise<void> {
    const { signal } = this.#ending;
    if (stream.ended || signal.aborted) return;
    await new Promise<void>((done) => {
      this.#ground.clock.after(RETRY_AFTER, done);
      signal.addEventListener('abort', () => done(), { once: true });
    });
  }

  async #record(stream: Stream, serving: Serving): Promise<void> {
    const { hub, running } = this.#ground;
    const { path } = stream;
    serving.begin('play', path);
    const leave = hub.join(stream, serving.session);
    const state: { trouble: string | undefined } = { trouble: undefined };
    running.set(path, state);
    try {
      this.#recorder = new Recorder(this.#ground, stream, this.#eventsOf(stream, state, serving));
      throw await this.#recorder.run(AbortSignal.any([this.#ending.signal, serving.signal]));
    } finally {
      running.delete(path);
      leave();
    }
  }

  #eventsOf(stream: Stream, state: { trouble: string | undefined }, { session, log }: Serving): RecorderEvents {
    const { hub, shelf, counters } = this.#ground;
    return {
      opened: (file) => shelf.add(file),
      wrote: (bytes) => {
        session.bytesOut += bytes;
        counters.bytes += bytes;
      },
      finished: (file, end) => this.#finished(stream, file, end, log),
      left: (file) => shelf.leave(file),
      missed: (frames) => {
        session.skipped += frames;
        counters.missed += frames;
      },
      trouble: (reason) => {
        state.trouble = reason;
        if (reason !== undefined) counters.troubles++;
        if (reason === undefined) log.info({ path: stream.path }, 'recording goes on');
        else log.error({ path: stream.path, reason }, 'recording fails');
        hub.notify({ type: 'recording', stream, trouble: reason });
      },
    };
  }

  #finished(stream: Stream, recording: RecordingFile, end: End, log: Logger): void {
    const { hub, shelf, counters } = this.#ground;
    const { file, header } = recording;
    const { size, video, audio, missing, ended } = end;
    shelf.finish(recording, end);
    counters.finished++;
    log.info({ path: stream.path, file, size, video, audio, missing }, 'recorded');
    hub.notify({ type: 'recorded', stream, file, size, began: header.began, ended });
  }
}
