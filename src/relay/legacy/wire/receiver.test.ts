import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MILLISECOND, SECOND, VirtualClock } from '../../../base/clock.ts';
import type { FlvTag } from '../../../container/flv/tag.ts';
import { readRtp } from '../../../container/rtp/packet.ts';
import { LegacyPacketizer } from './packetizer.ts';
import { LegacyReceiver } from './receiver.ts';
import { bareTag, roleOf } from './tag.ts';

const NOTHING = new Uint8Array(0);
const KEY_FRAME_EVERY = 25;
const VIDEO_EVERY = 40;

/** Numbers from 0 to 1, the same ones for a seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Path {
  readonly seed: number;
  readonly loss: number;
  /** Of repairs; 1 is a cloud that cannot be asked. */
  readonly repairLoss: number;
  readonly jitter: number;
  readonly duplicates: number;
}

/** A tag in a few words: what differs is then told in a few, too. */
function brief({ type, timestamp, body }: FlvTag): string {
  return `${type} ${timestamp} ${body.length} ${body[0]} ${body.at(-1)}`;
}

/** Ten seconds of pictures and sound over a bad path with a round trip of 40 ms; what was sent, what came out, and how late. */
function run({ seed, loss, repairLoss, jitter, duplicates }: Path) {
  const clock = new VirtualClock();
  const chance = random(seed);
  const packetizer = new LegacyPacketizer(1, 77);
  const [sent, received]: [FlvTag[], FlvTag[]] = [[], []];
  const cache = new Map<number, Uint8Array>();
  let lag = 0;
  const receiver = new LegacyReceiver({ deadline: 500 * MILLISECOND, repair: repairLoss < 1 }, (tag) => {
    received.push(tag);
    lag = Math.max(lag, clock.now() / MILLISECOND - tag.timestamp);
  });
  receiver.again = 60 * MILLISECOND;
  const arrive = (packet: Uint8Array, delay: number) =>
    void clock.after(delay * MILLISECOND, () => receiver.push(readRtp(packet), clock.now()));
  const send = (packet: Uint8Array) => {
    cache.set(readRtp(packet).sequence, packet);
    if (chance() >= loss) arrive(packet, 20 + chance() * jitter);
    if (chance() < duplicates) arrive(packet, 20 + chance() * 80);
  };
  const emit = (type: 'audio' | 'video', time: number, body: Uint8Array) => {
    sent.push({ type, timestamp: time, body });
    for (const packet of packetizer.packetize(bareTag(type, time, NOTHING, body))) send(packet);
  };
  const ask = () => {
    for (const sequence of receiver.poll(clock.now())) if (chance() >= repairLoss) arrive(cache.get(sequence)!, 40);
  };
  for (let time = 0; time < 10_000; time += 5) {
    const picture = time / VIDEO_EVERY;
    if (time % VIDEO_EVERY === 0) {
      const isKey = picture % KEY_FRAME_EVERY === 0;
      const body = new Uint8Array(isKey ? 30_000 : 200 + ((picture * 977) % 4000)).fill(picture);
      body.set([isKey ? 0x17 : 0x27, 1]);
      emit('video', time, body);
    }
    if (time % 20 === 0) emit('audio', time, Uint8Array.of(0xaf, 1, time & 255));
    clock.advance(5 * MILLISECOND);
    if (receiver.isWaiting) ask();
  }
  for (let i = 0; i < 200; i++, ask()) clock.advance(5 * MILLISECOND);
  assert.ok(clock.now() > 10 * SECOND);
  return { sent, received, lag, counters: receiver.counters };
}

for (const seed of [1, 2, 3])
  test(`at 5 % loss, repairs lost as well, everything comes out, in order and soon (seed ${seed})`, () => {
    const { sent, received, lag, counters } = run({ seed, loss: 0.05, repairLoss: 0.05, jitter: 5, duplicates: 0.02 });
    assert.deepEqual(received.map(brief), sent.map(brief));
    assert.ok(counters.lost > 50 && counters.abandoned === 0);
    assert.ok(lag < 260, `${lag} ms`);
  });

test('reordering alone is no loss', () => {
  const { sent, received, counters } = run({ seed: 4, loss: 0, repairLoss: 0, jitter: 8, duplicates: 0.1 });
  assert.deepEqual(received.map(brief), sent.map(brief));
  assert.equal(counters.lost, 0);
});

for (const [seed, repairLoss] of [
  [5, 1],
  [6, 0.9],
] as const)
  test(`where repairs do not come sound goes on and pictures are never broken (${repairLoss} of them lost)`, () => {
    const { sent, received, lag } = run({ seed, loss: 0.01, repairLoss, jitter: 0, duplicates: 0 });
    const places = new Map(sent.map((tag, i) => [brief(tag), i]));
    const found = received.map((tag) => places.get(brief(tag)) ?? -1);
    assert.ok(
      found.every((place, i) => place > (found[i - 1] ?? -1)),
      'all were sent, in this order',
    );
    const pictures = received.filter(({ type }) => type === 'video');
    assert.ok(received.length - pictures.length > 480, 'nearly all of the sound');
    assert.ok(pictures.length > 60 && pictures.length < 250);
    for (const [i, tag] of pictures.entries()) {
      if (roleOf(tag) === 'key-frame') continue;
      assert.equal(tag.timestamp - pictures[i - 1]!.timestamp, VIDEO_EVERY, 'an inter frame follows its predecessor');
    }
    assert.ok(lag <= 600, `${lag} ms`);
  });
