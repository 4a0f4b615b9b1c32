import type { Duplex } from 'node:stream';
import { MILLISECOND, SECOND } from '../base/clock.ts';
import { ProtocolError, RefusedError } from '../base/errors.ts';
import { checkedPath, describePath, type StreamPath } from '../hub/path.ts';
import { whenAsFar } from '../hub/seen.ts';
import type { Session } from '../hub/session.ts';
import type { Context } from '../module.ts';
import type { SurveyQuestion } from '../net/cluster.ts';
import { hangUp } from '../net/hang-up.ts';
import type { Mux } from '../net/outlet.ts';
import { Departure, type Serving, serve } from '../net/serve.ts';
import { surveyNode } from '../net/survey.ts';
import { traceHere } from '../net/trace.ts';
import { watch } from '../net/watch.ts';
import { type Aside, readAside } from './asides.ts';
import { Channel, expectJson } from './channel.ts';
import { keepAlive } from './control.ts';
import { sendFile } from './files.ts';
import type { MediaServer } from './media/media-server.ts';
import { playMedia } from './media/play.ts';
import { announcementOf, type MediaWish, MOST_SURVEYED, type RelayMessage } from './messages.ts';
import { missedSince } from './missed.ts';
import type { News } from './news.ts';
import { PeerClock } from './peer-clock.ts';
import { type Publications, receivePublication, remoteOf } from './publication.ts';
import { raise } from './raise.ts';
import { keepTelling } from './telling.ts';
import { MessageType } from './wire/message.ts';
import { RecordWriter } from './wire/record.ts';

/** What serving other nodes needs. */
export interface OriginGround {
  readonly context: Context;
  readonly nodeId: string;
  /** Another one each time that this process starts; absent where nobody needs to know. */
  readonly process?: string;
  /** Whether it is no use to this node to ask us for this stream, for instance because we are asking it for the same. */
  readonly isAsking: (node: string, path: StreamPath) => boolean;
  /** Where those are told of it who want to hear what is published. */
  readonly news?: News;
  /** Where media goes by UDP, if it does. */
  readonly media?: MediaServer | undefined;
  /** What edges publish here. */
  readonly publications?: Publications;
}

/** Another node, by its certificate and its address, or another worker of this one. */
export interface Peer {
  readonly node: string;
  readonly remote: string;
  readonly isInner?: boolean;
}

/** A stream whose publisher has yet to show its tracks is waited for, in microseconds. */
const PREROLL = 2 * SECOND;
const NO_PRELUDE = new Uint8Array(0);

/** Serves one stream of bytes that a node has opened: its control channel, a subscription, or news. Never rejects. */
export async function serveNode(ground: OriginGround, stream: Duplex, peer: Peer): Promise<void> {
  const { context } = ground;
  const { remote, isInner } = peer;
  await serve(context, { protocol: 'relay', remote, isInner }, async (serving) => {
    const channel = new Channel(stream);
    stream.once('close', () => serving.end(new Departure('the node left')));
    try {
      const wish = await channel.hear(serving.signal, context.config.limits.command / MILLISECOND);
      if (wish.op === 'control') await control(ground, channel, serving, { ...peer, ...wish });
      else if (wish.op === 'subscribe') await play(ground, channel, serving, { ...peer, ...wish });
      else if (wish.op === 'watch') await watched(ground, channel, serving, wish.process);
      else if (wish.op === 'survey') await survey(ground, channel, { ...peer, ...wish });
      else if (wish.op === 'trace') await follow(ground, channel, { ...peer, ...wish });
      else if (wish.op === 'claim') await concede(ground, channel, { ...peer, ...wish });
      else if (wish.op === 'follow' && ground.news) await tell(ground, ground.news, channel, serving, peer);
      else if (wish.op === 'publish' && ground.publications)
        await receivePublication({ context, publications: ground.publications }, channel, serving, {
          ...peer,
          ...wish,
        });
      else if (wish.op === 'may') await judge(context, channel, serving, wish);
      else if (wish.op === 'fetch') await sendFile(context, channel, serving, wish);
      else throw new ProtocolError(`a stream that begins with "${wish.op}"`);
    } catch (reason) {
      channel.send(farewell(reason));
      throw reason;
    } finally {
      hangUp(stream);
    }
  });
}

async function control(
  { context, nodeId, process, media }: OriginGround,
  channel: Channel,
  { signal }: Serving,
  { connection, clock: sign, ...peer }: Peer & Pick<RelayMessage & { op: 'control' }, 'connection' | 'clock'>,
): Promise<void> {
  const clock = new PeerClock(context.clock);
  if (sign) clock.read(sign);
  signal.addEventListener('abort', () => channel.break(signal.reason), { once: true });
  const welcome = media?.welcome(peer, connection);
  try {
    channel.send({
      op: 'control',
      node: nodeId,
      ...(welcome && { media: welcome.link.offer }),
      clock: clock.sign(),
      ...(process !== undefined && { process }),
    });
    const hear = (message: RelayMessage) => {
      if (message.op === 'policy') welcome?.link.heed(message);
    };
    await keepAlive(channel, { hear, heard: () => welcome?.link.heard ?? 0, clock });
  } finally {
    welcome?.leave(!isDismissed(signal));
  }
}

/** Lasts until either end is gone: at once, where another process is watched than this one. */
async function watched(
  { process }: OriginGround,
  channel: Channel,
  serving: Serving,
  wanted: string | undefined,
): Promise<never> {
  if (wanted !== undefined && wanted !== process) throw new RefusedError('gone', 'this process is another one');
  listen(channel, serving);
  return new Promise<never>((_, reject) => {
    serving.signal.addEventListener('abort', () => reject(serving.signal.reason as Error), { once: true });
  });
}

/** Tells an edge that somebody may play there. Throws when he may not. */
async function judge(
  { access, dialers }: Context,
  channel: Channel,
  { session }: Serving,
  { path: asked, remote, query, protocol, via }: RelayMessage & { readonly op: 'may' },
): Promise<void> {
  const client = { path: checkedPath(asked), remote: remoteOf(remote, session), query: new Map(query) };
  await access.may({ action: 'play', ...client, protocol, via: dialers.checkVia(via), session: session.id });
  channel.send({ op: 'granted' });
}

/** Answers a member of the cluster to which a stream of ours is being published. */
async function concede({ context }: OriginGround, channel: Channel, { node, path }: Wish): Promise<void> {
  await expectMember(context, node);
  const yields = await context.cluster!.yields(path);
  if (!yields) throw new RefusedError('busy', `${describePath(path)} is being published here`);
  channel.send({ op: 'yielded' });
}

/** Tells a member of the cluster what this node has. */
async function survey(
  { context }: OriginGround,
  channel: Channel,
  { node, flows, watching }: Peer & SurveyQuestion,
): Promise<void> {
  await expectMember(context, node);
  const { streams, ...answer } = await surveyNode(context, {
    ...(flows && { flows }),
    ...(watching !== undefined && { watching: checkedPath(watching) }),
  });
  channel.send({ op: 'surveyed', streams: streams.slice(0, MOST_SURVEYED), ...answer });
}

/** Tells a node the way of what it is sent by this one, and a member of the cluster that of any session. */
async function follow(
  { context }: OriginGround,
  channel: Channel,
  { node, isInner, session: id, most }: Peer & { readonly session: string; readonly most: number },
): Promise<void> {
  const session = context.sessions.find(id);
  if (!isInner && session?.detail['node'] !== node) await expectMember(context, node);
  channel.send({ op: 'traced', ...(await traceHere(context, id, most)) });
}

async function expectMember(context: Context, node: string): Promise<void> {
  if (!(await isMember(context, node)))
    throw new RefusedError('forbidden', 'only a member of the cluster may ask that');
}

async function isMember({ cluster }: Context, node: string): Promise<boolean> {
  const nodes = (await cluster?.nodes()) ?? [];
  return nodes.some(({ id }) => id === node);
}

/** Whether a session was ended here: all others may be back in a moment. */
function isDismissed({ aborted, reason }: AbortSignal): boolean {
  return aborted && !(reason instanceof Departure);
}

/** Tells a node what is published here, and what begins to be, as far as it may play it and does not send it itself. */
async function tell(
  { context, isAsking }: OriginGround,
  news: News,
  channel: Channel,
  serving: Serving,
  { node, remote }: Peer,
): Promise<void> {
  const { signal, session } = serving;
  const consider = async (path: StreamPath) => {
    if (isAsking(node, path)) return;
    const asked = { remote, query: new Map<string, string>(), protocol: 'relay', session: session.id };
    await context.access.may({ action: 'play', path, ...asked });
    channel.send({ op: 'published', path });
  };
  listen(channel, serving);
  const leave = news.listen((path) => void consider(path).catch(() => {}));
  const ended = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => ended.reject(signal.reason), { once: true });
  return ended.promise.finally(leave);
}

interface Wish extends Peer {
  readonly path: string;
  readonly seen?: { readonly token: number; readonly dts?: number | undefined } | undefined;
  readonly media?: MediaWish | undefined;
}

/** Sends what a node asks for until either ends. */
async function play(
  { context, isAsking, media }: OriginGround,
  channel: Channel,
  serving: Serving,
  { path: asked, node, remote, isInner, media: wish, seen }: Wish,
): Promise<never> {
  const { hub, access } = context;
  const { session, signal } = serving;
  const path = checkedPath(asked);
  // Another worker has asked the gate for those who watch there.
  if (!isInner)
    await access.may({ action: 'play', path, remote, query: new Map(), protocol: 'relay', session: session.id });
  if (isAsking(node, path)) throw new RefusedError('not-found', 'this node asks you for it');
  const position = seen?.dts ?? Number.NEGATIVE_INFINITY;
  if (seen && (await isMember(context, node))) await raise(context, path, { token: seen.token, dts: position });
  const stream = await hub.read(path, hub.find(path) ? PREROLL : 0, signal);
  // What comes before that it has, and what comes after that in one go had better not go by UDP.
  if (seen) await whenAsFar(stream, { token: seen.token, dts: position }, context.clock, signal);
  session.detail.node = node;
  serving.begin('play', path);
  listen(channel, serving);
  const link = wish && media?.find(wish.connection, node);
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

/** A subscriber says nothing but that it wants no more; that it is lost is noticed only by one who listens. */
function listen(channel: Channel, serving: Serving): void {
  const hear = async () => {
    for await (const message of channel.messages()) {
      if (message.type === MessageType.aside) {
        heed(readAside(message.body), serving.session);
        continue;
      }
      if (expectJson(message).op !== 'ended') throw new ProtocolError('a message where none is expected');
      throw new RefusedError('gone', 'the node wants no more of it');
    }
    throw new Departure('the node left');
  };
  hear().catch((reason: unknown) => serving.end(reason));
}

function heed(said: Aside, session: Session): void {
  if (said.op !== 'audience') return;
  session.audience = said.viewers;
  session.watching = said.watching ?? [];
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

function farewell(reason: unknown): RelayMessage {
  if (reason instanceof RefusedError) return { op: 'ended', code: reason.code, message: reason.message };
  const isOurs = !(reason instanceof ProtocolError || reason instanceof Departure);
  return { op: 'ended', code: 'protocol', message: isOurs ? 'the server failed' : reason.message };
}
