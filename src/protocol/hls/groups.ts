import type { Hub } from '../../hub/hub.ts';
import type { StreamPath } from '../../hub/path.ts';
import type { Siblings } from '../../net/siblings.ts';

/** What tells a rendition from the others of its group: `movie_720`, or `movie_720p`. */
const SUFFIX = /_\d{2,4}p?$/;

/** Which streams of this node are renditions of the same: `movie_720` and `movie_480` are the group `movie`. */
export class Groups {
  readonly #hub: Hub;
  readonly #siblings: Siblings;
  readonly #renditions = new Map<StreamPath, Set<StreamPath>>();

  constructor(hub: Hub, siblings: Siblings) {
    this.#hub = hub;
    this.#siblings = siblings;
    for (const path of siblings.owned) this.#add(path);
    siblings.onMove((path) => this.#look(path));
    hub.observe(({ type, stream }) => {
      if (type === 'published' || type === 'ended') this.#look(stream.path);
    });
  }

  /** The paths that can be played of a group; none where the path is none, but for a stream of that very name. */
  members(path: StreamPath): StreamPath[] {
    const all = [path, ...(this.#renditions.get(path) ?? [])];
    return all.filter(
      (each) => this.#hub.find(each)?.lineup !== undefined || this.#siblings.ownerOf(each) !== undefined,
    );
  }

  /** The group of a stream; its own path where it is in none. */
  groupOf(path: StreamPath): StreamPath {
    return path.replace(SUFFIX, '');
  }

  /** The other members of the group of a stream; none where it is in no group. */
  siblings(path: StreamPath): StreamPath[] {
    return this.members(this.groupOf(path)).filter((each) => each !== path);
  }

  #look(path: StreamPath): void {
    if (this.#hub.find(path) || this.#siblings.ownerOf(path) !== undefined) this.#add(path);
    else this.#remove(path);
  }

  #add(path: StreamPath): void {
    const group = this.groupOf(path);
    if (group === path) return;
    const renditions = this.#renditions.get(group) ?? new Set();
    this.#renditions.set(group, renditions.add(path));
  }

  #remove(path: StreamPath): void {
    const group = this.groupOf(path);
    const renditions = this.#renditions.get(group);
    renditions?.delete(path);
    if (renditions?.size === 0) this.#renditions.delete(group);
  }
}
