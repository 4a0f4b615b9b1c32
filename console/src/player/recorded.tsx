import { useEffect, useRef, useState } from 'preact/hooks';
import { formatDuration } from '../format.ts';
import { t } from '../settings.ts';
import type { StringKey } from '../strings.ts';
import { ButtonBar } from './buttons.tsx';
import { RecordedPlayer, type RecordedState } from './recorded-player.ts';
import { SeekBar } from './seek-bar.tsx';

interface Props {
  readonly name: string;
  readonly playlist: string;
  /** The part that is chosen, in seconds. */
  readonly chosen: readonly [number, number] | undefined;
  /** Is told where it is, in seconds, and how long the recording is. */
  readonly onTime: (time: number, duration: number) => void;
}

/** How far a key goes, in seconds. */
const keyStep = 5;
const rates = [1, 1.25, 1.5, 2];

/** Plays a recording, from anywhere in it. */
export function Recorded({ name, playlist, chosen, onTime }: Props) {
  const stage = useRef<HTMLDivElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const [player, setPlayer] = useState<RecordedPlayer>();
  useEffect(() => {
    const recorded = new RecordedPlayer(video.current!, playlist);
    setPlayer(recorded);
    return () => recorded.close();
  }, [playlist]);
  const [time, duration] = [player?.time.value ?? 0, player?.duration.value ?? 0];
  useEffect(() => onTime(time, duration), [time, duration]);
  const state = player?.state.value ?? 'connecting';
  return (
    <section class="player recorded" data-state={state} data-time={time.toFixed(2)} aria-label={t('player', { name })}>
      <div class="stage" ref={stage}>
        <video ref={video} playsInline disableRemotePlayback />
        {player && <Said state={state} codec={player.codec.value} />}
        {player && (
          <div class="controls">
            <SeekBar
              label={t('seek')}
              min={0}
              max={duration}
              step={keyStep}
              value={time}
              text={clock}
              chosen={chosen}
              onSeek={(to) => player.seek(to)}
            />
            <ButtonBar
              isPaused={state !== 'playing'}
              toggle={() => player.toggle()}
              video={video.current!}
              stage={stage.current!}
            >
              <span class="clock">
                {clock(time)} / {clock(duration)}
              </span>
              <Rate player={player} />
            </ButtonBar>
          </div>
        )}
      </div>
    </section>
  );
}

function clock(seconds: number): string {
  return formatDuration(seconds * 1000);
}

/** How fast it plays: the next rate with every press. */
function Rate({ player }: { player: RecordedPlayer }) {
  const [index, setIndex] = useState(0);
  const next = () => {
    const to = (index + 1) % rates.length;
    player.rate = rates[to]!;
    setIndex(to);
  };
  return (
    <button type="button" class="rate" aria-label={`${t('speed')}: ${rates[index]}×`} title={t('speed')} onClick={next}>
      {rates[index]}×
    </button>
  );
}

const words: Readonly<Partial<Record<RecordedState, StringKey>>> = {
  connecting: 'loading',
  refused: 'recordingGone',
  offline: 'offline',
};

function Said({ state, codec }: { state: RecordedState; codec: string }) {
  const said = words[state];
  const text = said
    ? t(said)
    : state === 'unsupported'
      ? t('unsupported', { codec: codec || t('recordingFormat') })
      : '';
  return (
    <div class="message" role="status" hidden={text === ''}>
      <p class="said">{text}</p>
    </div>
  );
}
