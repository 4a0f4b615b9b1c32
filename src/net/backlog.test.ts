import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { makeCertificate } from '../../test/support/certificate.ts';
import { until } from '../../test/support/until.ts';
import { backlog } from './backlog.ts';

/** More than the kernel takes for one who does not read. */
const MUCH = 32 * 1024 * 1024;

test('what waits falls while one write is under way, until nothing is left', async (t) => {
  await check(t, createServer(), 'connection', (port) => connect({ port, host: '127.0.0.1' }));
});

test('by TLS it falls, too', async (t) => {
  const { cert, key } = await makeCertificate(t);
  const server = createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) });
  const open = (port: number) => connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
  await check(t, server, 'secureConnection', open);
});

test('where Node cannot tell, what is not written counts', () => {
  assert.equal(backlog({ writableLength: 7 }), 7);
});

async function check(t: TestContext, server: Server, event: string, open: (port: number) => Socket): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = open((server.address() as AddressInfo).port);
  t.after(() => void client.destroy());
  t.after(() => void server.close());
  const [socket] = (await once(server, event)) as [Socket];
  socket.on('error', () => socket.destroy());
  socket.write(new Uint8Array(MUCH));
  const sip = () => client.pause();
  client.on('data', sip);
  let most = 0;
  await until('a part of the write has gone', () => {
    client.resume();
    most = Math.max(most, backlog(socket));
    return backlog(socket) < most;
  });
  assert.equal(socket.writableLength, MUCH, 'the write itself is not done');
  client.off('data', sip).resume();
  await until('all has gone', () => backlog(socket) === 0);
}
