import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child, freePorts, installed } from '../process.ts';
import type { ServerKind } from './server.ts';

const MODULE = '/usr/lib/nginx/modules/ngx_rtmp_module.so';

/** One worker with its defaults, and without an access log. */
function configuration(folder: string, port: number): string {
  return `
    load_module ${MODULE};
    daemon off; worker_processes 1; worker_rlimit_nofile 65535; pid ${folder}/pid; error_log ${folder}/error.log error;
    events { worker_connections 65000; }
    rtmp { access_log off; server { listen 127.0.0.1:${port}; chunk_size 4096; application live { live on; } } }`;
}

export const nginxRtmp: ServerKind = {
  name: 'nginx-rtmp',
  protocols: ['rtmp'],
  needsSource: true,
  missing() {
    const there = installed('nginx') && existsSync(MODULE);
    return there ? undefined : 'nginx with its RTMP module is not installed: apt-get install nginx libnginx-mod-rtmp';
  },

  async start({ cores, folder }) {
    const [rtmpPort] = (await freePorts(1)) as [number];
    const file = join(folder, 'nginx.conf');
    writeFileSync(file, configuration(folder, rtmpPort));
    const since = performance.now();
    const command = ['nginx', '-p', folder, '-c', file, '-e', join(folder, 'error.log')];
    const child = new Child('nginx', cores, command, { output: 'ignored' });
    return { child, rtmpPort, httpPort: rtmpPort, startup: await child.listening(rtmpPort, since) };
  },
};
