import process from 'node:process';
import type { Clock } from '../base/clock.ts';
import type { Hub } from '../hub/hub.ts';
import type { Sessions } from '../hub/session.ts';
import { isPublisher, isViewer, type NodeLoad } from './cluster.ts';

/** What a {@link LoadGauge} looks at. */
export interface LoadGround {
  readonly hub: Hub;
  readonly sessions: Sessions;
  readonly clock: Clock;
}

/** What a {@link LoadGauge} reads. */
export interface Reading extends NodeLoad {
  readonly publishers: number;
  /** What of the bit rate goes to viewers. */
  readonly viewed: number;
}

const BITS = 8e6;

/** That of a process of which nothing was read yet. */
export const IDLE: Reading = { cpu: 0, cores: 0, streams: 0, viewers: 0, publishers: 0, bitrate: 0, viewed: 0 };

/** What two processes are together. */
export function addReadings(a: Reading, b: Reading): Reading {
  return {
    cpu: Math.round((a.cpu + b.cpu) * 1000) / 1000,
    cores: a.cores + b.cores,
    streams: a.streams + b.streams,
    viewers: a.viewers + b.viewers,
    publishers: a.publishers + b.publishers,
    bitrate: a.bitrate + b.bitrate,
    viewed: a.viewed + b.viewed,
  };
}

/** Tells how busy this process is; what has a rate is measured from one reading to the next. */
export class LoadGauge {
  readonly #ground: LoadGround;
  #last: { readonly at: number; readonly cpu: number };
  /** What each session had sent at the last reading. */
  #sent = new Map<string, number>();

  constructor(ground: LoadGround) {
    this.#ground = ground;
    this.#last = { at: ground.clock.now(), cpu: usedCpu() };
  }

  read(): Reading {
    const { hub, sessions, clock } = this.#ground;
    const sent = new Map<string, number>();
    let [bytes, viewedBytes, viewers, publishers] = [0, 0, 0, 0];
    for (const session of sessions) {
      const { id, bytesOut, isInner } = session;
      // What goes from worker to worker stays in the node.
      if (isInner) continue;
      const more = bytesOut - (this.#sent.get(id) ?? 0);
      sent.set(id, bytesOut);
      bytes += more;
      if (isPublisher(session)) publishers++;
      if (!isViewer(session)) continue;
      viewers++;
      viewedBytes += more;
    }
    const now = { at: clock.now(), cpu: usedCpu() };
    const elapsed = Math.max(1, now.at - this.#last.at);
    const cpu = (now.cpu - this.#last.cpu) / elapsed;
    [this.#last, this.#sent] = [now, sent];
    const streams = [...hub.streams].filter(({ mirrored }) => !mirrored?.isInner).length;
    const [bitrate, viewed] = [bytes, viewedBytes].map((count) => Math.round((count * BITS) / elapsed)) as [
      number,
      number,
    ];
    return { cpu: Math.round(cpu * 1000) / 1000, cores: 1, streams, viewers, publishers, bitrate, viewed };
  }
}

/** In microseconds since the start of the process. */
function usedCpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
