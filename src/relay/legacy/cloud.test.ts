import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { capturedAnswer, capturedDatagrams } from '../../../test/support/original-cloud.ts';
import { publisher } from '../../../test/support/publish.ts';
import { ADMIN_TOKEN, startTestServer } from '../../../test/support/server.ts';
import { type Owner, until } from '../../../test/support/until.ts';
import { MILLISECOND, VirtualClock } from '../../base/clock.ts';
import { readRtp } from '../../container/rtp/packet.ts';
import { silentLogger } from '../../ops/log.ts';
import { Outbox } from './outbox.ts';
import { Tally } from './tally.ts';
import { readAnnouncement } from './wire/announcement.ts';
import { readTag, roleOf } from './wire/tag.ts';

/** What arrives at a port of loopback. */
async function receiver(owner: Owner) {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1024 * 1024 });
  const datagrams: Uint8Array[] = [];
  socket.on('message', (bytes) => void datagrams.push(new Uint8Array(bytes)));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  owner.after(() => void socket.close());
  return { port: socket.address().port, datagrams };
}

const arrivals = await receiver({ after });
const destinations = [`127.0.0.1:${arrivals.port}`, '127.0.0.1:9'];
const legacy = { cloud: { destinations, repairListen: '127.0.0.1:0', apiListen: '127.0.0.1:0' } };
const server = await startTestServer({ after }, { legacy, publish: { stopGrace: '0s' } });
const api = `http://127.0.0.1:${server.ports['legacy-api']}`;

async function ask(path: string, headers: Record<string, string> = {}) {
  const response = await fetch(api + path, { headers });
  return { status: response.status, body: (await response.json()) as { status: number; data: unknown } };
}

/** The names and types of everything in an answer. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shape);
  if (typeof value !== 'object' || value === null) return value === null ? null : typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shape(member)]));
}

test('the cloud announces its ports', async () => {
  const first = await until('a datagram comes', () => arrivals.datagrams[0]);
  const { 'legacy-quic': quic, 'legacy-api': port } = server.ports;
  assert.deepEqual(readAnnouncement(first), { quic, api: port });
});

test('without streams the original’s answers are given', async () => {
  assert.deepEqual(await ask('/stat/livestat'), capturedAnswer('api-idle'));
  assert.deepEqual(await ask('/stat/livestat?room=live/none'), capturedAnswer('api-room404'));
});

test('a published stream is listed, and sent with its headers before every key frame', async (t) => {
  const tag = (type: 'video' | 'audio', timestamp: number, ...body: number[]) => ({
    type,
    timestamp,
    body: Uint8Array.from(body),
  });
  const [video, audio] = capturedDatagrams()
    .slice(1, 3)
    .map((packet) => readTag(readRtp(packet).payload));
  const nal = [0, 0, 0, 2];
  const client = await publisher(t, server, 'movie');
  client.send(video!, audio!);
  const media = (count: number) =>
    until(`${count} packets arrive`, () => {
      const packets = arrivals.datagrams.filter((bytes) => !readAnnouncement(bytes)).map(readRtp);
      return packets.length >= count ? packets : undefined;
    });
  const send = (i: number) =>
    client.send(
      tag('audio', i * 40, 0xaf, 1, i),
      tag('video', i * 40, i % 2 ? 0x27 : 0x17, 1, 0, 0, 0, ...nal, i % 2 ? 0x41 : 0x65, i),
    );
  send(0);
  await media(3);
  for (const i of [1, 2, 3]) send(i);
  const packets = await media(11);
  const tags = packets.map(({ payload }) => readTag(payload));
  const roles = tags.filter(({ type }) => type === 'video').map(roleOf);
  assert.deepEqual(roles, ['header', 'key-frame', 'inter-frame', 'header', 'key-frame', 'inter-frame']);
  assert.deepEqual([packets[0]!.sequence, packets[0]!.ssrc], [65_000, 1_020_304]);
  assert.ok(tags.every(({ timestamp }, i) => i === 0 || timestamp >= tags[i - 1]!.timestamp));
  const listed = await ask('/stat/livestat?room=live/movie');
  assert.deepEqual(shape(listed), shape(capturedAnswer('api-live')));
  const [stat] = (listed.body.data as { publishers: Record<string, unknown>[] }).publishers;
  const { key, url, ssrc, start_time: startTime } = stat!;
  assert.deepEqual({ key, ssrc }, { key: 'live/movie', ssrc: 1_020_304 });
  assert.equal(url, server.rtmp('movie'));
  assert.ok(Math.abs(Number(startTime) - Date.now()) < 10_000);
});

const asAdmin = { authorization: `Bearer ${ADMIN_TOKEN}` };

test('control is the administrator’s, even from this machine', async () => {
  assert.equal((await ask('/control/get?room=live/movie')).status, 401);
  assert.equal((await ask('/control/get?room=live/movie', { authorization: 'Bearer wrong' })).status, 403);
  assert.equal((await ask(`/control/get?room=live/movie&token=${ADMIN_TOKEN}`)).status, 200);
});

test('keys of rooms are made, kept, renewed and deleted with the original’s answers', async () => {
  const get = () => ask('/control/get?room=a', asAdmin);
  const first = await get();
  assert.deepEqual(shape(first), shape(capturedAnswer('api-get')));
  assert.match(String(first.body.data), /^[A-Za-z0-9]{48}$/);
  assert.deepEqual(await get(), first);
  const renewed = await ask('/control/reset?room=a', asAdmin);
  assert.notEqual(renewed.body.data, first.body.data);
  assert.deepEqual(await get(), renewed);
  assert.deepEqual(await ask('/control/delete?room=a', asAdmin), capturedAnswer('api-del'));
  assert.deepEqual(await ask('/control/delete?room=a', asAdmin), capturedAnswer('api-del2'));
  const missing = await ask('/control/get', asAdmin);
  assert.deepEqual(missing, { status: 400, body: { status: 400, data: 'url: /control/get?room=<ROOM_NAME>' } });
});

test('push and pull are refused in the original’s shapes', async () => {
  const complete = '?oper=start&app=live&name=movie&url=rtmp://127.0.0.1/live/x';
  assert.deepEqual(await ask('/control/pull', asAdmin), capturedAnswer('api-pull'));
  assert.equal((await ask(`/control/pull${complete}`, asAdmin)).status, 400);
  const push = await ask(`/control/push${complete}`, asAdmin);
  assert.deepEqual(shape(push), shape(capturedAnswer('api-push')));
  assert.match(String(push.body.data), /^push error=/);
  assert.equal((await ask('/control/explode', asAdmin)).status, 404);
});

test('a burst is spread over eight milliseconds, and all of it arrives', async (t) => {
  const clock = new VirtualClock();
  const { port, datagrams } = await receiver(t);
  const outbox = await Outbox.open({
    destinations: [{ host: 'localhost', port }],
    ...{ multicastInterface: '', multicastHops: 1, clock, log: silentLogger },
  });
  t.after(() => outbox.close());
  for (let i = 0; i < 200; i++) outbox.send(Uint8Array.of(i));
  for (let turn = 1; turn <= 8; turn++) {
    clock.advance(1 * MILLISECOND - (turn === 1 ? 1 : 0));
    await until(`turn ${turn} arrives`, () => datagrams.length === 25 * turn);
  }
  assert.deepEqual(
    datagrams.map(([first]) => first),
    Array.from({ length: 200 }, (_, i) => i),
  );
});

test('speeds are those of whole windows of five seconds', () => {
  const clock = new VirtualClock();
  const tally = new Tally();
  for (let i = 0; i < 60; i++, clock.advance(100_000)) tally.add(12_500, clock.now());
  assert.deepEqual([tally.total, tally.speed], [750_000, 1000]);
});
