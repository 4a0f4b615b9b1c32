import assert from 'node:assert/strict';
import { test } from 'node:test';
import { samplesIn } from '../../../test/support/boxes.ts';
import { AUDIO, VIDEO } from '../../../test/support/recording.ts';
import { ProtocolError } from '../../base/errors.ts';
import { fragment } from '../../container/fmp4/fragment.ts';
import { rebase } from './rebase.ts';

const LATE = 2 ** 32 + 5_000_000;

function fragmentAt(dts: number): Uint8Array {
  const frame = (track: typeof VIDEO | typeof AUDIO) => ({
    track,
    dts,
    pts: dts,
    keyframe: true,
    data: Uint8Array.of(1, 2, 3),
  });
  return fragment(1, [
    { kind: 'video', frames: [frame(VIDEO)], end: dts + 40_000 },
    { kind: 'audio', frames: [frame(AUDIO)], end: dts + 20_000 },
  ]);
}

test('a fragment is moved to another time and is else the same', () => {
  const bytes = fragmentAt(LATE);
  rebase(bytes, LATE - 1);
  assert.deepEqual(bytes, fragmentAt(1));
  assert.deepEqual(
    samplesIn(bytes).samples.map(({ dts }) => dts),
    [1, 1],
  );
});

test('what is no fragment is refused, wherever it is damaged', () => {
  const whole = fragmentAt(LATE);
  for (let at = 0; at < whole.length - 14; at += 4) {
    const bytes = whole.slice();
    bytes.fill(0xff, at, at + 4);
    try {
      rebase(bytes, 1);
    } catch (error) {
      assert.ok(error instanceof ProtocolError, String(error));
    }
  }
});
