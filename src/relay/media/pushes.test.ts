import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { z } from 'zod';
import { freeUdpPort } from '../../../test/support/udp-port.ts';
import { until } from '../../../test/support/until.ts';
import { loadConfig } from '../../config/load.ts';
import { coreOptions } from '../../config/options.ts';
import type { Stream } from '../../hub/stream.ts';
import type { Context } from '../../module.ts';
import { Links } from '../../net/links.ts';
import { loggerTo } from '../../ops/log.ts';
import { systemClock } from '../../ops/system-clock.ts';
import { StreamSender } from '../link/stream-sender.ts';
import { Ears } from './ears.ts';
import { newMediaKeys, sealWith } from './media-cipher.ts';
import { Pushes } from './pushes.ts';

const LOOPBACK = '127.0.0.1';
const GROUP = '239.255.77.2';
const PATH = '__defaultVhost__/live/movie';
const EDGE = { node: 'edge', remote: '192.0.2.7' };
const latency = 500_000;

/** What a node with these options is made of, and what it logs. */
function node(relay: object): { context: Context; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const log = loggerTo({ write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) }, 'debug');
  const text = JSON.stringify({ relay });
  const config = loadConfig(z.strictObject(coreOptions), { file: { name: 'test', text } });
  const context: Partial<Context> = { config, log, clock: systemClock, links: new Links() };
  return { context: context as Context, lines };
}

async function open(t: TestContext, relay: object) {
  const made = node(relay);
  const pushes = await Pushes.open(made.context);
  t.after(() => pushes.close());
  return { ...made, pushes };
}

async function hear(t: TestContext, relay: object) {
  const made = node(relay);
  const ears = await Ears.open(made.context);
  t.after(() => ears.close());
  return { ...made, ears };
}

/** A stream of one packet of sound in each go. */
function sound() {
  const sender = new StreamSender({ ssrc: 7, seal: sealWith(newMediaKeys()), latency });
  const push = () => sender.push({ kind: 'audio', startable: true, bytes: new Uint8Array(100) }, systemClock.now());
  return { sender, push, stream: { path: PATH, counters: { bytesOut: 0 } } as unknown as Stream };
}

test('an edge hears a stream at its own address, else in the first group that is not too late for it', async (t) => {
  const { pushes, lines } = await open(t, {
    push: [
      { paths: ['live/*'], to: [`${GROUP}:5001`, '192.0.2.7:5002', '198.51.100.9:5002'], latency: '1s' },
      { paths: ['live/**'], to: [`${GROUP}:5003`], latency: '200ms' },
    ],
  });
  const find = (wish: object, path = PATH) => pushes.find(path, EDGE, { connection: 1, latency, ...wish })?.name;
  assert.equal(find({}), `${GROUP}:5003`);
  assert.equal(find({ latency: 1_000_000 }), `${GROUP}:5001`);
  assert.equal(
    find({ latency: 1_000_000, pushed: { hosts: [], port: 5002 } }),
    '192.0.2.7:5002',
    'as the origin sees it',
  );
  assert.equal(find({ latency: 1_000_000, pushed: { hosts: ['198.51.100.9'], port: 5002 } }), '192.0.2.7:5002');
  assert.equal(find({ latency: 1_000_000, pushed: { hosts: ['198.51.100.9'], port: 5003 } }), `${GROUP}:5001`);
  assert.equal(find({}, '__defaultVhost__/live/room/movie'), `${GROUP}:5003`);
  assert.equal(find({}, '__defaultVhost__/other/movie'), undefined);
  assert.equal(lines.length, 0);
  assert.equal(find({ latency: 100_000 }), undefined);
  assert.equal(lines[0]!['latency'], 100);
});

test('an interface that is not there is told at the start', async () => {
  const push = [{ paths: ['live/*'], to: [`${GROUP}:5001`] }];
  await assert.rejects(Pushes.open(node({ push, multicast: { interface: 'nothing7' } }).context), /interface nothing7/);
});

test('each packet goes once to a group, as long as one edge wants it there, and to all who listen', async (t) => {
  const port = await freeUdpPort();
  const multicast = { interface: LOOPBACK };
  const { pushes, context } = await open(t, { push: [{ paths: ['live/*'], to: [`${GROUP}:${port}`] }], multicast });
  const [one, other] = [await hear(t, { multicast }), await hear(t, { multicast })];
  const { sender, push, stream } = sound();
  const heard: [number, number] = [0, 0];
  const stops = [one, other].map(({ ears }, i) => ears.hear({ host: GROUP, port }, LOOPBACK, 7, () => heard[i]!++));
  const target = pushes.find(PATH, EDGE, { connection: 1, latency })!;
  const releases = [target.of(stream).carry(sender), target.of(stream).carry(sender)];
  await until('both have joined', () => {
    push();
    return heard[0] > 0 && heard[1] > 0;
  });
  const [report] = context.links.pushes;
  assert.deepEqual([report!.edges, report!.paths], [2, [PATH]]);
  assert.equal(report!.packets, sender.counters.packets);
  assert.equal(stream.counters.bytesOut, report!.bytes);
  stops[0]!();
  const before = [...heard];
  releases[0]!();
  push();
  await until('the other hears on', () => heard[1] > before[1]!);
  assert.equal(heard[0], before[0], 'who has left hears no more');
  releases[1]!();
  const [{ packets }, sent] = [context.links.pushes[0]!, sender.counters.packets];
  await until('more is sent', () => {
    push();
    return sender.counters.packets > sent;
  });
  assert.deepEqual([context.links.pushes[0]!.packets, context.links.pushes[0]!.edges], [packets, 0]);
});

test('what two edges ask for is sent to the group', async (t) => {
  const { pushes, context } = await open(t, {
    push: [{ paths: ['live/*'], to: [`${GROUP}:${await freeUdpPort()}`] }],
    multicast: { interface: LOOPBACK },
  });
  const { sender, push, stream } = sound();
  const target = pushes.find(PATH, EDGE, { connection: 1, latency })!.of(stream);
  const release = target.carry(sender);
  push();
  const packet = sender.cache.get(0)!;
  const [a, b, c] = [{}, {}, {}];
  assert.deepEqual(
    [a, b, c].map((edge) => target.repair(sender, packet, edge)),
    [false, true, true],
  );
  assert.equal(context.links.pushes[0]!.repaired, 1);
  release();
  assert.equal(target.repair(sender, packet, a), false, 'nobody hears it there any more');
});

/** Sends from a socket of its own. */
async function stranger(t: TestContext): Promise<Socket> {
  const socket = createSocket('udp4');
  t.after(() => socket.close());
  socket.bind(0, LOOPBACK);
  await once(socket, 'listening');
  socket.setMulticastInterface(LOOPBACK);
  return socket;
}

test('what comes to an address and is no media of a stream there is dropped and counted', async (t) => {
  const port = await freeUdpPort();
  const { ears, context } = await hear(t, { pushListen: `${LOOPBACK}:0`, multicast: { interface: LOOPBACK } });
  const { sender, push } = sound();
  push();
  const packet = sender.cache.get(0)!;
  const heard: string[] = [];
  ears.hear({ host: LOOPBACK, port: ears.address!.port }, LOOPBACK, 8, () => heard.push('own'));
  ears.hear({ host: GROUP, port }, LOOPBACK, 7, () => heard.push('group'));
  const socket = await stranger(t);
  await until('the group is joined', () => {
    socket.send(packet, port, GROUP);
    return heard.includes('group');
  });
  assert.equal(context.links.strangers, 0);
  for (const bytes of [packet, new Uint8Array(3)]) socket.send(bytes, ears.address!.port, LOOPBACK);
  await until('both are counted at the own address', () => context.links.strangers === 2);
  const other = Uint8Array.from(packet);
  other[11]! ^= 1;
  for (const bytes of [other, new Uint8Array(3)]) socket.send(bytes, port, GROUP);
  await until('a group may have other streams, but nothing else', () => context.links.strangers === 3);
  assert.ok(!heard.includes('own'));
});

test('an edge says where it is to be reached, and what it can hear', async (t) => {
  const { ears } = await hear(t, { pushListen: `${LOOPBACK}:0`, multicast: { interface: 'off' } });
  const { port } = ears.address!;
  assert.deepEqual(ears.place, { hosts: [LOOPBACK], port });
  const reached = (host: string, at = port) => ears.reaches({ host, port: at });
  assert.deepEqual([reached('192.0.2.7'), reached(LOOPBACK, port ^ 1), reached(GROUP)], [true, false, false]);
  const { ears: usual } = await hear(t, {});
  assert.deepEqual(
    [usual.place, usual.reaches({ host: GROUP, port: 5 }), usual.reaches({ host: LOOPBACK, port: 5 })],
    [undefined, true, false],
  );
});

test('a group that cannot be joined is told, and only not heard', async (t) => {
  const { ears, lines } = await hear(t, { multicast: { interface: 'nothing7' } });
  ears.hear({ host: GROUP, port: 5222 }, LOOPBACK, 7, () => {})();
  await until('the log says so', () => lines.some(({ msg }) => msg === 'a multicast group cannot be joined'));
});
