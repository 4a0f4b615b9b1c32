const HEAD = 9;
const TIME = 5;
/** Marker bits, and data alignment: a frame begins where the payload does. */
const FLAGS = 0x84;
const HAS_PTS = 0x80;
const HAS_PTS_AND_DTS = 0xc0;
const MAX_LENGTH = 0xffff;
const WRAP = 2 ** 33;

/** Microseconds as ticks of 90 kHz, rounded, in the 33 bits after which MPEG-TS begins anew. */
export function toTicks(microseconds: number): number {
  const ticks = Math.round((microseconds * 9) / 100) % WRAP;
  return ticks < 0 ? ticks + WRAP : ticks;
}

/**
 * The header of a PES packet (ISO/IEC 13818-1, 2.4.3.6) before `length` bytes of payload; times are microseconds.
 * A length that has no room is left open, which only video may do.
 */
export function pesHeader(streamId: number, pts: number, dts: number, length: number): Uint8Array {
  const [shown, decoded] = [toTicks(pts), toTicks(dts)];
  const times = shown === decoded ? TIME : 2 * TIME;
  const header = new Uint8Array(HEAD + times);
  const rest = HEAD - 6 + times + length;
  header[2] = 1;
  header[3] = streamId;
  header[4] = rest > MAX_LENGTH ? 0 : rest >> 8;
  header[5] = rest > MAX_LENGTH ? 0 : rest;
  header[6] = FLAGS;
  header[7] = shown === decoded ? HAS_PTS : HAS_PTS_AND_DTS;
  header[8] = times;
  writeTime(header, HEAD, shown === decoded ? 2 : 3, shown);
  if (times > TIME) writeTime(header, HEAD + TIME, 1, decoded);
  return header;
}

/** 33 bits as 3, 15 and 15 with a marker bit after each. */
function writeTime(header: Uint8Array, at: number, prefix: number, ticks: number): void {
  const high = Math.floor(ticks / 2 ** 30);
  header[at] = (prefix << 4) | (high << 1) | 1;
  header[at + 1] = ticks >>> 22;
  header[at + 2] = ((ticks >>> 14) & 0xfe) | 1;
  header[at + 3] = ticks >>> 7;
  header[at + 4] = ((ticks << 1) & 0xfe) | 1;
}
