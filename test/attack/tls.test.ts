import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { after, before, describe, test } from 'node:test';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { makeCertificate } from '../support/certificate.ts';
import { type SpawnedServer, spawnServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { until, within } from '../support/until.ts';
import { IN_TIME } from './support/launch.ts';
import { Wire } from './support/wire.ts';

const TIME = '1s';
/** RFC 9113, 3.4 and 6.5: the preface, and an empty SETTINGS frame. */
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
const CLIENT_HELLO = Buffer.from([0x16, 3, 1, 2, 0, 1]);

describe('a server with TLS under attack', needs('openssl'), () => {
  let server: SpawnedServer;
  const ends: (() => Promise<void> | void)[] = [];
  const owner = { after: (end: () => Promise<void> | void) => void ends.unshift(end) };

  before(async () => {
    const listen = '127.0.0.1:0';
    const limits = { handshake: TIME, command: TIME, httpHead: TIME, httpIdle: TIME };
    const tls = { certificates: [await makeCertificate(owner)] };
    server = await spawnServer(owner, {
      tls,
      limits,
      rtmp: { listen, listenTls: listen },
      http: { listen, listenTls: listen },
    });
  });
  after(async () => {
    for (const end of ends) await end();
  });

  for (const listener of ['rtmps', 'https']) {
    test(`closes one that says nothing to ${listener}`, async () => {
      assert.ok(await (await Wire.open(server.ports[listener]!)).endsWithin(IN_TIME));
    });

    test(`closes one whose TLS handshake does not go on, at ${listener}`, async () => {
      const wire = await Wire.open(server.ports[listener]!);
      await wire.send(CLIENT_HELLO);
      assert.ok(await wire.endsWithin(IN_TIME));
    });
  }

  test('closes an HTTP/2 connection without requests', async () => {
    const session = openHttp2();
    await within('the end', once(session, 'close'), IN_TIME);
  });

  test('survives requests that are cancelled at once, by the thousand', async () => {
    const session = openHttp2();
    for (let i = 0; i < 5000 && !session.destroyed; i++) {
      const stream = session.request({ ':path': '/live/nobody.flv' });
      stream.on('error', () => undefined);
      stream.close(constants.NGHTTP2_CANCEL);
    }
    await answers();
    session.destroy();
  });

  test('survives settings by the hundred thousand', async () => {
    const socket = await openRaw();
    socket.write(PREFACE);
    for (let i = 0; i < 100 && !socket.destroyed; i++) socket.write(Buffer.concat(Array<Buffer>(1000).fill(SETTINGS)));
    await answers();
    socket.destroy();
  });

  test('serves no more than a hundred HTTP/2 requests of one connection at once', async () => {
    const session = openHttp2();
    await within('the settings', once(session, 'remoteSettings'));
    assert.equal(session.remoteSettings.maxConcurrentStreams, 100);
    session.destroy();
  });

  function openHttp2(): ClientHttp2Session {
    const session = connect(`https://127.0.0.1:${server.ports['https']}`, { rejectUnauthorized: false });
    return session.on('error', () => undefined);
  }

  async function openRaw(): Promise<TLSSocket> {
    const socket = connectTls({
      port: server.ports['https']!,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      ALPNProtocols: ['h2'],
    });
    socket.on('error', () => undefined);
    await once(socket, 'secureConnect');
    return socket;
  }

  /** Others must be served meanwhile. */
  function answers(): Promise<unknown> {
    return until(
      'an answer to others',
      async () => (await fetch(server.http('/live/nobody.flv'))).status === 404,
      3000,
    );
  }
});
