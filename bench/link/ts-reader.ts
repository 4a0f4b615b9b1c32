import { concat } from '../../src/base/bytes.ts';
import { annexBUnits, joinNalUnits } from '../../src/codec/h264/nal.ts';
import { AUDIO, VIDEO } from '../clip.ts';
import { type Tag, view } from '../viewers/flv.ts';

const PACKET = 188;
const SYNC = 0x47;
/** What ts-source.ts makes. */
const VIDEO_PID = 0x100;
const AUDIO_PID = 0x101;
/** What TS has and FLV does not: parameter sets and delimiters (H.264, table 7-1). */
const ADDED_UNITS = new Set([7, 8, 9]);
const IDR = 5;
const TICKS_A_MILLISECOND = 90;

/** A PES packet that is coming in. */
interface Pes {
  readonly parts: Uint8Array[];
  /** When its last packet came. */
  at: number;
  /** Whether packets of it are missing. */
  isBroken: boolean;
}

/** Tells the frames of a transport stream as the FLV tags that they were made of; of what is broken it tells nothing. */
export class TsReader {
  readonly #tell: (tag: Tag, at: number) => void;
  readonly #open = new Map<number, Pes>();
  readonly #counters = new Map<number, number>();
  #rest: Uint8Array = new Uint8Array(0);

  /** `tell` is given each frame, and when its last byte came. */
  constructor(tell: (tag: Tag, at: number) => void) {
    this.#tell = tell;
  }

  push(bytes: Uint8Array, at: number): void {
    const all = concat([this.#rest, bytes]);
    let next = 0;
    while (next + PACKET <= all.length) {
      // Behind a loss packets begin anywhere.
      if (all[next] === SYNC) this.#packet(all.subarray(next, next + PACKET), at);
      next += all[next] === SYNC ? PACKET : 1;
    }
    this.#rest = all.slice(next);
  }

  /** ISO/IEC 13818-1, 2.4.3.2. */
  #packet(packet: Uint8Array, at: number): void {
    const pid = view(packet).getUint16(1) & 0x1fff;
    if (pid !== VIDEO_PID && pid !== AUDIO_PID) return;
    const counter = packet[3]! & 15;
    const isNext = (((this.#counters.get(pid) ?? counter - 1) + 1) & 15) === counter;
    this.#counters.set(pid, counter);
    const payload = packet.subarray(packet[3]! & 0x20 ? 5 + packet[4]! : 4);
    const pes = this.#open.get(pid);
    if (pes && !isNext) pes.isBroken = true;
    if (packet[1]! & 0x40) {
      if (pes && !pes.isBroken) this.#complete(pid, pes);
      this.#open.set(pid, { parts: [payload], at, isBroken: false });
    } else if (pes) {
      pes.parts.push(payload);
      pes.at = at;
    }
  }

  /** ISO/IEC 13818-1, 2.4.3.6. */
  #complete(pid: number, { parts, at }: Pes): void {
    const pes = concat(parts);
    const data = pes.subarray(9 + pes[8]!);
    if (pid === VIDEO_PID) this.#tell({ type: VIDEO, time: timeOf(pes), body: avcBody(data) }, at);
    else this.#tell({ type: AUDIO, time: timeOf(pes), body: Uint8Array.of(0xaf, 1) }, at);
  }
}

function timeOf(pes: Uint8Array): number {
  const high = (pes[9]! >> 1) & 7;
  const middle = view(pes).getUint16(10) >> 1;
  const low = view(pes).getUint16(12) >> 1;
  return Math.round((high * 2 ** 30 + middle * 2 ** 15 + low) / TICKS_A_MILLISECOND);
}

function avcBody(data: Uint8Array): Uint8Array {
  const units = [...annexBUnits(data)].filter((unit) => !ADDED_UNITS.has(unit[0]! & 31));
  const isKey = units.some((unit) => (unit[0]! & 31) === IDR);
  return concat([Uint8Array.of(isKey ? 0x17 : 0x27, 1, 0, 0, 0), joinNalUnits(units, 4)]);
}
