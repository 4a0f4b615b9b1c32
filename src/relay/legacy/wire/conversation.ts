import { Decoder } from '../../../base/decoder.ts';
import { ProtocolError } from '../../../base/errors.ts';
import { readRtp } from '../../../container/rtp/packet.ts';
import { type RepairRequest, readReplyLengths, readReplyPackets, repairRequest } from './repair.ts';

/** A request that is not answered yet. */
interface Outstanding extends RepairRequest {
  readonly since: number;
}

/** What an edge is told by the replies. */
export interface ReplyEvents {
  /** A packet that was asked for, in memory of its own, and how long the reply took, in microseconds. */
  packet(packet: Uint8Array, took: number): void;
}

/** More than this need not be asked for at the same time: what is not answered is asked for again. */
const MOST_OUTSTANDING = 128;
/** The longest packet of the original has 1192 bytes. */
const LONGEST_PACKET = 2048;
const MOST_BUFFERED = MOST_OUTSTANDING * LONGEST_PACKET;

/**
 * The edge's side of a repair connection. Replies come in the order of the requests, and a packet says itself which request it
 * answers: the original cloud passes over requests for streams that it does not know.
 */
export class RepairConversation {
  readonly #events: ReplyEvents;
  /** The replies whose packets, if they have one, are not there yet. */
  readonly #lengths: number[] = [];
  readonly #lengthDecoder = new Decoder(readReplyLengths());
  readonly #packetDecoder = new Decoder(readReplyPackets(this.#lengths));
  readonly #outstanding: Outstanding[] = [];

  constructor(events: ReplyEvents) {
    this.#events = events;
  }

  /** Since when the oldest request waits; undefined when none does. */
  get waitingSince(): number | undefined {
    return this.#outstanding[0]?.since;
  }

  /** The bytes to be written for a request, if it is one more that may be made now. */
  request(request: RepairRequest, now: number): Uint8Array | undefined {
    if (this.#outstanding.length === MOST_OUTSTANDING) return undefined;
    this.#outstanding.push({ ...request, since: now });
    return repairRequest(request);
  }

  /** Takes bytes of the stream of lengths. Throws `ProtocolError`, as {@link takePackets} does. */
  takeLengths(bytes: Uint8Array, now: number): void {
    this.#lengthDecoder.push(bytes);
    for (let reply = this.#lengthDecoder.next(); reply; reply = this.#lengthDecoder.next()) {
      if (reply.length > LONGEST_PACKET) throw new ProtocolError(`a packet of ${reply.length} bytes is announced`);
      this.#lengths.push(reply.length);
    }
    if (this.#lengths.length > MOST_OUTSTANDING) throw new ProtocolError('more replies than requests');
    this.#read(now);
  }

  /** Takes bytes of the stream of packets. */
  takePackets(bytes: Uint8Array, now: number): void {
    this.#packetDecoder.push(bytes);
    if (this.#packetDecoder.buffered > MOST_BUFFERED) throw new ProtocolError('more packets than requests');
    this.#read(now);
  }

  /** Both streams tell one story: a reply without a packet has its turn after those before it. */
  #read(now: number): void {
    for (let length = this.#lengths[0]; length !== undefined; length = this.#lengths[0]) {
      const packet = length === 0 ? undefined : this.#packetDecoder.next();
      if (packet) this.#answer(packet, now);
      else if (length > 0) return;
      else this.#outstanding.shift();
      this.#lengths.shift();
    }
  }

  #answer(packet: Uint8Array, now: number): void {
    const { ssrc, sequence } = readRtp(packet);
    const at = this.#outstanding.findIndex((request) => request.ssrc === ssrc && request.sequence === sequence);
    if (at < 0) return;
    const { since } = this.#outstanding[at]!;
    // Those before it will not be answered any more.
    this.#outstanding.splice(0, at + 1);
    this.#events.packet(packet, now - since);
  }
}
