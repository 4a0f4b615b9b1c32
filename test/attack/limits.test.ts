import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { describe, test } from 'node:test';
import { concat } from '../../src/base/bytes.ts';
import { PUBLISH_KEY, type SpawnedServer, spawnServer } from '../support/server.ts';
import { until } from '../support/until.ts';
import type { Target } from './support/attack.ts';
import { chunkSize, message, u32 } from './support/bytes.ts';
import { AVC_CONFIG, avcPacket } from './support/control.ts';
import { upgrade, webSocketRequest } from './support/launch.ts';
import { CONTROL_STREAM, RtmpPeer } from './support/rtmp-peer.ts';
import { Wire } from './support/wire.ts';

const PATIENCE = 2000;
const VIDEO = 9;
const BIG_CHUNKS = 65_536;
const LIKE_OTHERS = { publishKey: PUBLISH_KEY, loopback: 'like-others' };

const isTurnedAway = (wire: Wire) => wire.endsWithin(PATIENCE);
const openMany = (count: number, port: number, address: string) =>
  Promise.all(Array.from({ length: count }, () => Wire.open(port, address)));

describe('the limits of connections', () => {
  for (const listener of ['rtmp', 'http']) {
    test(`hold for each address, by ${listener}`, async (t) => {
      const port = (await spawnServer(t, { limits: { connectionsPerAddress: 5 } })).ports[listener]!;
      const guests = await openMany(5, port, '127.0.0.1');
      assert.ok(await isTurnedAway(await Wire.open(port, '127.0.0.1')), 'the sixth from one address');
      const other = await Wire.open(port, '127.0.0.2');
      guests[0]!.close();
      await until('a place is free', async () => !(await (await Wire.open(port, '127.0.0.1')).endsWithin(100)));
      assert.ok(!other.isEnded && guests.slice(1).every((guest) => !guest.isEnded), 'nobody who is in is put out');
    });
  }

  test('hold for all addresses and listeners together', async (t) => {
    const { ports } = await spawnServer(t, { limits: { connections: 6, connectionsPerAddress: 4 } });
    const byRtmp = await openMany(4, ports['rtmp']!, '127.0.0.1');
    const byHttp = await openMany(4, ports['http']!, '127.0.0.2');
    // In which order two listeners accept is not for us to know.
    await until(
      'two of eight are turned away',
      () => [...byRtmp, ...byHttp].filter(({ isEnded }) => isEnded).length === 2,
    );
    assert.ok(await isTurnedAway(await Wire.open(ports['rtmp']!, '127.0.0.3')), 'one more by RTMP');
    assert.ok(await isTurnedAway(await Wire.open(ports['http']!, '127.0.0.4')), 'one more by HTTP');
  });
});

test('nobody new is let in when memory is short', async (t) => {
  const { ports } = await spawnServer(t, { limits: { memory: '16MiB' } });
  await until('the shortage is noticed', async () => (await Wire.open(ports['rtmp']!)).endsWithin(100));
  assert.ok(await isTurnedAway(await Wire.open(ports['rtmp']!)));
  assert.ok(await isTurnedAway(await Wire.open(ports['http']!)));
});

describe('a viewer that reads nothing is closed, and its socket with it', () => {
  const viewers: Record<string, (target: Target) => Promise<Wire>> = {
    async 'http-flv'({ http }) {
      const wire = await Wire.open(http);
      await wire.send(`GET /live/${CONTROL_STREAM}.flv HTTP/1.1\r\nHost: x\r\n\r\n`);
      return wire;
    },
    async 'ws-flv'({ http }) {
      const wire = await Wire.open(http);
      await upgrade(wire);
      return wire;
    },
    rtmp: async (target) => (await RtmpPeer.open(target, 'play')).wire,
  };

  for (const [protocol, view] of Object.entries(viewers)) {
    test(`by ${protocol}`, async (t) => {
      const server = await spawnServer(t, { access: LIKE_OTHERS, play: { stallTimeout: '1s' } });
      const target = { rtmp: server.ports['rtmp']!, http: server.ports['http']!, key: PUBLISH_KEY };
      const idle = sockets(server);
      const publisher = await RtmpPeer.open(target, 'publish', CONTROL_STREAM);
      t.after(() => publisher.close());
      await publisher.wire.send(concat([chunkSize(BIG_CHUNKS), message(VIDEO, avcPacket(true, 0, AVC_CONFIG), 6)]));
      const timer = setInterval(() => void publisher.wire.send(largeFrame), 20);
      t.after(() => clearInterval(timer));
      await until(
        'the stream is there',
        async () => (await fetch(server.http(`/live/${CONTROL_STREAM}.flv`), { method: 'HEAD' })).ok,
      );

      const before = idle + 1;
      await until('nobody but the publisher is connected', () => sockets(server) === before);
      const viewer = await view(target);
      viewer.socket.pause();
      await until('the viewer has its socket', () => sockets(server) > before);
      await server.logged('play ends', { protocol, code: 'timeout' });
      await until('the socket is gone', () => sockets(server) <= before, 40_000);
      assert.ok(!publisher.wire.isEnded);
      viewer.close();
    });
  }
});

const FRAME = new Uint8Array(200_000).fill(0x65);
const largeFrame = message(VIDEO, avcPacket(true, 1, concat([u32(FRAME.length), FRAME])), 6, 0, BIG_CHUNKS);

/** How many sockets the process has open. */
function sockets({ program }: SpawnedServer): number {
  const folder = `/proc/${program.pid}/fd`;
  const links = readdirSync(folder).map((name) => linkOf(`${folder}/${name}`));
  return links.filter((link) => link.startsWith('socket:')).length;
}

/** Empty when the file was closed meanwhile. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

test('a publisher that only pings holds its name no longer than the first frame may take', async (t) => {
  const server = await spawnServer(t, { access: LIKE_OTHERS, publish: { firstFrameTimeout: '1s' } });
  const target = { rtmp: server.ports['rtmp']!, http: server.ports['http']!, key: PUBLISH_KEY };
  const { wire } = await RtmpPeer.open(target, 'publish', CONTROL_STREAM);
  const ping = message(4, Uint8Array.of(0, 6, 0, 0, 0, 0), 2);
  const timer = setInterval(() => void wire.send(ping), 100);
  t.after(() => clearInterval(timer));
  await server.logged('publish ends', { code: 'timeout', reason: 'no frame came in time' });
  assert.ok(await wire.endsWithin(2 * PATIENCE));
});

test('an upgrade that is refused is answered and closed, also behind another request on the same connection', async (t) => {
  const { ports } = await spawnServer(t);
  const wire = await Wire.open(ports['http']!);
  await wire.send('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  await until('the first answer', () => wire.received > 0);
  const { received } = wire;
  await wire.send(webSocketRequest('/live/nobody.flv'));
  assert.ok(await wire.endsWithin(PATIENCE));
  assert.ok(wire.received > received);
});
