import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SECOND, VirtualClock } from '../base/clock.ts';
import { Hub } from './hub.ts';
import type { Passage, Trace } from './passage.ts';
import { type Session, Sessions } from './session.ts';
import { traceOf } from './trace.ts';

const PATH = '__defaultVhost__/live/movie';
const clock = new VirtualClock();
const OPTIONS = { grace: SECOND, stopGrace: 0, takeover: 'stale', staleAfter: SECOND, segment: SECOND } as const;
const never = new AbortController().signal;

const [HERE, THERE] = ['here', 'there'].map((node) => ({ node, host: `${node}.example`, address: '' }));
const UPSTREAM = { ...THERE!, gets: { id: 'publ', protocol: 'rtmp', remote: '192.0.2.17', since: 1 } };
const DELAY = { total: { p50: 500, p99: 600 }, added: 500 };

/** A node with one viewer, who waits for a stream or has one. */
class Node {
  readonly hub = new Hub({ ...OPTIONS, window: { duration: SECOND, bytes: 1e6 } }, clock);
  readonly sessions = new Sessions(clock);
  readonly viewer = this.session('play', 'http-flv');

  session(role: 'publish' | 'play', protocol: string): Session & { readonly path: string } {
    const session = this.sessions.open({ protocol, remote: '192.0.2.77', close: () => {} });
    return Object.assign(session, { role, path: PATH });
  }

  /** Has the stream come from elsewhere, where this is told of its way. */
  mirror(follow: Passage['follow'], isInner = false): Session {
    const session = this.session('publish', 'relay');
    session.detail['origin'] = 'there:4242';
    this.hub.mirror(PATH, session).announce(1e15, { video: 'h264' }, []);
    session.passage = { ahead: 0, delay: DELAY, loss: undefined, isInner, follow };
    return session;
  }

  trace(session = this.viewer, most = 8): Promise<Trace> {
    return traceOf({ hub: this.hub, nodeId: 'here', host: 'here.example' }, session, most);
  }
}

test('where a stream is published its way is the node alone, and nothing is late', async () => {
  const node = new Node();
  const publishing = node.session('publish', 'rtmp');
  await node.hub.publish(PATH, publishing, never);
  const { hops, gap } = await node.trace();
  assert.equal(gap, undefined);
  assert.equal(hops.length, 1);
  assert.deepEqual([hops[0]!.sends?.id, hops[0]!.gets?.id], [node.viewer.id, publishing.id]);
  assert.deepEqual(hops[0]!.delay, { total: { p50: 0, p99: 0 }, added: 0 });
  const [own] = (await node.trace(publishing)).hops;
  assert.deepEqual([own!.sends, own!.gets?.id], [undefined, publishing.id]);
});

test('a stream that comes from elsewhere is followed there, over one node less', async () => {
  const node = new Node();
  const asked: number[] = [];
  const fetching = node.mirror(async (most) => {
    asked.push(most);
    return { path: PATH, hops: [UPSTREAM], gap: 'so far' };
  });
  const { hops, gap } = await node.trace(node.viewer, 5);
  assert.deepEqual([asked, gap], [[4], 'so far']);
  assert.deepEqual([hops[0]!.gets?.id, hops[0]!.gets?.remote], [fetching.id, 'there:4242']);
  assert.deepEqual([hops[0]!.delay, hops[1]], [DELAY, UPSTREAM]);
});

test('another worker is the same node: what counts is how it got the stream', async () => {
  const node = new Node();
  node.mirror(async () => ({ path: PATH, hops: [{ ...UPSTREAM, delay: { ...DELAY, added: 7 } }] }), true);
  const { hops } = await node.trace();
  assert.equal(hops.length, 1);
  const [{ node: id, sends, gets, delay }] = hops as [Trace['hops'][0]];
  assert.deepEqual([id, sends?.id, gets?.id, delay?.added], [HERE!.node, node.viewer.id, 'publ', 7]);
});

test('where a way is not known further it says why', async () => {
  const node = new Node();
  assert.equal((await node.trace()).gap, 'nobody publishes it at present');
  const fetching = node.mirror(() => Promise.reject(new Error('it is silent')));
  assert.equal((await node.trace()).gap, 'there:4242 does not tell more: it is silent');
  assert.equal((await node.trace(node.viewer, 1)).gap, 'the way is longer than 8 nodes');
  const publishing = node.hub.find(PATH)!.publisher!;
  assert.equal(publishing.session, fetching);
  publishing.close(false);
  assert.equal((await node.trace()).gap, 'the way to it is lost at present');
});
