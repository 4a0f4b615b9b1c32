import type HlsPlayer from 'hls.js';
import { codecInMessage } from '../../../player/src/codecs.ts';
import type { Failure } from '../../../player/src/policy.ts';
import { catchUpRate, type StreamTime, timeAt } from './stream-time.ts';

/** What one hears of a {@link Connection}. */
export interface ConnectionEvents {
  /** Called once; the connection is then over, the picture stays until `close`. */
  failed(failure: Failure): void;
  /** The rate of arriving data, about twice a second. */
  rate(kbps: number): void;
  /** Whether the stream has a picture. */
  tracks(hasVideo: boolean): void;
  /** The browser wants the viewer to press play first. */
  blocked(): void;
}

/** A playlist that is being played. */
export interface Connection {
  readonly time: StreamTime;
  close(): void;
}

const NATIVE_TYPE = 'application/vnd.apple.mpegurl';
/** The player comes back by itself, and knows best when. */
const once = { default: { maxTimeToFirstByteMs: 10_000, maxLoadTimeMs: 20_000, timeoutRetry: null, errorRetry: null } };

/** How much is loaded ahead of what is shown, in seconds: of what is past there may be hours. */
export const longestBuffer = 60;
const syncRate = 1.15; // a little faster than life while behind
const config = {
  lowLatencyMode: true,
  backBufferLength: 30,
  maxMaxBufferLength: longestBuffer,
  maxLiveSyncPlaybackRate: syncRate,
  enableWorker: false, // fMP4 is passed through as it is
  manifestLoadPolicy: once,
} satisfies Partial<HlsPlayer['config']>;

interface Attached {
  readonly detach: () => void;
  readonly time: StreamTime;
}

let library: Promise<typeof HlsPlayer> | undefined;

/** Loads hls.js, once, when the first stream is to be played by it; rejects where the network fails, and may be asked again. */
export function loadHls(): Promise<typeof HlsPlayer> {
  library ??= import('hls.js/light').then(
    ({ default: hls }) => hls,
    (error: unknown) => {
      library = undefined;
      throw error;
    },
  );
  return library;
}

/** Plays a playlist in `video` until it fails or is closed, by hls.js or, where that cannot, by the browser itself. */
export function connectHls(
  Hls: typeof HlsPlayer,
  video: HTMLVideoElement,
  url: string,
  events: ConnectionEvents,
): Connection {
  const closing = new AbortController();
  let over = false;
  const fail = (failure: Failure) => {
    if (over || closing.signal.aborted) return;
    over = true;
    events.failed(failure);
  };
  video.addEventListener('ended', () => fail({ kind: 'closed' }), { signal: closing.signal });
  const { detach, time } = Hls.isSupported()
    ? attach(Hls, video, url, events, fail)
    : attachNative(video, url, fail, closing.signal);
  video.play().catch((error: unknown) => {
    const isForbidden = error instanceof DOMException && error.name === 'NotAllowedError';
    if (isForbidden && !closing.signal.aborted) events.blocked();
  });
  return {
    time,
    close() {
      if (closing.signal.aborted) return;
      closing.abort();
      detach();
    },
  };
}

function attach(
  Hls: typeof HlsPlayer,
  video: HTMLVideoElement,
  url: string,
  events: ConnectionEvents,
  fail: (failure: Failure) => void,
): Attached {
  const { ErrorTypes, ErrorDetails, Events } = Hls;
  const hls = new Hls(config);
  hls.on(Events.ERROR, (_, { fatal, type, details, response, mimeType = '' }) => {
    const isForeign =
      details === ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR || details === ErrorDetails.BUFFER_ADD_CODEC_ERROR;
    if (isForeign) return fail({ kind: 'unsupported', codec: codecInMessage(mimeType) ?? '' });
    if (!fatal) return;
    if (type === ErrorTypes.NETWORK_ERROR)
      fail(response?.code ? { kind: 'status', status: response.code } : { kind: 'network' });
    else fail({ kind: 'media' });
  });
  hls.on(Events.BUFFER_CODECS, (_, tracks) =>
    events.tracks(tracks.video !== undefined || tracks.audiovideo !== undefined),
  );
  hls.on(Events.FRAG_BUFFERED, (_, { stats, frag, part }) => {
    const duration = part?.duration ?? frag.duration;
    if (duration > 0) events.rate((stats.total * 8) / 1000 / duration);
  });
  hls.loadSource(url);
  hls.attachMedia(video);
  return { detach: () => hls.destroy(), time: timeOf(hls, video) };
}

function timeOf(hls: HlsPlayer, video: HTMLVideoElement): StreamTime {
  return {
    get at() {
      return hls.playingDate?.getTime();
    },
    get behind() {
      return Math.max(0, hls.latency - (hls.targetLatency ?? 0));
    },
    seek(moment) {
      const time = timeAt(hls.latestLevelDetails?.fragments ?? [], moment);
      if (time !== undefined) video.currentTime = time;
      return time !== undefined;
    },
    hasten(isFast) {
      // The library would set a rate of its own back.
      hls.config.maxLiveSyncPlaybackRate = isFast ? 1 : syncRate;
      hasten(video, isFast);
    },
  };
}

function hasten(video: HTMLVideoElement, isFast: boolean): void {
  video.preservesPitch = true;
  video.playbackRate = isFast ? catchUpRate : 1;
}

/** Phones without MediaSource play HLS themselves. */
function attachNative(
  video: HTMLVideoElement,
  url: string,
  fail: (failure: Failure) => void,
  signal: AbortSignal,
): Attached {
  if (video.canPlayType(NATIVE_TYPE) === '') queueMicrotask(() => fail({ kind: 'unsupported', codec: '' }));
  video.addEventListener('error', () => fail({ kind: 'media' }), { signal });
  video.src = url;
  const detach = () => {
    video.removeAttribute('src');
    video.load();
  };
  return { detach, time: nativeTime(video) };
}

function nativeTime(video: HTMLVideoElement): StreamTime {
  const start = () => (video as { getStartDate?: () => Date }).getStartDate?.().getTime() ?? Number.NaN;
  const end = () => (video.seekable.length > 0 ? video.seekable.end(video.seekable.length - 1) : video.currentTime);
  return {
    get at() {
      const at = start() + video.currentTime * 1000;
      return Number.isNaN(at) ? undefined : at;
    },
    get behind() {
      return Math.max(0, end() - video.currentTime);
    },
    seek(moment) {
      const time = (moment - start()) / 1000;
      const isWithin = time >= 0 && time <= end();
      if (isWithin) video.currentTime = time;
      return isWithin;
    },
    hasten: (isFast) => hasten(video, isFast),
  };
}
