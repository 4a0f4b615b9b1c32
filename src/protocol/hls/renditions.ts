import { type Clock, SECOND } from '../../base/clock.ts';
import type { Files, ReadFile } from '../../hub/files.ts';
import { parsePath, type StreamPath, streamPath } from '../../hub/path.ts';
import type { Groups } from './groups.ts';
import { RENDITIONS } from './names.ts';

/** What {@link Renditions} go by. */
export interface RenditionsGround {
  readonly groups: Groups;
  readonly files: Files;
  readonly clock: Clock;
}

/** How long what others say is taken for true, and how long they may take to say it; in microseconds. */
const KEPT = 2 * SECOND;
const PATIENCE = 1 * SECOND;
/** A group has no more renditions that matter, and their names take no more bytes. */
const MOST = 16;
const LARGEST = 4096;

/** Which renditions of a stream there are: on this node, and where it fetches streams. */
export class Renditions {
  readonly #ground: RenditionsGround;
  readonly #elsewhere = new Map<StreamPath, Promise<readonly StreamPath[]>>();
  readonly #asking = new Set<StreamPath>();

  constructor(ground: RenditionsGround) {
    this.#ground = ground;
  }

  /** The paths that can be played of a group, or of the stream of that very name. */
  async find(path: StreamPath): Promise<StreamPath[]> {
    const told = await this.#told(path);
    return [...new Set([...this.#ground.groups.members(path), ...told])].slice(0, MOST);
  }

  /** The same as a file, for other nodes: names, a line each. One that we are asking for the same is told what is here. */
  async write(path: StreamPath): Promise<Uint8Array> {
    const paths = this.#asking.has(path) ? this.#ground.groups.members(path) : await this.find(path);
    return Buffer.from(paths.map((each) => `${parsePath(each).name}\n`).join(''));
  }

  #told(path: StreamPath): Promise<readonly StreamPath[]> {
    let told = this.#elsewhere.get(path);
    if (!told) {
      this.#elsewhere.set(path, (told = this.#ask(path)));
      this.#ground.clock.after(KEPT, () => this.#elsewhere.delete(path));
    }
    return told;
  }

  async #ask(path: StreamPath): Promise<StreamPath[]> {
    const sources = this.#ground.files.elsewhere(path);
    if (sources.length === 0) return [];
    this.#asking.add(path);
    const late = new AbortController();
    const cancel = this.#ground.clock.after(PATIENCE, () => late.abort(new Error('it takes too long')));
    const told = await Promise.all(sources.map((read) => ask(read, path, late.signal).catch(() => [])));
    cancel();
    this.#asking.delete(path);
    return told.flat();
  }
}

/** Rejects when there is no answer, or one that makes no sense. */
async function ask(read: ReadFile, path: StreamPath, signal: AbortSignal): Promise<StreamPath[]> {
  const pieces = await read(RENDITIONS, { most: LARGEST, signal });
  const { vhost, app } = parsePath(path);
  const names = Buffer.concat(pieces).toString().split('\n').filter(Boolean);
  return names.map((name) => streamPath(vhost, app, name));
}
