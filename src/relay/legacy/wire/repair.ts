import { ByteWriter } from '../../../base/byte-writer.ts';
import { exactly, type Parser } from '../../../base/decoder.ts';

/** The protocol's name in the TLS handshake of QUIC. */
export const REPAIR_ALPN = 'quic-echo-server';

/** One packet that an edge misses. */
export interface RepairRequest {
  readonly ssrc: number;
  readonly sequence: number;
}

const REQUEST = 6;
const REPLY_LENGTH = 2;

/** A request as it is written to the first stream, which the edge opens. */
export function repairRequest({ ssrc, sequence }: RepairRequest): Uint8Array {
  return new ByteWriter(REQUEST).u32(ssrc).u16(sequence).finish();
}

/** Reads the first stream as the cloud sees it. */
export function* readRequests(): Parser<RepairRequest> {
  for (;;) {
    const bytes = yield exactly(REQUEST);
    const ssrc = ((bytes[0]! << 24) | (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!) >>> 0;
    yield { ssrc, sequence: (bytes[4]! << 8) | bytes[5]! };
  }
}

/** What is written to the first stream in reply: the packet's length, 0 when the cloud has it no more. */
export function replyLength(length: number): Uint8Array {
  return Uint8Array.of(length >>> 8, length);
}

/** Reads the first stream as the edge sees it. */
export function* readReplyLengths(): Parser<{ readonly length: number }> {
  for (;;) {
    const bytes = yield exactly(REPLY_LENGTH);
    yield { length: (bytes[0]! << 8) | bytes[1]! };
  }
}

/** Reads the second stream, which the cloud opens: packets, each as long as the first of `lengths` tells by then. */
export function* readReplyPackets(lengths: readonly number[]): Parser<Uint8Array> {
  for (;;) {
    const packet = yield exactly(lengths[0]!);
    yield packet.slice();
  }
}
