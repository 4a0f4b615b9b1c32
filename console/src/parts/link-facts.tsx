import { formatBytes, formatCount, formatMs, formatResidual } from '../format.ts';
import { type NodeLink, overheadOf, type ReceivedStream, shareOf, type Tally } from '../links.ts';
import { t } from '../settings.ts';
import { Fact } from './fact.tsx';
import { mediaInWords, percent, time, UNKNOWN } from './link-words.ts';

/** Viewers notice more than this share: at 4 Mbit/s a packet every 25 s. */
const NOTICED = 1e-4;

/** How the link's media goes, and why it is not UDP. */
export function MediaFact({ role, media }: Pick<NodeLink, 'role' | 'media'>) {
  const isFallback = media === 'reliable';
  const why = t(role === 'edge' ? 'mediaFallback' : 'mediaNoUdp');
  return <Fact label={t('linkMedia')} value={mediaInWords(media)} more={isFallback ? why : ''} warn={isFallback} />;
}

/** The round trip, and how much it differs. */
export function RttFact({ rtt_ms: rtt, jitter_ms: jitter }: Pick<NodeLink, 'rtt_ms' | 'jitter_ms'>) {
  return <Fact label={t('linkRtt')} value={time(rtt)} more={jitter === undefined ? '' : `± ${formatMs(jitter)}`} />;
}

/** What of the packets was found missing, and what stayed so. */
export function LossFacts({ tally }: { tally: Tally | undefined }) {
  const { packets = 0, lost = 0, residual = 0 } = tally ?? {};
  const left = shareOf(residual, packets);
  const counted = (count: number) => (packets > 0 ? t('linkPackets', { count: formatCount(count) }) : '');
  return (
    <>
      <Fact label={t('linkLoss')} value={percent(shareOf(lost, packets))} more={counted(lost)} />
      <Fact
        label={t('linkResidual')}
        value={left === undefined ? UNKNOWN : formatResidual(left)}
        more={counted(residual)}
        warn={left !== undefined && left > NOTICED}
      />
    </>
  );
}

/** What this node sends besides media: an edge requests and reports, an origin repairs. */
export function OverheadFact({ link }: { link: NodeLink }) {
  const more = t('linkSent', { size: formatBytes(link.overhead_bytes) });
  return <Fact label={t('linkOverhead')} value={percent(overheadOf(link))} more={more} />;
}

/** What was repaired, and how; `late` and what was `restored` from parity where that is known. */
export function RepairFact(props: { repaired: number; requests: number; late?: number; restored?: number }) {
  const { repaired, requests, late, restored = 0 } = props;
  const more = [t('linkRequests', { count: formatCount(requests) })];
  if (late !== undefined) more.push(t('linkLate', { count: formatCount(late) }));
  if (restored > 0) more.push(t('linkRestored', { count: formatCount(restored) }));
  return <Fact label={t('linkRepaired')} value={formatCount(repaired)} more={more.join(' · ')} />;
}

/** How long a stream takes, and how long it is to take. */
export function DelayFact({ stream }: { stream: ReceivedStream | undefined }) {
  if (!stream) return <Fact label={t('linkDelay')} value={UNKNOWN} />;
  const { delay_p50_ms: p50, delay_p99_ms: p99, latency_ms: latency } = stream;
  return (
    <Fact
      label={t('linkDelay')}
      value={`${Math.round(p50)} / ${formatMs(p99)}`}
      more={t('linkLatency', { latency: formatMs(latency) })}
    />
  );
}
