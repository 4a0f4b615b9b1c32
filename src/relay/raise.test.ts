import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { madeStream } from '../../test/support/made-stream.ts';
import { MILLISECOND, SECOND, VirtualClock } from '../base/clock.ts';
import { Hub } from '../hub/hub.ts';
import type { Mirror } from '../hub/mirror.ts';
import type { Publisher } from '../hub/publisher.ts';
import { Sessions } from '../hub/session.ts';
import { noSiblings, type Siblings } from '../net/siblings.ts';
import { answerRaises, whenRaised } from './raise.ts';

const PATH = 'v/live/movie';
const [TOKEN, SEEN] = [5, 2 * SECOND];
const window = { duration: 600 * SECOND, bytes: 1e8 };
const options = { window, takeover: 'stale', staleAfter: 2 * SECOND, segment: 2 * SECOND } as const;
const never = new AbortController().signal;
const isOver = Symbol('over');

/** Two workers of a node: the first has the publisher, the second fetches the stream from it. */
class Stage {
  readonly clock = new VirtualClock();
  readonly sessions = new Sessions(this.clock);
  readonly hubs = [1, 2].map(() => new Hub({ ...options, grace: 60 * SECOND, stopGrace: 0 }, this.clock)) as [Hub, Hub];
  readonly answers = new Map<string, (question: unknown) => unknown>();
  asked = 0;
  readonly siblings: Siblings = {
    ...noSiblings(),
    ask: async (topic, question) => {
      this.asked++;
      return [await this.answers.get(topic)!(JSON.parse(JSON.stringify(question)))];
    },
    answer: (topic, answer) => void this.answers.set(topic, answer),
  };

  constructor() {
    answerRaises({ hub: this.hubs[0], siblings: this.siblings });
  }

  session(isInner = false) {
    return this.sessions.open({ protocol: 'test', remote: '', isInner, close: () => {} });
  }

  /** A publisher that goes on with what an owner before has sent, or one that does not; and the mirror of what there is. */
  async begin(goesOn: boolean): Promise<{ publisher: Publisher; mirror: Mirror }> {
    const stood = goesOn ? { token: TOKEN, anchor: this.clock.wall(), shift: 0 } : undefined;
    const publisher = await this.hubs[0].publish(PATH, this.session(), never, undefined, { stood });
    publisher.announce(new Set(['video', 'audio']));
    const mirror = this.hubs[1].mirror(PATH, this.session(true));
    return { publisher, mirror };
  }

  /** Sends what a publisher writes on to its mirror. */
  write({ publisher, mirror }: { publisher: Publisher; mirror: Mirror }, from: number, to: number): void {
    for (const sample of madeStream(from, to)) publisher.write(sample);
    const { log, lineup, tracks, lease } = publisher.stream;
    mirror.announce(lease.token, lineup!, tracks.values());
    for (let at = mirror.stream.log.head; at < log.head; at++) {
      const { track, dts, pts, keyframe, data, ingest, stamp } = log.at(at);
      mirror.write({ track, dts, pts, keyframe, data, ingest, stamp, token: lease.token, seq: at, epoch: 1 });
    }
  }

  /** Asks the second worker on behalf of one who has seen so much. */
  ask(token = TOKEN, dts = SEEN): () => Promise<boolean> {
    const context = { siblings: this.siblings, clock: this.clock };
    const answer = whenRaised(context, this.hubs[1].find(PATH)!, { token, dts }, never).then(() => isOver);
    return async () => {
      for (let i = 0; i < 20; i++) await Promise.resolve();
      return (await Promise.race([answer, Promise.resolve(undefined)])) === isOver;
    };
  }
}

let stage = new Stage();
beforeEach(() => {
  stage = new Stage();
});

describe('one who has seen more than another worker has yet, and asks this one', () => {
  test('is answered when as much has come again', async () => {
    const both = await stage.begin(true);
    stage.write(both, 0, 1);
    const isAnswered = stage.ask();
    assert.equal(await isAnswered(), false);
    stage.write(both, 1, 2.1);
    assert.equal(await isAnswered(), true);
  });

  test('is answered after a second at the latest', async () => {
    stage.write(await stage.begin(true), 0, 1);
    const isAnswered = stage.ask();
    assert.equal(await isAnswered(), false);
    stage.clock.advance(999 * MILLISECOND);
    assert.equal(await isAnswered(), false);
    stage.clock.advance(MILLISECOND);
    assert.equal(await isAnswered(), true);
  });

  for (const [what, goesOn, token] of [
    ['the publisher has other frames', false, TOKEN],
    ['another owner came in between', true, TOKEN + 1],
  ] as const)
    test(`is answered at once where ${what}`, async () => {
      stage.write(await stage.begin(goesOn), 0, 1);
      assert.equal(await stage.ask(token)(), true);
      assert.equal(stage.asked, 1);
    });

  test('is answered at once, and nobody asked, where as much is here', async () => {
    stage.write(await stage.begin(true), 0, 3);
    assert.equal(await stage.ask()(), true);
    assert.equal(stage.asked, 0);
  });
});
