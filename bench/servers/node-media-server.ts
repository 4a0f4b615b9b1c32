import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROTOCOLS } from '../load.ts';
import { Child, freePorts } from '../process.ts';
import type { ServerKind } from './server.ts';

const MAIN = join(import.meta.dirname, '../../node_modules/node-media-server/bin/app.js');

export const nodeMediaServer: ServerKind = {
  name: 'node-media-server',
  protocols: PROTOCOLS,
  needsSource: true,
  missing: () => (existsSync(MAIN) ? undefined : 'node-media-server is not installed: npm install'),

  async start({ cores, folder }) {
    const [rtmpPort, httpPort] = (await freePorts(2)) as [number, number];
    const file = join(folder, 'config.json');
    const ports = { rtmp: { port: rtmpPort }, http: { port: httpPort } };
    const store = { path: join(folder, 'data'), maxHistory: 100 };
    writeFileSync(file, JSON.stringify({ bind: '127.0.0.1', ...ports, store, webadmin: { enable: false } }));
    const since = performance.now();
    const options = { env: { NODE_ENV: 'production' }, output: 'ignored' } as const;
    const child = new Child('node-media-server', cores, [process.execPath, MAIN, '-c', file], options);
    await child.listening(rtmpPort, since);
    return { child, rtmpPort, httpPort, startup: await child.listening(httpPort, since) };
  },
};
