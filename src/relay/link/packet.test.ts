import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fromHex, toHex } from '../../base/bytes.ts';
import { SECOND } from '../../base/clock.ts';
import { readRtp } from '../../container/rtp/packet.ts';
import {
  CHAINED,
  chainOf,
  FIRST,
  flagsOf,
  fragmentLength,
  heldOf,
  isMedia,
  joinFragments,
  LAST,
  mediaHead,
  mediaPayload,
  PACKET_OVERHEAD,
  type RecordHead,
  STARTABLE,
  sequenceOf,
  ssrcOf,
  startOf,
  ticksOf,
  timeOf,
  timestampOf,
} from './packet.ts';

const RECORD: RecordHead = {
  ssrc: 0xfedcba98,
  flags: CHAINED,
  chain: 0x1234,
  sequence: 0x71234567,
  time: SECOND,
  start: 0x71234560,
};

describe('a media packet', () => {
  test('begins with an RTP header and the high bits of its sequence', () => {
    const head = mediaHead(RECORD, 0x71234568, true);
    assert.equal(toHex(head), '80e0456800015f90fedcba987123');
    const { marker, payloadType, sequence, timestamp, ssrc } = readRtp(head);
    assert.deepEqual([marker, payloadType, sequence, timestamp, ssrc], [true, 96, 0x4568, 90_000, 0xfedcba98]);
    assert.deepEqual([ssrcOf(head), sequenceOf(head), timestampOf(head)], [0xfedcba98, 0x71234568, 90_000]);
    assert.equal(mediaHead(RECORD, 0x71234568, false)[1], 0x60);
  });

  test('says of its record what is needed to tell what a hole has taken', () => {
    const plain = mediaPayload(RECORD, fromHex('0102030405'), 0x71234568, 2, 5, SECOND + 9000);
    assert.equal(toHex(plain), '60123400000904030405');
    assert.deepEqual([flagsOf(plain), chainOf(plain), heldOf(plain)], [LAST | CHAINED, 0x1234, 8000]);
    assert.equal(startOf(plain, 0x71234568), 0x71234560);
    assert.equal(fragmentLength(plain), 3);
  });

  const distances: [name: string, start: number | undefined, told: number | undefined][] = [
    ['there is none', undefined, undefined],
    ['it is this one', 0x71234567, 0x71234567],
    ['it is as far away as can be told', 0x71234567 - 0xfffffd, 0x71234567 - 0xfffffd],
    ['it is farther away', 5, undefined],
  ];
  for (const [name, start, told] of distances) {
    test(`tells where the newest start is when ${name}`, () => {
      const plain = mediaPayload({ ...RECORD, start }, new Uint8Array(1), 0x71234567, 0, 1, SECOND);
      assert.equal(startOf(plain, 0x71234567), told);
    });
  }

  test('tells no start before the first sequence', () => {
    assert.equal(startOf(fromHex('00000000000900'), 3), undefined);
  });

  test('is not made of anything that is shorter or of another type', () => {
    const packet = new Uint8Array(PACKET_OVERHEAD);
    packet.set(mediaHead(RECORD, 1, true));
    assert.equal(isMedia(packet), true);
    assert.equal(isMedia(packet.subarray(1)), false);
    for (const [at, value] of [
      [0, 0x48],
      [0, 0x90],
      [1, 0x64],
    ] as const) {
      assert.equal(isMedia(packet.with(at, value)), false);
    }
  });
});

test('fragments of a record give the record, however it is cut', () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i);
  for (const size of [1, 7, 250, 999, 1000, 1001]) {
    const plains: Uint8Array[] = [];
    for (let from = 0; from < bytes.length; from += size) {
      const to = Math.min(from + size, bytes.length);
      plains.push(mediaPayload(RECORD, bytes, RECORD.sequence + plains.length, from, to, SECOND));
    }
    assert.deepEqual(joinFragments(plains), bytes);
    assert.deepEqual(
      plains.map((plain) => flagsOf(plain) & (FIRST | LAST)),
      plains.map((_, i) => (i === 0 ? FIRST : 0) | (i === plains.length - 1 ? LAST : 0)),
    );
  }
});

test('a record of no bytes is one packet, which begins and ends it', () => {
  const plain = mediaPayload({ ...RECORD, flags: STARTABLE }, new Uint8Array(0), RECORD.sequence, 0, 0, SECOND);
  assert.equal(flagsOf(plain), FIRST | LAST | STARTABLE);
  assert.deepEqual(joinFragments([plain]), new Uint8Array(0));
});

test('a time is found again from its timestamp, days later and around every wrap', () => {
  for (let hours = 0; hours < 60; hours++) {
    const time = hours * 3600 * SECOND + 123_456;
    for (const off of [-3600 * SECOND, 0, 3600 * SECOND]) {
      const found = timeOf(ticksOf(time), Math.max(0, time + off));
      assert.ok(found <= time && found > time - 12, `${found} is not ${time}`);
    }
  }
});
