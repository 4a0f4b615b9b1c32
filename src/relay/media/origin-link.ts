import type { Socket } from 'node:dgram';
import { type Clock, MILLISECOND, SECOND } from '../../base/clock.ts';
import { ProtocolError } from '../../base/errors.ts';
import { type LinkReport, mediaOf, NOTHING_CROSSED, sumOfCrossings } from '../../net/links.ts';
import { Departure } from '../../net/serve.ts';
import type { Logger } from '../../ops/log.ts';
import { type RepairPolicy, USUAL_POLICY } from '../link/copies.ts';
import { EdgeEnd } from '../link/edge-end.ts';
import type { MediaGrant, MediaOffer, MediaWish } from '../messages.ts';
import { Alarm, type Machine } from './alarm.ts';
import { ControlOpener, ControlSealer, isControl } from './control-cipher.ts';
import type { Ears } from './ears.ts';
import { firstLatency, Reception, type ReceptionOptions } from './reception.ts';
import { connectMedia } from './socket.ts';

/** An origin that cannot be heard for so long by UDP, while it is heard otherwise, is not to be reached that way. */
const SILENCE = 1 * SECOND;
const LOOK_EVERY = SECOND / 5;
const LOG_EVERY = 60 * SECOND;

/** What an {@link OriginLink} is made with. */
export interface OriginLinkOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** `host:port`, for people, and the origin's id. */
  readonly name: string;
  readonly node: string;
  readonly host: string;
  readonly offer: MediaOffer;
  /** In microseconds; undefined for what the path needs. */
  readonly latency: number | undefined;
  /** Is told how the origin should weigh repairs, when that changes. */
  readonly onPolicy: (policy: RepairPolicy) => void;
  /** Where this edge hears what is pushed, if anywhere. */
  readonly ears?: Ears | undefined;
}

/** What is wanted of a stream. */
export type Wanted = Omit<ReceptionOptions, 'latency' | 'listen'>;

/** The edge's side of the link to one origin, for as long as the control stream to it lasts. */
export class OriginLink implements Machine {
  /** Whether the origin answers by UDP: true with its first answer, false when that does not come. */
  readonly answered: Promise<boolean>;
  readonly #options: OriginLinkOptions;
  readonly #socket: Socket;
  readonly #sealer: ControlSealer;
  readonly #opener: ControlOpener;
  readonly #end = new EdgeEnd((plain) => this.#send(plain));
  readonly #alarm: Alarm;
  readonly #answer = Promise.withResolvers<boolean>();
  readonly #receptions = new Set<Reception>();
  /** What those came to that are over. */
  #ended = NOTHING_CROSSED;
  readonly #now: () => number;
  /** How many authentic datagrams have come. */
  heard = 0;
  /** When it was last heard by UDP, and otherwise. */
  #heardAt: number;
  #controlAt: number;
  #lookAt: number;
  #logAt: number;
  /** What is blocked is tried again by the next connection. */
  #state: 'asking' | 'up' | 'blocked' = 'asking';
  #isClosed = false;
  #policy = USUAL_POLICY;
  #counters = { bytes: 0, control: 0, malformed: 0 };

  /** Begins to ask the origin by UDP whether it is there. Rejects when that cannot even be tried. */
  static async open(options: OriginLinkOptions): Promise<OriginLink> {
    return new OriginLink(options, await connectMedia(options.host, options.offer.port));
  }

  private constructor(options: OriginLinkOptions, socket: Socket) {
    const { offer, clock } = options;
    this.#options = options;
    this.#socket = socket;
    this.#sealer = new ControlSealer(offer.connection, Buffer.from(offer.up, 'base64'));
    this.#opener = new ControlOpener(Buffer.from(offer.down, 'base64'));
    this.answered = this.#answer.promise;
    this.#now = () => clock.now();
    const now = this.#now();
    this.#heardAt = this.#controlAt = now;
    this.#lookAt = now + LOOK_EVERY;
    this.#logAt = now + LOG_EVERY;
    this.#alarm = new Alarm(clock, this);
    socket.on('message', (datagram) => this.#receive(datagram));
    this.poll(now);
    this.#alarm.set();
  }

  /** Whether media may be asked for by UDP. */
  get isUp(): boolean {
    return this.#state === 'up';
  }

  /** What a subscription says that is to come this way. */
  get wish(): MediaWish {
    const { offer, latency, ears } = this.#options;
    const place = ears?.place;
    return { connection: offer.connection, latency: firstLatency(latency), ...(place && { pushed: place }) };
  }

  get next(): number {
    return this.#state === 'blocked' ? Number.POSITIVE_INFINITY : Math.min(this.#end.next, this.#lookAt);
  }

  poll(now: number): void {
    if (this.#state === 'blocked') return;
    this.#end.poll(now);
    if (now >= this.#lookAt) this.#look(now);
  }

  /** The origin was heard by the control stream. */
  heardOtherwise(): void {
    this.#controlAt = this.#now();
  }

  /** Receives a stream by UDP from now on. Throws when that is no longer possible. */
  receive(wanted: Wanted): Reception {
    if (!this.isUp) throw new Departure('media by UDP does not come through');
    const { latency } = this.#options;
    const options = { ...wanted, latency, listen: this.#listening(wanted.grant) };
    const reception = new Reception(this.#end, this.#now, options);
    this.#receptions.add(reception);
    return reception;
  }

  /** Ends what {@link receive} began. Idempotent. */
  leave(reception: Reception): void {
    if (!this.#receptions.delete(reception)) return;
    this.#tell(reception);
    this.#ended = sumOfCrossings([this.#ended, reception.report()]);
    reception.close();
  }

  /** Ends all. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#fall(new Departure('the connection to the origin is lost'));
    this.#isClosed = true;
    this.#alarm.close();
    this.#socket.close();
  }

  /** How it is doing. */
  report(): LinkReport {
    const { node, host } = this.#options;
    const { path, strays } = this.#end;
    const { forged, replayed } = this.#opener.counters;
    const streams = Array.from(this.#receptions, (reception) => reception.report());
    return {
      ...sumOfCrossings([this.#ended, ...streams]),
      role: 'edge',
      node,
      remote: host,
      media: this.isUp ? mediaOf(streams.map(({ media }) => media)) : 'reliable',
      rtt: path.rtt,
      jitter: path.jitter,
      bytes: this.#counters.bytes,
      overheadBytes: this.#counters.control,
      refused: strays + forged + replayed + this.#counters.malformed,
      streams,
    };
  }

  #receive(datagram: Uint8Array): void {
    const now = this.#now();
    if (isControl(datagram)) this.#control(datagram, now);
    else {
      this.#counters.bytes += datagram.length;
      this.#end.receiveMedia(datagram, now);
    }
    this.#alarm.set();
  }

  /** How to listen where a stream is pushed, if it is and this edge can. */
  #listening({ pushed, ssrc }: MediaGrant): ReceptionOptions['listen'] {
    const { ears } = this.#options;
    if (!pushed || !ears?.reaches(pushed)) return undefined;
    const take = (packet: Uint8Array) => {
      this.#counters.bytes += packet.length;
      this.#end.receivePushed(packet, this.#now());
      this.#alarm.set();
    };
    return () => ears.hear(pushed, this.#socket.address().address, ssrc, take);
  }

  #control(datagram: Uint8Array, now: number): void {
    const opened = this.#opener.open(datagram);
    if (!opened) return;
    try {
      this.#end.receive(opened.plain, now);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#counters.malformed++;
    }
    this.#heardAt = now;
    this.heard++;
    if (this.#state === 'asking') this.#rise();
  }

  #send(plain: Uint8Array): void {
    const datagram = this.#sealer.seal(plain);
    this.#counters.control += datagram.length;
    this.#socket.send(datagram);
  }

  #rise(): void {
    this.#state = 'up';
    this.#answer.resolve(true);
  }

  #look(now: number): void {
    this.#lookAt = now + LOOK_EVERY;
    const blocked = [...this.#receptions].some((reception) => !reception.look(now));
    const isSilent = this.#controlAt - this.#heardAt > SILENCE;
    if (blocked || isSilent) this.#block();
    this.#tellPolicy();
    if (now < this.#logAt) return;
    this.#logAt = now + LOG_EVERY;
    for (const reception of this.#receptions) this.#tell(reception);
  }

  #block(): void {
    const reason = 'media by UDP does not come through';
    this.#options.log.warn({ origin: this.#options.name, reason }, 'media of an origin goes by the reliable relay');
    this.#fall(new Departure(reason));
  }

  #fall(reason: Error): void {
    this.#state = 'blocked';
    this.#answer.resolve(false);
    for (const reception of this.#receptions) reception.onLost(reason);
  }

  /** Of several streams the one that needs most decides. */
  #tellPolicy(): void {
    if (this.#options.latency !== undefined) return;
    let policy = USUAL_POLICY;
    for (const reception of this.#receptions) if (reception.policy.spare > policy.spare) policy = reception.policy;
    if (policy.spare === this.#policy.spare) return;
    this.#policy = policy;
    this.#options.onPolicy(policy);
  }

  #tell(reception: Reception): void {
    const { path, latency, summary, delay, ...crossing } = reception.report();
    const [wanted, p50, p99] = [latency, delay.p50, delay.p99].map((time) => Math.round(time / MILLISECOND));
    const fields = { origin: this.#options.name, path, latency: wanted, p50, p99, ...crossing };
    this.#options.log.info(fields, summary);
  }
}
