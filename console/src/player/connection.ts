import type Mpegts from 'mpegts.js';
import { codecInMessage, unsupportedCodec } from '../../../player/src/codecs.ts';
import type { Failure } from '../../../player/src/policy.ts';
import { fetchLoader } from './fetch-loader.ts';
import type { StreamTime } from './stream-time.ts';

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

export interface Connection {
  /** There where it can go back in time. */
  readonly time?: StreamTime;
  close(): void;
}

interface ErrorInfo {
  readonly code: number;
  readonly msg: string;
}

const config: Mpegts.Config = {
  enableStashBuffer: false,
  liveSync: true, // a little faster than life while behind …
  liveSyncMaxLatency: 1.5,
  liveSyncTargetLatency: 0.8,
  liveSyncPlaybackRate: 1.15,
  liveBufferLatencyChasing: true, // … and a jump when far behind
  liveBufferLatencyMaxLatency: 4,
  liveBufferLatencyMinRemain: 0.8,
  autoCleanupSourceBuffer: true,
  autoCleanupMaxBackwardDuration: 30,
  autoCleanupMinBackwardDuration: 10,
};

let library: Promise<typeof Mpegts> | undefined;

/** Loads mpegts.js, once, when the first stream is to be played; rejects where the network fails, and may be asked again. */
export function loadMpegts(): Promise<typeof Mpegts> {
  library ??= importMpegts().catch((error: unknown) => {
    library = undefined;
    throw error;
  });
  return library;
}

async function importMpegts(): Promise<typeof Mpegts> {
  const { default: mpegts } = await import('mpegts.js');
  mpegts.LoggingControl.applyConfig({ enableVerbose: false, enableDebug: false, enableInfo: false });
  return mpegts;
}

/** Plays an FLV URL (http, https, ws or wss) in `video` until it fails or is closed. */
export function connect(
  mpegts: typeof Mpegts,
  video: HTMLVideoElement,
  url: string,
  events: ConnectionEvents,
): Connection {
  const overWebSocket = url.startsWith('ws');
  const loader = overWebSocket ? {} : { customLoader: fetchLoader(mpegts) };
  const player = mpegts.createPlayer({ type: 'flv', isLive: true, url }, { ...config, ...loader });
  let open = true;
  let over = false;

  const close = () => {
    if (!open) return;
    open = false;
    player.destroy();
  };
  const fail = (failure: Failure) => {
    if (over) return;
    over = true;
    // The library goes on using its parts after it has told of an error in the data, so it is closed a turn later.
    if (failure.kind === 'media' || failure.kind === 'unsupported') queueMicrotask(close);
    events.failed(failure);
  };

  player.on(mpegts.Events.ERROR, (_type: string, detail: string, info: ErrorInfo | string) => {
    // What the demuxer complains about comes as its words alone.
    fail(failureOf(mpegts, overWebSocket, detail, typeof info === 'string' ? { code: -1, msg: info } : info));
  });
  player.on(mpegts.Events.LOADING_COMPLETE, () => fail({ kind: 'closed' }));
  player.on(mpegts.Events.STATISTICS_INFO, ({ speed = 0 }: { speed?: number }) => events.rate(speed * 8.192));
  player.on(mpegts.Events.MEDIA_INFO, (info: Mpegts.MSEPlayerMediaInfo) => {
    const codec = unsupportedCodec(info, isTypeSupported);
    if (codec !== undefined) return fail({ kind: 'unsupported', codec });
    events.tracks(info.hasVideo !== false);
  });
  player.attachMediaElement(video);
  player.load();
  Promise.resolve(player.play()).catch((error: unknown) => {
    if (open && error instanceof DOMException && error.name === 'NotAllowedError') events.blocked();
  });
  return { close };
}

/** Where Apple's phones have no MediaSource they have a ManagedMediaSource (iOS 17.1). */
function isTypeSupported(type: string): boolean {
  const { ManagedMediaSource } = globalThis as { ManagedMediaSource?: typeof MediaSource };
  return (globalThis.MediaSource ?? ManagedMediaSource)?.isTypeSupported(type) ?? false;
}

function failureOf(mpegts: typeof Mpegts, overWebSocket: boolean, detail: string, info: ErrorInfo): Failure {
  const { ErrorDetails } = mpegts;
  switch (detail) {
    case ErrorDetails.NETWORK_STATUS_CODE_INVALID:
      return { kind: 'status', status: info.code };
    case ErrorDetails.NETWORK_EXCEPTION:
    case ErrorDetails.NETWORK_TIMEOUT:
      // A browser does not tell why a WebSocket was refused.
      return { kind: overWebSocket ? 'closed' : 'network' };
    case ErrorDetails.NETWORK_UNRECOVERABLE_EARLY_EOF:
      return { kind: 'closed' };
    default:
      return mediaFailure(mpegts, detail, info);
  }
}

function mediaFailure(mpegts: typeof Mpegts, detail: string, { code, msg }: ErrorInfo): Failure {
  const refused = detail === mpegts.ErrorDetails.MEDIA_CODEC_UNSUPPORTED || code === DOMException.NOT_SUPPORTED_ERR;
  return refused ? { kind: 'unsupported', codec: codecInMessage(msg) ?? '' } : { kind: 'media' };
}
