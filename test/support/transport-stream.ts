import assert from 'node:assert/strict';

/** A PES packet, read without the server's own code. */
interface Pes {
  readonly pid: number;
  readonly streamId: number;
  /** In ticks of 90 kHz. */
  readonly pts: number;
  readonly dts: number;
  readonly data: Buffer;
  readonly randomAccess: boolean;
  /** In ticks of 27 MHz. */
  readonly clock: number | undefined;
}

/** What a transport stream of one program holds. */
export interface TransportStream {
  /** By PID: stream type and descriptors in hexadecimal. */
  readonly streams: ReadonlyMap<number, { readonly type: number; readonly descriptors: string }>;
  readonly clockPid: number;
  readonly pes: readonly Pes[];
  /** The continuity counter of each PID's last packet. */
  readonly counters: ReadonlyMap<number, number>;
}

interface Packet {
  readonly pid: number;
  readonly isStart: boolean;
  readonly payload: Buffer;
  readonly randomAccess: boolean;
  readonly clock: number | undefined;
}

const SIZE = 188;

/** Reads a transport stream and takes nothing that ISO/IEC 13818-1 forbids; `counters` are those before its first packet. */
export function readTransportStream(
  bytes: Uint8Array,
  before: ReadonlyMap<number, number> = new Map(),
): TransportStream {
  assert.equal(bytes.length % SIZE, 0, 'whole packets');
  const counters = new Map(before);
  const streams = new Map<number, { type: number; descriptors: string }>();
  const open = new Map<number, Packet[]>();
  const pes: Pes[] = [];
  let [mapPid, clockPid] = [-1, -1];
  const close = (pid: number) => {
    const packets = open.get(pid);
    open.delete(pid);
    if (packets) pes.push(pesOf(packets));
  };
  for (let at = 0; at < bytes.length; at += SIZE) {
    const packet = packetOf(Buffer.from(bytes.subarray(at, at + SIZE)), counters);
    const { pid } = packet;
    if (pid === 0) mapPid = section(packet).readUInt16BE(11) & 0x1fff;
    else if (pid === mapPid) clockPid = programMap(section(packet), streams);
    else {
      assert.ok(streams.has(pid), `PID ${pid} is in the program map`);
      if (packet.isStart) close(pid);
      else assert.ok(open.has(pid), 'a PES packet begins with its start');
      open.set(pid, [...(open.get(pid) ?? []), packet]);
    }
  }
  for (const pid of [...open.keys()]) close(pid);
  return { streams, clockPid, pes, counters };
}

function packetOf(packet: Buffer, counters: Map<number, number>): Packet {
  assert.equal(packet[0], 0x47, 'sync byte');
  const pid = packet.readUInt16BE(1) & 0x1fff;
  assert.equal(packet[1] & 0xa0, 0, 'no error, no priority');
  assert.equal(packet[3] & 0xd0, 0x10, 'not scrambled, with payload');
  const counter = packet[3] & 15;
  const last = counters.get(pid);
  if (last !== undefined) assert.equal(counter, (last + 1) & 15, `continuity of PID ${pid}`);
  counters.set(pid, counter);
  const field = packet[3] & 0x20 ? 1 + packet[4] : 0;
  assert.ok(field < SIZE - 4, 'room for payload');
  const flags = field > 1 ? packet[5] : 0;
  const used = field === 0 ? 0 : Math.min(field, flags & 0x10 ? 8 : 2);
  for (const byte of packet.subarray(4 + used, 4 + field)) assert.equal(byte, 0xff, 'stuffing');
  const clock =
    flags & 0x10
      ? packet.readUInt32BE(6) * 600 + (packet[10] >> 7) * 300 + (packet.readUInt16BE(10) & 0x1ff)
      : undefined;
  return {
    pid,
    isStart: (packet[1] & 0x40) !== 0,
    payload: packet.subarray(4 + field),
    randomAccess: (flags & 0x40) !== 0,
    clock,
  };
}

function section({ payload, isStart }: Packet): Buffer {
  assert.ok(isStart && payload[0] === 0, 'a section begins with its packet');
  const length = payload.readUInt16BE(2) & 0xfff;
  const whole = payload.subarray(1, 4 + length);
  assert.equal(checksum(whole), 0, 'checksum of the section');
  // With its pointer field, so that places are those in the specification plus one.
  return payload.subarray(0, 4 + length);
}

function programMap(bytes: Buffer, streams: Map<number, { type: number; descriptors: string }>): number {
  let at = 13 + (bytes.readUInt16BE(11) & 0xfff);
  streams.clear();
  while (at < bytes.length - 4) {
    const length = bytes.readUInt16BE(at + 3) & 0xfff;
    const descriptors = bytes.toString('hex', at + 5, at + 5 + length);
    streams.set(bytes.readUInt16BE(at + 1) & 0x1fff, { type: bytes[at], descriptors });
    at += 5 + length;
  }
  assert.equal(at, bytes.length - 4, 'the program map is whole');
  return bytes.readUInt16BE(9) & 0x1fff;
}

function pesOf(packets: readonly Packet[]): Pes {
  const { pid, randomAccess, clock } = packets[0];
  const bytes = Buffer.concat(packets.map(({ payload }) => payload));
  assert.equal(bytes.readUIntBE(0, 3), 1, 'PES start code');
  const length = bytes.readUInt16BE(4);
  if (length > 0) assert.equal(bytes.length, 6 + length, 'PES length');
  else assert.equal(bytes[3] & 0xf0, 0xe0, 'only video may leave its length open');
  const flags = bytes[7] >> 6;
  assert.ok(flags === 2 || flags === 3, 'with PTS');
  const pts = timeAt(bytes, 9, flags);
  const dts = flags === 3 ? timeAt(bytes, 14, 1) : pts;
  return { pid, streamId: bytes[3], pts, dts, data: bytes.subarray(9 + bytes[8]), randomAccess, clock };
}

function timeAt(bytes: Buffer, at: number, prefix: number): number {
  assert.equal(bytes[at] >> 4, prefix, 'prefix of a time');
  for (const place of [0, 2, 4]) assert.equal(bytes[at + place] & 1, 1, 'marker bit');
  return (
    ((bytes[at] >> 1) & 7) * 2 ** 30 + (bytes.readUInt16BE(at + 1) >> 1) * 2 ** 15 + (bytes.readUInt16BE(at + 3) >> 1)
  );
}

function checksum(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes)
    for (let bit = 7; bit >= 0; bit--) {
      const isSet = ((crc >>> 31) ^ (byte >> bit)) & 1;
      crc = (crc << 1) ^ (isSet ? 0x04c11db7 : 0);
    }
  return crc >>> 0;
}
