import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { describe, type TestContext, test } from 'node:test';
import { Direction, type Impairment, openLossyRelay } from './lossy-relay.ts';
import { until } from './until.ts';

/** Which of so many datagrams came out at once, by their numbers. */
function survivors(seed: number, count: number, impairment: Impairment): number[] {
  const direction = new Direction(seed, impairment);
  const out: number[] = [];
  for (let i = 0; i < count; i++) direction.pass(100, () => out.push(i));
  return out;
}

describe('a direction of a path', () => {
  test('loses its share, the same ones for the same seed', () => {
    const [once, again, other] = [5, 5, 6].map((seed) => survivors(seed, 10_000, { loss: 0.1 }));
    assert.deepEqual(once, again);
    assert.notDeepEqual(once, other);
    assert.ok(Math.abs(once!.length - 9000) < 150, `${once!.length} of 10000`);
  });

  test('loses in bursts of the mean length, and no more in all', () => {
    const out = survivors(1, 50_000, { loss: 0.1, burst: 5 });
    const gaps = out.map((number, i) => number - (out[i - 1] ?? -1) - 1).filter((gap) => gap > 0);
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    assert.ok(Math.abs(mean - 5) < 0.4, `bursts of ${mean}`);
    assert.ok(Math.abs(out.length - 45_000) < 800, `${out.length} of 50000`);
  });

  test('lets through nothing that is too large', () => {
    const direction = new Direction(1, { largest: 1472 });
    const out: number[] = [];
    for (const size of [1472, 1473]) direction.pass(size, () => out.push(size));
    assert.deepEqual([out, direction.traffic.tooLarge, direction.traffic.largest], [[1472], 1, 1472]);
  });

  test('drops what its queue does not take', () => {
    const direction = new Direction(1, { rate: 1_000_000, queue: 10_000 });
    for (let i = 0; i < 200; i++) direction.pass(972, () => {});
    assert.ok(direction.traffic.overflowed > 100 && direction.traffic.overflowed < 190);
    direction.close();
  });

  test('keeps the order when it delays, but for those that it holds back', async () => {
    const sent = Array.from({ length: 200 }, (_, i) => i);
    for (const [impairment, isOrdered] of [
      [{ delay: 5, jitter: 10 }, true],
      [{ delay: 5, reorder: 0.1 }, false],
    ] as const) {
      const direction = new Direction(3, impairment);
      const out: number[] = [];
      for (const i of sent) direction.pass(100, () => out.push(i));
      await until('all came', () => out.length === sent.length);
      assert.equal(
        out.every((number, i) => number === i),
        isOrdered,
      );
    }
  });

  test('doubles its share', () => {
    const out = survivors(1, 1000, { duplicate: 0.2 });
    assert.ok(out.length > 1150 && out.length < 1250, `${out.length} of 1000`);
  });
});

test('a relay gives each client a port of its own, so that the server can answer all', async (t) => {
  const open = async (owner: TestContext): Promise<Socket> => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    owner.after(() => socket.close());
    await once(socket, 'listening');
    return socket;
  };
  const [server, ...clients] = [await open(t), await open(t), await open(t)];
  server.on('message', (bytes, { port }) => server.send(bytes, port, '127.0.0.1'));
  const relay = await openLossyRelay(t, server.address().port, { delay: 1 });
  const answers = clients.map((client) => once(client, 'message'));
  for (const [i, client] of clients.entries()) client.send(`${i}`, relay.port, '127.0.0.1');
  assert.deepEqual(
    (await Promise.all(answers)).map(([bytes]) => String(bytes)),
    ['0', '1'],
  );
  assert.equal(relay.up.traffic.arrived, 2);
});
