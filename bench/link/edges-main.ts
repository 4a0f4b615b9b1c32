/**
 * Edges that take a stream and throw it away, in a process of their own: `edges-main.ts {"count":50,…}` with `EdgesPlan`. They are the
 * relay's own client side without hub and viewers. Prints a line of JSON when all receive, and an `EdgesReport` for every line that
 * it reads; it ends with its input.
 */
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Attempts } from '../../src/access/attempts.ts';
import { MILLISECOND } from '../../src/base/clock.ts';
import { Identity } from '../../src/cluster/identity.ts';
import { trustOf } from '../../src/cluster/trust.ts';
import { DEFAULT_VHOST, streamPath } from '../../src/hub/path.ts';
import { silentLogger } from '../../src/ops/log.ts';
import { systemClock as clock } from '../../src/ops/system-clock.ts';
import { keepAlive } from '../../src/relay/control.ts';
import { OriginLink } from '../../src/relay/media/origin-link.ts';
import { askAll } from '../../src/relay/subscription.ts';
import { findWay } from '../../src/relay/way.ts';

/** What the edges are to do. */
export interface EdgesPlan {
  readonly count: number;
  /** Of the origin, at this machine. */
  readonly port: number;
  readonly joinToken: string;
  readonly folder: string;
  /** In milliseconds. */
  readonly latency: number;
}

/** What all of them have got so far. */
export interface EdgesReport {
  readonly records: number;
  readonly packets: number;
  readonly residual: number;
}

const HOST = '127.0.0.1';
const PATH = streamPath(DEFAULT_VHOST, 'live', 'stream0');

const plan = JSON.parse(process.argv[2]!) as EdgesPlan;
const { signal } = new AbortController();
const links: OriginLink[] = [];
let records = 0;

async function receive(index: number): Promise<void> {
  const origin = { host: HOST, port: plan.port, joinToken: plan.joinToken };
  const trust = trustOf(Identity.open(join(plan.folder, `edge${index}`)), new Attempts(clock));
  const { nodeId } = trust;
  const way = await findWay(
    { origin, credentials: await trust.credentialsFor(origin, signal), nodeId, clock },
    {},
    signal,
  );
  const { control, node, media: offer } = way;
  if (!offer) throw new Error('the origin offers no media by UDP');
  const onPolicy = (policy: object): void =>
    control.send({ op: 'policy', ...policy } as Parameters<typeof control.send>[0]);
  const latency = plan.latency * MILLISECOND;
  const link = await OriginLink.open({
    clock,
    log: silentLogger,
    name: HOST,
    node,
    host: HOST,
    offer,
    latency,
    fec: 'off',
    onPolicy,
  });
  const ear = { hear: () => link.heardOtherwise(), heard: () => link.heardAt };
  keepAlive(control, ear).then(fail, fail);
  await link.answered;
  const source = { name: HOST, host: HOST, node, open: way.open, link: () => link };
  const subscription = await askAll([source], PATH, { token: 0, dts: Number.NEGATIVE_INFINITY }, signal);
  const grant = subscription?.announcement.media;
  if (!grant) throw new Error('the origin sends no media by UDP');
  link.receive({ path: PATH, grant, onRecord: () => records++, onLost: fail });
  links.push(link);
  for await (const _ of subscription.channel.messages()); // records from before
}

function fail(reason: unknown): never {
  console.error(`an edge is lost: ${reason instanceof Error ? reason.message : 'the origin ended it'}`);
  process.exit(1);
}

function report(): EdgesReport {
  const all = links.map((link) => link.report());
  const [packets, residual] = [sum(all.map((each) => each.packets)), sum(all.map((each) => each.residual))];
  return { records, packets, residual };
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

for (let i = 0; i < plan.count; i++) {
  receive(i).catch(fail);
  while (links.length <= i) await new Promise((resolve) => setTimeout(resolve, 5));
}
console.log(JSON.stringify(report()));
for await (const _ of createInterface(process.stdin)) console.log(JSON.stringify(report()));
process.exit();
