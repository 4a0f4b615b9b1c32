import { setTimeout as sleep } from 'node:timers/promises';
import { MILLISECOND, SECOND } from '../base/clock.ts';
import { ProtocolError, RefusedError } from '../base/errors.ts';
import type { Lease } from '../hub/lease.ts';
import type { Mirror } from '../hub/mirror.ts';
import type { Lineup } from '../hub/stream.ts';
import { Departure } from '../net/serve.ts';
import type { Wanted } from './media/origin-link.ts';
import {
  type Announcement,
  lineupOf,
  type MediaGrant,
  type RelayMessage,
  readRelayMessage,
  tracksOf,
} from './messages.ts';
import type { Subscription } from './subscription.ts';
import { MessageType } from './wire/message.ts';
import { RecordReader, type RelayRecord } from './wire/record.ts';

/** Anchors of one timeline differ by less, in microseconds. */
const SAME_ANCHOR = 1 * SECOND;
/** So much may come by UDP before all is there that comes before it, in bytes. */
const MOST_EARLY = 32 * 1024 * 1024;

/** Begins a mirror, or goes on with it. Throws when the stream is another one of the same name: what is here has ended meanwhile. */
export function begin(mirror: Mirror, announcement: Announcement): void {
  const { token, anchor } = announcement;
  if (beginsAnew(announcement, mirror.stream.lease)) throw end(mirror, 'the stream has begun anew');
  mirror.announce(token, lineupOf(announcement), tracksOf(announcement));
  mirror.stream.lease = { token, anchor };
}

/** Writes all that an origin sends into a mirror. Throws the reason why there is no more. */
export async function receiveAll(subscription: Subscription, mirror: Mirror): Promise<never> {
  const { channel, announcement, link } = subscription;
  const intake = new Intake(mirror, announcement);
  const reception = announcement.media && link?.receive(wanted(subscription, announcement.media, intake, mirror));
  try {
    for await (const { type, body } of channel.messages()) {
      mirror.session.bytesIn += body.length;
      if (type === MessageType.record) intake.take(body);
      else {
        const event = readRelayMessage(body);
        // What left the origin before that may still be under way, or wait for its time.
        if (reception) await sleep(Math.ceil(reception.rest / MILLISECOND));
        throw reasonIn(event, mirror);
      }
    }
    throw new Departure('the origin ended the connection');
  } finally {
    if (reception) link!.leave(reception);
  }
}

function wanted({ channel }: Subscription, grant: MediaGrant, intake: Intake, mirror: Mirror): Wanted {
  return {
    path: mirror.stream.path,
    grant,
    onRecord: ({ bytes }) => {
      mirror.session.bytesIn += bytes.length;
      try {
        intake.takeLater(bytes);
      } catch (error) {
        channel.break(error);
      }
    },
    onLost: (reason) => channel.break(reason),
  };
}

/** Puts together what comes behind the announcement and what comes by UDP, which begins where the former ends. */
class Intake {
  readonly #mirror: Mirror;
  readonly #lineup: Lineup;
  readonly #reader = new RecordReader();
  /** How many records come behind the announcement before those by UDP have their turn. */
  #expected: number;
  #early: Uint8Array[] = [];
  #earlyBytes = 0;

  constructor(mirror: Mirror, announcement: Announcement) {
    this.#mirror = mirror;
    this.#lineup = lineupOf(announcement);
    this.#expected = announcement.media?.records ?? 0;
  }

  /** Takes a record that came reliably. Throws {@link ProtocolError}. */
  take(body: Uint8Array): void {
    const record = this.#reader.read(body);
    if (!record) throw new ProtocolError('a frame of a track that was not announced');
    this.#write(record);
    if (--this.#expected === 0) for (const early of this.#early.splice(0)) this.takeLater(early);
  }

  /** Takes a record that came by UDP, which may have lost some before it. Throws {@link ProtocolError}. */
  takeLater(body: Uint8Array): void {
    if (this.#expected > 0) return this.#keep(body);
    const record = this.#reader.read(body);
    // Else its configuration was lost: the next key frame brings it again.
    if (record) this.#write(record);
  }

  #keep(body: Uint8Array): void {
    this.#earlyBytes += body.length;
    if (this.#earlyBytes > MOST_EARLY) throw new Departure('the beginning of a stream does not come through');
    this.#early.push(body);
  }

  #write(record: RelayRecord): void {
    const { track, token } = record;
    if (this.#lineup[track.kind] !== track.codec) throw new ProtocolError('a frame of a track that was not announced');
    // Where an origin is itself an edge, the owner may change meanwhile.
    if (token !== this.#mirror.stream.lease.token) this.#mirror.announce(token, this.#lineup, []);
    this.#mirror.write(record);
  }
}

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
