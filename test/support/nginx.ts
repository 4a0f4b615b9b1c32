import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { temporaryFolder } from './ffmpeg.ts';
import { Program } from './program.ts';
import { NGINX_RTMP } from './tools.ts';
import { type Owner, until } from './until.ts';

/** An nginx-rtmp that runs. */
export interface Nginx {
  readonly port: number;
  readonly program: Program;
}

/** Starts nginx-rtmp with an application `live` that relays as its directives say (`push …;`, `pull …;`); resolves to its port. */
export async function startNginx(owner: Owner, directives: string): Promise<number> {
  return (await runNginx(owner, directives)).port;
}

/** The same, with its process; `port` is that of one that has ended, whose place it takes. */
export async function runNginx(owner: Owner, directives: string, port?: number): Promise<Nginx> {
  const folder = await temporaryFolder(owner);
  port ??= await freePort();
  const file = join(folder, 'nginx.conf');
  await writeFile(file, configuration(folder, port, directives));
  const nginx = new Program(owner, 'nginx', ['-p', folder, '-c', file, '-e', join(folder, 'error.log')]);
  await until(`nginx listens; it said ${nginx.stderr}`, () => accepts(port));
  return { port, program: nginx };
}

function configuration(folder: string, port: number, directives: string): string {
  return `
    load_module ${NGINX_RTMP};
    daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log info;
    events { worker_connections 100; }
    rtmp { access_log off; server { listen 127.0.0.1:${port}; application live { live on; ${directives} } } }`;
}

/** A port that was free a moment ago, for programs that take no port 0. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await once(server.close(), 'close');
  return port;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
