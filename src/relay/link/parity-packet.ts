/**
 * Parity packets stand beside the media of a stream, under its SSRC and key, with a payload type and a sequence of their own. On
 * the wire as media (`packet.ts`), but encrypted are
 *
 *      4  the sequence of the group's first media packet
 *      1  how many media packets the group has, less one
 *      1  the row of the code (`erasure.ts`)
 *      …  its bytes: as many as the longest symbol of the group has
 *
 * The symbol of a media packet: length of its plaintext (16 bits), RTP timestamp (32 bits), plaintext.
 */
import { MOST_ROWS, MOST_SYMBOLS } from './erasure.ts';
import { isMedia, type Open, PACKET_OVERHEAD, PAYLOAD_HEAD, packetHead, sequenceOf, VERSION_2 } from './packet.ts';

const PAYLOAD_TYPE = 97;
const GROUP_HEAD = 6;
const SYMBOL_HEAD = 6;
/** By how much a parity packet is longer than the longest media packet that it protects. */
export const PARITY_EXCESS = GROUP_HEAD + SYMBOL_HEAD;
/** Added to a parity packet's sequence, this makes numbers of which no media packet has one: each makes one nonce. */
const NONCES = 2 ** 32;

/** Some rows of parity of a group of consecutive media packets. */
export interface Parity {
  /** The sequence of the group's first packet, and how many there are. */
  readonly first: number;
  readonly count: number;
  readonly row: number;
  readonly bytes: Uint8Array;
}

/** A media packet as it is kept to restore others: its plaintext and its RTP timestamp. */
export interface Kept {
  readonly plain: Uint8Array;
  readonly ticks: number;
}

/** The head of a parity packet, in the clear; `ticks` is the RTP timestamp of the last packet of its group. */
export function parityHead(ssrc: number, sequence: number, ticks: number): Uint8Array {
  return packetHead({ marker: false, payloadType: PAYLOAD_TYPE, sequence, timestamp: ticks, ssrc });
}

/** The number for `Seal` and `Open` that makes the nonce of the parity packet with this sequence. */
export function parityNonce(sequence: number): number {
  return NONCES + sequence;
}

/** The plaintext of a parity packet. */
export function parityPayload({ first, count, row, bytes }: Parity): Uint8Array {
  const plain = new Uint8Array(GROUP_HEAD + bytes.length);
  viewOf(plain).setUint32(0, first);
  plain[4] = count - 1;
  plain[5] = row;
  plain.set(bytes, GROUP_HEAD);
  return plain;
}

/** Whether this may be a parity packet at all; its head may then be read as one of media. */
export function isParity(packet: Uint8Array): boolean {
  return packet.length >= PACKET_OVERHEAD + PARITY_EXCESS && packet[0] === VERSION_2 && packet[1] === PAYLOAD_TYPE;
}

/** Whether this may be a packet of a stream, of its media or its parity. */
export function isStreamPacket(packet: Uint8Array): boolean {
  return isMedia(packet) || isParity(packet);
}

/** What {@link parityPayload} wrote, the bytes as a view; undefined when it cannot have. */
export function readParity(plain: Uint8Array): Parity | undefined {
  if (plain.length < GROUP_HEAD + SYMBOL_HEAD + PAYLOAD_HEAD) return undefined;
  const [first, count, row] = [viewOf(plain).getUint32(0), plain[4]! + 1, plain[5]!];
  if (count > MOST_SYMBOLS || row >= MOST_ROWS || first + count > 2 ** 32) return undefined;
  return { first, count, row, bytes: plain.subarray(GROUP_HEAD) };
}

/** What a parity packet says; undefined when it is not authentic, or makes no sense. */
export function openParity(packet: Uint8Array, open: Open): Parity | undefined {
  const plain = open(packet, parityNonce(sequenceOf(packet)));
  return plain && readParity(plain);
}

/** What rows of parity are made of. */
export function symbolOf({ plain, ticks }: Kept): Uint8Array {
  const symbol = new Uint8Array(SYMBOL_HEAD + plain.length);
  const view = viewOf(symbol);
  view.setUint16(0, plain.length);
  view.setUint32(2, ticks);
  symbol.set(plain, SYMBOL_HEAD);
  return symbol;
}

/** The packet that a restored symbol stands for, its plaintext as a view; undefined when it cannot be one. */
export function packetOf(symbol: Uint8Array): Kept | undefined {
  const view = viewOf(symbol);
  const length = view.getUint16(0);
  if (length < PAYLOAD_HEAD || length > symbol.length - SYMBOL_HEAD) return undefined;
  return { ticks: view.getUint32(2), plain: symbol.subarray(SYMBOL_HEAD, SYMBOL_HEAD + length) };
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
