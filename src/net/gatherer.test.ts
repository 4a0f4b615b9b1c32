import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { SECOND } from '../base/clock.ts';
import { systemClock } from '../ops/system-clock.ts';
import { Gatherer } from './gatherer.ts';

/** A socket pair over loopback. */
async function pair(): Promise<{ near: Socket; far: Socket; close: () => void }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const far = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [near] = (await once(server, 'connection')) as [Socket];
  const close = () => {
    for (const socket of [near, far]) socket.destroy();
    server.close();
  };
  return { near, far, close };
}

/** A sender that never sends: it only counts. */
const silent = { on() {}, off() {} } as unknown as Socket;

test('with many senders many pieces are read as one, and nothing of what they send is lost', async () => {
  const gatherer = new Gatherer(0.05 * SECOND, systemClock);
  const { near, far, close } = await pair();
  const removers = Array.from({ length: 1000 }, () => gatherer.add(silent));
  assert.equal(gatherer.rest, 0.05 * SECOND, 'as long as allowed');
  removers.push(gatherer.add(near));
  let [pieces, bytes] = [0, 0];
  near.on('data', (piece: Buffer) => {
    pieces++;
    bytes += piece.length;
  });
  for (let i = 0; i < 200; i++) {
    far.write('x');
    await new Promise((resolve) => setImmediate(resolve));
  }
  while (bytes < 200) await once(near, 'data');
  assert.ok(pieces < 100, `${pieces} pieces`);
  for (const remove of removers) remove();
  assert.equal(gatherer.rest, 0);
  close();
});

test('few senders are never put off', () => {
  const gatherer = new Gatherer(SECOND, systemClock);
  for (let i = 0; i < 50; i++) gatherer.add(silent);
  assert.equal(gatherer.rest, 0);
});
