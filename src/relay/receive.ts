import { SECOND } from '../base/clock.ts';
import { ProtocolError, RefusedError } from '../base/errors.ts';
import type { Lease } from '../hub/lease.ts';
import type { Mirror } from '../hub/mirror.ts';
import { Departure } from '../net/serve.ts';
import type { Aside, HeardAside, UnknownAsides } from './asides.ts';
import type { Audiences } from './audiences.ts';
import { type Channel, orAbort } from './channel.ts';
import { Intake } from './intake.ts';
import type { IncomingRecord } from './link/hand-over.ts';
import type { OriginLink } from './media/origin-link.ts';
import type { Reception } from './media/reception.ts';
import { type Announcement, lineupOf, type RelayMessage, readRelayMessage, tracksOf } from './messages.ts';
import type { SubscribedPassage } from './passage.ts';
import { askToGoOn, leave, type Subscription } from './subscription.ts';
import { MessageType } from './wire/message.ts';

/** Anchors of one timeline differ by less, in microseconds. */
const SAME_ANCHOR = 1 * SECOND;

/** What receiving streams needs. */
export interface ReceivingGround {
  /** By whom origins are told how many watch. */
  readonly audiences: Audiences;
  /** Who is told what origins say that this version does not know. */
  readonly unknown: UnknownAsides;
}

/** Begins a mirror, or goes on with it. Throws when the stream is another one of the same name: what is here has ended meanwhile. */
export function begin(mirror: Mirror, announcement: Announcement): void {
  const { token, anchor } = announcement;
  if (beginsAnew(announcement, mirror.stream.lease)) throw end(mirror, 'the stream has begun anew');
  mirror.announce(token, lineupOf(announcement), tracksOf(announcement));
  mirror.stream.lease = { token, anchor };
}

/** Writes all that an origin sends into a mirror, until `signal` aborts. Throws the reason why there is no more. */
export async function receiveAll(
  subscription: Subscription,
  mirror: Mirror,
  passage: SubscribedPassage,
  { audiences, unknown }: ReceivingGround,
  signal: AbortSignal,
): Promise<never> {
  const receiving = new Receiving(subscription, mirror, passage, unknown);
  const leaveAudience = audiences.tell(subscription.path, (viewers, watching) =>
    receiving.say({ op: 'audience', viewers, watching }),
  );
  const abort = () => receiving.end(signal.reason);
  if (signal.aborted) throw signal.reason;
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await receiving.run();
  } finally {
    signal.removeEventListener('abort', abort);
    leaveAudience();
    receiving.close();
  }
}

/** A subscription while it lasts: its stream, and what comes beside that by UDP, which may outlive the stream. */
class Receiving {
  readonly #subscription: Subscription;
  readonly #mirror: Mirror;
  readonly #passage: SubscribedPassage;
  readonly #unknown: UnknownAsides;
  readonly #intake: Intake;
  readonly #ending = new AbortController();
  readonly #link: OriginLink | undefined;
  readonly #reception: Reception | undefined;
  readonly #off: (() => void) | undefined;
  #channel: Channel;
  /** What it was told last, which another session of it does not know. */
  #said: Aside | undefined;

  constructor(subscription: Subscription, mirror: Mirror, passage: SubscribedPassage, unknown: UnknownAsides) {
    const { announcement, channel, link, source } = subscription;
    this.#subscription = subscription;
    this.#mirror = mirror;
    this.#passage = passage;
    this.#unknown = unknown;
    this.#intake = new Intake(mirror, announcement, (ingest) => passage.measure(ingest));
    this.#channel = channel;
    this.#link = link;
    const end = (reason: unknown) => this.end(reason);
    const onRecord = (record: IncomingRecord) => this.#take(record);
    const { media: grant } = announcement;
    this.#reception = grant && link?.receive({ path: mirror.stream.path, grant, onRecord, onLost: end });
    passage.reception = this.#reception;
    if (!link) this.#off = source.onUp?.(() => end(new Departure('its media can come by UDP now')));
  }

  /** Ends it, for this reason. Idempotent. */
  end(reason: unknown): void {
    this.#ending.abort(reason);
  }

  /** Tells the origin something beside the frames. */
  say(said: Aside): void {
    this.#said = said;
    this.#channel.say(said);
  }

  /** Receives until there is no more; throws the reason. */
  async run(): Promise<never> {
    const { signal } = this.#ending;
    for (;;) {
      signal.throwIfAborted();
      const reason = await orAbort(this.#follow(), signal).catch((error: unknown) => error);
      if (signal.aborted) throw signal.reason;
      if (!(reason instanceof ConnectionLost && this.#reception)) throw reason;
      const { channel, session } = await askToGoOn(this.#subscription, this.#reception.ssrc, signal);
      [this.#channel, this.#passage.session] = [channel, session];
      if (this.#said) this.say(this.#said);
    }
  }

  close(): void {
    this.#off?.();
    if (this.#reception) this.#link!.leave(this.#reception);
    leave(this.#channel);
  }

  /** Reads a channel to its end; throws the reason of that. */
  async #follow(): Promise<never> {
    for await (const { type, body } of this.#messages()) {
      this.#mirror.session.bytesIn += body.length;
      if (type === MessageType.record) this.#intake.take(body);
      else throw await this.#ended(readRelayMessage(body));
    }
    throw new ConnectionLost('the origin ended the connection');
  }

  async *#messages() {
    try {
      yield* this.#channel.messages((said) => this.#hear(said));
    } catch (error) {
      throw error instanceof Departure ? new ConnectionLost(error.message) : error;
    }
  }

  #hear(said: HeardAside): void {
    if (said.op === 'state') this.#passage.hear(said);
    else if (said.op === 'unknown') this.#unknown.note(said.kind, this.#mirror.session.id);
    else if (said.op === 'last' && this.#reception) this.#link!.endBefore(this.#reception, said.sequence);
  }

  /** What left the origin before that may still be under way, or wait for its time. */
  async #ended(event: RelayMessage): Promise<Error> {
    await this.#reception?.drained();
    return reasonIn(event, this.#mirror);
  }

  #take(record: IncomingRecord): void {
    this.#mirror.session.bytesIn += record.bytes.length;
    try {
      this.#intake.takeLater(record);
    } catch (error) {
      this.end(error);
    }
  }
}

/** The stream of a subscription broke off; what the origin had to say of its end was not heard. */
class ConnectionLost extends Departure {}

/** An end by the owner's will is one for viewers here as well; by all others they may hope for a return. */
function reasonIn(event: RelayMessage, mirror: Mirror): Error {
  if (event.op !== 'ended') return new ProtocolError(`"${event.op}" among frames`);
  return event.code === 'gone' ? end(mirror, event.message) : new Departure(event.message);
}

function end(mirror: Mirror, message: string): RefusedError {
  mirror.end('gone', message);
  return new RefusedError('gone', message);
}

/** Whether the stream is another one of the same name: what is here has ended meanwhile. */
function beginsAnew({ token, anchor }: Announcement, before: Lease): boolean {
  if (token === before.token || anchor === undefined || before.anchor === undefined) return false;
  return Math.abs(anchor - before.anchor) > SAME_ANCHOR;
}
