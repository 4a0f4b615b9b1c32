import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Icon } from '../parts/icon.tsx';
import { t } from '../settings.ts';

interface BarProps {
  readonly isPaused: boolean;
  readonly toggle: () => void;
  readonly video: HTMLVideoElement;
  readonly stage: HTMLElement;
  /** What stands between the sound and the full screen. */
  readonly children: ComponentChildren;
}

/** Pause, sound and full screen, side by side. */
export function ButtonBar({ isPaused, toggle, video, stage, children }: BarProps) {
  const { muted, volume } = useSound(video);
  const [play, sound] = [t(isPaused ? 'play' : 'pause'), t(muted ? 'unmute' : 'mute')];
  return (
    <div class="buttons">
      <button type="button" aria-label={play} title={play} onClick={toggle}>
        <Icon name={isPaused ? 'play' : 'pause'} />
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
      {children}
      <button
        type="button"
        aria-label={t('fullscreen')}
        title={t('fullscreen')}
        onClick={() => toggleFullscreen(stage, video)}
      >
        <Icon name="fullscreen" />
      </button>
    </div>
  );
}

/** A large button for the sound, while there is none. */
export function SoundOn({ video }: { video: HTMLVideoElement }) {
  if (!useSound(video).muted) return null;
  return (
    <button type="button" class="sound-on" onClick={() => (video.muted = false)}>
      <Icon name="muted" />
      {t('soundOn')}
    </button>
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
