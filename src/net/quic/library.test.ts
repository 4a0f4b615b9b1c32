import assert from 'node:assert/strict';
import { registerHooks } from 'node:module';
import { test } from 'node:test';
import { RefusedError } from '../../base/errors.ts';

test('a machine without the library or its binary is told so, each time in the same words', async () => {
  const hooks = registerHooks({
    resolve(name, context, next) {
      if (name.includes('http3')) throw new Error('no such package');
      return next(name, context);
    },
  });
  const { dialQuic, listenQuic } = await import('../quic.ts');
  const options = { host: '127.0.0.1', port: 4242, alpn: ['x'], cert: '', key: '' };
  for (const action of [() => dialQuic(options), () => listenQuic(options, () => {}), () => dialQuic(options)]) {
    await assert.rejects(action(), (error) => {
      return (
        error instanceof RefusedError &&
        error.code === 'unsupported' &&
        error.message.startsWith('QUIC is not available')
      );
    });
  }
  hooks.deregister();
});
