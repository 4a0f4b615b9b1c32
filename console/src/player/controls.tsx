import { useEffect, useState } from 'preact/hooks';
import { Icon } from '../parts/icon.tsx';
import { t } from '../settings.ts';
import type { LivePlayer } from './live-player.ts';

interface Props {
  player: LivePlayer;
  video: HTMLVideoElement;
  stage: HTMLElement;
}

/** Pause, sound and full screen; and, while muted, a large button for the sound. */
export function Controls({ player, video, stage }: Props) {
  const { muted, volume } = useSound(video);
  const paused = player.state.value === 'paused';
  const [toggle, sound] = [t(paused ? 'play' : 'pause'), t(muted ? 'unmute' : 'mute')];
  return (
    <>
      {muted && player.state.value === 'playing' && (
        <button type="button" class="sound-on" onClick={() => (video.muted = false)}>
          <Icon name="muted" />
          {t('soundOn')}
        </button>
      )}
      <div class="controls">
        <button
          type="button"
          aria-label={toggle}
          title={toggle}
          onClick={() => (paused ? player.start() : player.stop())}
        >
          <Icon name={paused ? 'play' : 'pause'} />
        </button>
        <button
          type="button"
          aria-label={sound}
          title={sound}
          aria-pressed={muted}
          onClick={() => (video.muted = !muted)}
        >
          <Icon name={muted ? 'muted' : 'sound'} />
        </button>
        <input
          type="range"
          min="0"
          max="1"
          step="0.05"
          aria-label={t('volume')}
          value={muted ? 0 : volume}
          onInput={(event) => setVolume(video, Number(event.currentTarget.value))}
        />
        <span class="badge">{t('playing')}</span>
        <button
          type="button"
          aria-label={t('fullscreen')}
          title={t('fullscreen')}
          onClick={() => toggleFullscreen(stage, video)}
        >
          <Icon name="fullscreen" />
        </button>
      </div>
    </>
  );
}

function useSound(video: HTMLVideoElement) {
  const [sound, setSound] = useState({ muted: video.muted, volume: video.volume });
  useEffect(() => {
    const read = () => setSound({ muted: video.muted, volume: video.volume });
    read();
    video.addEventListener('volumechange', read);
    return () => video.removeEventListener('volumechange', read);
  }, [video]);
  return sound;
}

function setVolume(video: HTMLVideoElement, volume: number): void {
  video.volume = volume;
  video.muted = volume === 0;
}

function toggleFullscreen(stage: HTMLElement, video: HTMLVideoElement): void {
  if (document.fullscreenElement) void document.exitFullscreen();
  else if (stage.requestFullscreen)
    void stage.requestFullscreen().catch(() => {}); // forbidden in some frames
  else (video as { webkitEnterFullscreen?: () => void }).webkitEnterFullscreen?.(); // iPhone: the video alone
}
