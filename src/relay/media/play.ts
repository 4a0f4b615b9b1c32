import { type Clock, SECOND } from '../../base/clock.ts';
import type { Stream } from '../../hub/stream.ts';
import type { Context } from '../../module.ts';
import { Departure, type Serving } from '../../net/serve.ts';
import type { Channel } from '../channel.ts';
import { LOST_AFTER } from '../link/reach.ts';
import type { StreamSender, Subscriber } from '../link/stream-sender.ts';
import { announcementOf, type MediaGrant } from '../messages.ts';
import { missedSince } from '../missed.ts';
import type { EdgeLink } from './edge-link.ts';
import { Feed, type Opening, paceFor } from './feed.ts';
import type { PushTarget } from './push-target.ts';

/** A stream on its way to an edge by UDP. */
export interface MediaPlay {
  readonly stream: Stream;
  readonly link: EdgeLink;
  /** The edge's own, in microseconds. */
  readonly latency: number;
  /** Where the edge may hear it as it is pushed to others. */
  readonly target: PushTarget | undefined;
  /** What the edge is being sent already, if it is. */
  readonly ssrc: number | undefined;
  /** Up to where the edge has seen the stream. */
  readonly since: number | undefined;
}

/** How much longer than its latency one who is sent the end of a stream may still ask for what it lacks of it, in microseconds. */
const AFTERPLAY = 3 * SECOND;

/**
 * Sends an edge its stream until one of them ends: reliably what there is so far, by UDP what comes. Always rejects, with the reason;
 * media goes on for an edge that still takes it, until it has come again.
 */
export async function playMedia(
  context: Context,
  { session, signal }: Serving,
  channel: Channel,
  { stream, link, latency, target, ssrc, since }: MediaPlay,
): Promise<never> {
  const { clock, hub } = context;
  const { value: feed, release } = shareFeed(context, stream, paceFor(target?.latency ?? latency));
  const leave = hub.join(stream, session);
  const stops = [release];
  const stop = () => {
    for (const each of stops.splice(0)) each();
  };
  let isOver = false;
  try {
    return await new Promise<never>((_, reject) => {
      const end = (reason: unknown) => {
        isOver = true;
        channel.say({ op: 'last', sequence: feed.sender.position.sequence });
        reject(reason);
      };
      if (signal.aborted) throw signal.reason;
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      const opening = feed.join(end);
      const isSent = ssrc === feed.sender.ssrc && link.sends(feed.sender);
      const missed = () => (since === undefined ? [] : missedSince(stream, since));
      const records = isSent ? [] : [...missed(), ...opening.records];
      channel.send(announcementOf(stream, session.id, grantOf(feed, { ...opening, records }, target)));
      for (const record of records) {
        session.bytesOut += record.length;
        channel.stream.write(record);
      }
      const granted = { path: stream.path, push: target?.of(stream), onReplaced: stop };
      const unsubscribe = link.subscribe(feed.sender, granted);
      stops.unshift(opening.leave, unsubscribe, tally(feed, link, stream, session));
    });
  } finally {
    leave();
    // The edge may lack some of the last packets.
    if (isOver && !signal.aborted) clock.after(latency + AFTERPLAY, stop);
    else if (signal.reason instanceof Departure) stopWhenSilent(clock, link, feed.sender, stop);
    else stop();
  }
}

/** One who lost its subscription's stream alone is sent media on, as long as it tells how it gets it. */
function stopWhenSilent(clock: Clock, link: EdgeLink, sender: StreamSender, stop: () => void): void {
  const since = clock.now();
  clock.after(LOST_AFTER, () => {
    if (link.wants(sender, since)) stopWhenSilent(clock, link, sender, stop);
    else stop();
  });
}

function shareFeed({ clock, config }: Context, stream: Stream, latency: number) {
  const { relay, window } = config;
  const options = { clock, latency, datagramBytes: relay.mtu, windowBytes: window.bytes };
  return stream.share(`link ${latency}`, () => new Feed(stream, options));
}

function grantOf({ sender, keys }: Feed, opening: Opening, target: PushTarget | undefined): MediaGrant {
  const { sequence, chain, records } = opening;
  const [key, salt] = [keys.key, keys.salt].map((bytes) => Buffer.from(bytes).toString('base64')) as [string, string];
  const pushed = target && { pushed: target.address };
  return { ssrc: sender.ssrc, key, salt, sequence, chain, records: records.length, ...pushed };
}

/** Counts what a session is sent by itself. */
function tally({ sender }: Feed, link: EdgeLink, { counters }: Stream, session: { bytesOut: number }): () => void {
  const subscriber: Subscriber = {
    media({ length }) {
      if (link.wayOf(sender.ssrc) !== 'udp') return;
      session.bytesOut += length;
      counters.bytesOut += length;
    },
    heartbeat() {},
  };
  sender.attach(subscriber);
  return () => sender.detach(subscriber);
}
