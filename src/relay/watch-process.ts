import type { Duplex } from 'node:stream';
import { ProtocolError } from '../base/errors.ts';
import { Departure } from '../net/serve.ts';
import { Channel, expectJson, orAbort } from './channel.ts';

/** The process at the other end is no more: nothing comes from it any longer, by whatever way. */
export class OriginGone extends Departure {}

/**
 * Breaks `control` with {@link OriginGone} when the origin's process is gone, which UDP does not tell. A TCP connection does, at once:
 * nothing is said over it, and when it ends and cannot be had again, or leads to another process, the origin is dead. Where none can be
 * had at all only silence tells. Resolves when `control` has ended, never rejects.
 */
export async function watchProcess(
  open: (signal: AbortSignal) => Promise<Duplex>,
  control: Channel,
  process: string | undefined,
): Promise<void> {
  const closing = new AbortController();
  const { signal } = closing;
  control.stream.once('close', () => closing.abort(new Departure('the connection to the origin has ended')));
  for (let wasOpen = false; !signal.aborted; wasOpen = true) {
    try {
      await orAbort(watch(new Channel(await open(signal)), process), signal);
    } catch (error) {
      const isGone = wasOpen || error instanceof OriginGone;
      if (isGone) control.break(new OriginGone(`the origin is gone: ${(error as Error).message}`));
      return;
    }
  }
}

/** Returns when the connection ends. Throws {@link OriginGone} when it leads to another process. */
async function watch(wire: Channel, process: string | undefined): Promise<void> {
  wire.send({ op: 'watch', ...(process !== undefined && { process }) });
  try {
    for await (const message of wire.messages()) {
      const told = expectJson(message);
      if (told.op === 'ended' && told.code === 'gone') throw new OriginGone(told.message);
    }
  } catch (error) {
    // That it broke off says no more than that it ended.
    if (error instanceof OriginGone || error instanceof ProtocolError) throw error;
  }
}
