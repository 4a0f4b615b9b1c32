import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dialingContext } from '../../test/support/dialing.ts';
import type { Context } from '../module.ts';
import { noSiblings } from '../net/siblings.ts';
import { Edge } from './edge.ts';

test('of those who ask for streams that nobody has not all are asked for at once', async () => {
  const context = dialingContext({ relay: { origins: ['headwater://192.0.2.1:4242?join=x'] } });
  // The first worker, who asks the origins, is not there.
  const siblings = { ...noSiblings(), worker: 2, count: 2, door: () => '/nowhere' };
  const stubs = { siblings, pasts: {}, files: {}, takers: { add() {} } } as unknown as Partial<Context>;
  const edge = new Edge({ ...context, ...stubs }, undefined);
  const ask = () => Array.from({ length: 2000 }, (_, i) => edge.resolve(`v/live/${i}`));
  const asked = ask().filter((found) => found !== undefined);
  assert.equal(asked.length, 1024);
  await Promise.all(asked);
  assert.equal(ask().filter((found) => found !== undefined).length, 1024);
  edge.close();
});
