import { SECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import { readOrigin } from '../config/options.ts';
import { MOST_HOPS, type Trace } from '../hub/passage.ts';
import type { StreamPath } from '../hub/path.ts';
import type { Context } from '../module.ts';
import type { NodeRecord, Reach, Surveyed, SurveyQuestion } from '../net/cluster.ts';
import { Channel } from './channel.ts';
import type { RelayMessage } from './messages.ts';
import { reachedAt } from './trace.ts';
import { type Outside, Uplink } from './uplink.ts';

/** How often it is looked who has left the cluster, in microseconds. */
const LOOK_EVERY = 5 * SECOND;
/** How long a node may take to say what it has, in milliseconds. */
const PATIENCE_MS = 1000;
/** The same for the way of a session, for which it asks others. */
const TRACE_PATIENCE_MS = 3000;

/**
 * The other nodes of the cluster, connected to when something is wanted of them and as long as they are there: by the directory's word,
 * or by their own, as one who is cut off from the directory alone still has his streams.
 */
export class Peers implements Reach {
  readonly #context: Context;
  readonly #outside: Outside;
  readonly #uplinks = new Map<string, { readonly url: string; readonly uplink: Uplink }>();
  #cancel: () => void;

  constructor(context: Context, outside: Outside) {
    this.#context = context;
    this.#outside = outside;
    this.#cancel = context.clock.after(LOOK_EVERY, () => void this.#look());
  }

  /** The way to a node; undefined where it has none. */
  find({ id, url }: NodeRecord): Uplink | undefined {
    const present = this.#uplinks.get(id);
    if (present?.url === url) return present?.uplink;
    const origin = url === undefined ? undefined : readOrigin(url);
    if (!origin) return undefined;
    present?.uplink.close();
    const uplink = new Uplink(origin, this.#outside, this.#context, id);
    this.#uplinks.set(id, { url: url!, uplink });
    return uplink;
  }

  async ask(node: NodeRecord, path: StreamPath, patience: number): Promise<boolean> {
    const answer = await this.#put(node, { op: 'claim', path }, patience);
    return answer.op === 'yielded';
  }

  async survey(node: NodeRecord, question: SurveyQuestion = {}): Promise<Surveyed> {
    const answer = await this.#put(node, { op: 'survey', ...question }, PATIENCE_MS);
    if (answer.op !== 'surveyed') return { streams: [] };
    const { op: _, ...surveyed } = answer;
    return surveyed;
  }

  async trace(node: NodeRecord, session: string): Promise<Trace | undefined> {
    const answer = await this.#put(node, { op: 'trace', session, most: MOST_HOPS }, TRACE_PATIENCE_MS);
    if (answer.op === 'traced') return reachedAt(this.find(node)?.name, answer);
    if (answer.op === 'ended' && answer.code === 'not-found') return undefined;
    throw new RefusedError('limit', `node ${node.id} does not tell`);
  }

  close(): void {
    this.#cancel();
    for (const { uplink } of this.#uplinks.values()) uplink.close();
  }

  /** Puts a question to a node. Rejects when it does not answer within so many milliseconds. */
  async #put(node: NodeRecord, question: RelayMessage, patience: number): Promise<RelayMessage> {
    const uplink = this.find(node);
    if (!uplink) throw new RefusedError('not-found', `node ${node.id} cannot be reached`);
    const signal = AbortSignal.timeout(patience);
    const channel = new Channel(await uplink.open(signal));
    try {
      channel.send(question);
      return await channel.hear(signal, patience);
    } finally {
      channel.stream.destroy();
    }
  }

  async #look(): Promise<void> {
    const living = new Set((await this.#context.cluster!.nodes()).map(({ id }) => id));
    for (const [id, { uplink }] of this.#uplinks) {
      if (living.has(id) || uplink.isUp) continue;
      uplink.close();
      this.#uplinks.delete(id);
    }
    this.#cancel = this.#context.clock.after(LOOK_EVERY, () => void this.#look());
  }
}
