import { resolve } from 'node:path';
import { SECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import type { HubEvent } from '../hub/hub.ts';
import type { Past } from '../hub/past.ts';
import type { StreamPath } from '../hub/path.ts';
import { exactPaths, matcher } from '../hub/patterns.ts';
import type { Outline, Recording, RecordingContent, RecordingCounters, Recordings } from '../hub/recordings.ts';
import type { Stream } from '../hub/stream.ts';
import { cutContent, wholeContent } from './content.ts';
import { toRemove } from './janitor.ts';
import { Keeper, type RecordingsGround } from './keeper.ts';
import { outlineOf } from './outline.ts';
import { RecordedPast } from './past.ts';
import { type Opened, Shelf } from './shelf.ts';

/** How often the folder is tidied up. */
const TIDY_EVERY = 5 * SECOND;
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
  readonly #keepers = new Map<StreamPath, Keeper>();
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
    const { hub, log, options } = this.#ground;
    hub.observe((event) => this.#observe(event));
    if (options.paths.length > 0) hub.want((path) => this.#isWanted(path));
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
    for (const keeper of this.#keepers.values()) keeper.end(new RefusedError('shutdown', 'the server is stopping'));
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
    const keeper = this.#keepers.get(path);
    const wasWanted = this.#wanted.delete(path);
    keeper?.end(new RefusedError('kicked', 'stopped by an administrator'));
    return wasWanted || keeper !== undefined;
  }

  async content(id: string): Promise<RecordingContent> {
    const recording = this.find(id);
    if (!recording) throw new RefusedError('not-found', 'there is no such recording');
    return wholeContent(this.#shelf.pathOf(recording), recording.size, recording.format);
  }

  async cut(id: string, from: number, to: number): Promise<RecordingContent> {
    return cutContent(await this.#open(id), from, to);
  }

  async outline(id: string): Promise<Outline> {
    return outlineOf(await this.#open(id));
  }

  /** What is recorded of a stream that is there at present; nothing where nothing is. */
  async past({ path, lease }: Stream): Promise<Past | undefined> {
    const { anchor } = lease;
    if (anchor === undefined || this.#shelf.ofStream(path, anchor).length === 0) return undefined;
    return new RecordedPast(this.#shelf, path, anchor);
  }

  async #open(id: string): Promise<Opened> {
    const opened = await this.#shelf.open(id);
    if (!opened) throw new RefusedError('not-found', 'there is no such recording, or nothing tells what is in it');
    return opened;
  }

  #observe(event: HubEvent): void {
    const { path } = event.stream;
    if (event.type === 'published' && this.#isWanted(path)) this.#keep(path);
    else if (event.type === 'unpublished') this.#keepers.get(path)?.flush();
    else if (event.type === 'ended' && !this.#wanted.has(path)) this.#keepers.get(path)?.forget();
  }

  #isWanted(path: StreamPath): boolean {
    return this.#wanted.has(path) || this.#isConfigured(path);
  }

  #keep(path: StreamPath): void {
    if (this.#keepers.has(path) || this.#isStopped) return;
    const [isShort, isWanted] = [() => this.#isShort, () => this.#wanted.has(path)];
    const { counters, running } = this;
    const keeper = new Keeper({ ...this.#ground, path, shelf: this.#shelf, counters, running, isShort, isWanted });
    this.#keepers.set(path, keeper);
    const work = keeper.done.finally(() => {
      this.#work.delete(work);
      this.#keepers.delete(path);
      // It may have been published again while the last file was being finished.
      if (this.#ground.hub.find(path)?.publisher && this.#isWanted(path) && !keeper.isEnding) this.#keep(path);
    });
    this.#work.add(work);
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
