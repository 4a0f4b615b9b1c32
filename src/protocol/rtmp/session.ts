import { setTimeout as later } from 'node:timers';
import { MILLISECOND, SECOND } from '../../base/clock.ts';
import { ProtocolError, RefusedError } from '../../base/errors.ts';
import type { AmfObject, AmfValue } from '../../container/flv/amf0.ts';
import { streamPath } from '../../hub/path.ts';
import type { Role } from '../../hub/stream.ts';
import type { Context } from '../../module.ts';
import type { Whereabouts } from '../../net/locators.ts';
import { Departure, type Serving } from '../../net/serve.ts';
import { maskSecrets } from '../../ops/log.ts';
import { ACK_WINDOW, CHUNK_SIZE, type Connection, PLAYER_RATE } from './connection.ts';
import { Play, STREAM_ID } from './egress.ts';
import { Publication } from './ingest.ts';
import { otherNode, placeElsewhere, redirection } from './redirect.ts';
import { PUBLISHER_LIMITS, STRANGER_LIMITS } from './wire/chunk-reader.ts';
import { type Command, readCommand } from './wire/command.ts';
import { MessageType, type RtmpMessage } from './wire/message.ts';
import {
  connectError,
  connectResult,
  createStreamResult,
  emptyResult,
  nullResult,
  onBwDone,
  onStatus,
  type Status,
} from './wire/reply.ts';
import { parseTarget, type Target } from './wire/url.ts';

/** What a client does: it connects, then publishes or plays, stops, and may begin again. */
export class RtmpSession {
  readonly #context: Context;
  readonly #serving: Serving;
  readonly #connection: Connection;
  readonly #remote: string;
  #deadline: NodeJS.Timeout | undefined;
  /** The URL that `connect` named; undefined before it is granted. */
  #url: string | undefined;
  #pageUrl = '';
  /** How long it would wait for what is not there, in microseconds. */
  #patience = Number.POSITIVE_INFINITY;
  #publication: Publication | undefined;
  #play: Play | undefined;
  readonly #commands: Record<string, (command: Command) => Promise<void> | void> = {
    connect: (command) => this.#onConnect(command),
    createStream: ({ transactionId }) => this.#reply(createStreamResult(transactionId, STREAM_ID)),
    releaseStream: (command) => this.#acknowledge(command),
    FCPublish: (command) => this.#acknowledge(command),
    publish: (command) => this.#onPublish(command),
    FCUnpublish: (command) => this.#onUnpublish(command),
    play: (command) => this.#onPlay(command),
    pause: (command) => this.#onPause(command),
    closeStream: () => this.#stop(),
    deleteStream: () => this.#stop(),
  };

  constructor(context: Context, serving: Serving, connection: Connection, remote: string) {
    this.#context = context;
    this.#serving = serving;
    this.#connection = connection;
    this.#remote = remote;
    this.#expect(context.config.limits.handshake, 'handshake');
  }

  /** To be called when the handshake is done. */
  begin(): void {
    this.#expect(this.#context.config.limits.command, 'publish or play');
  }

  /** Deals with one message; a promise asks for no further one until it is settled. */
  handle(message: RtmpMessage): Promise<void> | void {
    switch (message.type) {
      case MessageType.audio:
      case MessageType.video:
      case MessageType.dataAmf0:
      case MessageType.dataAmf3:
      case MessageType.aggregate:
        return this.#publication?.write(message);
      case MessageType.commandAmf0:
      case MessageType.commandAmf3:
        return this.#onCommand(readCommand(message)!);
    }
  }

  /** Lets go of everything; `reason` is what ended the session. */
  close(reason: unknown): void {
    clearTimeout(this.#deadline);
    this.#publication?.close(false);
    this.#play?.close();
    if (reason instanceof RefusedError && this.#url !== undefined) this.#sayGoodbye(reason);
  }

  #onCommand(command: Command): Promise<void> | void {
    const handler = Object.hasOwn(this.#commands, command.name) ? this.#commands[command.name] : undefined;
    if (!handler) return command.transactionId > 0 ? this.#reply(nullResult(command.transactionId)) : undefined;
    if (this.#url === undefined && command.name !== 'connect')
      throw new ProtocolError(`${command.name.slice(0, 40)} before connect`);
    return handler(command);
  }

  /** The replies in the order in which old clients expect them; the chunk size must be known before a large one. */
  async #onConnect({ transactionId, object }: Command): Promise<void> {
    if (this.#url !== undefined) throw new ProtocolError('connect twice');
    const url = urlOf(object);
    const { detail } = this.#serving.session;
    if (typeof object.wait === 'number' && object.wait >= 0) this.#patience = object.wait * SECOND;
    for (const name of ['tcUrl', 'pageUrl', 'swfUrl', 'flashVer']) {
      const value = object[name];
      if (typeof value === 'string' && value !== '') detail[name] = maskSecrets(value.slice(0, 1024));
    }
    this.#pageUrl = typeof object.pageUrl === 'string' ? object.pageUrl.slice(0, 1024) : '';
    try {
      const via = this.#context.dialers.checkVia(object.via);
      if (via !== '') detail.via = via;
      await this.#askToConnect(url);
    } catch (error) {
      if (error instanceof RefusedError) this.#refuseConnect(error, transactionId);
      throw error;
    }
    this.#serving.signal.throwIfAborted();
    this.#url = url;
    this.#connection.control({ kind: 'window-ack-size', size: ACK_WINDOW });
    this.#connection.control({ kind: 'set-peer-bandwidth', size: ACK_WINDOW, limit: 'dynamic' });
    this.#connection.control({ kind: 'set-chunk-size', size: CHUNK_SIZE });
    this.#reply(connectResult(transactionId, object));
    this.#reply(onBwDone());
  }

  #refuseConnect({ message }: RefusedError, transactionId: number): void {
    // Or else it has to fit into a chunk as long as they are at first.
    this.#connection.control({ kind: 'set-chunk-size', size: CHUNK_SIZE });
    this.#reply(connectError(transactionId, message));
  }

  /** Which stream it is about is not known by now. */
  #askToConnect(tcUrl: string): Promise<void> {
    const { protocol, id } = this.#serving.session;
    const { vhost, app, query, param } = parseTarget(tcUrl, UNNAMED, this.#context.config.vhosts);
    const asked = { app: `${vhost}/${app}`, remote: this.#remote, query, param, tcUrl, pageUrl: this.#pageUrl };
    return this.#context.access.may({ action: 'connect', ...asked, protocol, session: id });
  }

  async #onPublish({ args }: Command): Promise<void> {
    this.#checkIdle('publish');
    const { target, path } = this.#target(args[0]);
    this.#serving.begin('publish', path);
    const { session, signal } = this.#serving;
    const place = otherNode(this.#context, 'publish', path);
    if (place) return this.#redirect(redirection(target, place), place);
    const wish = { path, ...this.#shown(target), role: roleOf(target) };
    const publisher = await this.#context.ingress.publish(wish, session, signal);
    if (signal.aborted) return publisher.close(false);
    clearTimeout(this.#deadline);
    this.#connection.trust(PUBLISHER_LIMITS);
    this.#publication = new Publication(this.#context, this.#serving, this.#connection, publisher);
    const started = {
      level: 'status',
      code: 'NetStream.Publish.Start',
      description: `publishing ${target.name}`,
    } as const;
    this.#status(started, 'onFCPublish');
    this.#status(started);
  }

  /** FMLE's way to stop; what it is answered is what SRS and FMS answer. */
  #onUnpublish(command: Command): void {
    const stopped = {
      level: 'status',
      code: 'NetStream.Unpublish.Success',
      description: 'stopped publishing',
    } as const;
    const wasPublishing = this.#publication !== undefined;
    this.#stop();
    if (wasPublishing) this.#status(stopped, 'onFCUnpublish');
    this.#acknowledge(command);
    if (wasPublishing) this.#status(stopped);
  }

  async #onPlay({ args }: Command): Promise<void> {
    this.#checkIdle('play');
    const { target, path } = this.#target(args[0]);
    const play = new Play(this.#context, this.#serving, this.#connection, {
      path,
      query: target.query,
      wait: this.#patience,
    });
    this.#serving.begin('play', path);
    await this.#ask(path, target);
    const place = await placeElsewhere(this.#context, target, path);
    this.#serving.signal.throwIfAborted();
    if (place) return this.#redirect(redirection(target, place), place);
    clearTimeout(this.#deadline);
    this.#connection.trust(STRANGER_LIMITS, PLAYER_RATE);
    this.#play = play;
    play.start();
  }

  #redirect(status: Status, { host, port }: Whereabouts): never {
    this.#status(status);
    throw new Departure(`sent to ${host}:${port}`);
  }

  #onPause({ args, transactionId }: Command): void {
    const isPaused = args[0] === true;
    this.#play?.pause(isPaused);
    const code = isPaused ? 'NetStream.Pause.Notify' : 'NetStream.Unpause.Notify';
    if (this.#play) this.#status({ level: 'status', code, description: isPaused ? 'paused' : 'going on' });
    else if (transactionId > 0) this.#reply(nullResult(transactionId));
  }

  /** The client's own word that it publishes or plays no more; it may begin again. */
  #stop(): void {
    if (!this.#publication && !this.#play) return;
    this.#publication?.close(true);
    this.#play?.close();
    this.#publication = undefined;
    this.#play = undefined;
    this.#context.sessions.settle(this.#serving.session);
    this.#expect(this.#context.config.limits.command, 'publish or play again');
  }

  #checkIdle(command: string): void {
    const doing = this.#publication ? 'publishing' : this.#play ? 'playing' : undefined;
    if (doing) throw new ProtocolError(`${command} while ${doing}`);
  }

  #target(name: AmfValue): { target: Target; path: string } {
    const target = parseTarget(this.#url!, typeof name === 'string' ? name : '', this.#context.config.vhosts);
    const { detail } = this.#serving.session;
    detail.param = maskSecrets(target.param);
    return { target, path: streamPath(target.vhost, target.app, target.name) };
  }

  #ask(path: string, target: Target): Promise<void> {
    const { protocol, id } = this.#serving.session;
    return this.#context.access.may({ action: 'play', path, ...this.#shown(target), protocol, session: id });
  }

  /** What the client shows of itself. */
  #shown({ query, param }: Target) {
    return { remote: this.#remote, query, param, tcUrl: this.#url, pageUrl: this.#pageUrl };
  }

  /** GStreamer sends these as calls that want no answer. */
  #acknowledge({ transactionId }: Command): void {
    if (transactionId > 0) this.#reply(emptyResult(transactionId));
  }

  #reply(payload: Uint8Array): void {
    this.#connection.send(MessageType.commandAmf0, 0, payload);
  }

  #status(status: Status, name?: 'onFCPublish' | 'onFCUnpublish'): void {
    this.#connection.send(MessageType.commandAmf0, STREAM_ID, onStatus(status, name));
  }

  /** The client must have done `what` within `time` microseconds. */
  #expect(time: number, what: string): void {
    clearTimeout(this.#deadline);
    const expire = () => this.#connection.fail(new RefusedError('timeout', `no ${what} in time`));
    this.#deadline = later(expire, time / MILLISECOND);
  }

  #sayGoodbye(reason: RefusedError): void {
    const { role } = this.#serving.session;
    const code =
      role === 'publish'
        ? (PUBLISH_CODES[reason.code] ?? 'NetStream.Publish.Rejected')
        : (PLAY_CODES[reason.code] ?? 'NetStream.Play.Failed');
    const level = reason.code === 'gone' || reason.code === 'changed' ? 'status' : 'error';
    try {
      if (level === 'status') this.#connection.control({ kind: 'stream-eof', streamId: STREAM_ID });
      this.#status({ level, code, description: reason.message });
    } catch {
      // It does not read: there is nobody to say good-bye to.
    }
  }
}

/** Stands for the name that follows later. */
const UNNAMED = 'x';

/** What a publisher says of itself that is one of several: `movie?role=backup`. */
function roleOf({ query }: Target): Role | undefined {
  const role = query.get('role');
  return role === 'main' || role === 'backup' ? role : undefined;
}

/** nginx-rtmp, pushing to a URL without a path, names the app in `app` alone. */
function urlOf({ tcUrl, app }: AmfObject): string {
  const path = typeof app === 'string' ? app : '';
  if (typeof tcUrl !== 'string' || tcUrl === '') return `rtmp://localhost/${path}`;
  return WITHOUT_PATH.test(tcUrl) ? `${tcUrl.replace(/\/$/, '')}/${path}` : tcUrl;
}

const WITHOUT_PATH = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*\/?$/i;

const PUBLISH_CODES: Readonly<Record<string, string>> = { busy: 'NetStream.Publish.BadName' };
const PLAY_CODES: Readonly<Record<string, string>> = {
  'not-found': 'NetStream.Play.StreamNotFound',
  gone: 'NetStream.Play.UnpublishNotify',
  changed: 'NetStream.Play.UnpublishNotify',
};
