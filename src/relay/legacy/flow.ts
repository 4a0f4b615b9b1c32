import type { RtpPacket } from '../../container/rtp/packet.ts';
import type { Serving } from '../../net/serve.ts';
import type { LegacyIngest } from './ingest.ts';

/** What a flow holds until it is known which stream it is: about a second of 6 Mbit/s. */
const MOST_HELD = 512;

/** The packets of one SSRC from one socket, and what becomes of them. A cloud that was restarted has another socket. */
export class Flow {
  readonly ssrc: number;
  /** The sender's address. */
  readonly remote: string;
  /** When its first and its newest packet came, by the monotonic clock, in microseconds. */
  readonly since: number;
  lastArrival: number;
  /** The stream's path, once it is known and being published. */
  path: string | undefined;
  serving: Serving | undefined;
  /** Another flow has taken its place, or it was refused: it is not listened to until then. */
  deafUntil = Number.NEGATIVE_INFINITY;
  #ingest: LegacyIngest | undefined;
  #held: RtpPacket[] = [];

  constructor(ssrc: number, remote: string, now: number) {
    this.ssrc = ssrc;
    this.remote = remote;
    this.since = now;
    this.lastArrival = now;
  }

  get ingest(): LegacyIngest | undefined {
    return this.#ingest;
  }

  /** The oldest packet that waits. */
  get first(): RtpPacket | undefined {
    return this.#held[0];
  }

  /** Takes a packet that arrived at `now`. The first ones are kept where all cannot be: they have the headers. */
  push(packet: RtpPacket, now: number): void {
    this.lastArrival = now;
    if (this.#ingest) this.#ingest.push(packet, now);
    else if (now >= this.deafUntil && this.#held.length < MOST_HELD) this.#held.push(packet);
  }

  /** From now on packets go there, those first that waited. */
  open(ingest: LegacyIngest, now: number): void {
    this.#ingest = ingest;
    const held = this.#held;
    this.#held = [];
    for (const packet of held) ingest.push(packet, now);
  }

  /** Listens no more before `until`. */
  shut(until: number): void {
    this.#ingest = undefined;
    this.#held = [];
    this.path = undefined;
    this.serving = undefined;
    this.deafUntil = until;
  }
}
