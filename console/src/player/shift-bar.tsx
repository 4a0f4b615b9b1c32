import { formatClock, formatDuration } from '../format.ts';
import { t } from '../settings.ts';
import type { LivePlayer } from './live-player.ts';
import { SeekBar } from './seek-bar.tsx';
import { catchUpRate } from './stream-time.ts';
import type { Reach } from './use-shift.ts';

interface Props {
  readonly player: LivePlayer;
  readonly reach: Reach;
}

/** How far a key goes, in milliseconds. */
const keyStep = 5000;

/** The way to what was before. */
export function ShiftBar({ player, reach: { from, to } }: Props) {
  const text = (moment: number) =>
    to - moment < keyStep ? t('playing') : `${formatClock(moment)} (−${formatDuration(to - moment)})`;
  const at = player.past.value ?? to;
  const seek = (moment: number) => player.watch(to - moment < keyStep ? undefined : moment);
  return <SeekBar label={t('seek')} min={from} max={to} step={keyStep} value={at} text={text} onSeek={seek} />;
}

/** How far behind what is shown is, and the two ways back: faster than life, and at once. */
export function Behind({ player, reach: { to } }: Props) {
  const behind = to - (player.past.value ?? to);
  const isHasty = player.isHasty.value;
  return (
    <div class="behind">
      <span data-behind={Math.round(behind / 1000)}>−{formatDuration(behind)}</span>
      <button
        type="button"
        class="catch-up"
        aria-pressed={isHasty}
        title={t('catchUpMore')}
        onClick={() => player.catchUp(!isHasty)}
      >
        <span class="words">{t(isHasty ? 'catchingUp' : 'catchUp')} </span>
        {catchUpRate}×
      </button>
      <button type="button" class="go-live" title={t('goLive')} onClick={() => player.watch(undefined)}>
        {t('playing')}
      </button>
    </div>
  );
}
