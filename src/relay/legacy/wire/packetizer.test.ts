import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capturedDatagrams, sha1, sourceTags } from '../../../../test/support/original-cloud.ts';
import { concat, toHex } from '../../../base/bytes.ts';
import { RTP_HEADER, readRtp } from '../../../container/rtp/packet.ts';
import { FIRST_SSRC, LARGEST_PAYLOAD, LegacyPacketizer } from './packetizer.ts';
import { bareTag } from './tag.ts';

const [, ...packets] = capturedDatagrams();
const FIRST_TIMESTAMP = 0x0b20_7f8d;
const MARKER = 0x80;

/** The tags of the clip, put together by nothing but markers and checked against what was pushed. */
function clipTags(): Uint8Array[] {
  const tags: Uint8Array[] = [];
  let parts: Uint8Array[] = [];
  for (const packet of packets) {
    parts.push(packet.subarray(RTP_HEADER));
    if (!(packet[1]! & MARKER)) continue;
    tags.push(concat(parts));
    parts = [];
  }
  return tags;
}

test('the clip of the capture is the clip that was pushed', () => {
  const digests = clipTags().map((tag) => sha1(tag.subarray(11)));
  assert.deepEqual(
    digests,
    sourceTags().map((tag) => tag.sha1),
  );
});

test('packets are byte for byte those of the original cloud, beyond the wrap of their numbers', () => {
  const packetizer = new LegacyPacketizer(FIRST_SSRC, FIRST_TIMESTAMP);
  const made = clipTags().flatMap((tag) => packetizer.packetize(tag));
  assert.equal(made.length, 560);
  assert.deepEqual(made.map(toHex), packets.map(toHex));
});

const sizes: [body: number, payloads: number[]][] = [
  [0, [11]],
  [LARGEST_PAYLOAD - 11, [LARGEST_PAYLOAD]],
  [LARGEST_PAYLOAD - 10, [LARGEST_PAYLOAD, 1]],
  [3 * LARGEST_PAYLOAD - 11, [LARGEST_PAYLOAD, LARGEST_PAYLOAD, LARGEST_PAYLOAD]],
];

for (const [size, expected] of sizes)
  test(`a body of ${size} bytes becomes payloads of ${expected.join(', ')}`, () => {
    const tag = bareTag('video', 7, new Uint8Array(0), new Uint8Array(size));
    const made = new LegacyPacketizer(1, 0).packetize(tag).map(readRtp);
    assert.deepEqual(
      made.map(({ payload }) => payload.length),
      expected,
    );
    assert.deepEqual(
      made.map(({ marker }) => marker),
      expected.map((_, i) => i === expected.length - 1),
    );
  });

test('the counter in place of a timestamp wraps', () => {
  const packetizer = new LegacyPacketizer(1, 0xffff_ffff);
  const stamps = [1, 2].map(() => readRtp(packetizer.packetize(new Uint8Array(11))[0]!).timestamp);
  assert.deepEqual(stamps, [0xffff_ffff, 0]);
});
