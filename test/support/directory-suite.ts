import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import {
  type Claim,
  type Directory,
  type DirectoryEvent,
  MARKS,
  marked,
} from '../../src/cluster/directory/directory.ts';
import type { NodeRecord, StreamRecord } from '../../src/net/cluster.ts';
import type { Needs } from './tools.ts';
import { until } from './until.ts';

/** A directory under test. */
export interface Tested {
  readonly directory: Directory;
  /** The same, as another node has it. */
  readonly other: Directory;
  /** Has the life of a node be over. */
  expire(id: string): Promise<void>;
}

const PATH = '__defaultVhost__/live/movie';
const LOAD = { cpu: 0.25, cores: 1, streams: 1, viewers: 20, bitrate: 4_000_000 };
const STAMP = { segment: 12, discontinuity: 3 };

const MARK = { a: 65_535, b: 0 };

function claim(directory: Directory, node: 'a' | 'b', more: Partial<Claim> = {}): ReturnType<Directory['claim']> {
  return directory.claim(PATH, { node, seen: 0, mark: MARK[node], ...more });
}

/** A node for tests. */
export function nodeRecord(id: string): NodeRecord {
  return { id, role: 'origin', url: `headwater://${id}:4242?join=hwj1.x`, version: '1', since: 5, load: LOAD };
}

/** What every directory does; `make` is called anew for each test. */
export function directorySuite(name: string, options: Needs, make: (t: TestContext) => Promise<Tested>): void {
  const own = (title: string, run: (tested: Tested) => Promise<void>) => {
    void test(title, options, async (t) => run(await make(t)));
  };

  describe(`the directory in ${name}`, () => {
    own('keeps places, and never more than a node has', async ({ directory, other, expire }) => {
      const room = { share: 0.5, cost: 0.01, places: 2 };
      for (const id of ['a', 'b']) {
        await directory.beat(nodeRecord(id), []);
        await directory.offer(id, room, []);
      }
      const reserve = (...pairs: [ticket: string, node: string][]) =>
        other.reserve(pairs.map(([ticket, node]) => ({ ticket, node })));
      const { granted, rooms } = await reserve(['x', 'a'], ['y', 'a'], ['z', 'a'], ['x', 'a'], ['w', 'nobody']);
      assert.deepEqual(granted, [true, true, false, true, false]);
      const reserved = (of: typeof rooms) => [...of].map(([id, { reserved }]) => `${id} ${reserved}`).sort();
      assert.deepEqual(rooms.get('a'), { ...room, reserved: 2 });
      assert.deepEqual(reserved(rooms), ['a 2', 'b 0']);
      const moved = await reserve(['x', 'b'], ['z', 'a']);
      assert.deepEqual(
        [moved.granted, reserved(moved.rooms)],
        [
          [true, true],
          ['a 2', 'b 1'],
        ],
      );
      await directory.offer('a', { ...room, places: 1 }, ['z', 'unknown', 'x']);
      assert.deepEqual(reserved((await reserve()).rooms), ['a 1', 'b 1']);
      assert.deepEqual((await reserve(['v', 'a'])).granted, [false]);
      await expire('a');
      assert.deepEqual(reserved((await reserve(['v', 'a'])).rooms), ['b 1']);
    });

    own('knows which nodes are to be left, and tells of it', async ({ directory, other }) => {
      await directory.beat(nodeRecord('a'), []);
      const events: string[] = [];
      other.watch(({ type }) => events.push(type));
      await directory.drain('a', true);
      await until('it is told', () => events.includes('joined'));
      const since = (await other.nodes())[0]!.draining!;
      assert.ok(since > 0);
      await directory.drain('a', true);
      assert.equal((await other.nodes())[0]!.draining, since);
      await directory.drain('a', false);
      assert.deepEqual(await other.nodes(), [nodeRecord('a')]);
    });

    own('tells all who watch what somebody says', async ({ directory, other }) => {
      const news: string[] = [];
      for (const each of [directory, other])
        each.watch((event) => {
          if (event.type === 'told') news.push(event.news);
        });
      await directory.tell('{"a":"b c"}');
      // In memory both are one.
      await until('both hear it', () => news.length === 2);
      assert.deepEqual(news, ['{"a":"b c"}', '{"a":"b c"}']);
    });

    own('knows the nodes that live, as they last said they are', async ({ directory, other, expire }) => {
      assert.deepEqual(await other.nodes(), []);
      const events: string[] = [];
      other.watch(({ type }) => events.push(type));
      assert.deepEqual(await directory.beat(nodeRecord('a'), []), { isNew: true, lost: [] });
      await until('it is told that a node has joined', () => events.includes('joined'));
      assert.deepEqual(await directory.beat({ ...nodeRecord('a'), role: 'edge' }, []), { isNew: false, lost: [] });
      await directory.beat(nodeRecord('b'), []);
      const ids = async () => (await other.nodes()).map(({ id }) => id).sort();
      assert.deepEqual(await ids(), ['a', 'b']);
      assert.deepEqual(
        (await other.nodes()).find(({ id }) => id === 'a'),
        { ...nodeRecord('a'), role: 'edge' },
      );
      await expire('a');
      assert.deepEqual(await ids(), ['b']);
      assert.equal((await directory.beat(nodeRecord('a'), [])).isNew, true);
      await directory.leave('b');
      assert.deepEqual(await ids(), ['a']);
    });

    own(
      'gives a stream to the first who claims it, and to another only over the token that is there',
      async (tested) => {
        const { directory, other, expire } = tested;
        for (const id of ['a', 'b']) await directory.beat(nodeRecord(id), []);
        const first = granted(await claim(directory, 'a'));
        assert.equal(first.node, 'a');
        assert.deepEqual(await other.find(PATH), first);
        const held = await claim(other, 'b');
        assert.deepEqual(held, { held: first, isAlive: true });
        assert.ok('held' in (await claim(other, 'b', { over: first.token - 1 })));
        await expire('a');
        assert.deepEqual(await claim(other, 'b'), { held: first, isAlive: false });
        const second = granted(await claim(other, 'b', { over: first.token }));
        assert.ok(second.token > first.token);
        assert.deepEqual(await directory.find(PATH), second);
        const renewed = granted(await claim(other, 'b', { seen: second.token + 1e9 }));
        assert.equal(renewed.token, marked(second.token + 1e9 + 1, MARK.b));
        const tokens = [first, second, renewed].map(({ token }) => token % MARKS);
        assert.deepEqual(tokens, [MARK.a, MARK.b, MARK.b]);
        const streams = await directory.streams();
        assert.deepEqual(streams, [renewed]);
      },
    );

    own('keeps what a successor needs, and only the token of what has ended', async ({ directory, other }) => {
      await directory.beat(nodeRecord('a'), []);
      const { token } = granted(await claim(directory, 'a'));
      await directory.beat(nodeRecord('a'), [{ path: PATH, token, anchor: 1e15 + 0.5, next: STAMP }]);
      assert.deepEqual(await other.find(PATH), { path: PATH, token, node: 'a', anchor: 1e15 + 0.5, next: STAMP });
      const answer = await claim(other, 'b', { over: token });
      const successor = granted(answer);
      assert.deepEqual([successor.anchor, successor.next], [1e15 + 0.5, STAMP]);
      assert.ok('granted' in answer && answer.wasKnown);
      await other.beat(nodeRecord('b'), [{ path: PATH, token: successor.token, hasEnded: true }]);
      const ended = (await directory.find(PATH))!;
      assert.deepEqual(ended, { path: PATH, token: successor.token, node: '', anchor: undefined, next: undefined });
      assert.deepEqual(await directory.streams(), []);
      const next = await claim(directory, 'a');
      assert.ok('granted' in next && next.wasKnown && next.granted.token > successor.token);
      assert.equal(next.granted.anchor, undefined);
    });

    own('tells who has lost a stream, and learns what it has forgotten', async ({ directory, other }) => {
      const first = granted(await claim(directory, 'a'));
      const second = granted(await claim(other, 'b', { over: first.token }));
      const forgotten = { path: '__defaultVhost__/live/forgotten', token: 77 };
      const answer = await directory.beat(nodeRecord('a'), [{ path: PATH, token: first.token }, forgotten]);
      assert.deepEqual(answer.lost, [second]);
      const learnt = await other.find(forgotten.path);
      assert.deepEqual([learnt?.token, learnt?.node], [77, 'a']);
      await directory.beat(nodeRecord('a'), [{ path: PATH, token: first.token, hasEnded: true }]);
      assert.deepEqual(await other.find(PATH), second);
      await directory.beat(nodeRecord('a'), [{ path: PATH, token: second.token + 5 }]);
      const stolen = (await other.find(PATH))!;
      assert.deepEqual([stolen.token, stolen.node], [second.token + 5, 'a']);
      const tie = await other.beat(nodeRecord('b'), [{ path: PATH, token: stolen.token }]);
      assert.deepEqual(tie.lost, [stolen]);
    });

    own('tells every node of every change of owner', async ({ directory, other }) => {
      const events: DirectoryEvent[] = [];
      other.watch((event) => events.push(event));
      const first = granted(await claim(directory, 'a'));
      await directory.beat(nodeRecord('a'), [{ path: PATH, token: first.token, anchor: 1 }]);
      const second = granted(await claim(directory, 'b', { over: first.token }));
      await directory.beat(nodeRecord('b'), [{ path: PATH, token: second.token, hasEnded: true }]);
      const told = () => events.flatMap((event) => (event.type === 'moved' ? [event.record] : []));
      await until('all changes are told', () => told().length === 3);
      assert.deepEqual(
        told().map(({ path, token, node }) => [path, token, node]),
        [
          [PATH, first.token, 'a'],
          [PATH, second.token, 'b'],
          [PATH, second.token, ''],
        ],
      );
    });

    own('has room for many streams', async ({ directory, other }) => {
      const paths = Array.from({ length: 1200 }, (_, i) => `__defaultVhost__/live/${i}`);
      for (let i = 0; i < paths.length; i += 400) {
        await directory.beat(
          nodeRecord('a'),
          paths.slice(i, i + 400).map((path) => ({ path, token: 5, anchor: 7 })),
        );
      }
      assert.deepEqual((await other.streams()).map(({ path }) => path).sort(), paths.sort());
    });
  });
}

function granted(answer: Awaited<ReturnType<Directory['claim']>>): StreamRecord {
  assert.ok('granted' in answer, `held: ${JSON.stringify(answer)}`);
  return answer.granted;
}
