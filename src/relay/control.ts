import { RefusedError } from '../base/errors.ts';
import type { Channel } from './channel.ts';
import { expectJson } from './channel.ts';
import type { RelayMessage } from './messages.ts';

/** How often one says that one is still there, in milliseconds. */
const BEAT_MS = 400;
/** One who is silent for so many of our own beats is taken for dead. */
const MOST_SILENT = 4;

/**
 * Keeps up a control channel, with every message that comes handed to `hear`: returns when the other node ends it, throws when it
 * breaks or falls silent.
 */
export async function keepAlive(channel: Channel, hear?: (message: RelayMessage) => void): Promise<void> {
  let silent = 0;
  const timer = setInterval(() => {
    if (++silent > MOST_SILENT) channel.break(new RefusedError('timeout', 'the other node has fallen silent'));
    else channel.send({ op: 'alive' });
  }, BEAT_MS);
  try {
    for await (const message of channel.messages()) {
      const heard = expectJson(message);
      silent = 0;
      hear?.(heard);
    }
  } finally {
    clearInterval(timer);
  }
}
