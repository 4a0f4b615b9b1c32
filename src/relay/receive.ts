import { SECOND } from '../base/clock.ts';
import { ProtocolError, RefusedError } from '../base/errors.ts';
import type { Lease } from '../hub/lease.ts';
import type { Mirror } from '../hub/mirror.ts';
import type { Lineup } from '../hub/stream.ts';
import { Departure } from '../net/serve.ts';
import { type Announcement, lineupOf, type RelayMessage, readRelayMessage, tracksOf } from './messages.ts';
import type { Subscription } from './subscription.ts';
import { MessageType } from './wire/message.ts';
import { RecordReader, type RelayRecord } from './wire/record.ts';

/** Anchors of one timeline differ by less, in microseconds. */
const SAME_ANCHOR = 1 * SECOND;

/** Begins a mirror, or goes on with it. Throws when the stream is another one of the same name: what is here has ended meanwhile. */
export function begin(mirror: Mirror, announcement: Announcement): void {
  const { token, anchor } = announcement;
  if (beginsAnew(announcement, mirror.stream.lease)) throw end(mirror, 'the stream has begun anew');
  mirror.announce(token, lineupOf(announcement), tracksOf(announcement));
  mirror.stream.lease = { token, anchor };
}

/** Writes all that an origin sends into a mirror. Throws the reason why there is no more. */
export async function receiveAll({ channel, announcement }: Subscription, mirror: Mirror): Promise<never> {
  const lineup = lineupOf(announcement);
  const reader = new RecordReader();
  for await (const { type, body } of channel.messages()) {
    mirror.session.bytesIn += body.length;
    if (type === MessageType.record) take(reader.read(body), lineup, mirror);
    else throw reasonIn(readRelayMessage(body), mirror);
  }
  throw new Departure('the origin ended the connection');
}

function take(record: RelayRecord | undefined, lineup: Lineup, mirror: Mirror): void {
  if (!record || lineup[record.track.kind] !== record.track.codec)
    throw new ProtocolError('a frame of a track that was not announced');
  // Where an origin is itself an edge, the owner may change meanwhile.
  if (record.token !== mirror.stream.lease.token) mirror.announce(record.token, lineup, []);
  mirror.write(record);
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
