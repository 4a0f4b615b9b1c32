import { concat } from '../../src/base/bytes.ts';
import { MILLISECOND, SECOND, VirtualClock } from '../../src/base/clock.ts';
import { Files, type ReadFile } from '../../src/hub/files.ts';
import { Hub } from '../../src/hub/hub.ts';
import type { Leases } from '../../src/hub/lease.ts';
import type { Mirror } from '../../src/hub/mirror.ts';
import { Pasts } from '../../src/hub/past.ts';
import type { Publisher } from '../../src/hub/publisher.ts';
import { Sessions } from '../../src/hub/session.ts';
import type { Stream } from '../../src/hub/stream.ts';
import type { AudioTrack, Kind, Track, VideoTrack } from '../../src/media/track.ts';
import type { Context } from '../../src/module.ts';
import { noSiblings, type Siblings } from '../../src/net/siblings.ts';
import { silentLogger } from '../../src/ops/log.ts';
import { filesIn } from '../../src/protocol/hls/copies.ts';
import { Feeds } from '../../src/protocol/hls/feed.ts';
import type { Folder } from '../../src/protocol/hls/folder.ts';
import { Groups } from '../../src/protocol/hls/groups.ts';
import { readFileOf } from '../../src/protocol/hls/library.ts';
import { Playlists } from '../../src/protocol/hls/playlist.ts';
import { Renditions } from '../../src/protocol/hls/renditions.ts';
import type { Shelf } from '../../src/protocol/hls/shelf.ts';
import { AUDIO as ANY_AUDIO, VIDEO } from './tracks.ts';

/** As the options of HLS are by default. */
export const OPTIONS = {
  segment: 2 * SECOND,
  part: 200 * MILLISECOND,
  window: 6,
  idle: 30 * SECOND,
  disk: { folder: '', keep: 60 * SECOND },
};
/** Sound of which the length of a frame can be told. */
export const AUDIO: AudioTrack = { ...ANY_AUDIO, config: Uint8Array.of(0x11, 0x90) };

/** Where the stream is. */
export const PATH = 'v/live/movie';
const never = new AbortController().signal;

/** How a {@link setUp} is to be. */
interface Stage {
  /** What a shelf may have in memory, and how many segments it lists. */
  readonly bytes?: number;
  readonly listed?: number;
  /** Of the stream, in microseconds. */
  readonly window?: number;
  readonly clock?: VirtualClock;
  readonly leases?: Leases;
  /** Where segments are kept as files. */
  readonly folder?: Folder;
  /** The other workers of the node. */
  readonly workers?: Siblings;
}

/** A hub with what makes segments of its streams, on a clock of its own unless one is given. */
export function setUp({
  bytes = 1e9,
  window = 2 * SECOND,
  listed = 6,
  clock = new VirtualClock(),
  leases,
  folder,
  workers: siblings = noSiblings(),
}: Stage = {}) {
  const options = { ...OPTIONS, window: listed };
  const publish = {
    grace: 60 * SECOND,
    stopGrace: SECOND,
    takeover: 'always',
    staleAfter: 0,
    segment: 2 * SECOND,
  } as const;
  const hub = new Hub({ ...publish, window: { duration: window, bytes: 1e9 } }, clock, leases);
  const sessions = new Sessions(clock);
  const open = () => sessions.open({ protocol: 'test', remote: 'here', close: () => {} });
  const feeds = new Feeds({
    options,
    bytes,
    reach: 0,
    pasts: new Pasts(),
    clock,
    log: silentLogger,
    files: folder && ((path) => filesIn(folder, path)),
  });
  const groups = new Groups(hub, siblings);
  const ground = {
    context: { hub, clock, siblings, config: { publish }, log: silentLogger } as unknown as Context,
    options,
    feeds,
    groups,
    renditions: new Renditions({ groups, files: new Files(), clock }),
  };
  /** Reads a file as other nodes do. */
  const read: ReadFile = (name, reading) => readFileOf(ground, PATH, name, reading);
  const beginAt = async (path: string, ...kinds: Kind[]) => {
    const publisher = await hub.publish(path, open(), never);
    publisher.announce(new Set(kinds));
    return publisher;
  };
  const begin = (...kinds: Kind[]) => beginAt(PATH, ...kinds);
  return { clock, hub, open, feeds, ground, begin, beginAt, read };
}

/** What is written at which millisecond. */
interface Plan {
  readonly from?: number;
  readonly to: number;
  /** From picture to picture, in milliseconds; no pictures where it is 0. */
  readonly step?: number;
  /** In pictures. */
  readonly gop?: number;
  readonly sound?: boolean;
  readonly video?: VideoTrack;
  readonly audio?: AudioTrack;
  /** Lets whatever waits go on, after each frame. */
  readonly rest?: () => Promise<unknown>;
}

/** Writes pictures and sound in their order, and lets readers read after each; times are whole milliseconds as of RTMP. */
export async function write(publisher: Publisher, clock: VirtualClock, plan: Plan): Promise<void> {
  const {
    from = 0,
    to,
    step = 40,
    gop = 25,
    sound = true,
    video = VIDEO,
    audio = AUDIO,
    rest = () => Promise.resolve(),
  } = plan;
  const frames: { track: Track; ms: number; keyframe: boolean }[] = [];
  for (let i = 0; step > 0 && from + i * step < to; i++) {
    frames.push({ track: video, ms: Math.round(from + i * step), keyframe: i % gop === 0 });
  }
  for (let i = 0; sound && from + (i * 64) / 3 < to; i++) {
    frames.push({ track: audio, ms: Math.round(from + (i * 64) / 3), keyframe: true });
  }
  frames.sort((a, b) => a.ms - b.ms);
  let at = from;
  for (const { track, ms, keyframe } of frames) {
    clock.advance((ms - at) * MILLISECOND);
    at = ms;
    const data = Uint8Array.from({ length: 40 }, (_, i) => (ms >> (i % 4)) & 255);
    publisher.write({ track, dts: ms * MILLISECOND, pts: ms * MILLISECOND, keyframe, data });
    await rest();
  }
  clock.advance((to - at) * MILLISECOND);
}

/** The playlist as of now. */
export function playlistOf(shelf: Shelf): string {
  return new Playlists(shelf, 'fmp4', OPTIONS, () => []).write(false).plain.toString();
}

/** Each whole segment that is in memory: its bytes, by number. */
export function whole({ listed }: Shelf): Map<number, string> {
  const here = listed.filter(({ content }) => content !== undefined);
  return new Map(here.map(({ stamp, content }) => [stamp.segment, Buffer.from(concat(content!)).toString('latin1')]));
}

/** A node that mirrors a stream of another one, as long as its link is up. */
export class MirrorStage {
  readonly node: ReturnType<typeof setUp>;
  readonly stream: Stream;
  readonly #of: Stream;
  readonly #isLost: (seq: number) => boolean;
  readonly #upstream: ReadFile | undefined;
  readonly #mirror: Mirror;
  #position: number;
  #isUp = true;

  /** `upstream` is where it finds files; frames that `isLost` do not come to it. */
  constructor(of: Stream, node = setUp(), upstream?: ReadFile, isLost: (seq: number) => boolean = () => false) {
    this.node = node;
    this.#of = of;
    this.#isLost = isLost;
    this.#upstream = upstream;
    this.#mirror = node.hub.mirror(of.path, node.open());
    this.#mirror.announce(of.lease.token, of.lineup!, of.tracks.values());
    this.stream = this.#mirror.stream;
    this.stream.upstream = upstream;
    this.#position = of.log.start ?? of.log.head;
    of.log.onChange(() => this.#pass());
    this.#pass();
  }

  /** Nothing comes any more. */
  cut(): void {
    this.#isUp = false;
    this.stream.upstream = undefined;
  }

  /** What comes begins with the newest key frame. */
  mend(): void {
    this.#isUp = true;
    this.stream.upstream = this.#upstream;
    this.#position = this.#of.log.start ?? this.#of.log.head;
    this.#pass();
  }

  #pass(): void {
    const { log } = this.#of;
    for (; this.#isUp && this.#position < log.head; this.#position++) {
      const { seq, track, dts, pts, keyframe, data, ingest, stamp, tenure } = log.at(this.#position);
      const relayed = { seq, track: { ...track }, dts, pts, keyframe, data, ingest, stamp, ...tenure };
      if (!this.#isLost(seq)) this.#mirror.write(relayed);
    }
  }
}
