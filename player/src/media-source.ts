/** Apple's phones have no MediaSource but a ManagedMediaSource (iOS 17.1). */
const { ManagedMediaSource } = globalThis as { ManagedMediaSource?: typeof MediaSource };

/** The browser's MediaSource, of whatever name; undefined where it has none. */
export const BrowserMediaSource: typeof MediaSource | undefined = ManagedMediaSource ?? globalThis.MediaSource;

/** Whether a MediaSource takes this type; false where there is none. */
export function isTypeSupported(type: string): boolean {
  return BrowserMediaSource?.isTypeSupported(type) ?? false;
}
