import { SECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import { checkedPath, type StreamPath } from '../hub/path.ts';
import type { Context } from '../module.ts';
import type { Mux } from '../net/outlet.ts';
import type { Serving } from '../net/serve.ts';
import { watch } from '../net/watch.ts';
import type { UnknownAsides } from './asides.ts';
import { attend } from './attend.ts';
import type { Channel } from './channel.ts';
import type { MediaServer } from './media/media-server.ts';
import { playMedia } from './media/play.ts';
import { announcementOf, type RelayMessage } from './messages.ts';
import { missedSince } from './missed.ts';
import { isMember, type Peer } from './peer.ts';
import { raise, whenRaised } from './raise.ts';
import { keepTelling } from './telling.ts';
import { RecordWriter } from './wire/record.ts';

/** What serving subscribers needs. */
export interface SubscriberGround {
  readonly context: Context;
  /** Whether it is no use to this node to ask us for this stream, for instance because we are asking it for the same. */
  readonly isAsking: (node: string, path: StreamPath) => boolean;
  /** Where media goes by UDP, if it does. */
  readonly media?: MediaServer | undefined;
  /** Who is told what subscribers say that this version does not know; absent where all are of one version. */
  readonly unknown?: UnknownAsides;
}

/** A stream whose publisher has yet to show its tracks is waited for, in microseconds. */
const PREROLL = 2 * SECOND;
const NO_PRELUDE = new Uint8Array(0);

/** Sends a node the stream that it asks for until either ends. Always rejects, with the reason. */
export async function serveSubscriber(
  { context, isAsking, media, unknown }: SubscriberGround,
  channel: Channel,
  serving: Serving,
  peer: Peer,
  { path: asked, media: wish, seen }: RelayMessage & { readonly op: 'subscribe' },
): Promise<never> {
  const { hub, access } = context;
  const { node, remote, isInner } = peer;
  const { session, signal } = serving;
  const path = checkedPath(asked);
  // Another worker has asked the gate for those who watch there.
  if (!isInner)
    await access.may({ action: 'play', path, remote, query: new Map(), protocol: 'relay', session: session.id });
  if (isAsking(node, path)) throw new RefusedError('not-found', 'this node asks you for it');
  const position = seen?.dts ?? Number.NEGATIVE_INFINITY;
  if (seen && (await isMember(context, peer))) await raise(context, path, { token: seen.token, dts: position });
  const link = wish && (await media?.meet(wish.connection, node));
  const stream = await hub.read(path, hub.find(path) ? PREROLL : 0, signal);
  // What comes before that it has, and what comes after that in one go had better not go by UDP.
  if (seen) await whenRaised(context, stream, { token: seen.token, dts: position }, signal);
  session.detail.node = node;
  serving.begin('play', path);
  attend(channel, serving, (said) => {
    if (said.op === 'unknown') unknown?.note(said.kind, session.id);
    if (said.op !== 'audience') return;
    session.audience = said.viewers;
    session.watching = said.watching ?? [];
  });
  if (media && link) {
    const target = media.pushes.find(path, link.edge, wish);
    const playing = playMedia(context, serving, channel, {
      stream,
      link,
      latency: wish.latency,
      target,
      ssrc: wish.ssrc,
      since: seen?.dts,
    });
    return playing.finally(keepTelling(context.clock, channel, stream));
  }
  channel.send(announcementOf(stream, session.id));
  if (seen?.dts !== undefined) for (const record of missedSince(stream, seen.dts)) channel.stream.write(record);
  const stop = keepTelling(context.clock, channel, stream);
  return watch(context, serving, { stream, format: 'relay', mux: recordMux, sink: channel.stream }).finally(stop);
}

/** Records stand for themselves: whoever begins at a startable one needs nothing before it. */
function recordMux(): Mux {
  const writer = new RecordWriter();
  return {
    write(frame, emit) {
      const { message, startable } = writer.write(frame);
      emit({ bytes: message, prelude: NO_PRELUDE, startable, size: message.length });
    },
  };
}
