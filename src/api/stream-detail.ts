import type { Clock } from '../base/clock.ts';
import { MILLISECOND, SECOND } from '../base/clock.ts';
import type { Stream } from '../hub/stream.ts';
import type { AudioTrack, Kind, Track, VideoTrack } from '../media/track.ts';
import { describeAudio, describeVideo } from './media.ts';
import type { Traffic } from './traffic.ts';

/** A track as the frames that are kept of it show it. */
interface TrackDetail {
  readonly kind: Kind;
  readonly codec: string;
  readonly profile: string;
  /** Of a picture: its size; of sound: its sampling rate and channels. */
  readonly form: string;
  readonly frames_per_second: number;
  readonly kbps: number;
}

/** What a worker that has a stream can tell of it besides what lists show. */
export interface StreamDetail {
  readonly tracks: readonly TrackDetail[];
  readonly gop_ms: number;
  readonly silent_ms: number | null;
  readonly window_ms: number;
  readonly window_bytes: number;
  readonly publishes: number;
  readonly backups: number;
  readonly jumps: number;
  readonly undecodable: number;
  readonly skipped: number;
  readonly publisher: {
    readonly client: string;
    readonly ip: string;
    readonly protocol: string;
    readonly encoder: string;
  } | null;
}

/** A stream as it is at this worker. */
export function detailStream(stream: Stream, traffic: Traffic, clock: Clock): StreamDetail {
  const { counters, log, timeline, publisher, tracks } = stream;
  const spans = measure(stream);
  return {
    tracks: Array.from(tracks.values(), (track) => detailTrack(track, spans.get(track.kind))),
    gop_ms: inMs(counters.keyframeInterval),
    silent_ms: log.head === log.tail ? null : Math.max(0, inMs(clock.now() - stream.newest.arrival)),
    window_ms: inMs(Math.max(0, ...Array.from(spans.values(), ({ first, last }) => last - first))),
    window_bytes: log.bytes,
    publishes: stream.epoch,
    backups: stream.understudies.size,
    jumps: timeline.counters.jumps,
    undecodable: counters.undecodable,
    skipped: traffic.skippedOf(stream),
    publisher: publisher && !publisher.session.isInner ? describePublisher(publisher.session) : null,
  };
}

function describePublisher({ id, remote, protocol, detail }: NonNullable<Stream['publisher']>['session']) {
  return { client: id, ip: remote, protocol, encoder: detail['encoder'] ?? '' };
}

/** The frames of a kind that are kept. */
interface Span {
  frames: number;
  bytes: number;
  first: number;
  last: number;
}

function measure({ log }: Stream): ReadonlyMap<Kind, Span> {
  const spans = new Map<Kind, Span>();
  for (let at = log.tail; at < log.head; at++) {
    const { track, dts, data } = log.at(at);
    const span = spans.get(track.kind);
    if (!span) spans.set(track.kind, { frames: 0, bytes: 0, first: dts, last: dts });
    else {
      // What came with the first frame belongs to the time before it.
      span.frames++;
      span.bytes += data.length;
      span.last = dts;
    }
  }
  return spans;
}

function detailTrack(track: Track, span: Span | undefined): TrackDetail {
  const { codec, profile } =
    track.kind === 'video' ? describeVideo(track as VideoTrack) : describeAudio(track as AudioTrack);
  const seconds = span ? (span.last - span.first) / SECOND : 0;
  const perSecond = (amount: number) => (seconds > 0 ? amount / seconds : 0);
  return {
    ...{ kind: track.kind, codec, profile, form: formOf(track) },
    frames_per_second: Math.round(perSecond(span?.frames ?? 0) * 100) / 100,
    kbps: Math.round(perSecond((span?.bytes ?? 0) * 8) / 1000),
  };
}

function formOf(track: Track): string {
  if (track.kind === 'video') return track.width > 0 ? `${track.width}×${track.height}` : '';
  return track.sampleRate > 0 ? `${track.sampleRate / 1000} kHz × ${track.channels}` : '';
}

function inMs(time: number): number {
  return Math.round(time / MILLISECOND);
}
