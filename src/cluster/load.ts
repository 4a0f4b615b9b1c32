import process from 'node:process';
import type { Clock } from '../base/clock.ts';
import type { Hub } from '../hub/hub.ts';
import type { Sessions } from '../hub/session.ts';
import type { NodeLoad } from '../net/cluster.ts';

/** What a {@link LoadGauge} looks at. */
export interface LoadGround {
  readonly hub: Hub;
  readonly sessions: Sessions;
  readonly clock: Clock;
}

const BITS = 8e6;

/** Tells how busy this node is; what has a rate is measured from one reading to the next. */
export class LoadGauge {
  readonly #ground: LoadGround;
  #last: { readonly at: number; readonly cpu: number };
  /** What each session had sent at the last reading. */
  #sent = new Map<string, number>();

  constructor(ground: LoadGround) {
    this.#ground = ground;
    this.#last = { at: ground.clock.now(), cpu: usedCpu() };
  }

  read(): NodeLoad {
    const { hub, sessions, clock } = this.#ground;
    const sent = new Map<string, number>();
    let [bytes, viewers] = [0, 0];
    for (const { id, bytesOut, role, protocol, isInner } of sessions) {
      // What goes from worker to worker stays in the node.
      if (isInner) continue;
      sent.set(id, bytesOut);
      bytes += bytesOut - (this.#sent.get(id) ?? 0);
      if (role === 'play' && protocol !== 'relay') viewers++;
    }
    const now = { at: clock.now(), cpu: usedCpu() };
    const elapsed = Math.max(1, now.at - this.#last.at);
    const cpu = (now.cpu - this.#last.cpu) / elapsed;
    [this.#last, this.#sent] = [now, sent];
    const streams = [...hub.streams].filter(({ mirrored }) => !mirrored?.isInner);
    const bitrate = Math.round((bytes * BITS) / elapsed);
    return { cpu: Math.round(cpu * 1000) / 1000, streams: streams.length, viewers, bitrate };
  }
}

/** In microseconds since the start of the process. */
function usedCpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
