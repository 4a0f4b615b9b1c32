import type { CourseReport } from '../../hub/course.ts';
import type { AudioTrack, VideoTrack } from '../../media/track.ts';

/** What is known of a track. */
type TrackFacts<Track> = Pick<Track, Extract<keyof Track, 'codec' | 'profile' | 'parameter'>>;

/** What a worker knows of a stream that it does not have from another one. Times are microseconds. */
export interface StreamFacts extends CourseReport {
  /** Who sends it: a publisher, or the node that it comes from; undefined while it waits for either to return. */
  readonly source: { readonly client: string; readonly remote: string } | undefined;
  /** Whether it is published to this node. */
  readonly isOwner: boolean;
  /** Whether it comes from another node by QUIC or TLS because UDP does not come through. */
  readonly lacksUdp: boolean;
  /** How long ago the last frame came; undefined before the first. */
  readonly silence: number | undefined;
  readonly video: TrackFacts<VideoTrack> | undefined;
  /** How long each of its frames sounds, where they are alike. */
  readonly audio: (TrackFacts<AudioTrack> & { readonly frameDuration: number | undefined }) | undefined;
}

/** How a stream fares on a link to another node. What is counted is of the last minute, in packets. */
export interface LinkFacts {
  /** The host of the other node. */
  readonly remote: string;
  readonly packets: number;
  readonly lost: number;
  /** Missing when their time came. */
  readonly residual: number;
  /** At the edge: the latency as it is to be, what would be enough to lose less, and the round trip; microseconds. */
  readonly received:
    | { readonly latency: number; readonly better: number | undefined; readonly rtt: number }
    | undefined;
}

/** The viewers of a stream. */
export interface ViewerFacts {
  readonly count: number;
  /** How many of those present have missed frames for being too slow, and how many frames were missed in the last minute. */
  readonly slow: number;
  readonly skipped: number;
}

/** How busy a process of this node has been in the last minute. */
export interface LoadFacts {
  /** The worker's number, from 1. */
  readonly worker: number;
  /** The share of the time that its one thread was at work, 0 to 1. */
  readonly busy: number;
  /** One turn in a hundred waited longer than this; microseconds. */
  readonly delay: number;
  /** Whether there is more in memory than `limits.memory`. */
  readonly isFull: boolean;
  /** Connections turned away because of a limit, and viewers closed for want of memory. */
  readonly refused: number;
  readonly shed: number;
}

/** All that rules judge by: how a stream, and what is around it, was during the last `span` (microseconds), a minute at most. */
export interface Facts {
  readonly span: number;
  readonly stream: StreamFacts;
  readonly links: readonly LinkFacts[];
  readonly viewers: ViewerFacts;
  readonly loads: readonly LoadFacts[];
}
