import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seal } from '../../../test/support/link-simulation.ts';
import { MILLISECOND, SECOND } from '../../base/clock.ts';
import { copiesOf, USUAL_POLICY } from './copies.ts';
import type { Report, Request } from './datagram.ts';
import { sequenceOf } from './packet.ts';
import { RepairBudget } from './repair-budget.ts';
import { Repairer } from './repairer.ts';
import { StreamSender } from './stream-sender.ts';

const ms = (time: number) => time * MILLISECOND;
const REPORT: Report = {
  item: 'report',
  ssrc: 9,
  received: 0,
  lost: 0,
  repaired: 0,
  abandoned: 0,
  queue: 0,
  rtt: ms(100),
  jitter: 0,
};

/** A repairer for a stream of which sequences 0 to 9 left at 0, one packet each. */
function repairing(kinds: readonly ('video' | 'audio' | 'header')[] = new Array(10).fill('video'), length = 100) {
  const sender = new StreamSender({ ssrc: 9, seal, latency: ms(500) });
  const answers: number[] = [];
  const repairer = new Repairer((packet) => answers.push(sequenceOf(packet)));
  repairer.add(sender);
  for (const kind of kinds) sender.push({ kind, startable: false, bytes: new Uint8Array(length) }, 0);
  sender.poll(SECOND);
  repairer.report(REPORT, 0);
  const ask = (now: number, runs: number[], more: Partial<Request> = {}) =>
    repairer.request({ item: 'request', ssrc: 9, latency: ms(500), overdue: 0, runs, ...more }, now);
  /** What is sent up to `end`, polled as it wants. */
  const sentBy = (end: number) => {
    while (repairer.next <= end) repairer.poll(repairer.next);
    return answers.splice(0);
  };
  return { sender, repairer, ask, sentBy };
}

describe('a repairer', () => {
  test('answers with the very packets that were sent', () => {
    const { ask, sentBy } = repairing();
    ask(ms(70), [2, 1, 5, 3]);
    assert.deepEqual(sentBy(ms(110)), [2, 5, 6, 7]);
  });

  test('answers again only when the answer before must have been lost', () => {
    const { ask, sentBy } = repairing();
    ask(ms(70), [3, 1]);
    assert.deepEqual(sentBy(ms(71)), [3]);
    for (const at of [95, 120, 145, 170, 173]) ask(ms(at), [3, 1]);
    assert.deepEqual(sentBy(ms(173)), []);
    ask(ms(175), [3, 1]);
    assert.ok(sentBy(ms(300)).length >= 1);
  });

  test('sends nothing that would come too late, unless it is wanted all the same', () => {
    const { ask, sentBy, repairer } = repairing();
    ask(ms(451), [3, 2]);
    assert.deepEqual(sentBy(ms(600)), []);
    assert.equal(repairer.counters.hopeless, 2);
    ask(ms(1451), [3, 2], { overdue: 4 });
    assert.deepEqual(sentBy(ms(1452)), [3]);
  });

  test('sends more copies, some time apart, the fewer tries are left', () => {
    const { ask, sentBy, repairer } = repairing();
    repairer.losses.loss = 0.09;
    ask(ms(70), [3, 1]);
    assert.equal(sentBy(ms(170)).length, 1);
    ask(ms(200), [3, 1]);
    const second = sentBy(ms(201)).length;
    const copies = sentBy(ms(310)).length;
    assert.deepEqual([second, copies], [1, 1]);
    ask(ms(400), [3, 1]);
    assert.equal(sentBy(ms(500)).length, 4);
    assert.equal(repairer.counters.copies, 4);
  });

  test('gives way to what matters most when it may send little', () => {
    const kinds = new Array(60).fill('video').with(50, 'audio').with(55, 'header');
    const { ask, sentBy, repairer } = repairing(kinds, 1100);
    ask(ms(69), [0, 1]);
    assert.ok(repairer.budget.take(21_000, ms(69)));
    ask(ms(70), [1, 59]);
    const answered = sentBy(ms(200));
    assert.ok(answered.includes(50) && answered.includes(55), 'sound and header are there');
    assert.ok(answered.length < 60 && repairer.counters.throttled > 0);
    assert.deepEqual(
      answered,
      answered.toSorted((a, b) => a - b),
    );
  });

  test('knows nothing of streams it was not given, and of packets that are gone or yet to come', () => {
    const { ask, sentBy, repairer } = repairing();
    ask(ms(70), [0, 5], { ssrc: 10 });
    ask(ms(70), [9, 60_000, 4_000_000_000, 5]);
    assert.deepEqual(sentBy(ms(80)), [9]);
    repairer.remove(9);
    ask(ms(90), [0, 5]);
    assert.deepEqual(sentBy(ms(100)), []);
  });

  test('forgets what waits of a stream that ended', () => {
    const { ask, sentBy, repairer } = repairing();
    ask(ms(399), [0, 9]);
    repairer.remove(9);
    assert.equal(repairer.next, Number.POSITIVE_INFINITY);
    assert.ok(sentBy(ms(500)).length < 9);
  });

  test('learns the loss from reports, whatever order they come in', () => {
    const { repairer } = repairing();
    for (let i = 1; i < 100; i++) {
      repairer.report({ ...REPORT, received: 800 * i, lost: 200 * i }, 0);
      repairer.report({ ...REPORT, received: 400 * i, lost: 200 * i }, 0);
    }
    assert.ok(Math.abs(repairer.losses.loss - 0.2) < 0.001, `${repairer.losses.loss}`);
  });
});

test('copies are as many as the target needs, wait for the last tries, and are bounded by what they cost', () => {
  const cases: [loss: number, sent: number, tries: number, missed: number, copies: number][] = [
    [0, 1, 3, 0, 1],
    [0.001, 1, 1, 0, 1],
    [0.001, 2, 1, 1, 1],
    [0.1, 1, 3, 0, 1],
    [0.09, 2, 2, 1, 2],
    [0.09, 4, 1, 2, 4],
    [0.3, 1, 1, 0, 1],
    [0.3, 2, 2, 1, 2],
    [0.3, 4, 1, 2, 4],
    [1, 4, 1, 2, 3],
    // The first answer, and the last: requests were lost.
    [0.1, 1, 1, 0.2, 1],
    [0.1, 1, 1, 1, 4],
    [0.1, 1, 1, 2, 4],
    // Where there is time, that costs nothing.
    [0.1, 1, 3, 2, 1],
    // No deadline.
    [0.1, 1, Number.POSITIVE_INFINITY, 100, 1],
    // Noticed sooner than is usual.
    [0.1, 1, 1, -0.5, 1],
  ];
  for (const [loss, sent, tries, missed, copies] of cases) {
    const plight = { sent, tries, missed };
    assert.equal(copiesOf(loss, plight, USUAL_POLICY), copies, JSON.stringify({ loss, ...plight }));
  }
});

describe('a repair budget', () => {
  test('grants a share of the media rate and keeps what is not used for a moment only', () => {
    const budget = new RepairBudget();
    for (let i = 0; i < 20; i++) budget.adapt(0, 0, 0);
    budget.mediaRate = 1_000_000;
    const grantedAt = (now: number) => {
      let granted = 0;
      while (budget.take(1000, now)) granted += 1000;
      return granted;
    };
    assert.equal(grantedAt(0), 600_000);
    assert.equal(grantedAt(ms(100)), 150_000);
    assert.equal(grantedAt(10 * SECOND), 600_000);
  });

  test('shrinks while packets wait on the path, to a tenth and no further, and grows again later and slowly', () => {
    const budget = new RepairBudget();
    for (let i = 0; i < 20; i++) budget.adapt(ms(40), ms(10), SECOND);
    assert.equal(budget.share, 0.1);
    for (let i = 0; i < 5; i++) budget.adapt(ms(2), ms(10), 3 * SECOND);
    assert.equal(budget.share, 0.1);
    for (let i = 0; i < 5; i++) budget.adapt(ms(2), ms(10), 4 * SECOND);
    assert.ok(Math.abs(budget.share - 0.35) < 1e-9);
    for (let i = 0; i < 100; i++) budget.adapt(ms(9), ms(10), 5 * SECOND);
    assert.equal(budget.share, 1.5);
  });

  test('has repairs leave more slowly the less it grants', () => {
    const budget = new RepairBudget();
    budget.mediaRate = 1_000_000;
    for (let i = 0; i < 20; i++) budget.adapt(0, 0, 0);
    assert.equal(budget.step(1000), 250);
    for (let i = 0; i < 20; i++) budget.adapt(ms(40), 0, 0);
    assert.ok(Math.abs(budget.step(1000) - 3750) < 1e-6);
  });
});

test('an answer that is the first and the last, as requests were lost, goes out in copies, but not where packets wait on the path', () => {
  const copies = (queue: number) => {
    const { ask, sentBy, repairer } = repairing();
    repairer.losses.loss = 0.1;
    repairer.report({ ...REPORT, queue }, 0);
    ask(ms(350), [3, 1]);
    return sentBy(ms(450)).length;
  };
  assert.deepEqual([copies(0), copies(ms(200))], [4, 1]);
});

test('a key frame gets a copy more than the rest where few tries are left and much is lost', () => {
  const copies = (kind: 'video' | 'header', loss: number) => {
    const { ask, sentBy, repairer } = repairing(new Array(10).fill(kind));
    repairer.losses.loss = loss;
    ask(ms(195), [3, 1]);
    return sentBy(ms(300)).length;
  };
  assert.deepEqual([copies('video', 0.3), copies('header', 0.3)], [1, 2]);
  assert.deepEqual([copies('video', 0.08), copies('header', 0.08)], [1, 1]);
});
