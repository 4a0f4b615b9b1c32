import { formatBitrate, formatSize } from '../format.ts';
import { t } from '../settings.ts';
import type { LivePlayer } from './live-player.ts';

/** One line of numbers; each has its raw value as `data-value`. */
export function Stats({ player }: { player: LivePlayer }) {
  const { width, height, kbps, decoded, dropped, delay: ahead, stalls } = player.stats.value;
  const { line } = player.lines.value;
  const delay = ahead + (line?.delay_ms ?? 0) / 1000;
  const isLive = player.past.value === undefined;
  return (
    <dl class="stats">
      <Stat id="size" label={t('statSize')} text={formatSize(width, height) || '–'} value={`${width}x${height}`} />
      <Stat id="kbps" label={t('bitrate')} text={kbps > 0 ? formatBitrate(kbps) : '–'} value={Math.round(kbps)} />
      <Stat id="decoded" label={t('statDecoded')} text={String(decoded)} value={decoded} />
      <Stat id="dropped" label={t('statDropped')} text={String(dropped)} value={dropped} />
      {stalls !== undefined && <Stat id="stalls" label={t('statStalls')} text={String(stalls)} value={stalls} />}
      <Stat
        id="delay"
        label={t(line?.delay_ms === undefined ? 'statDelay' : 'statWholeDelay')}
        text={isLive ? `${delay.toFixed(1)} s` : '–'}
        value={delay.toFixed(3)}
      />
    </dl>
  );
}

function Stat({ id, label, text, value }: { id: string; label: string; text: string; value: string | number }) {
  return (
    <div data-stat={id} data-value={value}>
      <dt>{label}</dt>
      <dd>{text}</dd>
    </div>
  );
}
