import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, type TestContext, test } from 'node:test';
import { z } from 'zod';
import { until } from '../../../test/support/until.ts';
import { MILLISECOND, SECOND, VirtualClock } from '../../base/clock.ts';
import { loadConfig } from '../../config/load.ts';
import { coreOptions } from '../../config/options.ts';
import type { Context } from '../../module.ts';
import { Links } from '../../net/links.ts';
import { writeItems } from '../link/datagram.ts';
import { LOST_AFTER } from '../link/reach.ts';
import { StreamSender } from '../link/stream-sender.ts';
import { ControlOpener, ControlSealer } from './control-cipher.ts';
import { newMediaKeys, sealWith } from './media-cipher.ts';
import { MediaServer } from './media-server.ts';

const config = loadConfig(z.strictObject(coreOptions), {});
const PING = writeItems([{ item: 'ping', sent: 5, answer: 0 }]);

/** An origin's socket, a link to an edge, and one who may be that edge. */
async function prepare(t: TestContext) {
  const links = new Links();
  const clock = new VirtualClock();
  const context: Partial<Context> = { clock, config, links };
  const server = await MediaServer.open(context as Context, { host: '127.0.0.1', port: 0 });
  const { link, leave } = server.welcome({ node: 'edge', remote: '127.0.0.1' });
  const socket = createSocket('udp4');
  t.after(() => {
    leave(false);
    server.close();
    socket.close();
  });
  const { connection, up, down, port } = link.offer;
  const sealer = new ControlSealer(connection, Buffer.from(up, 'base64'));
  const opener = new ControlOpener(Buffer.from(down, 'base64'));
  const send = (bytes: Uint8Array) => socket.send(bytes, port, '127.0.0.1');
  return { server, links, link, leave, clock, socket, sealer, opener, connection, send };
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
  leave(false);
  assert.equal(server.find(connection, 'edge'), undefined);
});

test('an edge whose first datagram is still under way is waited for, a moment at most', async (t) => {
  const { server, link, clock, socket, sealer, connection, send } = await prepare(t);
  const [early, other] = [server.meet(connection, 'edge'), server.meet(connection, 'another')];
  assert.equal(await other, undefined);
  clock.advance(200 * MILLISECOND);
  assert.equal(await early, undefined);
  const late = server.meet(connection, 'edge');
  send(sealer.seal(PING));
  await once(socket, 'message');
  assert.equal(await late, link);
  assert.equal(await server.meet(connection, 'edge'), link);
});

describe('an edge whose control stream is lost', () => {
  test('has the same link when it comes again, as long as it was heard by UDP', async (t) => {
    const { server, link, leave, clock, socket, sealer, connection, send } = await prepare(t);
    leave(true);
    for (let i = 0; i < 20; i++) {
      send(sealer.seal(PING));
      await once(socket, 'message');
      clock.advance(1 * SECOND);
    }
    const again = server.welcome({ node: 'edge', remote: '127.0.0.1' }, connection);
    assert.equal(again.link, link);
    clock.advance(300 * SECOND);
    assert.ok(server.find(connection, 'edge'));
    again.leave(true);
    clock.advance(LOST_AFTER - 1);
    assert.ok(server.find(connection, 'edge'), 'an outage is bridged');
    clock.advance(1);
    assert.equal(server.find(connection, 'edge'), undefined, 'it is silent');
  });

  test('has another link than somebody else who names its number', async (t) => {
    const { server, link, connection } = await prepare(t);
    const other = server.welcome({ node: 'another', remote: '127.0.0.1' }, connection);
    assert.notEqual(other.link.offer.connection, link.offer.connection);
    other.leave(false);
  });

  test('is not waited for without end', async (t) => {
    const { server, leave, clock, socket, sealer, connection, send } = await prepare(t);
    leave(true);
    for (let i = 0; i < 67; i++) {
      send(sealer.seal(PING));
      if (server.find(connection, 'edge') || i === 0) await once(socket, 'message');
      clock.advance(1 * SECOND);
    }
    assert.equal(server.find(connection, 'edge'), undefined);
  });
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

test('what an edge alone can know is unknown until it is told', async (t) => {
  const { link, sealer, send } = await prepare(t);
  const sender = new StreamSender({ ssrc: 7, seal: sealWith(newMediaKeys()), latency: 500_000 });
  const leave = link.subscribe(sender, { path: 'live/movie', push: undefined, onReplaced() {} });
  const { rtt, jitter, reported, streams } = link.report();
  assert.deepEqual([rtt, jitter, reported], [undefined, undefined, undefined]);
  assert.deepEqual(streams, [{ path: 'live/movie', media: 'udp', reported: undefined }]);
  const told = { item: 'report', received: 90, lost: 10, repaired: 9, abandoned: 1, queue: 0 } as const;
  const items = [8, 7].map((ssrc) => ({ ...told, ssrc, rtt: 1000 * ssrc, jitter: 500 }));
  send(sealer.seal(writeItems(items)));
  await until('it is told', () => link.report().reported);
  const expected = { packets: 100, lost: 10, repaired: 9, residual: 1 };
  const report = link.report();
  assert.deepEqual([report.rtt, report.jitter, report.reported], [7000, 500, expected]);
  assert.deepEqual(report.streams[0]!.reported, expected);
  leave();
  assert.deepEqual([link.report().reported, link.report().streams], [expected, []]);
});

test('an address that is taken is refused in one sentence', async (t) => {
  const { server, links } = await prepare(t);
  const context: Partial<Context> = { config, links };
  await assert.rejects(MediaServer.open(context as Context, server.address), /another program listens there already/);
});
