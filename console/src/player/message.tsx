import { useEffect, useState } from 'preact/hooks';
import type { PlayerState } from '../../../player/src/policy.ts';
import { t } from '../settings.ts';
import type { StringKey } from '../strings.ts';
import type { LivePlayer } from './live-player.ts';

/** Whose words are used: a lesson has a teacher. */
export type Setting = 'broadcast' | 'lesson';

interface Props {
  readonly player: LivePlayer;
  readonly setting: Setting;
}

/** What the viewer should know while nothing plays, in plain words. */
export function Message({ player, setting }: Props) {
  const state = player.state.value;
  const [title, more] = words(state, player.codec.value, setting);
  return (
    <div class="message" role="status" hidden={state === 'playing'}>
      {state !== 'playing' && <p class="said">{title}</p>}
      {state !== 'playing' && lasts.has(state) && <Lasting since={player.since.value} />}
      {more && <p>{more}</p>}
      {(state === 'refused' || state === 'paused') && (
        <button type="button" class="button primary" onClick={() => player.start()}>
          {state === 'paused' ? t('play') : t('tryAgain')}
        </button>
      )}
    </div>
  );
}

/** For how long one has been waiting; not read out each second. */
function Lasting({ since }: { since: number }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return (
    <p class="lasting" aria-hidden="true">
      {t('waitingSince', { seconds: Math.max(0, Math.round((now - since) / 1000)) })}
    </p>
  );
}

/** The states of which it matters how long they last. */
const lasts: ReadonlySet<PlayerState> = new Set(['interrupted', 'offline', 'busy']);

const explanations: Readonly<Partial<Record<PlayerState, StringKey>>> = {
  waiting: 'waitingMore',
  interrupted: 'interruptedMore',
  ended: 'endedMore',
  offline: 'offlineMore',
  busy: 'busyMore',
  refused: 'refusedMore',
};

const ofLesson: Readonly<Partial<Record<PlayerState, StringKey>>> = {
  waiting: 'lessonWaiting',
  interrupted: 'lessonInterrupted',
  ended: 'lessonEnded',
};

function words(state: PlayerState, codec: string, setting: Setting): [title: string, more: string] {
  if (state === 'unsupported') {
    return codec ? [t('unsupported', { codec }), t('unsupportedMore')] : [t('unsupportedAll'), t('unsupportedAllMore')];
  }
  const more = explanations[state];
  const title = setting === 'lesson' ? ofLesson[state] : undefined;
  return [t(title ?? state), more ? t(more) : ''];
}
