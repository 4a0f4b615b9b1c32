import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startApi } from '../../test/support/api-server.ts';
import { health } from './health.ts';

test('a server lives from the start, is ready when it is told so, and no more when it stops', async (t) => {
  const module = health();
  const server = await startApi(t, [module]);
  const ask = async (path: string) => {
    const response = await server.fetch(path);
    return [response.status, await response.json()];
  };
  assert.deepEqual(await ask('/healthz'), [200, { status: 'ok' }]);
  assert.deepEqual(await ask('/readyz'), [503, { status: 'starting' }]);
  module.ready!({});
  assert.deepEqual(await ask('/readyz'), [200, { status: 'ready' }]);
  await module.stop();
  assert.deepEqual(await ask('/readyz'), [503, { status: 'stopping' }]);
  assert.deepEqual(await ask('/healthz'), [200, { status: 'ok' }]);
});

test('load balancers may ask with HEAD', async (t) => {
  const server = await startApi(t, [health()]);
  assert.equal((await server.fetch('/healthz', { method: 'HEAD' })).status, 200);
  assert.equal((await server.fetch('/readyz', { method: 'HEAD' })).status, 503);
});
