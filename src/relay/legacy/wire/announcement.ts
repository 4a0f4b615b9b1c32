import { ByteReader } from '../../../base/byte-reader.ts';
import { ByteWriter } from '../../../base/byte-writer.ts';
import { equalBytes } from '../../../base/bytes.ts';
import { encodeUtf8 } from '../../../base/utf8.ts';

/** Where a cloud node answers. */
export interface CloudPorts {
  readonly quic: number;
  readonly api: number;
}

const MAGIC = encodeUtf8('0001');
const LENGTH = 8;

/** The datagram by which a cloud node tells its ports to its edges when it starts. */
export function announcement({ quic, api }: CloudPorts): Uint8Array {
  return new ByteWriter(LENGTH).put(MAGIC).u16(quic).u16(api).finish();
}

/** The ports that a datagram announces; undefined for every other datagram. */
export function readAnnouncement(datagram: Uint8Array): CloudPorts | undefined {
  if (datagram.length !== LENGTH || !equalBytes(datagram.subarray(0, MAGIC.length), MAGIC)) return undefined;
  const reader = new ByteReader(datagram.subarray(MAGIC.length));
  return { quic: reader.u16(), api: reader.u16() };
}
