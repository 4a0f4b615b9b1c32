import { ByteReader } from '../../base/byte-reader.ts';
import { ProtocolError } from '../../base/errors.ts';

const HIGH = 2 ** 32;
const CONTAINERS: readonly string[] = ['moof', 'traf'];

/** Puts a fragment `moof` and `mdat` of ours `earlier` units of its time scale earlier, in place (ISO/IEC 14496-12, 8.8.12). */
export function rebase(fragment: Uint8Array, earlier: number): void {
  const view = new DataView(fragment.buffer, fragment.byteOffset, fragment.length);
  visit(fragment, 0, fragment.length, (at) => {
    const time = view.getUint32(at) * HIGH + view.getUint32(at + 4) - earlier;
    view.setUint32(at, Math.floor(time / HIGH));
    view.setUint32(at + 4, time % HIGH);
  });
}

/** Calls `found` with the place of each decoding time. */
function visit(bytes: Uint8Array, from: number, to: number, found: (at: number) => void): void {
  const reader = new ByteReader(bytes);
  for (let at = from; at < to; ) {
    reader.offset = at;
    const [size, type] = [reader.u32(), reader.text(4)];
    if (size < 8 || at + size > to) throw new ProtocolError(`a box of ${size} bytes`);
    if (CONTAINERS.includes(type)) visit(bytes, at + 8, at + size, found);
    else if (type === 'tfdt') found(at + 12);
    at += size;
  }
}
