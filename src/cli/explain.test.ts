import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { streamId } from '../net/identity.ts';
import { configSchema } from '../server.ts';
import { run } from './run.ts';

const FINDING = {
  rule: 'gop-too-long',
  severity: 'warning',
  where: 'publisher',
  what: 'Key frames are up to 8.3 s apart.',
  remedy: 'Set a key frame every 2 s.',
  figures: { longest_s: 8.3 },
};
const ANSWER = {
  code: 0,
  stream: 'live/movie',
  source: { type: 'publisher', client: '341w361a', remote: '192.0.2.17' },
  measures: { seconds: 60, kbps: 2449, fps: 30, gop_s: 8.3, late_ms: 41, skew_ms: -12, drift_ms: 1, viewers: 1 },
  findings: [FINDING],
};

/** A server that gives this answer, and the command line beside it. */
async function rig(t: TestContext, answer: object, status = 200) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => void server.close());
  const folder = mkdtempSync(join(tmpdir(), 'headwater-explain-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const output = { stdout: '', stderr: '' };
  const writer = (name: 'stdout' | 'stderr') => ({ write: (text: string) => (output[name] += text) });
  const ask = async (env: Record<string, string>, ...argv: string[]) => {
    const signals = Object.assign(new EventEmitter(), { exit: () => {} });
    const around = { argv: ['explain', ...argv], env, folder, stdout: writer('stdout'), stderr: writer('stderr') };
    const startServer = () => assert.fail('no server is started');
    return run({ ...around, signals }, async () => ({ configSchema, startServer }));
  };
  const { port } = server.address() as AddressInfo;
  return { ask, output, requests, folder, port, url: `http://127.0.0.1:${port}` };
}

test('what is wrong is printed, and the exit code says that something is', async (t) => {
  const { ask, output, requests, url } = await rig(t, ANSWER);
  assert.equal(await ask({}, 'live/movie', '--server', `${url}/`, '--token', 'a-token'), 1);
  assert.equal(
    output.stdout,
    [
      'live/movie, published by 192.0.2.17',
      '  The last 60 s: 2449 kbit/s, 30 pictures/s, key frames at most 8.3 s apart, frames at most 41 ms',
      '  late, sound 12 ms before its picture, 1 viewer.',
      '',
      'WARNING  gop-too-long, publisher',
      '  Key frames are up to 8.3 s apart.',
      '  What helps: Set a key frame every 2 s.',
      '',
      'One thing is wrong.',
      '',
    ].join('\n'),
  );
  const [{ url: path, headers }] = requests as [IncomingMessage];
  assert.equal(path, `/api/v1/streams/${streamId('__defaultVhost__/live/movie')}/explain`);
  assert.equal(headers.authorization, 'Bearer a-token');
});

test('where nothing is wrong that is said, and the exit code is 0', async (t) => {
  const { ask, output, url } = await rig(t, { ...ANSWER, findings: [] });
  assert.equal(await ask({ HEADWATER_ACCESS_ADMIN_TOKEN: 'of-env' }, 'live/movie', '--server', url), 0);
  assert.match(output.stdout, /\nNothing is wrong\.\n$/);
});

test('server and token are those of the configuration here, which is not written for it', async (t) => {
  const { ask, requests, folder, port } = await rig(t, ANSWER);
  const listen = `127.0.0.1:${port}`;
  assert.equal(await ask({ HEADWATER_HTTP_LISTEN: listen, HEADWATER_ACCESS_ADMIN_TOKEN: 'of-env' }, 'live/movie'), 1);
  writeFileSync(join(folder, 'headwater.yaml'), `http:\n  listen: ${listen}\naccess:\n  adminToken: of-file\n`);
  assert.equal(await ask({}, 'live/movie'), 1);
  writeFileSync(join(folder, 'own.yaml'), `http:\n  listenApi: ${listen}\naccess:\n  adminToken: of-own-file\n`);
  assert.equal(await ask({}, 'live/movie', '--config', 'own.yaml'), 1);
  writeFileSync(join(folder, 'open.yaml'), `http:\n  listen: ${listen}\n`);
  assert.equal(await ask({}, 'live/movie', '--config', 'open.yaml'), 1);
  assert.deepEqual(
    requests.map(({ headers }) => headers.authorization),
    ['Bearer of-env', 'Bearer of-file', 'Bearer of-own-file', undefined],
  );
});

test('where it cannot be asked that is one line, and the exit code is 2', async (t) => {
  const { ask, output, url } = await rig(t, { code: 2048, error: 'there is no such stream' }, 404);
  const wrong: [string[], RegExp][] = [
    [['live/movie', '--server', url], /^headwater: http:\S+ answers: there is no such stream\n$/],
    [['live/movie', '--server', 'http://127.0.0.1:1'], /^headwater: http:\/\/127\.0\.0\.1:1 does not answer: .*\n$/],
    [['live/movie', '--server', 'nonsense'], /^headwater: nonsense does not answer: .*\n$/],
    [[], /^headwater: explain wants one stream, such as live\/movie\n$/],
    [['live/../movie'], /^headwater: live\/\.\.\/movie is no stream: .*\n$/],
  ];
  for (const [argv, line] of wrong) {
    output.stderr = '';
    assert.equal(await ask({}, ...argv), 2);
    assert.match(output.stderr, line);
  }
  output.stderr = '';
  assert.equal(await ask({ HEADWATER_HTTP_LISTEN: 'off' }, 'live/movie'), 2);
  assert.match(output.stderr, /^headwater: http\.listen is off here; name a server by --server URL\n$/);
});
