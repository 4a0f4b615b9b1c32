import type { AccessRequest, Verdict } from '../access/gate.ts';
import { MILLISECOND } from '../base/clock.ts';
import type { EventName } from '../config/callback-events.ts';
import type { StreamPath } from '../hub/path.ts';
import type { Session } from '../hub/session.ts';
import type { Context } from '../module.ts';
import type { Identity } from '../net/identity.ts';
import { shownUrl } from '../net/server-url.ts';
import { refusalIn } from './answer.ts';
import { bodyOf, type Client } from './body.ts';
import { clientOf } from './client.ts';
import type { Send } from './courier.ts';
import type { Outbox } from './outbox.ts';
import type { Rules } from './rules.ts';

/** What a {@link Doorkeeper} is made with. */
export interface DoorGround {
  readonly context: Pick<Context, 'sessions' | 'callbacks' | 'clock' | 'log'>;
  readonly rules: Rules;
  readonly identity: Identity;
  readonly outbox: Outbox;
  readonly send: Send;
  /** How long all who are asked together may take, in microseconds. */
  readonly timeout: number;
}

type Question = 'on_connect' | 'on_publish' | 'on_play';

const QUESTIONS: Readonly<Partial<Record<AccessRequest['action'], Question>>> = {
  connect: 'on_connect',
  publish: 'on_publish',
  play: 'on_play',
};
/** What is told when it is over. */
const ENDS = { on_connect: 'on_close', on_publish: 'on_unpublish', on_play: 'on_stop' } as const;
/** Of so many streams the last publisher is remembered. */
const MOST_PUBLISHERS = 10_000;
/** One session may be in for so much at once: a group has fewer renditions. */
const MOST_VISITS = 100;
/** So many questions are under way at the same time. */
const MOST_ASKED = 5000;
/** For how much of his time one who publishes again waits until it is told that he did not any more. */
const SHARE_OF_WAIT = 0.5;

/** One who was let in to publish, and when, in microseconds since 1970. */
export interface KnownPublisher {
  readonly client: Client;
  readonly since: number;
}

/** One thing that a session was let in for, or is about to be. */
interface Visit {
  readonly question: Question;
  readonly client: Client;
  readonly verdict: Promise<Verdict>;
  isGranted: boolean;
}

/** Asks the callbacks about whoever wants in, and tells them when he leaves what he was let in for. */
export class Doorkeeper {
  readonly #ground: DoorGround;
  readonly #visits = new Map<Session, Map<string, Visit>>();
  readonly #publishers = new Map<StreamPath, KnownPublisher>();
  #asking = 0;

  constructor(ground: DoorGround) {
    this.#ground = ground;
  }

  /** Whether nobody is in. */
  get isAlone(): boolean {
    return this.#visits.size === 0;
  }

  /** Who published a stream last, if he came to this process. */
  publisherOf(path: StreamPath): KnownPublisher | undefined {
    return this.#publishers.get(path);
  }

  /** Objects to those whom a callback refuses, or who cannot be asked about. What a session was let in for is not asked twice. */
  async judge(request: AccessRequest, signal: AbortSignal): Promise<Verdict> {
    const question = QUESTIONS[request.action];
    if (!question || isAskedElsewhere(request)) return 'pass';
    const { sessions } = this.#ground.context;
    const client = clientOf(request);
    const found = sessions.find(request.session);
    // Another worker has asked about its client itself.
    if (found?.isInner) return 'pass';
    // A node asks on behalf of its own clients: those are not the session.
    const session = found?.protocol === request.protocol ? found : undefined;
    return session
      ? this.#admit(session, question, client, request, signal)
      : this.#ask(question, client, request, signal);
  }

  /** A session is gone, or does no more what it was let in for but may begin anew. */
  leave(session: Session, isGone: boolean): void {
    const visits = this.#visits.get(session);
    if (!visits) return;
    for (const [key, visit] of visits) {
      if (visit.question === 'on_connect') continue;
      visits.delete(key);
      if (visit.isGranted) this.#tellEnd(session, visit, session.id);
    }
    if (!isGone) return;
    this.#visits.delete(session);
    const [connection] = visits.values();
    const lane = session.role === 'publish' && session.path !== undefined ? session.path : session.id;
    if (connection?.isGranted) this.#tellEnd(session, connection, lane);
  }

  async #admit(
    session: Session,
    question: Question,
    client: Client,
    request: AccessRequest,
    signal: AbortSignal,
  ): Promise<Verdict> {
    const visits = this.#visits.get(session) ?? new Map<string, Visit>();
    this.#visits.set(session, visits);
    const key = `${question} ${client.path ?? ''}`;
    const present = visits.get(key);
    if (present) return present.verdict;
    if (visits.size >= MOST_VISITS) return { refuse: 'too many streams at once' };
    const verdict = this.#ask(question, client, request, signal);
    const visit = { question, client, verdict, isGranted: false };
    visits.set(key, visit);
    return this.#conclude(session, key, visit, await verdict);
  }

  #conclude(session: Session, key: string, visit: Visit, verdict: Verdict): Verdict {
    const visits = this.#visits.get(session);
    const { question, client } = visit;
    if (verdict !== 'pass') {
      visits?.delete(key);
      if (visits?.size === 0) this.#visits.delete(session);
      return verdict;
    }
    visit.isGranted = true;
    if (question === 'on_publish') this.#remember(client);
    // He did not wait for the answer.
    if (visits?.get(key) !== visit) this.#tellEnd(session, visit, session.id);
    return verdict;
  }

  #remember(client: Client): void {
    this.#publishers.delete(client.path!);
    this.#publishers.set(client.path!, { client, since: this.#ground.context.clock.wall() });
    if (this.#publishers.size > MOST_PUBLISHERS) this.#publishers.delete(this.#publishers.keys().next().value!);
  }

  #tellEnd(session: Session, { question, client }: Visit, lane: string): void {
    const { identity, outbox } = this.#ground;
    const event = ENDS[question];
    const bytes = { send_bytes: session.bytesOut, recv_bytes: session.bytesIn };
    for (const url of this.#urls(event, client)) {
      const json = bodyOf(identity, event, client, event === 'on_close' ? bytes : {});
      // What follows on a stream is told in order, whoever publishes it.
      outbox.post({ event, url, json, lane: event === 'on_unpublish' ? client.path! : lane });
    }
  }

  #urls(event: EventName, { path, vhost, app }: Client): readonly string[] {
    const { rules } = this.#ground;
    return path === undefined ? rules.urlsOfApp(event, `${vhost}/${app}`) : rules.urls(event, path);
  }

  async #ask(event: Question, client: Client, { session }: AccessRequest, signal: AbortSignal): Promise<Verdict> {
    const urls = this.#urls(event, client);
    if (urls.length === 0) return 'pass';
    if (this.#asking >= MOST_ASKED) {
      this.#ground.context.callbacks.of(event).dropped++;
      return { refuse: `${event} could not be asked` };
    }
    this.#asking++;
    return this.#askAll(event, urls, client, session, signal).finally(() => this.#asking--);
  }

  /** One after the other: the first that refuses has decided. */
  async #askAll(
    event: Question,
    urls: readonly string[],
    client: Client,
    session: string,
    signal: AbortSignal,
  ): Promise<Verdict> {
    const { identity, timeout } = this.#ground;
    const json = bodyOf(identity, event, client);
    const late = AbortSignal.timeout(Math.ceil(timeout / MILLISECOND));
    const ending = AbortSignal.any([signal, late]);
    if (event === 'on_publish') await this.#whenSettled(client.path!, ending);
    for (const url of urls) {
      const no = await this.#call(event, { url, json }, ending);
      if (!no) continue;
      const { log } = this.#ground.context;
      const reason = late.aborted ? 'there is no answer in time' : no.reason;
      log.warn({ session, event, url: shownUrl(url), reason }, 'a callback does not let somebody in');
      return { refuse: no.told };
    }
    return 'pass';
  }

  /**
   * Of one stream nobody is to hear that it is published again before he has heard that it was not; but who does not listen to that keeps
   * nobody out.
   */
  #whenSettled(path: StreamPath, signal: AbortSignal): Promise<void> {
    const { outbox, timeout } = this.#ground;
    const longest = AbortSignal.timeout(Math.ceil((timeout * SHARE_OF_WAIT) / MILLISECOND));
    return outbox.settled(path, AbortSignal.any([signal, longest]));
  }

  /** Resolves to why it is no yes, if it is none. */
  async #call(event: Question, call: Parameters<Send>[0], signal: AbortSignal): Promise<No | undefined> {
    const { clock, callbacks } = this.#ground.context;
    const counters = callbacks.of(event);
    const began = clock.now();
    try {
      const reason = refusalIn(await this.#ground.send(call, signal));
      counters[reason === undefined ? 'ok' : 'refused']++;
      return reason === undefined ? undefined : { told: `${event} does not allow it`, reason };
    } catch (error) {
      counters.failed++;
      return { told: `${event} could not be asked`, reason: (error as Error).message };
    } finally {
      counters.spent += clock.now() - began;
    }
  }
}

/** Why somebody is not let in: what he is told, and what the log is. */
interface No {
  readonly told: string;
  readonly reason: string;
}

/** Whether the decision is another one's: of an origin, or of the node that has the session. */
function isAskedElsewhere({ action, protocol, originDecides, isEnquiry = false }: AccessRequest): boolean {
  const isOrigins = action === 'publish' && originDecides === true;
  const isNode = action === 'play' && protocol === 'relay';
  return isOrigins || isNode || isEnquiry;
}
