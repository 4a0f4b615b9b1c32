import { setTimeout as sleep } from 'node:timers/promises';
import { RefusedError } from '../../base/errors.ts';
import type { ReadFile } from '../../hub/files.ts';
import type { HubEvent } from '../../hub/hub.ts';
import { readPath, type StreamPath } from '../../hub/path.ts';
import type { Stream } from '../../hub/stream.ts';
import { Copy, MARK } from './copy.ts';
import { type Folder, placeOf, UNFINISHED } from './folder.ts';
import type { Ground } from './ground.ts';
import { Masters } from './masters.ts';
import { MEDIA_PLAYLIST, readName, segmentName } from './names.ts';

/** How long what is left to be written is waited for when the server stops, in milliseconds. */
const LAST_WORDS_MS = 2000;
const END = '#EXT-X-ENDLIST\n';

/**
 * The segments of all streams that are published here as files, for a web server in front: `live/movie.m3u8`, and what that names
 * in `live/movie/`.
 */
export class Copies {
  readonly #ground: Ground;
  readonly #folder: Folder;
  readonly #copies = new Map<StreamPath, Copy>();
  readonly #masters: Masters;
  /** Cancel what is to be done later. */
  readonly #later = new Set<() => void>();

  /** Takes up what an earlier run has left. */
  constructor(ground: Ground, folder: Folder) {
    this.#ground = ground;
    this.#folder = folder;
    this.#masters = new Masters(folder, ground.groups);
    ground.context.hub.observe((event) => this.#observe(event));
    void this.#takeUp();
  }

  /** Resolves when all is written, or after a while. */
  async stop(): Promise<void> {
    for (const cancel of this.#later) cancel();
    const all = Promise.all(Array.from(this.#copies.values(), ({ done }) => done));
    await Promise.race([all, sleep(LAST_WORDS_MS, undefined, { ref: false })]);
  }

  #observe({ type, stream }: HubEvent): void {
    if (type !== 'published') return;
    const copy = this.#copies.get(stream.path);
    // Whoever it is published to now goes on with it.
    if (stream.mirrored) copy?.leave();
    else if (copy?.feed.stream !== stream) this.#begin(stream);
  }

  #begin(stream: Stream): void {
    const { feeds, options, context } = this.#ground;
    const { path } = stream;
    const { feed, release } = feeds.use(stream, 'fmp4');
    const place = placeOf(path);
    const copy = new Copy(feed, {
      folder: this.#folder,
      place,
      segment: options.segment,
      onWritten: () => this.#masters.write(feed),
      onSegment: ({ stamp: { segment: number }, duration = 0 }) => {
        const names = { file: `${place}/${segmentName(number, 'fmp4')}`, playlist: `${place}/${MEDIA_PLAYLIST}` };
        context.hub.notify({ type: 'segment', stream, number, duration, folder: options.disk.folder, ...names });
      },
      onTrouble: (reason) => {
        if (reason === undefined) context.log.info({ path }, 'segments are written again');
        else context.log.warn({ path, reason }, 'segments cannot be written');
      },
    });
    this.#copies.set(path, copy);
    void copy.done.then((hasEnded) => {
      release();
      if (this.#copies.get(path) === copy) this.#copies.delete(path);
      if (!hasEnded || stream.ended?.code === 'shutdown') return;
      this.#removeLater(path);
      this.#tidy(this.#masters.end(path));
    });
  }

  /** A stream that was there before a restart may come back, as after any loss of its publisher; else it has ended. */
  async #takeUp(): Promise<void> {
    const { config, siblings } = this.#ground.context;
    if (siblings.worker > 1) return;
    for (const place of await this.#folder.find(MARK)) {
      const path = pathOf(place);
      if (path) this.#after(config.publish.grace, () => this.#end(path));
    }
  }

  async #end(path: StreamPath): Promise<void> {
    if (this.#isThere(path)) return;
    const file = `${placeOf(path)}/${MEDIA_PLAYLIST}`;
    const text = await this.#folder.read(file, Number.POSITIVE_INFINITY).catch(() => undefined);
    this.#removeLater(path);
    if (text && !Buffer.from(text).toString().endsWith(END)) await this.#folder.write(file, [text, Buffer.from(END)]);
  }

  #removeLater(path: StreamPath): void {
    this.#after(this.#ground.options.disk.keep, () => this.#remove(path));
  }

  #after(delay: number, work: () => Promise<void>): void {
    const cancel = this.#ground.context.clock.after(delay, () => {
      this.#later.delete(cancel);
      this.#tidy(work());
    });
    this.#later.add(cancel);
  }

  #tidy(work: Promise<void>): void {
    work.catch(({ message: reason }: Error) =>
      this.#ground.context.log.warn({ reason }, 'files of a stream that has ended cannot be removed'),
    );
  }

  /** Whether it is written, here or by another worker of this node. */
  #isThere(path: StreamPath): boolean {
    return this.#copies.has(path) || this.#ground.context.siblings.ownerOf(path) !== undefined;
  }

  async #remove(path: StreamPath): Promise<void> {
    if (this.#isThere(path)) return;
    const place = placeOf(path);
    const names = await this.#folder.list(place);
    if (!names.includes(MARK)) return;
    // Whoever asks for a playlist finds what it names.
    await this.#masters.remove(path);
    for (const name of [MEDIA_PLAYLIST, ...names.filter(isSegment), MARK])
      await this.#folder.remove(`${place}/${name}`);
    await this.#folder.removeFolder(place);
  }
}

/** Reads what is kept of a stream in a folder. */
export function filesIn(folder: Folder, path: StreamPath): ReadFile {
  return async (name, { most }) => {
    if (name !== MEDIA_PLAYLIST && !readName(name)) throw new RefusedError('not-found', `there is no ${name}`);
    return [await folder.read(`${placeOf(path)}/${name}`, most)];
  };
}

/** A segment or an init segment, or what was to become one. */
function isSegment(name: string): boolean {
  return readName(name.replace(UNFINISHED, '')) !== undefined;
}

function pathOf(place: string): StreamPath | undefined {
  try {
    return readPath(place);
  } catch {
    return undefined;
  }
}
