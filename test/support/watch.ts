import { http2FlvViewer, httpFlvViewer, wsFlvViewer } from './flv-client.ts';
import { RtmpClient } from './rtmp-client.ts';
import type { TestServer } from './server.ts';
import { type Owner, until } from './until.ts';
import type { Viewer } from './viewer.ts';

/** A way to watch a stream. */
export type Output = 'rtmp' | 'rtmps' | 'http-flv' | 'https-flv' | 'h2-flv' | 'ws-flv' | 'wss-flv';

/** The outputs of a server without certificates. */
export const PLAIN_OUTPUTS: readonly Output[] = ['rtmp', 'http-flv', 'ws-flv'];

/** The protocol's name in the server's sessions. */
const PROTOCOL: Readonly<Record<Output, string>> = {
  rtmp: 'rtmp',
  rtmps: 'rtmps',
  'http-flv': 'http-flv',
  'https-flv': 'http-flv',
  'h2-flv': 'http-flv',
  'ws-flv': 'ws-flv',
  'wss-flv': 'ws-flv',
};

/** Begins to watch `/live/NAME`; resolves when the server knows of the viewer, whether or not there is a stream yet. */
export async function watch(
  owner: Owner,
  server: TestServer,
  output: Output,
  name: string,
  query = '',
): Promise<Viewer> {
  const sessions = () =>
    server.lines().filter(({ msg, protocol }) => msg === 'play begins' && protocol === PROTOCOL[output]).length;
  const before = sessions();
  const viewer = await begin(owner, server, output, name, query);
  await until(`the server has the viewer by ${output}`, () => sessions() > before || viewer.reason !== undefined);
  return viewer;
}

/** The same for all these outputs. */
export async function watchAll<O extends Output>(
  owner: Owner,
  server: TestServer,
  outputs: readonly O[],
  name: string,
  query = '',
): Promise<Map<O, Viewer>> {
  const viewers = new Map<O, Viewer>();
  for (const output of outputs) viewers.set(output, await watch(owner, server, output, name, query));
  return viewers;
}

async function begin(
  owner: Owner,
  { host, ports }: TestServer,
  output: Output,
  name: string,
  query: string,
): Promise<Viewer> {
  const { http, https, rtmp, rtmps } = ports;
  const path = `/live/${name}.flv${query}`;
  switch (output) {
    case 'rtmp':
    case 'rtmps': {
      const client = await RtmpClient.connect(owner, {
        host,
        port: output === 'rtmp' ? rtmp : rtmps,
        tls: output === 'rtmps',
      });
      return client.play(name + query);
    }
    case 'http-flv':
      return httpFlvViewer(owner, `http://${host}:${http}${path}`);
    case 'https-flv':
      return httpFlvViewer(owner, `https://${host}:${https}${path}`);
    case 'h2-flv':
      return http2FlvViewer(owner, `https://${host}:${https}${path}`);
    case 'ws-flv':
      return wsFlvViewer(owner, `ws://${host}:${http}${path}`);
    case 'wss-flv':
      return wsFlvViewer(owner, `wss://${host}:${https}${path}`);
  }
}
