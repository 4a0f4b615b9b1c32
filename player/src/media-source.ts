import type { Track } from '../../src/media/track.ts';
import { readableCodec } from './codecs.ts';

/** Apple's phones have no MediaSource but a ManagedMediaSource (iOS 17.1). */
const { ManagedMediaSource } = globalThis as { ManagedMediaSource?: typeof MediaSource };

/** The browser's MediaSource, of whatever name; undefined where it has none. */
export const BrowserMediaSource: typeof MediaSource | undefined = ManagedMediaSource ?? globalThis.MediaSource;

/** As what a SourceBuffer takes a track. */
export function typeOf({ kind, parameter, codec }: Track): string {
  return `${kind}/mp4; codecs="${parameter || codec}"`;
}

/** Whether the browser can play a track. */
export function isTrackSupported(track: Track): boolean {
  return BrowserMediaSource?.isTypeSupported(typeOf(track)) ?? false;
}

/** A track's codec as people name it. */
export function codecOf({ parameter, codec }: Track): string {
  return readableCodec(parameter || codec);
}
