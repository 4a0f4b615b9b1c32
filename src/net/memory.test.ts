import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SECOND, VirtualClock } from '../base/clock.ts';
import type { RefusedError } from '../base/errors.ts';
import { Sessions } from '../hub/session.ts';
import { MemoryWatch } from './memory.ts';

const LIMIT = 1000;

/** A watch over `viewers` and one publisher, who came last; who is closed leaves at once. */
function setUp(viewers: number) {
  const clock = new VirtualClock();
  const sessions = new Sessions(clock);
  const [closed, warnings]: [string[], unknown[]] = [[], []];
  const open = (remote: string, role: 'play' | 'publish') => {
    const close = ({ code, message }: RefusedError) => {
      closed.push(`${remote} ${code}: ${message}`);
      sessions.remove(session);
    };
    const session = sessions.open({ protocol: 'test', remote, close });
    session.role = role;
  };
  for (let i = 0; i < viewers; i++) open(`viewer ${i}`, 'play');
  // A recorder.
  open('', 'play');
  open('publisher', 'publish');
  const state = { resident: LIMIT };
  const measure = () => {
    if (state.resident < 0) throw Object.assign(new Error('too many open files'), { code: 'EMFILE' });
    return state.resident;
  };
  const log = { warn: (...line: unknown[]) => void warnings.push(line) };
  const watch = new MemoryWatch({ limit: LIMIT, resident: measure, sessions, clock, log });
  return { clock, state, closed, warnings, watch };
}

test('nobody has to go as long as memory is no more than its limit', () => {
  const { clock, closed, warnings, watch } = setUp(10);
  clock.advance(60 * SECOND);
  assert.deepEqual([watch.isFull, closed, warnings], [false, [], []]);
});

test('above the limit nobody is let in at once, and nobody goes for a while', () => {
  const { clock, state, closed, watch } = setUp(10);
  state.resident = LIMIT + 1;
  clock.advance(4 * SECOND);
  assert.deepEqual([watch.isFull, closed], [true, []]);
  state.resident = LIMIT;
  clock.advance(SECOND);
  state.resident = LIMIT + 1;
  clock.advance(4 * SECOND);
  assert.deepEqual([watch.isFull, closed], [true, []], 'the patience begins anew');
});

test('if it stays there the newest viewers go, a few at a time, until it is below', () => {
  const { clock, state, closed, warnings, watch } = setUp(100);
  state.resident = LIMIT + 1;
  clock.advance(6 * SECOND);
  const reason = 'limit: the server is short of memory';
  assert.deepEqual(closed, [`viewer 98 ${reason}`, `viewer 99 ${reason}`]);
  clock.advance(2 * SECOND);
  assert.deepEqual(closed.slice(2), [`viewer 96 ${reason}`, `viewer 97 ${reason}`]);
  state.resident = LIMIT;
  clock.advance(60 * SECOND);
  assert.deepEqual([closed.length, watch.shed, watch.isFull], [4, 4, false]);
  assert.deepEqual(warnings, [
    [{ resident: LIMIT + 1, limit: LIMIT }, 'memory stays above limits.memory: the newest viewers are closed'],
  ]);
});

test('every episode is told of once, and publishers and recorders stay to the end', () => {
  const { clock, state, closed, warnings } = setUp(3);
  for (let episode = 0; episode < 2; episode++) {
    state.resident = LIMIT + 1;
    clock.advance(30 * SECOND);
    state.resident = LIMIT;
    clock.advance(SECOND);
  }
  assert.equal(warnings.length, 2);
  assert.deepEqual(
    closed.map((line) => line.slice(0, 8)),
    ['viewer 2', 'viewer 1', 'viewer 0'],
  );
});

test('when there is no file descriptor to find out by, nobody is let in and nobody goes', () => {
  const { clock, state, closed, watch } = setUp(10);
  state.resident = -1;
  clock.advance(60 * SECOND);
  assert.deepEqual([watch.isFull, closed], [true, []]);
  state.resident = LIMIT;
  clock.advance(SECOND);
  assert.equal(watch.isFull, false);
});

test('it looks no more when it is closed', () => {
  const { clock, state, watch } = setUp(1);
  watch.close();
  state.resident = LIMIT + 1;
  clock.advance(60 * SECOND);
  assert.deepEqual([watch.isFull, watch.shed], [false, 0]);
});
