import { BOX_HEADER } from '../../container/fmp4/box.ts';
import { boxesIn } from '../../container/fmp4/boxes.ts';

const HIGH = 2 ** 32;
const CONTAINERS: readonly string[] = ['moof', 'traf'];

/** Puts a fragment `moof` and `mdat` of ours `earlier` units of its time scale earlier, in place (ISO/IEC 14496-12, 8.8.12). */
export function rebase(fragment: Uint8Array, earlier: number): void {
  const view = new DataView(fragment.buffer, fragment.byteOffset, fragment.length);
  for (const at of decodingTimes(fragment, 0, fragment.length)) {
    const time = view.getUint32(at) * HIGH + view.getUint32(at + 4) - earlier;
    view.setUint32(at, Math.floor(time / HIGH));
    view.setUint32(at + 4, time % HIGH);
  }
}

/** Where decoding times stand. */
function* decodingTimes(bytes: Uint8Array, from: number, to: number): Generator<number> {
  for (const { type, at, end } of boxesIn(bytes, from, to)) {
    if (CONTAINERS.includes(type)) yield* decodingTimes(bytes, at + BOX_HEADER, end);
    else if (type === 'tfdt') yield at + BOX_HEADER + 4;
  }
}
