import { setTimeout as sleep } from 'node:timers/promises';
import type { FlvTag } from '../../src/container/flv/tag.ts';
import { streamId } from '../../src/net/identity.ts';
import { later } from './clips.ts';
import type { RtmpClient } from './rtmp-client.ts';
import { ADMIN_TOKEN, type TestServer } from './server.ts';

/** What a server says of a stream. */
export interface Explanation {
  readonly stream: string;
  readonly source: { readonly type: string; readonly client: string; readonly remote: string };
  readonly measures: Readonly<Record<string, number>>;
  readonly findings: readonly Explained[];
}

/** One thing that is wrong with it. */
export interface Explained {
  readonly rule: string;
  readonly severity: string;
  readonly where: string;
  readonly what: string;
  readonly figures: Readonly<Record<string, number | string>>;
}

/** Asks for what is wrong with `live/NAME`; undefined where there is no such stream. */
export async function explanationOf(server: Pick<TestServer, 'http'>, name: string): Promise<Explanation | undefined> {
  const url = server.http(`/api/v1/streams/${streamId(`__defaultVhost__/live/${name}`)}/explain`);
  const response = await fetch(url, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
  if (response.status === 404) return undefined;
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as Explanation;
}

/** The finding of a rule, if there is one. */
export async function found(
  server: Pick<TestServer, 'http'>,
  name: string,
  rule: string,
): Promise<Explained | undefined> {
  return (await explanationOf(server, name))?.findings.find((each) => each.rule === rule);
}

/** How a publisher plays: what its timestamps are, and when it sends, in milliseconds since its beginning. */
export interface Performance {
  readonly stamp?: (tag: FlvTag) => number;
  readonly when?: (tag: FlvTag) => number;
  /** Tags that it leaves out. */
  readonly without?: (tag: FlvTag) => boolean;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** Sends tags that last `length` milliseconds over and over for so many seconds, as the performance has it. */
export async function perform(
  client: RtmpClient,
  tags: readonly FlvTag[],
  length: number,
  seconds: number,
  { stamp = timeOf, when = timeOf, without = () => false, signal }: Performance = {},
): Promise<void> {
  const begin = performance.now();
  const rounds = Math.ceil((seconds * 1000) / length);
  const all = Array.from({ length: rounds }, (_, i) => later(tags, i * length)).flat();
  const wanted = all.filter((tag) => tag.timestamp < seconds * 1000 && !without(tag));
  const ordered = wanted.toSorted((a, b) => a.timestamp - b.timestamp).toSorted((a, b) => when(a) - when(b));
  for (const tag of ordered) {
    const wait = begin + when(tag) - performance.now();
    if (wait > 0) await sleep(wait);
    if (signal?.aborted) return;
    client.send({ ...tag, timestamp: stamp(tag) });
  }
}

function timeOf({ timestamp }: FlvTag): number {
  return timestamp;
}
