import { masterPlaylist } from '../../container/hls/master-playlist.ts';
import { parsePath, type StreamPath } from '../../hub/path.ts';
import type { Feed } from './feed.ts';
import { type Folder, placeOf } from './folder.ts';
import type { Groups } from './groups.ts';
import { MEDIA_PLAYLIST } from './names.ts';
import { variantOf } from './playlist.ts';

/** A playlist is no larger, in bytes. */
const LARGEST = 64 * 1024;
const VARIANT = /^#EXT-X-STREAM-INF:.*\n.+\n/gm;
const BANDWIDTH = /[:,]BANDWIDTH=(\d+)/;
const [HEAD] = masterPlaylist([]).split('#EXT-X-STREAM-INF');

/**
 * The master playlists in a folder of files: that of a stream, and that of its group, which is put together of those of its members,
 * whoever wrote them.
 */
export class Masters {
  readonly #folder: Folder;
  readonly #groups: Groups;
  /** What they say of streams, but for their rates. */
  readonly #said = new Map<StreamPath, string>();

  constructor(folder: Folder, groups: Groups) {
    this.#folder = folder;
    this.#groups = groups;
  }

  /** Tells of a stream that can be played, where there is something new to tell. */
  async write({ shelf, stream }: Feed): Promise<void> {
    const { path } = stream;
    const variant = variantOf({ shelf, stream }, uriOf(path));
    const { codecs, width, height } = variant;
    const said = `${codecs} ${width}x${height}`;
    if (said === this.#said.get(path)) return;
    await this.#write(path, [masterPlaylist([variant]).slice(HEAD!.length)]);
    this.#said.set(path, said);
  }

  /** A stream has ended: its group offers it no more, if it has anything else to offer. */
  async end(path: StreamPath): Promise<void> {
    const others = await this.#others(path);
    if (others.length > 0) await this.#put(this.#groups.groupOf(path), others);
  }

  /** Tells of a stream no more. */
  async remove(path: StreamPath): Promise<void> {
    this.#said.delete(path);
    await this.#write(path, []);
  }

  /** `own` is what there is to say of the stream itself. */
  async #write(path: StreamPath, own: readonly string[]): Promise<void> {
    const group = this.#groups.groupOf(path);
    if (path !== group) await this.#put(path, own);
    await this.#put(group, [...own, ...(await this.#others(path))]);
  }

  /** What is said of the other streams of a group. */
  async #others(path: StreamPath): Promise<string[]> {
    const told = await Promise.all(this.#groups.siblings(path).map((each) => this.#read(each)));
    return told.flat();
  }

  /** The best one first. */
  async #put(path: StreamPath, variants: readonly string[]): Promise<void> {
    const file = fileOf(path);
    if (variants.length === 0) return this.#folder.remove(file);
    const sorted = variants.toSorted((a, b) => bandwidthOf(b) - bandwidthOf(a));
    await this.#folder.write(file, [Buffer.from(HEAD + sorted.join(''))]);
  }

  /** What a file says of the stream whose name it has. */
  async #read(path: StreamPath): Promise<string[]> {
    const bytes = await this.#folder.read(fileOf(path), LARGEST).catch(() => new Uint8Array(0));
    const variants = Buffer.from(bytes).toString().match(VARIANT) ?? [];
    return variants.filter((variant) => variant.endsWith(`\n${uriOf(path)}\n`));
  }
}

function fileOf(path: StreamPath): string {
  return `${placeOf(path)}.m3u8`;
}

function uriOf(path: StreamPath): string {
  return `${parsePath(path).name}/${MEDIA_PLAYLIST}`;
}

function bandwidthOf(variant: string): number {
  return Number(BANDWIDTH.exec(variant)?.[1] ?? 0);
}
