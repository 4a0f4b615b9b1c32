import { resolve } from 'node:path';
import { type Clock, SECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import type { Hub, HubEvent } from '../hub/hub.ts';
import type { StreamPath } from '../hub/path.ts';
import { exactPaths, matcher } from '../hub/patterns.ts';
import type { Recording, RecordingContent, RecordingCounters, Recordings } from '../hub/recordings.ts';
import type { Sessions } from '../hub/session.ts';
import type { Stream } from '../hub/stream.ts';
import { type Serving, serve } from '../net/serve.ts';
import type { Logger } from '../ops/log.ts';
import { cutContent, wholeContent } from './content.ts';
import type { Disk } from './disk.ts';
import { toRemove } from './janitor.ts';
import type { End } from './manifest.ts';
import type { RecordOptions } from './options.ts';
import { Recorder, type RecorderEvents } from './recorder.ts';
import type { RecordingFile } from './recording-file.ts';
import { Shelf } from './shelf.ts';

/** What recordings work with. */
export interface RecordingsGround {
  readonly options: RecordOptions;
  readonly disk: Disk;
  readonly hub: Hub;
  readonly sessions: Sessions;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A stream that is recorded now, or as soon as it is there. */
interface Kept {
  readonly ending: AbortController;
  recorder: Recorder | undefined;
}

/** How often the folder is tidied up. */
const TIDY_EVERY = 5 * SECOND;
/** When it is tried again to record a stream that could not be recorded. */
const RETRY_AFTER = 5 * SECOND;
/** So long the end waits for a disk that may hang. */
const LONGEST_STOP = 5 * SECOND;

/** Records streams as the configuration and the API say, and knows what was recorded. */
export class LocalRecordings implements Recordings {
  readonly counters: RecordingCounters = { bytes: 0, finished: 0, recovered: 0, removed: 0, missed: 0, troubles: 0 };
  readonly running = new Map<StreamPath, { trouble: string | undefined }>();
  readonly #ground: RecordingsGround;
  readonly #shelf: Shelf;
  readonly #isConfigured: (path: StreamPath) => boolean;
  /** Recorded whenever they are there, and looked for: those that the configuration names one by one, or the API. */
  readonly #wanted: Set<StreamPath>;
  readonly #kept = new Map<StreamPath, Kept>();
  readonly #work = new Set<Promise<void>>();
  #isShort = false;
  #isStopped = false;
  #cancelTidy = () => {};

  constructor(ground: RecordingsGround) {
    const { folder, paths } = ground.options;
    this.#ground = { ...ground, options: { ...ground.options, folder: resolve(folder) } };
    this.#shelf = new Shelf(resolve(folder), ground.disk);
    this.#isConfigured = matcher(paths);
    this.#wanted = new Set(exactPaths(paths));
  }

  get access(): 'admin' | 'play' {
    return this.#ground.options.access;
  }

  /** Begins: finishes what was left unfinished, and records what is to be recorded. Does not wait for the disk. */
  begin(): void {
    const { hub, log } = this.#ground;
    hub.observe((event) => this.#observe(event));
    hub.want((path) => this.#isWanted(path));
    const scanned = this.#shelf
      .scan()
      .catch((error: Error) => log.error({ reason: error.message }, 'the folder of recordings cannot be read'));
    void scanned.then(() => {
      for (const path of this.#wanted) this.#keep(path);
      for (const { path } of hub.streams) if (this.#isConfigured(path)) this.#keep(path);
      this.#tidyAgain();
    });
  }

  /** Finishes all recordings; not later than the disk answers, and not much later than asked. */
  async end(): Promise<void> {
    this.#isStopped = true;
    this.#cancelTidy();
    for (const { ending } of this.#kept.values()) ending.abort(new RefusedError('shutdown', 'the server is stopping'));
    const late = new Promise<void>((done) => void this.#ground.clock.after(LONGEST_STOP, done));
    await Promise.race([Promise.all(this.#work), late]);
  }

  list(): Recording[] {
    return this.#shelf.list();
  }

  find(id: string): Recording | undefined {
    return this.#shelf.find(id);
  }

  start(path: StreamPath): void {
    this.#wanted.add(path);
    this.#keep(path);
  }

  stop(path: StreamPath): boolean {
    const kept = this.#kept.get(path);
    const wasWanted = this.#wanted.delete(path);
    kept?.ending.abort(new RefusedError('kicked', 'stopped by an administrator'));
    return wasWanted || kept !== undefined;
  }

  async content(id: string): Promise<RecordingContent> {
    const recording = this.#known(id);
    return wholeContent(this.#shelf.pathOf(recording), recording.size, recording.format);
  }

  async cut(id: string, from: number, to: number): Promise<RecordingContent> {
    return cutContent(this.#shelf.pathOf(this.#known(id)), from, to);
  }

  #known(id: string): Recording {
    const recording = this.find(id);
    if (!recording) throw new RefusedError('not-found', 'there is no such recording');
    return recording;
  }

  #observe(event: HubEvent): void {
    const { path } = event.stream;
    if (event.type === 'published' && this.#isWanted(path)) this.#keep(path);
    else if (event.type === 'unpublished') this.#kept.get(path)?.recorder?.flush();
    else if (event.type === 'ended' && !this.#wanted.has(path)) this.#forget(path);
  }

  #isWanted(path: StreamPath): boolean {
    return this.#wanted.has(path) || this.#isConfigured(path);
  }

  /** A stream that has ended before it began is not waited for. */
  #forget(path: StreamPath): void {
    const kept = this.#kept.get(path);
    if (kept && !kept.recorder) kept.ending.abort(new RefusedError('gone', 'the stream has ended'));
  }

  #keep(path: StreamPath): void {
    if (this.#kept.has(path) || this.#isStopped) return;
    const kept: Kept = { ending: new AbortController(), recorder: undefined };
    this.#kept.set(path, kept);
    const work = this.#recordAll(path, kept).finally(() => {
      this.#work.delete(work);
      this.#kept.delete(path);
      // It may have been published again while the last file was being finished.
      if (this.#ground.hub.find(path)?.publisher && this.#isWanted(path) && !kept.ending.signal.aborted)
        this.#keep(path);
    });
    this.#work.add(work);
  }

  /** Records the stream, and what comes of that name after it where that is wanted, until it is told to stop. Never rejects. */
  async #recordAll(path: StreamPath, kept: Kept): Promise<void> {
    const { signal } = kept.ending;
    for (;;) {
      const stream = await this.#ground.hub.read(path, Number.POSITIVE_INFINITY, signal).catch(() => undefined);
      if (!stream) return;
      const cause = await serve(this.#ground, { protocol: 'record', remote: '' }, (serving) =>
        this.#recordOne(stream, kept, serving),
      );
      kept.recorder = undefined;
      const code = cause instanceof RefusedError ? cause.code : undefined;
      if (code === 'kicked') return;
      // What cannot be recorded stays so; what was closed for want of memory is tried again.
      do await this.#pause(stream, signal);
      while (code === 'unsupported' && !stream.ended && !signal.aborted);
      if (signal.aborted || (stream.ended && !this.#wanted.has(path))) return;
    }
  }

  /** Resolves after a while, at once where that makes no sense. */
  async #pause(stream: Stream, signal: AbortSignal): Promise<void> {
    if (stream.ended || signal.aborted) return;
    await new Promise<void>((done) => {
      this.#ground.clock.after(RETRY_AFTER, done);
      signal.addEventListener('abort', () => done(), { once: true });
    });
  }

  async #recordOne(stream: Stream, kept: Kept, serving: Serving): Promise<void> {
    const { hub } = this.#ground;
    const { path } = stream;
    serving.begin('play', path);
    const leave = hub.join(stream, serving.session);
    const state: { trouble: string | undefined } = { trouble: undefined };
    this.running.set(path, state);
    try {
      const ground = { ...this.#ground, isShort: () => this.#isShort };
      kept.recorder = new Recorder(ground, stream, this.#eventsOf(stream, state, serving));
      throw await kept.recorder.run(AbortSignal.any([kept.ending.signal, serving.signal]));
    } finally {
      this.running.delete(path);
      leave();
    }
  }

  #eventsOf(stream: Stream, state: { trouble: string | undefined }, { session, log }: Serving): RecorderEvents {
    const { hub } = this.#ground;
    return {
      opened: (file) => this.#shelf.add(file),
      wrote: (bytes) => {
        session.bytesOut += bytes;
        this.counters.bytes += bytes;
      },
      finished: (file, end) => this.#finished(stream, file, end, log),
      left: (file) => this.#shelf.leave(file),
      missed: (frames) => {
        session.skipped += frames;
        this.counters.missed += frames;
      },
      trouble: (reason) => {
        state.trouble = reason;
        if (reason !== undefined) this.counters.troubles++;
        if (reason === undefined) log.info({ path: stream.path }, 'recording goes on');
        else log.error({ path: stream.path, reason }, 'recording fails');
        hub.notify({ type: 'recording', stream, trouble: reason });
      },
    };
  }

  #finished(stream: Stream, recording: RecordingFile, end: End, log: Logger): void {
    const { file, header } = recording;
    const { size, video, audio, missing, ended } = end;
    this.#shelf.finish(recording, end);
    this.counters.finished++;
    log.info({ path: stream.path, file, size, video, audio, missing }, 'recorded');
    this.#ground.hub.notify({ type: 'recorded', stream, file, size, began: header.began, ended });
  }

  #tidyAgain(): void {
    if (this.#isStopped) return;
    const work = this.#tidy()
      .catch((error: Error) => this.#ground.log.warn({ reason: error.message }, 'recordings could not be tidied up'))
      .finally(() => {
        this.#work.delete(work);
        this.#cancelTidy = this.#ground.clock.after(TIDY_EVERY, () => this.#tidyAgain());
      });
    this.#work.add(work);
  }

  async #tidy(): Promise<void> {
    const { options, disk, clock, log } = this.#ground;
    await this.#shelf.recoverAll((file, error) => {
      if (error) log.warn({ file, reason: error.message }, 'a recording cannot be finished');
      else this.counters.recovered++;
      if (!error) log.info({ file }, 'a recording that was left unfinished is finished');
    });
    const free = options.keep.free > 0 ? await disk.free(options.folder) : Number.POSITIVE_INFINITY;
    const { remove, isShort } = toRemove(this.list(), options.keep, free, clock.wall());
    this.#isShort = isShort;
    for (const recording of remove) {
      await this.#shelf.remove(recording);
      this.counters.removed++;
      const { file, path, size } = recording;
      log.info({ file, path, size }, 'a recording is removed');
    }
  }
}
