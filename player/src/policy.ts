/** What the player tells the viewer; also the `data-state` of its element. */
export type PlayerState =
  | 'connecting'
  | 'waiting' // nobody publishes yet, or no key frame has come
  | 'playing'
  | 'interrupted' // it played; the data stopped
  | 'ended' // it played; the server no longer has it
  | 'offline' // the server does not answer
  | 'busy' // the server answers that it cannot serve
  | 'paused' // by the viewer, or by a browser that forbids autoplay
  | 'refused' // this link may not be played
  | 'unsupported'; // this browser cannot play the codec

/** Why a connection, or what came through it, was of no use. */
export type Failure =
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'network' }
  | { readonly kind: 'closed' }
  | { readonly kind: 'media' }
  | { readonly kind: 'unsupported'; readonly codec: string };

/** The state to show after a failure. */
export function stateAfter(failure: Failure, hasPlayed: boolean): PlayerState {
  switch (failure.kind) {
    case 'network':
      return 'offline';
    case 'unsupported':
      return 'unsupported';
    case 'status':
      return stateOfStatus(failure.status, hasPlayed);
    case 'closed':
    case 'media':
      return hasPlayed ? 'interrupted' : 'waiting';
  }
}

function stateOfStatus(status: number, hasPlayed: boolean): PlayerState {
  if (status === 401 || status === 403) return 'refused';
  if (status === 404 || status === 410) return hasPlayed ? 'ended' : 'waiting';
  return 'busy';
}

/** Whether a failure is a no, which asking again does not change. */
export function isRefusal(failure: Failure): boolean {
  return stateAfter(failure, false) === 'refused';
}

/** Whether the player goes on by itself from this state. */
export function retries(state: PlayerState): boolean {
  return state !== 'refused' && state !== 'unsupported' && state !== 'paused';
}

const firstDelay = 500;
const longestDelay = 15_000;

/** Milliseconds before attempt `attempt` (from 0): doubling, capped, spread by `random` in [0, 1) so that viewers do not return in step. */
export function retryDelay(attempt: number, random: number): number {
  const delay = Math.min(longestDelay, firstDelay * 2 ** Math.min(attempt, 16));
  return delay * (0.5 + random / 2);
}
