import { t } from '../settings.ts';
import { ButtonBar, SoundOn } from './buttons.tsx';
import type { LivePlayer } from './live-player.ts';
import { Behind, ShiftBar } from './shift-bar.tsx';
import type { Reach } from './use-shift.ts';

interface Props {
  player: LivePlayer;
  video: HTMLVideoElement;
  stage: HTMLElement;
  reach: Reach | undefined;
}

/** The buttons of a live stream; above them, where it goes back, the way there. */
export function Controls({ player, video, stage, reach }: Props) {
  const isPaused = player.state.value === 'paused';
  return (
    <>
      {player.state.value === 'playing' && <SoundOn video={video} />}
      <div class="controls">
        {reach && <ShiftBar player={player} reach={reach} />}
        <ButtonBar
          isPaused={isPaused}
          toggle={() => (isPaused ? player.start() : player.stop())}
          video={video}
          stage={stage}
        >
          {reach && player.past.value !== undefined ? (
            <Behind player={player} reach={reach} />
          ) : (
            <span class="badge">{t('playing')}</span>
          )}
        </ButtonBar>
      </div>
    </>
  );
}
