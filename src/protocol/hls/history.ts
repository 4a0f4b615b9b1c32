import { type Clock, SECOND } from '../../base/clock.ts';
import type { Segment } from '../../container/hls/media-playlist.ts';
import type { ReadFile } from '../../hub/files.ts';
import type { Past } from '../../hub/past.ts';
import { type Archive, type PastTold, RecordedArchive, RemoteArchive } from './archive.ts';
import { Kept } from './kept.ts';
import { segmentName } from './names.ts';
import type { Shelf } from './shelf.ts';
import type { ShelvedSegment } from './shelved.ts';

/** What a {@link History} works with. */
export interface HistoryGround {
  readonly clock: Clock;
  /** Finds what this process keeps of the stream, if it keeps anything. */
  readonly find: () => Promise<Past | undefined>;
  /** Who else may have the stream's files. */
  readonly elsewhere: () => readonly ReadFile[];
  /** How long parts are aimed at, in microseconds. */
  readonly part: number;
  /** How far back it goes, in microseconds. */
  readonly reach: number;
  /** How large a segment may be, and how much is kept of what was made or fetched; in bytes. */
  readonly bytes: number;
}

/** In segments: how often the wall clock stands in a playlist; players reckon from there. */
const CLOCK_EVERY = 30;
/** A leap of more numbers than these is not bridged: what was before it is left out. */
const WIDEST_LEAP = 1000;
/** How often it is looked at all that is kept, and where. */
const LIST_EVERY = 10 * SECOND;

/** The segments of a stream that are on its shelf no longer, as far back as they are kept: told of in playlists, and had for who asks. */
export class History {
  readonly #shelf: Shelf;
  readonly #ground: HistoryGround;
  readonly #kept: Kept;
  #recorded: RecordedArchive | undefined;
  #archive: Archive | undefined;
  #told: PastTold[] = [];
  /** The same for playlists. */
  #written: Segment[] = [];
  #listed = Number.NEGATIVE_INFINITY;
  #update: Promise<void> | undefined;

  /** Empty until it is first brought {@link toDate}. */
  constructor(shelf: Shelf, ground: HistoryGround) {
    this.#shelf = shelf;
    this.#ground = ground;
    this.#kept = new Kept(ground.bytes);
  }

  /** The segments before those that the shelf lists, the oldest first, numbers without a break. */
  get told(): readonly PastTold[] {
    return this.#told;
  }

  /** The same as playlists have them: where the wall clock can be reckoned from what comes before, it is told now and then. */
  get written(): readonly Segment[] {
    return this.#written;
  }

  /** Whether it is being brought to date at present. */
  get isUpdating(): boolean {
    return this.#update !== undefined;
  }

  /** Takes in what the shelf does not list any more. Resolves when that is done; never rejects. */
  toDate(): Promise<void> {
    this.#update ??= this.#extend().finally(() => {
      this.#update = undefined;
    });
    return this.#update;
  }

  /** A segment that it tells of, in pieces; `undefined` where it tells of none, or that cannot be had. */
  segment(number: number): Promise<readonly Uint8Array[] | undefined> | undefined {
    const told = this.#told[number - (this.#told[0]?.number ?? Number.POSITIVE_INFINITY)];
    if (!told || told.gap) return undefined;
    return this.#kept.get(told.uri, async () => this.#archive?.segment(number));
  }

  /** An init segment that it tells of, in pieces; `undefined` where it tells of none, or that cannot be had. */
  init(name: string): Promise<readonly Uint8Array[] | undefined> | undefined {
    if (!this.#told.some(({ init }) => init === name)) return undefined;
    return this.#kept.get(name, async () => this.#archive?.init(name));
  }

  async #extend(): Promise<void> {
    const now = this.#ground.clock.now();
    if (now - this.#listed >= LIST_EVERY) {
      this.#listed = now;
      await this.#list();
    }
    const first = this.#shelf.listed[0];
    if (!first || this.#told.length === 0) return;
    for (let number = this.#next; number < first.stamp.segment; number++) {
      const shelved = this.#shelf.find(number);
      const found = await this.#archive!.find(number, shelved && seen(shelved));
      if (found) this.#add(found);
    }
    const missing = first.stamp.segment - this.#next;
    if (missing > 0) this.#bridge(missing, first.time);
  }

  /** Learns anew what is kept: here, or where most of it is. */
  async #list(): Promise<void> {
    const first = this.#shelf.listed[0]?.stamp.segment;
    if (first === undefined) return;
    const archives = await this.#archives();
    const lists = await Promise.all(archives.map(async (archive) => ({ archive, list: await listOf(archive) })));
    const [best] = lists.toSorted((a, b) => beginningOf(a.list) - beginningOf(b.list));
    this.#archive = best?.archive;
    this.#told = [];
    this.#written = [];
    const { clock, reach } = this.#ground;
    const oldest = clock.wall() - reach;
    for (const each of best?.list ?? []) if (each.number < first && each.time >= oldest) this.#add(each);
  }

  /** What is recorded here, else what others may have. */
  async #archives(): Promise<readonly Archive[]> {
    const { find, elsewhere, part, clock, bytes } = this.#ground;
    if (!this.#recorded) {
      const past = await find();
      this.#recorded = past && new RecordedArchive(past, part, clock);
    }
    return this.#recorded ? [this.#recorded] : elsewhere().map((read) => new RemoteArchive(read, bytes));
  }

  /** The number behind the last segment that is told of. */
  get #next(): number {
    return this.#told.at(-1)!.number + 1;
  }

  #add(segment: PastTold): void {
    const missing = this.#told.length > 0 ? segment.number - this.#next : 0;
    if (missing > 0) this.#bridge(missing, segment.time);
    if (missing >= 0) this.#tell(segment);
  }

  #tell(segment: PastTold): void {
    const isDue = this.#told.length % CLOCK_EVERY === 0 || this.#told.at(-1)!.discontinuity !== segment.discontinuity;
    this.#told.push(segment);
    this.#written.push(isDue ? segment : { ...segment, time: undefined });
  }

  /** Numbers that were never used, or whose segments are not kept, as gaps that fill the time until `until`. */
  #bridge(missing: number, until: number): void {
    const last = this.#told.at(-1)!;
    if (missing > WIDEST_LEAP) {
      this.#told = [];
      this.#written = [];
      return;
    }
    const length = Math.max(1, Math.floor((until - last.time - last.duration) / missing));
    for (let i = 0; i < missing; i++) {
      const number = last.number + 1 + i;
      const time = last.time + last.duration + i * length;
      this.#tell({ ...last, number, uri: segmentName(number, 'fmp4'), time, duration: length, gap: true });
    }
  }
}

/** A segment as it was on a shelf. */
function seen({ stamp, time, duration, init, gap }: ShelvedSegment): PastTold | undefined {
  if (duration === undefined) return undefined;
  const { segment: number, discontinuity } = stamp;
  const uri = segmentName(number, 'fmp4');
  return { number, discontinuity, uri, duration, parts: [], init: init?.name, time, gap };
}

/** What an archive has; nothing where that cannot be told at present. */
function listOf(archive: Archive): Promise<readonly PastTold[]> {
  return archive.list().catch(() => []);
}

function beginningOf([first]: readonly PastTold[]): number {
  return first?.time ?? Number.POSITIVE_INFINITY;
}
