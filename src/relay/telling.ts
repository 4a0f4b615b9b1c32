import { type Clock, MILLISECOND, SECOND } from '../base/clock.ts';
import type { Stream } from '../hub/stream.ts';
import type { StreamState } from './asides.ts';
import type { Channel } from './channel.ts';

/** How soon it is looked whether there is something new to tell, in microseconds: less and less often, as most is known soon. */
const [FIRST_LOOK, LATER_LOOKS] = [0.25 * SECOND, 5 * SECOND];
/** Times that differ by less are not worth a message. */
const WORTH = 1 * MILLISECOND;

/** Tells a subscriber how its stream comes to this node, at once and when that changes, until the function returned is called. */
export function keepTelling(clock: Clock, channel: Channel, stream: Stream): () => void {
  let told: StreamState | undefined;
  let pause = FIRST_LOOK;
  let cancel = () => {};
  const look = () => {
    const state = stateOf(stream);
    // What is not taken would only grow old.
    const isTaken = !told || channel.stream.writableLength === 0;
    if (isTaken && differs(told, state)) channel.say((told = state));
    cancel = clock.after(pause, look);
    pause = Math.min(2 * pause, LATER_LOOKS);
  };
  look();
  return () => cancel();
}

/** How a stream comes to this node. */
function stateOf({ mirrored, passage, trace, delay: late }: Stream): StreamState {
  const ahead = mirrored ? passage?.ahead : 0;
  const delay = late?.total.p50;
  return {
    op: 'state',
    ...(ahead !== undefined && { ahead }),
    ...(delay !== undefined && { delay }),
    ...(trace !== undefined && { trace }),
  };
}

function differs(one: StreamState | undefined, other: StreamState): boolean {
  if (!one) return true;
  return one.trace !== other.trace || isOther(one.ahead, other.ahead) || isOther(one.delay, other.delay);
}

function isOther(one: number | undefined, other: number | undefined): boolean {
  if (one === undefined || other === undefined) return one !== other;
  return Math.abs(one - other) >= WORTH;
}
