import { Slab } from '../../../base/slab.ts';
import { RTP_HEADER, writeRtpHeader } from '../../../container/rtp/packet.ts';

/** The dynamic payload type by which the original nodes call an FLV tag. */
const PAYLOAD_TYPE = 100;
/** The SSRC of a cloud's first stream; every further one gets the next number. */
export const FIRST_SSRC = 1_020_304;
/** The number of every stream's first packet. */
export const FIRST_SEQUENCE = 65_000;
/** The most that a packet carries of a tag, in bytes. */
export const LARGEST_PAYLOAD = 1180;

/** Cuts the tags of one stream into RTP packets, byte for byte as the original cloud node does. */
export class LegacyPacketizer {
  readonly ssrc: number;
  #sequence = FIRST_SEQUENCE;
  #timestamp: number;
  readonly #slab = new Slab();

  /** `timestamp` is where the RTP timestamp begins, random in 28 bits: it counts messages and is no clock. */
  constructor(ssrc: number, timestamp: number) {
    this.ssrc = ssrc;
    this.#timestamp = timestamp;
  }

  /** The packets of a tag without PreviousTagSize, in memory of their own. */
  packetize(tag: Uint8Array): Uint8Array[] {
    const packets: Uint8Array[] = [];
    for (let from = 0; from < tag.length; from += LARGEST_PAYLOAD) {
      const payload = tag.subarray(from, from + LARGEST_PAYLOAD);
      packets.push(this.#packet(payload, from + payload.length === tag.length));
    }
    this.#timestamp = (this.#timestamp + 1) >>> 0;
    return packets;
  }

  #packet(payload: Uint8Array, marker: boolean): Uint8Array {
    const packet = this.#slab.take(RTP_HEADER + payload.length);
    const [sequence, timestamp] = [this.#sequence, this.#timestamp];
    writeRtpHeader(packet, { marker, payloadType: PAYLOAD_TYPE, sequence, timestamp, ssrc: this.ssrc });
    packet.set(payload, RTP_HEADER);
    this.#sequence = (sequence + 1) & 0xffff;
    return packet;
  }
}
