import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from '../parts/icon.tsx';
import { t } from '../settings.ts';
import type { Via } from '../urls.ts';
import { Controls } from './controls.tsx';
import { Lines } from './lines.tsx';
import { LivePlayer, type Source } from './live-player.ts';
import { Message, type Setting } from './message.tsx';
import { Stats } from './stats.tsx';
import type { Reach } from './use-shift.ts';

interface Props {
  readonly name: string;
  readonly source: Source;
  readonly via: Via | 'lines';
  /** What is played, in the words of those who watch. */
  readonly setting: Setting;
  /** How far back it can be watched. */
  readonly reach: Reach | undefined;
}

/** Plays one live stream, muted at first as browsers demand. `data-state` tells tests and scripts its state. */
export function Player({ name, source, via, setting, reach }: Props) {
  const stage = useRef<HTMLDivElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const [player, setPlayer] = useState<LivePlayer>();

  useEffect(() => {
    video.current!.muted = true;
    const live = new LivePlayer(video.current!, source);
    setPlayer(live);
    live.start();
    return () => live.stop();
  }, [source.hls, via]);

  return (
    <section
      class="player"
      data-state={player?.state.value ?? 'connecting'}
      data-via={via}
      aria-label={t('player', { name })}
    >
      <div class="stage" ref={stage}>
        <video ref={video} playsInline disableRemotePlayback />
        {player && <Message player={player} setting={setting} />}
        {player?.state.value === 'playing' && !player.hasVideo.value && (
          <p class="audio-only">
            <Icon name="sound" />
            {t('audioOnly')}
          </p>
        )}
        {player && <Controls player={player} video={video.current!} stage={stage.current!} reach={reach} />}
      </div>
      {player && via === 'lines' && <Lines player={player} />}
      {player && reach && (
        <button type="button" class="from-start" onClick={() => player.watch('start')}>
          <Icon name="start" />
          {t('fromStart')}
        </button>
      )}
      {player && <Stats player={player} />}
    </section>
  );
}
