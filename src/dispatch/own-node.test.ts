import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Family } from '../../test/support/family.ts';
import { SECOND, VirtualClock } from '../base/clock.ts';
import type { Hub } from '../hub/hub.ts';
import { Sessions } from '../hub/session.ts';
import { IDLE } from '../net/load.ts';
import { type NodeState, OwnNode, together } from './own-node.ts';

const PATH = '__defaultVhost__/live/movie';
const hub = { streams: [] } as unknown as Hub;

/** Workers of one node. */
function node(count: number) {
  const family = new Family();
  const clock = new VirtualClock();
  const workers = Array.from({ length: count }, (_, i) => {
    const sessions = new Sessions(clock);
    const own = new OwnNode({ hub, sessions, clock, siblings: family.join(i + 1) });
    const come = (role: 'play' | 'publish', ticket = '') => {
      const session = sessions.open({
        protocol: 'http-flv',
        remote: '192.0.2.1',
        close: () => sessions.remove(session),
      });
      session.role = role;
      if (ticket !== '') session.detail['url'] = `/live/movie.flv?line=${ticket}`;
      return () => sessions.remove(session);
    };
    return { own, come };
  });
  const look = async () => {
    clock.advance(SECOND);
    const { reading, arrived } = await workers[0]!.own.look();
    return [reading.viewers, reading.publishers, arrived.join()];
  };
  return { family, workers, look };
}

test('who is at any worker is at the node, and each ticket is told once', async () => {
  const { workers, look } = node(3);
  const [one, two, three] = workers;
  one!.come('play', 'a');
  two!.come('play', 'b');
  const leave = three!.come('play', 'c');
  three!.come('publish');
  assert.deepEqual(await look(), [3, 1, 'a,b,c']);
  two!.come('play', 'd');
  leave();
  assert.deepEqual(await look(), [3, 1, 'd']);
});

test('every worker is told who is at the others', async () => {
  const { workers, look } = node(3);
  const [one, two, three] = workers;
  one!.come('play');
  two!.come('play');
  two!.come('publish');
  three!.come('play');
  for (let i = 0; i < 2; i++) await look();
  const away = workers.map(({ own }) => [own.away.viewers, own.away.publishers]);
  assert.deepEqual(away, [
    [2, 1],
    [2, 0],
    [2, 1],
  ]);
});

test('one that does not answer has not left until it is gone', async () => {
  const { family, workers, look } = node(2);
  workers[1]!.come('play', 'b');
  assert.deepEqual(await look(), [1, 0, 'b']);
  family.silence(2);
  assert.deepEqual(await look(), [1, 0, '']);
  family.lose(2);
  assert.deepEqual(await look(), [0, 0, '']);
});

test('workers are together as busy as all of them, and make others wait as the worst does', () => {
  const state = (more: Partial<NodeState>): NodeState => {
    return { reading: IDLE, delay: 0, arrived: [], streams: [], moves: [], ...more };
  };
  const reading = { cpu: 0.6, cores: 1, streams: 1, viewers: 10, publishers: 1, bitrate: 100, viewed: 80 };
  const [own, fetched] = [true, false].map((isOwner) => ({ path: PATH, isOwner, viewers: 10 }));
  const move = (meant: number, stay: number) => ({ id: 'm', meant, told: 0, viewers: 10, stay });
  const one = state({ reading, delay: 20, streams: [fetched!], moves: [move(7, 4)] });
  const two = state({ reading: { ...reading, cpu: 0.3 }, delay: 70, streams: [own!], moves: [move(0, 3)] });
  assert.deepEqual(together([one, two], 8), {
    reading: { cpu: 0.9, cores: 2, streams: 2, viewers: 20, publishers: 2, bitrate: 200, viewed: 160 },
    ...{ delay: 70, arrived: [], streams: [{ path: PATH, isOwner: true, viewers: 20 }] },
    moves: [{ id: 'm', meant: 7, told: 0, viewers: 20, stay: 7 }],
  });
  assert.equal(together([one, one, two], 2).reading.cores, 2, 'the machine has no more');
});
