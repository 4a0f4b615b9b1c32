import type { Socket } from 'node:dgram';
import { SECOND } from '../../base/clock.ts';
import { ProtocolError } from '../../base/errors.ts';
import { type EdgeReport, mediaOf } from '../../net/links.ts';
import { Departure } from '../../net/serve.ts';
import { USUAL_POLICY } from '../link/copies.ts';
import { EdgeEnd } from '../link/edge-end.ts';
import type { LossPolicy } from '../link/fec.ts';
import { LOST_AFTER, type ReachState } from '../link/reach.ts';
import type { MediaGrant, MediaOffer, MediaWish } from '../messages.ts';
import { Alarm, type Machine } from './alarm.ts';
import { ControlOpener, ControlSealer, isControl } from './control-cipher.ts';
import type { Ears } from './ears.ts';
import { firstLatency, type Reception, type ReceptionOptions } from './reception.ts';
import { Receptions, type ReceptionsOptions, type Wanted } from './receptions.ts';
import { connectMedia } from './socket.ts';

export type { Wanted };

const LOOK_EVERY = SECOND / 5;

/** What an {@link OriginLink} is made with. */
export interface OriginLinkOptions extends ReceptionsOptions {
  /** The origin's id. */
  readonly node: string;
  readonly host: string;
  readonly offer: MediaOffer;
  /** Is told how the origin should make losses good, when that changes. */
  readonly onPolicy: (policy: LossPolicy) => void;
  /** Where this edge hears what is pushed, if anywhere. */
  readonly ears?: Ears | undefined;
  /** Is told when media may be asked for by UDP, each time that it may again. */
  readonly onUp?: () => void;
  readonly onClose?: () => void;
}

/** The edge's side of the link to one origin. It may outlive the control stream that it began with, and go on with the next one. */
export class OriginLink implements Machine {
  /** Resolves when it is known whether the origin answers by UDP: with its first answer, or when that does not come. */
  readonly answered: Promise<void>;
  readonly #options: OriginLinkOptions;
  readonly #socket: Socket;
  readonly #sealer: ControlSealer;
  readonly #opener: ControlOpener;
  readonly #end: EdgeEnd;
  readonly #receptions: Receptions;
  readonly #alarm: Alarm;
  readonly #answer = Promise.withResolvers<void>();
  readonly #now: () => number;
  #lookAt: number;
  /** As it was told last. */
  #state: ReachState = 'asking';
  #isAnswered = false;
  #isAttached = true;
  #isClosed = false;
  #policy: LossPolicy = USUAL_POLICY;
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
    this.#end = new EdgeEnd((plain) => this.#send(plain), now);
    this.#receptions = new Receptions(this.#end, options);
    this.#lookAt = now + LOOK_EVERY;
    this.#alarm = new Alarm(clock, this);
    socket.on('message', (datagram) => this.#receive(datagram));
    this.poll(now);
    this.#alarm.set();
  }

  /** The number by which the origin knows it. */
  get connection(): number {
    return this.#options.offer.connection;
  }

  get isOpen(): boolean {
    return !this.#isClosed;
  }

  /** When the origin was last heard by UDP. */
  get heardAt(): number {
    return this.#end.reach.heardAt;
  }

  /** Whether media may be asked for by UDP. */
  get isUp(): boolean {
    return this.#state === 'up' && !this.#isClosed;
  }

  /** The same, as long as it is not known that it may not. */
  get mayBeUp(): boolean {
    return this.isUp || (!this.#isAnswered && !this.#isClosed);
  }

  /** What a subscription says that is to come this way. */
  get wish(): MediaWish {
    const { latency, ears } = this.#options;
    const place = ears?.place;
    return { connection: this.connection, latency: firstLatency(latency), ...(place && { pushed: place }) };
  }

  get next(): number {
    return Math.min(this.#end.next, this.#lookAt);
  }

  poll(now: number): void {
    this.#end.poll(now);
    if (now >= this.#lookAt) this.#look(now);
    this.#follow();
  }

  /** The origin was heard by the control stream. */
  heardOtherwise(): void {
    this.#end.reach.heardOtherwise(this.#now());
  }

  /** The control stream is lost: what comes by UDP goes on as long as anything does. */
  detach(): void {
    this.#isAttached = false;
    this.#endWhenSilent(this.#now());
  }

  /** There is another control stream, to an origin that still knows this link. */
  attach(): void {
    this.#isAttached = true;
    this.#options.onPolicy(this.#policy);
  }

  /** Receives a stream by UDP from now on. Throws when that is no longer possible. */
  receive(wanted: Wanted): Reception {
    if (!this.isUp) throw new Departure('media by UDP does not come through');
    return this.#receptions.begin({ ...wanted, listen: this.#listening(wanted.grant) });
  }

  /** A stream that {@link receive} receives ends before this packet. */
  endBefore(reception: Reception, sequence: number): void {
    reception.endBefore(sequence);
    this.#alarm.set();
  }

  /** Ends what {@link receive} began. Idempotent. */
  leave(reception: Reception): void {
    this.#receptions.leave(reception);
  }

  /** Ends all. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#learn();
    this.#receptions.lose(new Departure('the connection to the origin is lost'));
    this.#alarm.close();
    this.#socket.close();
    this.#options.onClose?.();
  }

  /** How it is doing. */
  report(): EdgeReport {
    const { node, host } = this.#options;
    const { path, strays } = this.#end;
    const { forged, replayed } = this.#opener.counters;
    const { streams, ...crossing } = this.#receptions.report();
    return {
      ...crossing,
      role: 'edge',
      node,
      remote: host,
      media: this.isUp ? mediaOf(streams.map(({ media }) => media)) : 'reliable',
      rtt: path.measured ? path.rtt : undefined,
      jitter: path.measured ? path.jitter : undefined,
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
    this.#follow();
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
  }

  #send(plain: Uint8Array): void {
    const datagram = this.#sealer.seal(plain);
    this.#counters.control += datagram.length;
    this.#socket.send(datagram);
  }

  #look(now: number): void {
    this.#lookAt = now + LOOK_EVERY;
    const { reach } = this.#end;
    if (!this.#receptions.look(now) && reach.isSteadyOtherwise(now)) reach.block(now);
    this.#tellPolicy();
    if (!this.#isAttached) this.#endWhenSilent(now);
  }

  #endWhenSilent(now: number): void {
    if (now - this.heardAt > LOST_AFTER) this.close();
  }

  #follow(): void {
    const { state } = this.#end.reach;
    if (state === this.#state) return;
    this.#state = state;
    if (state === 'up') this.#rise();
    else if (state === 'blocked') this.#fall();
  }

  #learn(): void {
    this.#isAnswered = true;
    this.#answer.resolve();
  }

  #rise(): void {
    this.#learn();
    this.#options.onUp?.();
  }

  #fall(): void {
    const { log, name: origin } = this.#options;
    const reason = 'media by UDP does not come through';
    log.warn({ origin, reason }, 'media of an origin goes by the reliable relay');
    this.#learn();
    this.#receptions.lose(new Departure(reason));
  }

  #tellPolicy(): void {
    const { policy } = this.#receptions;
    if (JSON.stringify(policy) === JSON.stringify(this.#policy)) return;
    this.#policy = policy;
    this.#options.onPolicy(policy);
  }
}
