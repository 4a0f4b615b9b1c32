/**
 * What control datagrams say once they are decrypted: items, one after another, each begun by a byte that names it. On the
 * wire `H`, connection (32 bits), counter (48 bits), the items encrypted, a tag of 16 bytes.
 */
import { ByteReader } from '../../base/byte-reader.ts';
import { ByteWriter } from '../../base/byte-writer.ts';
import { ProtocolError } from '../../base/errors.ts';

/** What a control datagram holds besides its items. */
export const DATAGRAM_OVERHEAD = 1 + 4 + 6 + 16;
/** The most items in one datagram. */
export const MOST_ITEMS = 64;
/** The most runs in one request: of any window's holes, so many fit into the usual datagram. */
export const MOST_RUNS = 240;
/** A request may name so many sequences: as many as a receiver's window holds. */
export const MOST_ASKED = 65_536;

/** Asks for a {@link Pong}; every datagram, but this above all, shows the origin the edge's address. */
export interface Ping {
  readonly item: 'ping';
  /** The clock of the one who asks, in microseconds; comes back as it was. */
  readonly sent: number;
  /** How large the datagram that answers is to be at least, in bytes: shows what comes through. */
  readonly answer: number;
}

/** Takes up room. */
interface Padding {
  readonly item: 'padding';
  /** Of the whole item: {@link LEAST_PADDING} or more. */
  readonly bytes: number;
}

/** The answer to a {@link Ping}. */
export interface Pong {
  readonly item: 'pong';
  readonly sent: number;
  /** The clock of the one who answers when the question came, and how long the answer waited after that. */
  readonly received: number;
  readonly held: number;
}

/** All that is missing of a stream. */
export interface Request {
  readonly item: 'request';
  readonly ssrc: number;
  /** What is not at the edge so long after it came in at the origin is of no use: microseconds, told in milliseconds. */
  readonly latency: number;
  /** Sequences below this one are wanted however old they are: the edge goes on from an outage there. */
  readonly overdue: number;
  /** Pairs of first sequence and count, ascending. */
  readonly runs: readonly number[];
}

/** What became of a stream's packets, counted since its start. */
export interface Report {
  readonly item: 'report';
  readonly ssrc: number;
  readonly received: number;
  readonly lost: number;
  readonly repaired: number;
  readonly abandoned: number;
  /** The delay of the quickest packets of late beyond the least, round trip and its jitter, in microseconds. */
  readonly queue: number;
  readonly rtt: number;
  readonly jitter: number;
}

/** The newest packet of a stream that rests: shows what was lost at its end. */
export interface Heartbeat {
  readonly item: 'heartbeat';
  readonly ssrc: number;
  readonly sequence: number;
  /** That packet's RTP timestamp. */
  readonly timestamp: number;
}

/**
 * How the media of a stream that is pushed somewhere comes to an edge: to it alone; so, while it tries whether it hears what is
 * pushed; or from there.
 */
export type Way = 'own' | 'trial' | 'pushed';

/** By which way the edge wants a stream to come; said anew with every report. */
interface WayWish {
  readonly item: 'way';
  readonly ssrc: number;
  readonly way: Way;
}

/** Anything that a control datagram says. */
export type Item = Ping | Pong | Request | Report | Heartbeat | Padding | WayWish;

const PING = 1;
const PONG = 2;
const REQUEST = 3;
const REPORT = 4;
const HEARTBEAT = 5;
const PADDING = 6;
/** What padding takes itself. */
const LEAST_PADDING = 3;
const WAY = 7;
const WAYS: readonly Way[] = ['own', 'trial', 'pushed'];

/** The items as the plaintext of a datagram. */
export function writeItems(items: readonly Item[]): Uint8Array {
  const writer = new ByteWriter(128);
  for (const item of items) writeItem(writer, item);
  return writer.finish();
}

/** The items in a datagram of so many bytes, or of more where they need more. */
export function writePadded(items: readonly Item[], bytes: number): Uint8Array {
  const plain = writeItems(items);
  const room = bytes - DATAGRAM_OVERHEAD - plain.length;
  return room < LEAST_PADDING ? plain : writeItems([...items, { item: 'padding', bytes: room }]);
}

/** How long an item is on the wire, in bytes. */
export function itemLength(item: Item): number {
  const writer = new ByteWriter(128);
  writeItem(writer, item);
  return writer.length;
}

function writeItem(writer: ByteWriter, item: Item): void {
  switch (item.item) {
    case 'ping':
      u48(writer.u8(PING), item.sent);
      return void writer.u16(item.answer);
    case 'pong':
      u48(writer.u8(PONG), item.sent);
      u48(writer, item.received);
      return u48(writer, item.held);
    case 'request':
      return writeRequest(writer, item);
    case 'report': {
      const { ssrc, received, lost, repaired, abandoned, queue, rtt, jitter } = item;
      writer.u8(REPORT);
      for (const value of [ssrc, received, lost, repaired, abandoned, queue, rtt, jitter]) writer.u32(value);
      return;
    }
    case 'heartbeat':
      return void writer.u8(HEARTBEAT).u32(item.ssrc).u32(item.sequence).u32(item.timestamp);
    case 'padding':
      writer
        .u8(PADDING)
        .u16(item.bytes - LEAST_PADDING)
        .put(new Uint8Array(item.bytes - LEAST_PADDING));
      return;
    case 'way':
      writer.u8(WAY).u32(item.ssrc).u8(WAYS.indexOf(item.way));
  }
}

/** Runs are told as the distance from the end of the one before, and the count less one, each in as few bytes as it takes. */
function writeRequest(writer: ByteWriter, { ssrc, latency, overdue, runs }: Request): void {
  const first = runs[0] ?? 0;
  const count = Math.min(runs.length >> 1, MOST_RUNS);
  writer
    .u8(REQUEST)
    .u32(ssrc)
    .u16(Math.min(Math.round(latency / 1000), 0xffff))
    .u32(overdue)
    .u32(first)
    .u8(count);
  let end = first;
  for (let i = 0; i < count; i++) {
    varint(writer, runs[2 * i]! - end);
    varint(writer, runs[2 * i + 1]! - 1);
    end = runs[2 * i]! + runs[2 * i + 1]!;
  }
}

/** The items of a decrypted datagram. Throws {@link ProtocolError} on anything that {@link writeItems} would not write. */
export function readItems(plain: Uint8Array): Item[] {
  const reader = new ByteReader(plain);
  const items: Item[] = [];
  while (reader.remaining > 0) {
    if (items.length === MOST_ITEMS) throw new ProtocolError(`more than ${MOST_ITEMS} items in a datagram`);
    items.push(readItem(reader));
  }
  return items;
}

function readItem(reader: ByteReader): Item {
  const type = reader.u8();
  switch (type) {
    case PING:
      return { item: 'ping', sent: readU48(reader), answer: reader.u16() };
    case PONG:
      return { item: 'pong', sent: readU48(reader), received: readU48(reader), held: readU48(reader) };
    case REQUEST:
      return readRequest(reader);
    case REPORT:
      return readReport(reader);
    case HEARTBEAT:
      return { item: 'heartbeat', ssrc: reader.u32(), sequence: reader.u32(), timestamp: reader.u32() };
    case PADDING:
      return { item: 'padding', bytes: LEAST_PADDING + reader.take(reader.u16()).length };
    case WAY:
      return { item: 'way', ssrc: reader.u32(), way: readWay(reader) };
    default:
      throw new ProtocolError(`item ${type} in a control datagram`);
  }
}

function readWay(reader: ByteReader): Way {
  const number = reader.u8();
  const way = WAYS[number];
  if (!way) throw new ProtocolError(`way ${number} of a stream`);
  return way;
}

function readReport(reader: ByteReader): Report {
  const [ssrc, received, lost, repaired] = [reader.u32(), reader.u32(), reader.u32(), reader.u32()];
  const [abandoned, queue, rtt, jitter] = [reader.u32(), reader.u32(), reader.u32(), reader.u32()];
  return { item: 'report', ssrc, received, lost, repaired, abandoned, queue, rtt, jitter };
}

function readRequest(reader: ByteReader): Request {
  const [ssrc, latency, overdue] = [reader.u32(), reader.u16() * 1000, reader.u32()];
  let end = reader.u32();
  let asked = 0;
  const runs: number[] = [];
  for (let left = reader.u8(); left > 0; left--) {
    const first = end + readVarint(reader);
    const count = readVarint(reader) + 1;
    end = first + count;
    asked += count;
    if (asked > MOST_ASKED) throw new ProtocolError(`more than ${MOST_ASKED} packets asked for`);
    if (end > 2 ** 32) throw new ProtocolError(`sequence ${end} asked for`);
    runs.push(first, count);
  }
  return { item: 'request', ssrc, latency, overdue, runs };
}

function u48(writer: ByteWriter, value: number): void {
  const whole = Math.round(value);
  writer.u16(Math.floor(whole / 2 ** 32) & 0xffff).u32(whole >>> 0);
}

function readU48(reader: ByteReader): number {
  return reader.u16() * 2 ** 32 + reader.u32();
}

/** Seven bits a byte, the highest first; all but the last byte have their top bit set. */
function varint(writer: ByteWriter, value: number): void {
  for (let shift = 28; shift > 0; shift -= 7) if (value >= 2 ** shift) writer.u8(0x80 | ((value >>> shift) & 0x7f));
  writer.u8(value & 0x7f);
}

function readVarint(reader: ByteReader): number {
  let value = 0;
  for (let bytes = 1; bytes <= 5; bytes++) {
    const byte = reader.u8();
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return value;
  }
  throw new ProtocolError('a number of more than five bytes');
}
