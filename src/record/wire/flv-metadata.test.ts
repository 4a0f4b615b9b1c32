import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AUDIO, VIDEO } from '../../../test/support/recording.ts';
import { ProtocolError } from '../../base/errors.ts';
import { type AmfObject, readAllAmf0 } from '../../container/flv/amf0.ts';
import { completeMetadata, FLV_METADATA_SIZE, reservedMetadata } from './flv-metadata.ts';

const tracks = [VIDEO, AUDIO];
const properties = (body: Uint8Array) => readAllAmf0(body)[1] as AmfObject;

for (const count of [0, 1, 1024, 1025, 100_000]) {
  test(`metadata with ${count} key frames have the size that was reserved, and can be completed again`, () => {
    const keyframes = Array.from({ length: count }, (_, i) => ({ position: 30_000 + i * 1000, time: i * 2 }));
    const summary = { duration: count * 2, size: 30_000 + count * 1000, keyframes };
    const body = completeMetadata(reservedMetadata(tracks), summary);
    assert.equal(body.length, FLV_METADATA_SIZE);
    assert.deepEqual(completeMetadata(body, summary), body);
    const read = properties(body);
    assert.deepEqual([read.duration, read.filesize, read.width, read.videocodecid], [count * 2, summary.size, 1280, 7]);
    if (count < 2) return assert.equal(read.keyframes, null);
    const { filepositions, times } = read.keyframes as { filepositions: number[]; times: number[] };
    assert.equal(filepositions.length, times.length);
    assert.ok(times.length <= 1024 && times.length >= Math.min(count, 512));
    for (const [i, time] of times.entries()) assert.equal(filepositions[i], 30_000 + (time / 2) * 1000);
  });
}

test('what is no metadata is not completed', () => {
  assert.throws(() => completeMetadata(new Uint8Array(10), { duration: 0, size: 0, keyframes: [] }), ProtocolError);
});
