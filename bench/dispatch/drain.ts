import { spawnMember } from '../../test/support/cluster.ts';
import { administer, nodesKnownTo } from '../../test/support/lines.ts';
import { PacedPublisher } from '../../test/support/paced.ts';
import { startRedis } from '../../test/support/redis.ts';
import { RtmpClient } from '../../test/support/rtmp-client.ts';
import { type TestServer } from '../../test/support/server.ts';
import { synthetic } from '../../test/support/synthetic.ts';
import { type Owner, until } from '../../test/support/until.ts';
import type { Figures } from '../report.ts';
import { MovingViewer } from './moving.ts';

const [VIEWERS, PUBLISHERS] = [1000, 20];
/** In milliseconds, and in frames. */
const [STEP, FRAMES, GOP, SIZE] = [100, 600, 10, 200];
const PATIENCE_MS = 120_000;
const AT_ONCE = 50;

/** A node with a thousand viewers and twenty publishers is drained: what anybody loses, and how often publishers come anew. */
export async function drain(owner: Owner): Promise<Figures> {
  const redis = await startRedis(owner);
  const node = (role: 'origin' | 'edge', name: string, takes: string) =>
    spawnMember(owner, redis, role, { dispatch: { name, takes }, log: { level: 'info' } });
  const [doomed, spare, edge] = await Promise.all([
    node('origin', 'Doomed', 'all'),
    node('origin', 'Spare', 'publishers'),
    node('edge', 'Edge', 'viewers'),
  ]);
  const { Doomed: id } = await nodesKnownTo(spare, 'Doomed', 'Edge');
  const publishers = await Promise.all(
    Array.from({ length: PUBLISHERS }, (_, i) => Encoder.begin(owner, doomed, spare, i)),
  );
  const viewers = Array.from({ length: VIEWERS }, (_, i) => {
    return new MovingViewer(owner, edge, `drained-${i % PUBLISHERS}`, `viewer-${i}`);
  });
  for (let i = 0; i < VIEWERS; i += AT_ONCE)
    await Promise.all(viewers.slice(i, i + AT_ONCE).map((viewer) => viewer.begin(id!)));
  const began = performance.now();
  await administer(spare, 'POST', `/api/v1/nodes/${id}/drain`);
  await until('all viewers have moved', () => viewers.every(({ hasMoved }) => hasMoved), PATIENCE_MS);
  const moved = performance.now() - began;
  const missing = viewers.filter((viewer) => viewer.missing(STEP) > 0).length;
  const isEmpty = async () => (await administer(spare, 'GET', `/api/v1/nodes/${id}/drain`))['empty'] === true;
  await until('the node is empty', isEmpty, PATIENCE_MS);
  await until('all publishers are back', () => publishers.every(({ isBack }) => isBack), PATIENCE_MS);
  return {
    ...{ viewers: VIEWERS, publishers: PUBLISHERS },
    'viewers moved in s': moved / 1000,
    'empty in s': (performance.now() - began) / 1000,
    'viewers that lost a frame': missing,
    'viewers closed': viewers.filter(({ wasClosed }) => wasClosed).length,
    'reconnects of a publisher': Math.max(...publishers.map(({ reconnects }) => reconnects)),
  };
}

/** An encoder that asks where to go, and asks again when it is closed. */
class Encoder {
  reconnects = 0;
  isBack = false;
  #isOver = false;
  readonly #owner: Owner;
  readonly #dispatcher: TestServer;
  readonly #name: string;

  /** Publishes to a server first; `dispatcher` is asked from then on. */
  static async begin(owner: Owner, first: TestServer, dispatcher: TestServer, i: number): Promise<Encoder> {
    const encoder = new Encoder(owner, dispatcher, `drained-${i}`);
    await encoder.#publish(first.host, first.ports['rtmp']!, encoder.#name);
    return encoder;
  }

  private constructor(owner: Owner, dispatcher: TestServer, name: string) {
    [this.#owner, this.#dispatcher, this.#name] = [owner, dispatcher, name];
    owner.after(() => void (this.#isOver = true));
  }

  async #publish(host: string, port: number, name: string): Promise<void> {
    const client = await RtmpClient.connect(this.#owner, { host, port });
    await client.publish(name);
    const tags = await synthetic({ frames: FRAMES, size: SIZE, gop: GOP, step: STEP });
    const pace = new PacedPublisher(this.#owner, client, tags, FRAMES * STEP);
    void client.viewer.ended.then(async () => {
      pace.stop();
      if (!this.#isOver) await this.#again();
    });
  }

  async #again(): Promise<void> {
    this.reconnects++;
    const body = JSON.stringify({ stream: `live/${this.#name}` });
    const response = await fetch(this.#dispatcher.http('/api/v1/ingest-lines'), { method: 'POST', body });
    const { lines } = (await response.json()) as { lines: { url: string }[] };
    const { hostname, port, pathname, search } = new URL(lines[0]!.url);
    await this.#publish(hostname, Number(port), pathname.slice(pathname.lastIndexOf('/') + 1) + search);
    this.isBack = true;
  }
}
