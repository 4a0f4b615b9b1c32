import type { PlayerState } from '../../../player/src/policy.ts';
import { t } from '../settings.ts';
import type { StringKey } from '../strings.ts';
import type { LivePlayer } from './live-player.ts';

/** What the viewer should know while nothing plays, in plain words. */
export function Message({ player }: { player: LivePlayer }) {
  const state = player.state.value;
  const [title, more] = words(state, player.codec.value);
  return (
    <div class="message" role="status" hidden={state === 'playing'}>
      {state !== 'playing' && <p class="said">{title}</p>}
      {more && <p>{more}</p>}
      {(state === 'refused' || state === 'paused') && (
        <button type="button" class="button primary" onClick={() => player.start()}>
          {state === 'paused' ? t('play') : t('tryAgain')}
        </button>
      )}
    </div>
  );
}

const explanations: Readonly<Partial<Record<PlayerState, StringKey>>> = {
  waiting: 'waitingMore',
  interrupted: 'interruptedMore',
  ended: 'endedMore',
  offline: 'offlineMore',
  busy: 'busyMore',
  refused: 'refusedMore',
};

function words(state: PlayerState, codec: string): [title: string, more: string] {
  if (state === 'unsupported') {
    return codec ? [t('unsupported', { codec }), t('unsupportedMore')] : [t('unsupportedAll'), t('unsupportedAllMore')];
  }
  const more = explanations[state];
  return [t(state), more ? t(more) : ''];
}
