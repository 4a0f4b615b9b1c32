import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { RedisDirectory } from '../../src/cluster/directory/redis.ts';
import { silentLogger } from '../../src/ops/log.ts';
import { spawnMember } from '../../test/support/cluster.ts';
import { nodesKnownTo } from '../../test/support/lines.ts';
import { startRedis } from '../../test/support/redis.ts';
import { anyFront } from '../../test/support/rush.ts';
import type { TestServer } from '../../test/support/server.ts';
import type { Owner } from '../../test/support/until.ts';
import type { Figures } from '../report.ts';
import type { Settings } from '../settings.ts';
import { spread } from '../statistics.ts';

/** Besides the one that answers. */
const OTHERS = 19;
const CONNECTIONS = 32;
const WARM_UP_MS = 2_000;
const END = '\r\n\r\n';

/**
 * How many answers one node gives that is one of twenty in a real Redis, to as many who ask all the time. Of several workers, which
 * share the server's cores, each is asked by its part of them; all but the first hand the question on to that one.
 */
export async function answers(owner: Owner, { seconds, serverCores }: Settings, workers: number): Promise<Figures> {
  const redis = await startRedis(owner);
  const directory = await RedisDirectory.open(redis.url, 'headwater', silentLogger);
  owner.after(() => directory.close());
  const beats = setInterval(() => void beat(directory), 1_000);
  owner.after(() => clearInterval(beats));
  await beat(directory);
  const place = { enter: ['taskset', '-c', serverCores] };
  const options = { log: { level: 'info' }, cluster: { workers } };
  const server = await spawnMember(owner, redis, 'origin', options, place);
  await nodesKnownTo(server, 'a node');
  const askers = await Promise.all(Array.from({ length: CONNECTIONS }, () => Asker.connect(owner, server)));
  await askAll(askers, WARM_UP_MS);
  const took = await askAll(askers, seconds * 1000);
  const { p50, p99, max } = spread(took);
  return { 'answers/s': took.length / seconds, 'p50 ms': p50, 'p99 ms': p99, 'max ms': max };
}

async function beat(directory: RedisDirectory): Promise<void> {
  for (let i = 0; i < OTHERS; i++) {
    const id = `node-${i}`;
    const load = { cpu: 0.2, cores: 1, streams: 1, viewers: 100, bitrate: 1e8 };
    await directory.beat({ id, role: 'edge', version: '1', since: 5, load, address: '192.0.2.4', front: anyFront }, []);
    await directory.offer(id, { share: 0.2, cost: 1e-5, places: 1e6 }, []);
  }
}

async function askAll(askers: readonly Asker[], milliseconds: number): Promise<number[]> {
  const took: number[] = [];
  let isOver = false;
  const all = askers.map(async (asker) => {
    while (!isOver) took.push(await asker.ask());
  });
  await sleep(milliseconds);
  isOver = true;
  await Promise.all(all);
  return took;
}

let viewers = 0;

/** Asks for lines again and again on one connection, each time as somebody else. */
class Asker {
  readonly #socket: Socket;
  readonly #host: string;
  #text = '';
  #answered = () => {};

  static async connect(owner: Owner, { host, ports }: TestServer): Promise<Asker> {
    const socket = connect({ host, port: ports['http']!, noDelay: true });
    owner.after(() => void socket.destroy());
    await once(socket, 'connect');
    return new Asker(socket, host);
  }

  private constructor(socket: Socket, host: string) {
    this.#socket = socket;
    this.#host = host;
    socket.setEncoding('latin1').on('data', (text: string) => this.#hear(text));
  }

  /** Resolves to how long it took, in milliseconds. */
  async ask(): Promise<number> {
    const viewer = `viewer-${viewers++}`;
    const body = JSON.stringify({ stream: 'live/movie', viewer, protocols: ['http-flv', 'ws-flv', 'll-hls', 'hls'] });
    const head = [`POST /api/v1/lines HTTP/1.1`, `host: ${this.#host}`, 'content-type: application/json'];
    const began = performance.now();
    const answered = new Promise<void>((resolve) => {
      this.#answered = resolve;
    });
    this.#socket.write(`${[...head, `content-length: ${body.length}`].join('\r\n')}${END}${body}`);
    await answered;
    return performance.now() - began;
  }

  #hear(text: string): void {
    this.#text += text;
    const end = this.#text.indexOf(END);
    const length = Number(/content-length: (\d+)/i.exec(this.#text)?.[1]);
    if (end < 0 || this.#text.length < end + END.length + length) return;
    if (!this.#text.startsWith('HTTP/1.1 200')) throw new Error(`the server answers ${this.#text.slice(0, 200)}`);
    this.#text = '';
    this.#answered();
  }
}
