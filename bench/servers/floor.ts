import { join } from 'node:path';
import { PROTOCOLS } from '../load.ts';
import { Child } from '../process.ts';
import type { ServerKind } from './server.ts';

const MAIN = join(import.meta.dirname, '../floor-server.ts');

/** The least that a Node program can do: see floor-server.ts. */
export const floor: ServerKind = {
  name: 'floor',
  protocols: PROTOCOLS,
  needsSource: false,
  missing: () => undefined,

  async start({ cores, gather = 0, task }) {
    const since = performance.now();
    const child = new Child('the floor', cores, [process.execPath, MAIN, task, String(gather)]);
    const { rtmp, http } = await child.answer<{ rtmp: number; http: number }>();
    return { child, rtmpPort: rtmp, httpPort: http, startup: performance.now() - since };
  },
};
