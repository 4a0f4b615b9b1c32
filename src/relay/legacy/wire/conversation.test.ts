import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat, fromHex, toHex } from '../../../base/bytes.ts';
import { Decoder } from '../../../base/decoder.ts';
import { ProtocolError } from '../../../base/errors.ts';
import { RTP_HEADER, writeRtpHeader } from '../../../container/rtp/packet.ts';
import { RepairConversation } from './conversation.ts';
import { type RepairRequest, readRequests, repairRequest, replyLength } from './repair.ts';

const SSRC = 1_020_304;

function packet(sequence: number): Uint8Array {
  const bytes = new Uint8Array(RTP_HEADER + 20).fill(sequence);
  writeRtpHeader(bytes, { marker: true, payloadType: 100, sequence, timestamp: 0, ssrc: SSRC });
  return bytes;
}

function converse() {
  const answers: { sequence: number; took: number }[] = [];
  const conversation = new RepairConversation({
    packet: (bytes, took) => answers.push({ sequence: bytes[3]!, took }),
  });
  const ask = (...sequences: number[]) =>
    sequences.forEach((sequence, i) => conversation.request({ ssrc: SSRC, sequence }, i));
  return { conversation, answers, ask, sequences: () => answers.map(({ sequence }) => sequence) };
}

test('a request is written as the original edge writes it', () => {
  assert.equal(toHex(repairRequest({ ssrc: SSRC, sequence: 65_001 })), '000f9190fde9');
});

test('requests are read however they are cut', () => {
  const wire = fromHex('000f9190fde9 000f91910000 ffffffffffff');
  const expected = [
    { ssrc: SSRC, sequence: 65_001 },
    { ssrc: SSRC + 1, sequence: 0 },
    { ssrc: 0xffff_ffff, sequence: 0xffff },
  ];
  for (let cut = 0; cut <= wire.length; cut++) {
    const decoder = new Decoder(readRequests());
    const read: RepairRequest[] = [];
    for (const part of [wire.subarray(0, cut), wire.subarray(cut)]) {
      decoder.push(part);
      for (let next = decoder.next(); next; next = decoder.next()) read.push(next);
    }
    assert.deepEqual(read, expected);
  }
});

test('replies are read in whatever pieces and turns both streams deliver them', () => {
  const lengths = concat([replyLength(32), replyLength(0), replyLength(32), replyLength(32)]);
  const packets = concat([packet(1), packet(3), packet(4)]);
  const property = fc.property(fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 40 }))), (turns) => {
    const { conversation, ask, sequences } = converse();
    ask(1, 2, 3, 4);
    let [l, p] = [0, 0];
    for (const [isLengths, size] of [...turns, [true, 99], [false, 999]] as const) {
      if (isLengths) conversation.takeLengths(lengths.subarray(l, (l += size)), 10);
      else conversation.takePackets(packets.subarray(p, (p += size)), 10);
    }
    assert.deepEqual(sequences(), [1, 3, 4]);
    assert.equal(conversation.waitingSince, undefined);
  });
  fc.assert(property, { seed: 3, numRuns: 300 });
});

test('requests that the cloud passed over do not shift the others', () => {
  const { conversation, ask, answers } = converse();
  ask(1, 2, 3);
  conversation.takeLengths(replyLength(32), 50);
  conversation.takePackets(packet(2), 50);
  assert.deepEqual(answers, [{ sequence: 2, took: 49 }]);
  assert.equal(conversation.waitingSince, 2);
});

test('no more is asked than may be outstanding', () => {
  const { conversation } = converse();
  const written = Array.from({ length: 200 }, (_, sequence) => conversation.request({ ssrc: SSRC, sequence }, 0));
  assert.equal(written.filter((bytes) => bytes !== undefined).length, 128);
});

const faults: Record<string, (conversation: RepairConversation) => void> = {
  'a packet larger than any': (conversation) => conversation.takeLengths(replyLength(2049), 0),
  'more replies than requests': (conversation) => {
    for (let i = 0; i < 129; i++) conversation.takeLengths(replyLength(20), 0);
  },
  'packets without end': (conversation) => {
    for (let i = 0; i < 300; i++) conversation.takePackets(new Uint8Array(1000), 0);
  },
  'a reply that is no RTP': (conversation) => {
    conversation.takePackets(new Uint8Array(20), 0);
    conversation.takeLengths(replyLength(20), 0);
  },
};

for (const [what, talk] of Object.entries(faults))
  test(`${what} ends the conversation`, () => {
    assert.throws(() => talk(converse().conversation), ProtocolError);
  });
