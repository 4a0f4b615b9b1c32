import { RefusedError } from '../base/errors.ts';
import type { Channel } from './channel.ts';
import { expectJson } from './channel.ts';
import type { RelayMessage } from './messages.ts';
import type { PeerClock } from './peer-clock.ts';

/** How often one says that one is still there, in milliseconds. */
export const BEAT_MS = 400;
/** One who is silent for so many of our own beats is taken for dead; one who is heard another way meanwhile, for so many. */
const MOST_SILENT = 4;
/** After so many it is in doubt. */
const DOUBTFUL = 3;
const MOST_MUTE = 25;

/** What else there is to know of the other end of a control channel. */
export interface OtherEnd {
  /** Is handed every message that comes. */
  readonly hear?: (message: RelayMessage) => void;
  /** Grows with what is heard of it another way, by UDP: one who is heard is alive, however long its messages take. */
  readonly heard?: () => number;
  /** Learns its clock. */
  readonly clock?: PeerClock | undefined;
  /** Is told whenever it was not heard for about a second: it may be dead. */
  readonly doubt?: () => void;
}

/** Keeps up a control channel: returns when the other node ends it, throws when it breaks or falls silent. */
export async function keepAlive(
  channel: Channel,
  { hear, heard = () => 0, doubt, clock }: OtherEnd = {},
): Promise<void> {
  let [silent, mute, before] = [0, 0, heard()];
  const timer = setInterval(() => {
    if (heard() !== before) silent = 0;
    before = heard();
    if (silent + 1 === DOUBTFUL) doubt?.();
    if (++silent > MOST_SILENT || ++mute > MOST_MUTE)
      channel.break(new RefusedError('timeout', 'the other node has fallen silent'));
    else channel.send({ op: 'alive', ...(clock && { clock: clock.sign() }) });
  }, BEAT_MS);
  try {
    for await (const message of channel.messages()) {
      const told = expectJson(message);
      silent = mute = 0;
      if (told.op === 'alive' && told.clock) clock?.read(told.clock);
      hear?.(told);
    }
  } finally {
    clearInterval(timer);
  }
}
