import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { madeStream } from '../../test/support/made-stream.ts';
import { MILLISECOND, SECOND, VirtualClock } from '../base/clock.ts';
import { Hub } from './hub.ts';
import { whenAsFar } from './seen.ts';
import { Sessions } from './session.ts';
import type { Standing } from './standing.ts';

const PATH = 'v/live/movie';
const [TOKEN, SEEN] = [5, 2 * SECOND];
const window = { duration: 600 * SECOND, bytes: 1e8 };
const options = { window, takeover: 'stale', staleAfter: 2 * SECOND, segment: 2 * SECOND } as const;

/** A publisher that may say where it stood, and one who has seen the stream up to a time under a token. */
async function setUp(stood: boolean, token = TOKEN, dts = SEEN) {
  const clock = new VirtualClock();
  const hub = new Hub({ ...options, grace: 60 * SECOND, stopGrace: 0 }, clock);
  const session = new Sessions(clock).open({ protocol: 'test', remote: '', close: () => {} });
  const standing: Standing | undefined = stood ? { token: TOKEN, anchor: clock.wall(), shift: 0 } : undefined;
  const leaving = new AbortController();
  const publisher = await hub.publish(PATH, session, leaving.signal, undefined, { stood: standing });
  publisher.announce(new Set(['video', 'audio']));
  const asked = { isAnswered: false };
  void whenAsFar(publisher.stream, { token, dts }, clock, leaving.signal).then(() => (asked.isAnswered = true));
  const settled = async () => {
    for (let i = 0; i < 10; i++) await Promise.resolve();
    return asked.isAnswered;
  };
  return { clock, publisher, leaving, settled };
}

describe('one who has seen more than a new owner has yet', () => {
  test('is answered when its publisher has sent as much again', async () => {
    const { publisher, settled } = await setUp(true);
    for (const sample of madeStream(0, 2)) publisher.write(sample);
    assert.equal(await settled(), false);
    publisher.write(madeStream(2, 3)[0]!);
    assert.equal(await settled(), true);
  });

  test('is answered after a second at the latest', async () => {
    const { clock, settled } = await setUp(true);
    clock.advance(999 * MILLISECOND);
    assert.equal(await settled(), false);
    clock.advance(MILLISECOND);
    assert.equal(await settled(), true);
  });

  test('is not kept when it leaves', async () => {
    const { leaving, settled } = await setUp(true);
    leaving.abort();
    assert.equal(await settled(), true);
  });

  for (const [what, stood, token, dts] of [
    ['the publisher has other frames', false, TOKEN, SEEN],
    ['another owner came in between', true, TOKEN + 1, SEEN],
    ['it has seen nothing', true, TOKEN, Number.NEGATIVE_INFINITY],
  ] as const)
    test(`is answered at once where ${what}`, async () => {
      const { settled } = await setUp(stood, token, dts);
      assert.equal(await settled(), true);
    });
});
