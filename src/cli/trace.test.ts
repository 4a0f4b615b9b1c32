import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { TraceAnswer } from '../api/trace.ts';
import { configSchema } from '../server.ts';
import { run } from './run.ts';
import { linesOf } from './trace.ts';

const since_ms = 1_790_000_000_000;
const PUBLISHER = { id: 'publ', type: 'fmle-publish', remote: '192.0.2.17', since_ms };
const ORIGIN = {
  ...{ node: 'bbb', host: 'origin', address: '192.0.2.4:4242', gets: PUBLISHER, loss: null },
  sends: { id: 'send', type: 'relay-play', remote: '192.0.2.9', since_ms },
  ...{ added_ms: 0, total_ms: 0, total_p99_ms: 0 },
};
const EDGE = {
  ...{ node: 'aaa', host: 'edge', address: '', loss: { packets: 1000, lost: 25, residual: 1 } },
  sends: { id: 'view', type: 'flv-play', remote: '192.0.2.77', since_ms },
  gets: { id: 'pull', type: 'relay-publish', remote: '192.0.2.4:4242', since_ms },
  ...{ added_ms: 101.2, total_ms: 101.2, total_p99_ms: 110.5 },
};
const WAY: TraceAnswer = { session: 'view', stream: 'live/movie', complete: true, gap: '', hops: [EDGE, ORIGIN] };

test('every node of a way is a block, which says from whom the stream comes and what the way costs', () => {
  assert.deepEqual(linesOf(WAY), [
    'view: live/movie, 2 nodes, 101.2 ms after it came in',
    '',
    'edge, node aaa',
    '  sends  view  flv-play to 192.0.2.77',
    '  gets   pull  relay-publish from 192.0.2.4:4242: +101.2 ms, in all 101.2 ms (p99 110.5 ms), 2.5 % of packets lost, 1 of 1000 for good',
    '',
    'origin at 192.0.2.4:4242, node bbb',
    '  sends  send  relay-play to 192.0.2.9',
    '  gets   publ  fmle-publish from 192.0.2.17',
  ]);
});

test('what is not known is said to be unknown', () => {
  const unknown = { added_ms: null, total_ms: null, total_p99_ms: null, loss: null };
  const hop = { ...EDGE, ...unknown, node: '' };
  const lines = linesOf({ ...WAY, complete: false, gap: 'it does not answer', hops: [hop] });
  assert.deepEqual(lines, [
    'view: live/movie, 1 node, delay unknown',
    '',
    'edge',
    '  sends  view  flv-play to 192.0.2.77',
    '  gets   pull  relay-publish from 192.0.2.4:4242: delay unknown',
    '',
    'further: it does not answer',
  ]);
  const some = linesOf({ ...WAY, hops: [{ ...hop, total_ms: 5, total_p99_ms: 6 }] });
  assert.equal(some[4], '  gets   pull  relay-publish from 192.0.2.4:4242: in all 5 ms (p99 6 ms)');
});

/** A server that gives this answer, and the command line that asks it. */
async function rig(t: TestContext, answer: object, status = 200) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    response.writeHead(status).end(JSON.stringify(answer));
  });
  t.after(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const output = { stdout: '', stderr: '' };
  const writer = (name: 'stdout' | 'stderr') => ({ write: (text: string) => (output[name] += text) });
  const [stdout, stderr] = [writer('stdout'), writer('stderr')];
  const signals = Object.assign(new EventEmitter(), { exit: () => {} });
  const startServer = () => assert.fail('no server is started');
  const { port } = server.address() as AddressInfo;
  const argv = ['trace', 'a/b', '--server', `http://127.0.0.1:${port}`, '--token', 'my-token'];
  const around = { argv, env: {}, folder: import.meta.dirname, stdout, stderr, signals };
  return { requests, code: await run(around, async () => ({ configSchema, startServer })), output };
}

test('a way that is known to the publisher is printed, and the exit code is 0', async (t) => {
  const { code, output, requests } = await rig(t, { code: 0, trace: WAY });
  assert.equal(code, 0);
  assert.equal(output.stdout, `${linesOf(WAY).join('\n')}\n`);
  const [{ url, headers }] = requests as [IncomingMessage];
  assert.deepEqual([url, headers.authorization], ['/api/v1/trace/a%2Fb', 'Bearer my-token']);
});

test('one that ends before is printed as far as it goes, and the exit code is 1', async (t) => {
  const way = { ...WAY, complete: false, gap: 'origin:4242 does not tell more' };
  const { code, output } = await rig(t, { code: 0, trace: way });
  assert.equal(code, 1);
  assert.match(output.stdout, /\nfurther: origin:4242 does not tell more\n$/);
});

test('where nobody knows the session, or what is asked is no server of ours, that is one line and the exit code is 2', async (t) => {
  const absent = await rig(t, { code: 2049, error: 'no client has the id a/b' }, 404);
  assert.equal(absent.code, 2);
  assert.match(absent.output.stderr, /^headwater: http:\S+ answers: no client has the id a\/b\n$/);
  const other = await rig(t, {});
  assert.equal(other.code, 2);
  assert.match(other.output.stderr, /^headwater: http:\S+ does not trace sessions\n$/);
});
