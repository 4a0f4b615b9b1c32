import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serverRun } from '../../scripts/prepare.mjs';
import { PROTOCOLS } from '../load.ts';
import { Child, freePorts } from '../process.ts';
import type { ServerKind } from './server.ts';

export const headwater: ServerKind = {
  name: 'headwater',
  protocols: PROTOCOLS,
  needsSource: true,
  missing: () => undefined,

  async start({ cores, folder, gather, workers = 1, options }) {
    const [rtmpPort, httpPort] = (await freePorts(2)) as [number, number];
    const config = join(folder, 'headwater.yaml');
    writeFileSync(config, `rtmp: {listen: "127.0.0.1:${rtmpPort}"}\nhttp: {listen: "127.0.0.1:${httpPort}"}\n`);
    const fixed = { HEADWATER_FANOUT_BURST_MIN: `${gather}ms`, HEADWATER_FANOUT_BURST_MAX: `${gather}ms` };
    const run = serverRun('--config', config);
    const env = {
      ...run.env,
      HEADWATER_ACCESS_ADMIN_TOKEN: 'bench',
      HEADWATER_CLUSTER_WORKERS: `${workers}`,
      NODE_ENV: 'production',
      ...(gather === undefined ? {} : fixed),
      ...options,
    };
    const since = performance.now();
    const output = options ? 'read' : 'ignored';
    const child = new Child('headwater', cores, [process.execPath, ...run.args], { env, output });
    await child.listening(rtmpPort, since);
    return { child, rtmpPort, httpPort, startup: await child.listening(httpPort, since) };
  },
};
