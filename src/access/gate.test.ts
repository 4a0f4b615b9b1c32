import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RefusedError } from '../base/errors.ts';
import { AccessGate, type AccessProvider, type AccessRequest, type Action, type Verdict } from './gate.ts';

function request(action: Action = 'play'): AccessRequest {
  return { action, path: 'v/live/movie', remote: '10.0.0.9', query: new Map(), protocol: 'rtmp', session: 'ab12' };
}

function says(verdict: Verdict): AccessProvider {
  return async () => verdict;
}

function forbidden(message: string) {
  return (error: unknown) => {
    assert.ok(error instanceof RefusedError);
    assert.equal(error.code, 'forbidden');
    assert.equal(error.message, message);
    return true;
  };
}

const refuses = says({ refuse: 'go away' });
const never: AccessProvider = () => Promise.withResolvers<Verdict>().promise;

test('the first provider that decides is heard', async () => {
  await new AccessGate([says('pass'), says('allow'), refuses]).may(request());
  await assert.rejects(new AccessGate([says('pass'), refuses, says('allow')]).may(request()), forbidden('go away'));
});

test('where nobody decides, playing is allowed, publishing and administering are not', async () => {
  for (const gate of [new AccessGate([]), new AccessGate([says('pass')])]) {
    await gate.may(request('play'));
    await assert.rejects(gate.may(request('publish')), forbidden('nothing allows to publish'));
    await assert.rejects(gate.may(request('admin')), forbidden('nothing allows to admin'));
  }
});

test('a provider that fails refuses, and only the log learns why', async () => {
  const warnings: unknown[] = [];
  const failure = new Error('database at 10.0.0.7 is down');
  const gate = new AccessGate([() => Promise.reject(failure), says('allow')], {
    warn: (fields) => warnings.push(fields),
  });
  await assert.rejects(gate.may(request()), forbidden('access could not be decided'));
  assert.deepEqual(warnings, [{ session: 'ab12', error: failure }]);
});

test('a provider that throws at once refuses, too', async () => {
  const throws: AccessProvider = () => {
    throw new Error('broken');
  };
  await assert.rejects(new AccessGate([throws]).may(request()), forbidden('access could not be decided'));
});

test('a provider that never answers refuses at the deadline, and is told to stop', async () => {
  const { promise: aborted, resolve } = Promise.withResolvers<void>();
  const slow: AccessProvider = (_, signal) => {
    signal.addEventListener('abort', () => resolve());
    return never(_, signal);
  };
  await assert.rejects(
    new AccessGate([slow], { deadline: 10 }).may(request()),
    forbidden('access could not be decided'),
  );
  await aborted;
});

test('no provider is asked after the deadline', async () => {
  const late = Promise.withResolvers<Verdict>();
  const asked: string[] = [];
  const second: AccessProvider = async () => {
    asked.push('second');
    return 'allow';
  };
  await assert.rejects(new AccessGate([() => late.promise, second], { deadline: 5 }).may(request()));
  late.resolve('pass');
  await new Promise(setImmediate);
  assert.deepEqual(asked, []);
});

test('who objects is asked about those alone whom the others let in', async () => {
  const asked: string[] = [];
  const gate = new AccessGate([async ({ action }) => (action === 'admin' ? { refuse: 'no' } : 'pass')]);
  gate.objectBy(async ({ action }) => {
    asked.push(action);
    return action === 'connect' ? { refuse: 'not today' } : 'pass';
  });
  await gate.may(request('play'));
  await assert.rejects(gate.may(request('connect')), forbidden('not today'));
  await assert.rejects(gate.may(request('admin')), forbidden('no'));
  await assert.rejects(gate.may(request('publish')), forbidden('nothing allows to publish'));
  assert.deepEqual(asked, ['play', 'connect']);
});

test('who objects lets nobody in by himself', async () => {
  const gate = new AccessGate([]);
  gate.objectBy(says('allow'));
  await assert.rejects(gate.may(request('publish')), forbidden('nothing allows to publish'));
});
