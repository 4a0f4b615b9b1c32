import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtocolError } from '../../src/base/errors.ts';
import { clip } from '../../test/support/clips.ts';
import { flvFile } from '../../test/support/flv.ts';
import { samplesOf } from '../../test/support/samples.ts';
import { needs } from '../../test/support/tools.ts';
import { FlvReader } from './flv-reader.ts';

test('an FLV stream becomes its frames, wherever it is cut', needs('ffmpeg'), async () => {
  const { tags } = await clip('movie');
  const expected = samplesOf(tags).map(({ dts, pts, track }) => [track.kind, dts, pts]);
  const bytes = flvFile(tags);
  for (const size of [1, 7, 1000, bytes.length]) {
    const reader = new FlvReader();
    const found = [];
    for (let at = 0; at < bytes.length; at += size) found.push(...reader.push(bytes.subarray(at, at + size)));
    assert.deepEqual(
      found.map(({ dts, pts, track }) => [track.kind, dts, pts]),
      expected,
    );
    assert.deepEqual([...reader.kinds!].toSorted(), ['audio', 'video']);
    assert.deepEqual(reader.tracks.map(({ codec }) => codec).toSorted(), ['aac', 'h264']);
  }
});

test('what is no FLV is refused', () => {
  assert.throws(() => new FlvReader().push(Buffer.from('<!doctype html>')), ProtocolError);
});
