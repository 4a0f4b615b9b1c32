import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { capturedDatagrams, sha1, sourceTags } from '../../../../test/support/original-cloud.ts';
import type { FlvTag } from '../../../container/flv/tag.ts';
import { readRtp } from '../../../container/rtp/packet.ts';
import { LegacyPacketizer } from './packetizer.ts';
import { type Fragment, Reassembler } from './reassembler.ts';
import { bareTag } from './tag.ts';

const NOTHING = new Uint8Array(0);

/** `K3`: a key frame of three packets; `P`: an inter frame; `A`: audio; `H`: a video header. */
function fragments(what: string): Fragment[] {
  const packetizer = new LegacyPacketizer(1, 0);
  return what.split(' ').flatMap((word, i) => {
    const [type, packets] = [word[0]!, Number(word[1] ?? 1)];
    const first = { K: 0x17, P: 0x27, H: 0x17, A: 0xaf }[type]!;
    const body = new Uint8Array(1180 * (packets - 1) + 300).fill(0xee);
    body.set([first, type === 'H' ? 0 : 1]);
    return packetizer.packetize(bareTag(type === 'A' ? 'audio' : 'video', i * 40, NOTHING, body)).map(readRtp);
  });
}

/** What comes of fragments, `null` standing for a gap, by the timestamps of the tags. */
function reassembled(given: readonly (Fragment | null)[]): number[] {
  const reassembler = new Reassembler();
  const tags: FlvTag[] = [];
  for (const fragment of given) {
    const tag = fragment ? reassembler.push(fragment) : reassembler.gap();
    if (tag) tags.push(tag);
  }
  return tags.map(({ timestamp }) => timestamp / 40);
}

test('every tag of the original capture is rebuilt', () => {
  const reassembler = new Reassembler();
  const tags = capturedDatagrams()
    .slice(1)
    .flatMap((packet) => reassembler.push(readRtp(packet)) ?? []);
  const found = tags.map(({ type, timestamp, body }) => ({ type, timestamp, size: body.length, sha1: sha1(body) }));
  assert.deepEqual(found, sourceTags());
  assert.equal(reassembler.skipped, 0);
});

const losses: [what: string, lost: number[], expected: number[]][] = [
  ['H K A P A P', [], [0, 1, 2, 3, 4, 5]],
  ['H K A P A P A K P', [3], [0, 1, 2, 4, 6, 7, 8]], // a whole inter frame: the next ones would show a broken picture
  ['H K A3 P A P A K P', [3], [0, 1, 4, 6, 7, 8]], // a piece of sound alone, which nobody can tell
  ['H K4 A P K2 A', [3], [0, 2, 4, 5]], // within a key frame
  ['H K A P2 H K A', [3], [0, 1, 2, 4, 5, 6]], // the headers before the next key frame
  ['H K P K5 A', [2], [0, 1, 3, 4]], // a key frame of several packets right behind the gap
  ['P P A H K', [], [2, 3, 4]], // a late edge
  ['A A A', [1], [0, 2]],
];

for (const [what, lost, expected] of losses)
  test(`of "${what}" without packets [${lost.join()}] what can be decoded is rebuilt`, () => {
    const given = fragments(what).map((fragment, i) => (lost.includes(i) ? null : fragment));
    assert.deepEqual(reassembled(given), expected);
  });

const payload = (...bytes: number[]) => Uint8Array.from(bytes);
const malformed: Record<string, Fragment[]> = {
  'nothing at all': [{ payload: NOTHING, marker: true }],
  'a tag shorter than its header': [{ payload: payload(8, 0, 0, 1), marker: true }],
  'a tag longer than it says': [{ payload: payload(8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), marker: true }],
  'a tag that ends early': [{ payload: payload(8, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1), marker: true }],
  'a tag that goes on for ever': [
    { payload: payload(8, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0), marker: false },
    { payload: payload(1, 2), marker: false },
  ],
  'a tag of a type unknown': [{ payload: payload(18, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), marker: true }],
  'a tag of another stream': [{ payload: payload(8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), marker: true }],
  'a tag of 16 megabytes': [{ payload: payload(9, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0), marker: false }],
};

for (const [what, given] of Object.entries(malformed))
  test(`${what} is left out, and the next whole tag is not`, () => {
    assert.deepEqual(reassembled([...given, { payload: payload(0), marker: true }, ...fragments('A H K')]), [0, 1, 2]);
  });

test('whatever comes, memory stays bounded and nothing is thrown', () => {
  const start = fc.constantFrom([8, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0], [9, 0x9f, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0], []);
  const fragment = fc.record({ start, rest: fc.uint8Array({ maxLength: 40 }), marker: fc.boolean() });
  const property = fc.property(fc.array(fragment, { maxLength: 60 }), (given) => {
    const reassembler = new Reassembler();
    for (const { start: head, rest, marker } of given)
      reassembler.push({ payload: Uint8Array.of(...head, ...rest), marker });
  });
  fc.assert(property, { seed: 7, numRuns: 300 });
});

test('a tag of very many tiny fragments is given up', () => {
  const reassembler = new Reassembler();
  reassembler.push({ payload: payload(9, 0x9f, 0, 0, 0, 0, 0, 0, 0, 0, 0), marker: false });
  for (let i = 0; i < 20_000; i++) reassembler.push({ payload: payload(0), marker: i === 19_999 });
  assert.equal(reassembler.skipped, 1);
});

test('a tag owns its memory', () => {
  const packet = fragments('A')[0]!;
  const tag = new Reassembler().push(packet)!;
  packet.payload.fill(0);
  assert.equal(tag.body[0], 0xaf);
  assert.equal(tag.body.buffer.byteLength, 311);
});
