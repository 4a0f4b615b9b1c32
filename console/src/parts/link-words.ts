import { formatMs, formatPercent, formatResidual } from '../format.ts';
import type { Media, ReceivedStream } from '../links.ts';
import { t } from '../settings.ts';
import type { StringKey } from '../strings.ts';

/** Stands where nothing is known. */
export const UNKNOWN = '–';

const media: Readonly<Record<Media, StringKey>> = {
  udp: 'mediaUdp',
  multicast: 'mediaMulticast',
  push: 'mediaPush',
  reliable: 'mediaReliable',
};

/** By what media goes, in words. */
export function mediaInWords(way: Media): string {
  return t(media[way]);
}

/** A share in percent. */
export function percent(share: number | undefined): string {
  return share === undefined ? UNKNOWN : t('percent', { value: formatPercent(share) });
}

/** A short time in milliseconds. */
export function time(ms: number | undefined): string {
  return ms === undefined ? UNKNOWN : formatMs(ms);
}

/** What a stream's latency comes to, in one line as in the server's log. */
export function outcomeInWords({
  outcome: { loss, residual, overhead, better },
  latency_ms: ms,
}: ReceivedStream): string {
  const outcome = t('linkOutcome', {
    loss: percent(loss),
    residual: formatResidual(residual),
    latency: time(ms),
    overhead: percent(overhead),
  });
  if (!better) return outcome;
  return t('linkBetter', { outcome, latency: time(better.latency_ms), residual: formatResidual(better.residual) });
}
