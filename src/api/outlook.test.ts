import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SECOND, VirtualClock } from '../base/clock.ts';
import { Sessions } from '../hub/session.ts';
import type { Context } from '../module.ts';
import type { Surveyed, SurveyQuestion } from '../net/cluster.ts';
import { Links } from '../net/links.ts';
import { noSiblings } from '../net/siblings.ts';
import { Outlooks } from './outlook.ts';

/** A node whose cluster answers when it is told to. */
function node() {
  const clock = new VirtualClock();
  const asked: SurveyQuestion[] = [];
  const waiting: PromiseWithResolvers<void>[] = [];
  const cluster = {
    nodeId: 'self',
    nodes: async () => [],
    async survey(own: Surveyed, question: SurveyQuestion) {
      asked.push(question);
      const answered = Promise.withResolvers<void>();
      waiting.push(answered);
      await answered.promise;
      return [{ node: { id: 'self' }, answer: own }];
    },
  };
  const common = { clock, cluster, siblings: noSiblings(), sessions: new Sessions(clock), links: new Links() };
  const context = { ...common, hub: { streams: [] } } as unknown as Context;
  const outlooks = new Outlooks(context);
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return { clock, outlooks, asked, waiting, turn };
}

test('however many ask, the nodes are asked once, and a second later again', async () => {
  const { clock, outlooks, asked, waiting, turn } = node();
  const answers = Array.from({ length: 50 }, () => outlooks.ask());
  await turn();
  // One that takes long is waited for by all.
  clock.advance(3 * SECOND);
  answers.push(outlooks.ask());
  assert.equal(asked.length, 1);
  waiting[0]!.resolve();
  const [first, ...rest] = await Promise.all(answers);
  assert.equal(first!.nodes.length, 1);
  for (const each of rest) assert.equal(each, first);
  clock.advance(0.9 * SECOND);
  assert.equal(await outlooks.ask(), first);
  clock.advance(0.2 * SECOND);
  const next = outlooks.ask();
  await turn();
  waiting[1]!.resolve();
  assert.notEqual(await next, first);
  assert.equal(asked.length, 2);
});

test('each question has its own answer, and one that failed is asked anew', async () => {
  const { outlooks, asked, waiting, turn } = node();
  const [flows, watching] = [outlooks.ask({ flows: true }), outlooks.ask({ watching: 'v/live/movie' })];
  await turn();
  assert.deepEqual(asked, [{ flows: true }, { watching: 'v/live/movie' }]);
  waiting[0]!.reject(new Error('the first worker is not there'));
  waiting[1]!.resolve();
  await assert.rejects(flows, /first worker/);
  assert.deepEqual((await watching).own.watching, []);
  const again = outlooks.ask({ flows: true });
  await turn();
  waiting[2]!.resolve();
  assert.deepEqual((await again).own.flows!.flows, []);
});
