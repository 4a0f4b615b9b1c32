import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from '../parts/icon.tsx';
import { t } from '../settings.ts';
import type { Via } from '../urls.ts';
import { Controls } from './controls.tsx';
import { LivePlayer, type Source } from './live-player.ts';
import { Message } from './message.tsx';
import { Stats } from './stats.tsx';

interface Props {
  readonly name: string;
  readonly source: Source;
  readonly via: Via;
}

/** Plays one live stream, muted at first as browsers demand. `data-state` tells tests and scripts its state. */
export function Player({ name, source, via }: Props) {
  const stage = useRef<HTMLDivElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const [player, setPlayer] = useState<LivePlayer>();

  useEffect(() => {
    video.current!.muted = true;
    const live = new LivePlayer(video.current!, source);
    setPlayer(live);
    live.start();
    return () => live.stop();
  }, [source.url]);

  return (
    <section
      class="player"
      data-state={player?.state.value ?? 'connecting'}
      data-via={via}
      aria-label={t('player', { name })}
    >
      <div class="stage" ref={stage}>
        <video ref={video} playsInline disableRemotePlayback />
        {player && <Message player={player} />}
        {player?.state.value === 'playing' && !player.hasVideo.value && (
          <p class="audio-only">
            <Icon name="sound" />
            {t('audioOnly')}
          </p>
        )}
        {player && <Controls player={player} video={video.current!} stage={stage.current!} />}
      </div>
      {player && <Stats player={player} />}
    </section>
  );
}
