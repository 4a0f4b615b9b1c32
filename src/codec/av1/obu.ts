import { ProtocolError } from '../../base/errors.ts';

/** One open bitstream unit: its type (AV1, 6.2.2) and its payload, a view. */
export interface Obu {
  readonly type: number;
  readonly payload: Uint8Array;
}

/** `obu_type` of a sequence header. */
export const SEQUENCE_HEADER = 1;
const TEMPORAL_DELIMITER_HEADER = 0x12;
const MAX_LEB128_BYTES = 8;

/** The OBUs in low-overhead format (AV1, 5.3); one without size reaches to the end. Throws when one is cut short. */
export function* obus(data: Uint8Array): Generator<Obu, void> {
  let at = 0;
  while (at < data.length) {
    const header = data[at]!;
    const start = at + (header & 4 ? 2 : 1);
    const [payload, end] = header & 2 ? sizedPayload(data, start) : [start, data.length];
    if (end > data.length || payload > end) throw new ProtocolError(`OBU ends at ${end} of ${data.length} bytes`);
    yield { type: (header >> 3) & 15, payload: data.subarray(payload, end) };
    at = end;
  }
}

/** The temporal unit without the temporal delimiter that some encoders leave at its start: a view. */
export function withoutTemporalDelimiter(data: Uint8Array): Uint8Array {
  return data[0] === TEMPORAL_DELIMITER_HEADER && data[1] === 0 ? data.subarray(2) : data;
}

/** Where the payload after the `obu_size` at `at` (leb128: AV1, 4.10.5) begins and ends. */
function sizedPayload(data: Uint8Array, at: number): [start: number, end: number] {
  let size = 0;
  for (let i = 0; i < MAX_LEB128_BYTES; i++) {
    const byte = data[at + i];
    if (byte === undefined) break;
    size += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return [at + i + 1, at + i + 1 + size];
  }
  throw new ProtocolError('OBU size cut short');
}
