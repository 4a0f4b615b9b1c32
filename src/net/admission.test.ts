import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { SECOND, VirtualClock } from '../base/clock.ts';
import { silentLogger } from '../ops/log.ts';
import { Admission, addressOf } from './admission.ts';
import { Headcount } from './headcount.ts';
import { MemoryWatch } from './memory.ts';
import { noSiblings } from './siblings.ts';

class TestSocket extends EventEmitter {
  readonly remoteAddress: string;
  isDestroyed = false;

  constructor(remoteAddress: string) {
    super();
    this.remoteAddress = remoteAddress;
  }

  destroy(): void {
    this.isDestroyed = true;
    this.emit('close');
  }
}

function setUp({ connections = 10, connectionsPerAddress = 10, memory = { isFull: false } } = {}) {
  const headcount = new Headcount('connections', noSiblings(), new VirtualClock());
  const admission = new Admission({ connections, connectionsPerAddress }, memory, headcount);
  const come = (address = '192.0.2.1') => {
    const socket = new TestSocket(address);
    return { socket, isIn: admission.admit(socket as unknown as Socket) };
  };
  return { admission, come, memory };
}

test('so many are let in as may be there at the same time', () => {
  const { admission, come } = setUp({ connections: 2 });
  const [first, second, third] = [come(), come(), come()];
  assert.deepEqual([first.isIn, second.isIn, third.isIn], [true, true, false]);
  assert.deepEqual([second.socket.isDestroyed, third.socket.isDestroyed], [false, true]);
  assert.deepEqual([admission.total, admission.refused], [2, 1]);
  first.socket.destroy();
  assert.ok(come().isIn);
});

test('one address has places of its own, whatever form it is written in', () => {
  const { admission, come } = setUp({ connectionsPerAddress: 1 });
  const { socket } = come('192.0.2.1');
  assert.equal(come('::ffff:192.0.2.1').isIn, false);
  assert.ok(come('192.0.2.2').isIn);
  socket.destroy();
  assert.ok(come('::ffff:192.0.2.1').isIn);
  assert.equal(admission.total, 2);
  assert.equal(addressOf(new TestSocket('::1') as unknown as Socket), '::1');
});

test('nobody is let in while memory is short, and everybody afterwards', () => {
  const { admission, come, memory } = setUp();
  memory.isFull = true;
  assert.ok(!come().isIn);
  memory.isFull = false;
  assert.ok(come().isIn);
  assert.deepEqual([admission.total, admission.refused], [1, 1]);
});

test('when the process has no file descriptor left the next one is turned away, and nothing else happens', () => {
  const clock = new VirtualClock();
  const resident = () => {
    throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
  };
  const memory = new MemoryWatch({ limit: 1, resident, sessions: [], clock, log: silentLogger });
  const { come } = setUp({ memory });
  assert.ok(come().isIn);
  clock.advance(SECOND);
  assert.ok(!come().isIn);
});

test('only those who are let in are prepared', () => {
  const { admission, come } = setUp({ connections: 1 });
  const prepared: unknown[] = [];
  admission.prepare = (socket) => void prepared.push(socket);
  const { socket } = come();
  come();
  assert.deepEqual(prepared, [socket]);
});
