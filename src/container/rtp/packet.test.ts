import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromHex, toHex } from '../../base/bytes.ts';
import { ProtocolError } from '../../base/errors.ts';
import { RTP_HEADER, readRtp, sequenceDistance, writeRtpHeader } from './packet.ts';

const header = { marker: true, payloadType: 100, sequence: 65_000, timestamp: 0x0b20_7f8d, ssrc: 1_020_304 };

test('a header is written as RFC 3550 has it', () => {
  const packet = new Uint8Array(RTP_HEADER);
  writeRtpHeader(packet, header);
  assert.equal(toHex(packet), '80e4fde80b207f8d000f9190');
});

const packets: Record<string, { hex: string; payload: string; extension?: { profile: number; data: string } }> = {
  'a plain packet': { hex: '80e4fde80b207f8d000f9190 0102', payload: '0102' },
  'a packet without payload': { hex: '80e4fde80b207f8d000f9190', payload: '' },
  'two contributing sources': { hex: '82e4fde80b207f8d000f9190 11111111 22222222 0102', payload: '0102' },
  padding: { hex: 'a0e4fde80b207f8d000f9190 0102 000003', payload: '0102' },
  'padding and nothing else': { hex: 'a0e4fde80b207f8d000f9190 01', payload: '' },
  'an extension': {
    hex: '90e4fde80b207f8d000f9190 bede0001 10aa0000 0102',
    payload: '0102',
    extension: { profile: 0xbede, data: '10aa0000' },
  },
  'all of them': {
    hex: 'b1e4fde80b207f8d000f9190 11111111 bede0000 0102 0002',
    payload: '0102',
    extension: { profile: 0xbede, data: '' },
  },
};

for (const [what, { hex, payload, extension }] of Object.entries(packets))
  test(`${what} is read`, () => {
    const packet = readRtp(fromHex(hex));
    const { marker, payloadType, sequence, timestamp, ssrc } = packet;
    assert.deepEqual({ marker, payloadType, sequence, timestamp, ssrc }, header);
    assert.equal(toHex(packet.payload), payload);
    const found = packet.extension && { profile: packet.extension.profile, data: toHex(packet.extension.data) };
    assert.deepEqual(found, extension);
  });

const faults: Record<string, string> = {
  'an empty packet': '',
  'half a header': '80e4fde80b20',
  'another version': '40e4fde80b207f8d000f9190 0102',
  'more sources than bytes': '8fe4fde80b207f8d000f9190 11111111',
  'an extension without header': '90e4fde80b207f8d000f9190 bede',
  'an extension longer than the packet': '90e4fde80b207f8d000f9190 bede0002 10aa0000',
  'padding longer than the payload': 'a0e4fde80b207f8d000f9190 0102 000006',
  'padding of no bytes': 'a0e4fde80b207f8d000f9190 0102 0000',
};

for (const [what, hex] of Object.entries(faults))
  test(`${what} is refused`, () => {
    assert.throws(() => readRtp(fromHex(hex)), ProtocolError);
  });

test('any bytes are read or refused', () => {
  const start = fc.constantFrom(0x80, 0x90, 0xa0, 0xb3, 0x8f);
  const property = fc.property(start, fc.uint8Array({ maxLength: 80 }), (first, rest) => {
    try {
      const bytes = Uint8Array.of(first, ...rest);
      assert.ok(readRtp(bytes).payload.length <= bytes.length - RTP_HEADER);
    } catch (error) {
      assert.ok(error instanceof ProtocolError);
    }
  });
  fc.assert(property, { seed: 1, numRuns: 2000 });
});

test('a distance between sequence numbers goes the shorter way round', () => {
  assert.equal(sequenceDistance(1, 0xffff), 2);
  assert.equal(sequenceDistance(0xffff, 1), -2);
  assert.equal(sequenceDistance(7, 7), 0);
});
