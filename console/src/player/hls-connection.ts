import type HlsPlayer from 'hls.js';
import { codecInMessage } from './codecs.ts';
import type { Connection, ConnectionEvents } from './connection.ts';
import type { Failure } from './policy.ts';

const NATIVE_TYPE = 'application/vnd.apple.mpegurl';
/** The player comes back by itself, and knows best when. */
const once = { default: { maxTimeToFirstByteMs: 10_000, maxLoadTimeMs: 20_000, timeoutRetry: null, errorRetry: null } };

const config = {
  lowLatencyMode: true,
  backBufferLength: 30,
  maxLiveSyncPlaybackRate: 1.15, // a little faster than life while behind
  enableWorker: false, // fMP4 is passed through as it is
  manifestLoadPolicy: once,
} satisfies Partial<HlsPlayer['config']>;

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
  const detach = Hls.isSupported()
    ? attach(Hls, video, url, events, fail)
    : attachNative(video, url, fail, closing.signal);
  video.play().catch((error: unknown) => {
    const isForbidden = error instanceof DOMException && error.name === 'NotAllowedError';
    if (isForbidden && !closing.signal.aborted) events.blocked();
  });
  return {
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
): () => void {
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
  return () => hls.destroy();
}

/** Phones without MediaSource play HLS themselves. */
function attachNative(
  video: HTMLVideoElement,
  url: string,
  fail: (failure: Failure) => void,
  signal: AbortSignal,
): () => void {
  if (video.canPlayType(NATIVE_TYPE) === '') queueMicrotask(() => fail({ kind: 'unsupported', codec: '' }));
  video.addEventListener('error', () => fail({ kind: 'media' }), { signal });
  video.src = url;
  return () => {
    video.removeAttribute('src');
    video.load();
  };
}
