import type { Delay } from '../hub/passage.ts';
import type { Stream } from '../hub/stream.ts';
import type { AudioTrack, VideoTrack } from '../media/track.ts';
import { tcUrl } from '../net/stream-url.ts';
import { describeAudio, describeVideo } from './media.ts';
import type { Kbps, Rates } from './rates.ts';

/** What a worker knows of a stream, or all workers together. */
export interface StreamReport {
  readonly path: string;
  /** Wall clock of its beginning, in microseconds since 1970. */
  readonly since: number;
  /** Viewers, and the publisher. */
  readonly clients: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly videoFrames: number;
  readonly audioFrames: number;
  readonly kbps: Kbps;
  /** The publisher's session, and the URL by which it came; null in workers to which nobody publishes the stream. */
  readonly publisher: { readonly id: string; readonly tcUrl: string } | null;
  /** Null where it is not known, and in workers that have it from another one. */
  readonly delay: Delay | null;
  readonly video: ReturnType<typeof describeVideo> | null;
  readonly audio: ReturnType<typeof describeAudio> | null;
}

/** What this worker knows of a stream. */
export function reportStream(
  { path, since, counters, publisher, readers, tracks, mirrored, delay }: Stream,
  rates: Rates,
): StreamReport {
  const [video, audio] = [tracks.get('video'), tracks.get('audio')] as [VideoTrack | undefined, AudioTrack | undefined];
  const { bytesIn, bytesOut, videoFrames, audioFrames } = counters;
  const session = publisher?.session;
  const own = session && !session.isInner ? session : undefined;
  let clients = own ? 1 : 0;
  for (const { isInner } of readers) if (!isInner) clients++;
  return {
    ...{ path, since, clients, bytesIn, bytesOut, videoFrames, audioFrames },
    kbps: rates.of([since, counters]),
    publisher: own ? { id: own.id, tcUrl: tcUrl(path, own) } : null,
    delay: (mirrored?.isInner ? undefined : delay) ?? null,
    video: video ? describeVideo(video) : null,
    audio: audio ? describeAudio(audio) : null,
  };
}

/** What all workers together know of their streams, in the order in which they name them first. */
export function mergeStreams(reports: Iterable<StreamReport>): StreamReport[] {
  const merged = new Map<string, StreamReport>();
  for (const report of reports) {
    const before = merged.get(report.path);
    merged.set(report.path, before ? merge(before, report) : report);
  }
  return [...merged.values()];
}

function merge(one: StreamReport, other: StreamReport): StreamReport {
  return {
    path: one.path,
    since: Math.min(one.since, other.since),
    clients: one.clients + other.clients,
    bytesIn: one.bytesIn + other.bytesIn,
    bytesOut: one.bytesOut + other.bytesOut,
    videoFrames: one.videoFrames + other.videoFrames,
    audioFrames: one.audioFrames + other.audioFrames,
    kbps: sumOfRates([one.kbps, other.kbps]),
    publisher: one.publisher ?? other.publisher,
    delay: one.delay ?? other.delay,
    video: one.video ?? other.video,
    audio: one.audio ?? other.audio,
  };
}

/** Rates together. */
export function sumOfRates(rates: readonly Kbps[]): Kbps {
  const sum = (of: keyof Kbps) => rates.reduce((total, each) => total + each[of], 0);
  return { recv_30s: sum('recv_30s'), send_30s: sum('send_30s') };
}
