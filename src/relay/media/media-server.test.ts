import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { z } from 'zod';
import { until } from '../../../test/support/until.ts';
import { loadConfig } from '../../config/load.ts';
import { coreOptions } from '../../config/options.ts';
import type { Context } from '../../module.ts';
import { Links } from '../../net/links.ts';
import { systemClock } from '../../ops/system-clock.ts';
import { writeItems } from '../link/datagram.ts';
import { ControlOpener, ControlSealer } from './control-cipher.ts';
import { MediaServer } from './media-server.ts';

const config = loadConfig(z.strictObject(coreOptions), {});
const PING = writeItems([{ item: 'ping', sent: 5 }]);

/** An origin's socket, a link to an edge, and one who may be that edge. */
async function prepare(t: TestContext) {
  const links = new Links();
  const context: Partial<Context> = { config, clock: systemClock, links };
  const server = await MediaServer.open(context as Context, { host: '127.0.0.1', port: 0 });
  const { link, leave } = server.welcome({ node: 'edge', remote: '127.0.0.1' });
  const socket = createSocket('udp4');
  t.after(() => {
    leave();
    server.close();
    socket.close();
  });
  const { connection, up, down, port } = link.offer;
  const sealer = new ControlSealer(connection, Buffer.from(up, 'base64'));
  const opener = new ControlOpener(Buffer.from(down, 'base64'));
  const send = (bytes: Uint8Array) => socket.send(bytes, port, '127.0.0.1');
  return { server, links, link, leave, socket, sealer, opener, connection, send };
}

test('a link is found by its number and its node once the edge has come by UDP, until it is left', async (t) => {
  const { server, leave, socket, sealer, opener, connection, send } = await prepare(t);
  assert.equal(server.find(connection, 'edge'), undefined);
  send(sealer.seal(PING));
  const [answer] = (await once(socket, 'message')) as [Uint8Array];
  assert.ok(opener.open(answer));
  assert.ok(server.find(connection, 'edge'));
  assert.equal(server.find(connection, 'another'), undefined);
  assert.equal(server.find(connection ^ 1, 'edge'), undefined);
  leave();
  assert.equal(server.find(connection, 'edge'), undefined);
});

test('what is not from the edge is counted and never answered', async (t) => {
  const { links, link, socket, sealer, send } = await prepare(t);
  let answers = 0;
  socket.on('message', () => answers++);
  const [good, bad] = [sealer.seal(PING), sealer.seal(PING)];
  bad[bad.length - 1]! ^= 1;
  for (const bytes of [bad, good, good, Uint8Array.of(1, 2, 3), new Uint8Array(1200).fill(0x48)]) send(bytes);
  await until('all have come', () => links.strangers === 2 && link.report().refused === 2);
  await until('the good one is answered', () => answers === 1);
});

test('an address that is taken is refused in one sentence', async (t) => {
  const { server, links } = await prepare(t);
  const context: Partial<Context> = { config, links };
  await assert.rejects(MediaServer.open(context as Context, server.address), /another program listens there already/);
});
