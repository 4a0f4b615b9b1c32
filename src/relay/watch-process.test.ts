import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type Duplex, duplexPair } from 'node:stream';
import { beforeEach, test } from 'node:test';
import { Channel } from './channel.ts';
import { type RelayMessage, readRelayMessage } from './messages.ts';
import { OriginGone, watchProcess } from './watch-process.ts';

/** A control stream, and what it was broken with. */
class Control {
  readonly channel = new Channel(duplexPair()[0]);
  readonly broken = once(this.channel.stream, 'error').then(([reason]: unknown[]) => reason);
}

let control = new Control();
/** The origin's ends of the connections that were opened. */
let wires: Duplex[] = [];
let opened = Promise.withResolvers<Duplex>();

beforeEach(() => {
  [control, wires, opened] = [new Control(), [], Promise.withResolvers()];
});

/** Opens so many connections, and then says that nobody listens. */
function opening(most: number): () => Promise<Duplex> {
  return async () => {
    if (wires.length === most) throw new Error('nobody listens');
    const [near, far] = duplexPair();
    wires.push(far);
    opened.resolve(far);
    opened = Promise.withResolvers();
    return near;
  };
}

/** What the edge says first over the next connection. */
async function next(): Promise<{ wire: Duplex; said: RelayMessage }> {
  const wire = await opened.promise;
  for await (const message of new Channel(wire).messages()) return { wire, said: readRelayMessage(message.body) };
  assert.fail('nothing was said');
}

test('an origin is gone when its connection ends and cannot be had again', async () => {
  const first = next();
  void watchProcess(opening(1), control.channel, 'a');
  const { wire, said } = await first;
  assert.deepEqual(said, { op: 'watch', process: 'a' });
  wire.destroy();
  const reason = await control.broken;
  assert.ok(reason instanceof OriginGone && /nobody listens/.test(reason.message));
});

test('a connection that breaks off is only opened again', async () => {
  const first = next();
  void watchProcess(opening(2), control.channel, 'a');
  const { wire } = await first;
  const second = next();
  wire.destroy(new Error('reset'));
  await second;
  assert.equal(control.channel.stream.destroyed, false);
});

test('an origin is gone when the connection that is opened again leads to another process', async () => {
  const first = next();
  void watchProcess(opening(2), control.channel, 'a');
  const { wire } = await first;
  const second = next();
  wire.destroy();
  const again = await second;
  new Channel(again.wire).send({ op: 'ended', code: 'gone', message: 'this process is another one' });
  const reason = await control.broken;
  assert.ok(reason instanceof OriginGone && /another one/.test(reason.message));
});

test('where no connection can be had at all, nothing is concluded from that', async () => {
  await watchProcess(opening(0), control.channel, 'a');
  assert.equal(control.channel.stream.destroyed, false);
});
