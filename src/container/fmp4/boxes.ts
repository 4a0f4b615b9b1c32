import { ByteReader } from '../../base/byte-reader.ts';
import { ProtocolError } from '../../base/errors.ts';
import { BOX_HEADER } from './box.ts';

/** A box of ISO BMFF where it stands: from its header up to its end. */
export interface PlacedBox {
  readonly type: string;
  readonly at: number;
  readonly end: number;
}

/** The boxes that stand one after another in a part of `bytes` (ISO/IEC 14496-12, 4.2). Throws {@link ProtocolError} where one does not fit. */
export function* boxesIn(bytes: Uint8Array, from: number, to: number): Generator<PlacedBox> {
  const reader = new ByteReader(bytes);
  for (let at = from; at < to; ) {
    reader.offset = at;
    const [size, type] = [reader.u32(), reader.text(4)];
    const end = at + size;
    if (size < BOX_HEADER || end > to) throw new ProtocolError(`a box of ${size} bytes`);
    yield { type, at, end };
    at = end;
  }
}
