import { frameDuration } from '../../codec/frame-duration.ts';
import type { StreamPath } from '../../hub/path.ts';
import { newestByKind, type Stream } from '../../hub/stream.ts';
import type { AudioCodec, AudioTrack, VideoTrack } from '../../media/track.ts';
import type { LinkReport } from '../../net/links.ts';
import type { Facts, LinkFacts, LoadFacts, StreamFacts, ViewerFacts } from './facts.ts';
import { countedOf, Recent, type RecentGround } from './recent.ts';

/** What one worker knows. */
interface Testimony {
  readonly span: number;
  /** Null where the stream is not here, or comes from another worker, which knows more. */
  readonly stream: StreamFacts | null;
  readonly links: readonly LinkFacts[];
  readonly viewers: ViewerFacts;
  readonly load: LoadFacts;
}

const LONGEST = 60_000_000;
const TOPIC = 'facts';
/** All frames of these are equally long. */
const EVEN: ReadonlySet<AudioCodec> = new Set(['aac', 'mp3', 'ac3']);

/** Tells what rules judge a stream by; all workers of the node are heard. */
export class Witness {
  readonly #ground: RecentGround;
  readonly #recent: Recent;

  constructor(ground: RecentGround) {
    this.#ground = ground;
    this.#recent = new Recent(ground);
    ground.context.siblings.answer(TOPIC, (path) => this.#testify(path as StreamPath));
  }

  stop(): void {
    this.#recent.stop();
  }

  /** What there is to know of a stream; undefined where the node does not have it. */
  async facts(path: StreamPath): Promise<Facts | undefined> {
    const others = (await this.#ground.context.siblings.ask(TOPIC, path)) as Testimony[];
    const all = [this.#testify(path), ...others];
    const best = all.find(({ stream }) => stream);
    if (!best?.stream) return undefined;
    const sum = (of: keyof ViewerFacts) => all.reduce((total, { viewers }) => total + viewers[of], 0);
    return {
      span: best.span,
      stream: best.stream,
      links: all.flatMap(({ links }) => links),
      viewers: { count: sum('count'), slow: sum('slow'), skipped: sum('skipped') },
      loads: all.map(({ load }) => load),
    };
  }

  #testify(path: StreamPath): Testimony {
    const { hub, clock, links } = this.#ground.context;
    const stream = hub.find(path);
    const isHere = stream && !stream.mirrored?.isInner;
    return {
      span: stream ? Math.min(LONGEST, clock.wall() - stream.since) : 0,
      stream: isHere ? { ...describe(stream, clock.now()), lacksUdp: this.#lacksUdp(stream) } : null,
      links: Array.from(links).flatMap((link) => this.#linkFacts(link, path)),
      viewers: { ...countViewers(stream), skipped: this.#recent.skipped(path) },
      load: this.#recent.load(),
    };
  }

  #lacksUdp({ mirrored, publisher }: Stream): boolean {
    const isWay = ({ role, media, remote }: LinkReport) =>
      role === 'edge' && media === 'reliable' && remote === publisher?.session.remote;
    return mirrored !== undefined && Array.from(this.#ground.context.links).some(isWay);
  }

  #linkFacts(link: LinkReport, path: StreamPath): LinkFacts[] {
    return link.streams.flatMap((each) => {
      const counted = each.path === path ? countedOf(each) : undefined;
      if (!counted) return [];
      const received =
        'latency' in each
          ? { latency: each.latency, better: each.outcome.better?.latency, rtt: link.rtt ?? 0 }
          : undefined;
      return [{ remote: link.remote, ...this.#recent.crossed(link, path, counted), received }];
    });
  }
}

function describe(stream: Stream, now: number): Omit<StreamFacts, 'lacksUdp'> {
  const { course, publisher, mirrored, tracks, newest } = stream;
  const [video, audio] = [tracks.get('video'), tracks.get('audio')] as [VideoTrack?, AudioTrack?];
  return {
    ...course.report(now),
    source: publisher && { client: publisher.session.id, remote: publisher.session.remote },
    isOwner: mirrored === undefined,
    silence: Number.isFinite(newest.dts) ? now - Math.max(newest.arrival, publisher?.lastArrival ?? 0) : undefined,
    video: video && { codec: video.codec, profile: video.profile, parameter: video.parameter },
    audio: audio && {
      ...{ codec: audio.codec, profile: audio.profile, parameter: audio.parameter },
      frameDuration: soundOfFrame(stream, audio),
    },
  };
}

function soundOfFrame(stream: Stream, audio: AudioTrack): number | undefined {
  const frame = EVEN.has(audio.codec) ? newestByKind(stream).get('audio') : undefined;
  return frame && frameDuration(audio, frame.data);
}

function countViewers(stream: Stream | undefined): Omit<ViewerFacts, 'skipped'> {
  const viewers = [...(stream?.readers ?? [])].filter(({ isInner }) => !isInner);
  return { count: viewers.length, slow: viewers.filter(({ skipped }) => skipped > 0).length };
}
