import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { dialingContext } from '../../test/support/dialing.ts';
import { madeStream } from '../../test/support/made-stream.ts';
import { until } from '../../test/support/until.ts';
import type { Signal } from '../base/signal.ts';
import type { Context } from '../module.ts';
import { Forwarding } from './forward.ts';
import { type ForwardRule, readRule } from './rule.ts';

const PATH = '__defaultVhost__/live/movie';
const never = new AbortController().signal;

test('a stream that comes and goes leaves nothing behind with what pushes it', async (t) => {
  const context = { ...dialingContext(), routes: { reconnects: 0 } } as unknown as Context;
  const { hub, sessions, dialers } = context;
  /** What stops the push, as the hub was given it. */
  let stopping: Signal = never;
  const read = hub.read.bind(hub);
  hub.read = (path, wait, signal) => read(path, wait, (stopping = signal));
  const pushes: PromiseWithResolvers<never>[] = [];
  const push = () => pushes[pushes.push(Promise.withResolvers<never>()) - 1]!.promise;
  dialers.add('rtmp', { protocol: 'rtmp', pull: () => Promise.reject(new Error('nothing is fetched')), push });
  const rule = readRule({ from: 'live/*', to: 'rtmp://192.0.2.1/live/[stream]' }) as ForwardRule;
  const forwarding = new Forwarding(context, rule);
  t.after(() => forwarding.stop(new Error('the test is over')));
  t.after(() => hub.close());
  const counts: number[] = [];
  for (let i = 0; i < 2; i++) {
    const session = sessions.open({ protocol: 'test', remote: '', close: () => {} });
    const publisher = await hub.publish(PATH, session, never);
    for (const sample of madeStream(i, i + 1)) publisher.write(sample);
    await until('it is pushed', () => pushes.length > i);
    counts.push(getEventListeners(stopping as AbortSignal, 'abort').length);
    publisher.close(false);
    pushes[i]!.reject(new Error('the publisher is gone'));
    const [report] = forwarding.report();
    assert.equal(report!.path, PATH);
    await until('it waits for the next one', () => [...forwarding.report()][0]?.state === 'waiting');
  }
  assert.equal(counts[1], counts[0]);
});
