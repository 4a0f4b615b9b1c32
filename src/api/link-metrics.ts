import { Counter, Gauge, type Registry } from 'prom-client';
import { SECOND } from '../base/clock.ts';
import type { EdgeReport, Links, Reported } from '../net/links.ts';

const LABELS = ['role', 'node'] as const;
type Labels = Record<(typeof LABELS)[number], string>;

/** The numbers of the links to other nodes, by what this node is on them and by the other one's id. */
export class LinkMetrics {
  readonly #metrics: ReturnType<typeof metricsIn>;

  constructor(registry: Registry) {
    this.#metrics = metricsIn(registry);
  }

  /** Fills them in anew, after the registry was reset. */
  count(links: Links): void {
    const metrics = this.#metrics;
    metrics.strangers.inc(links.strangers);
    for (const link of links) {
      const labels = { role: link.role, node: link.node };
      metrics.packets.inc(labels, link.packets);
      metrics.bytes.inc(labels, link.bytes);
      metrics.overhead.inc(labels, link.overheadBytes);
      metrics.requests.inc(labels, link.requests);
      metrics.repaired.inc(labels, link.repaired);
      metrics.parity.inc(labels, link.parity);
      metrics.refused.inc(labels, link.refused);
      if (link.rtt !== undefined) metrics.rtt.set(labels, link.rtt / SECOND);
      if (link.jitter !== undefined) metrics.jitter.set(labels, link.jitter / SECOND);
      metrics.udp.set(labels, link.media === 'reliable' ? 0 : 1);
      metrics.pushed.set(labels, link.media === 'multicast' || link.media === 'push' ? 1 : 0);
      const seen = link.role === 'edge' ? link : link.reported;
      if (seen) this.#countLosses(labels, seen);
      if (link.role === 'edge') this.#countArrivals(labels, link);
    }
    for (const { to, packets, repaired, parity, bytes, edges } of links.pushes) {
      metrics.pushedPackets.inc({ to }, packets);
      metrics.pushedRepairs.inc({ to }, repaired);
      metrics.pushedParity.inc({ to }, parity);
      metrics.pushedBytes.inc({ to }, bytes);
      metrics.pushedEdges.inc({ to }, edges);
    }
  }

  /** What an edge sees, or has told its origin. */
  #countLosses(labels: Labels, { lost, residual }: Reported): void {
    this.#metrics.lost.inc(labels, lost);
    this.#metrics.residual.inc(labels, residual);
  }

  /** What only an edge knows. */
  #countArrivals(labels: Labels, { late, restored, streams }: EdgeReport): void {
    const metrics = this.#metrics;
    metrics.late.inc(labels, late);
    metrics.restored.inc(labels, restored);
    for (const { path: stream, latency, delay } of streams) {
      metrics.latency.set({ ...labels, stream }, latency / SECOND);
      metrics.delay.set({ ...labels, stream, quantile: '0.5' }, delay.p50 / SECOND);
      metrics.delay.set({ ...labels, stream, quantile: '0.99' }, delay.p99 / SECOND);
    }
  }
}

function metricsIn(registry: Registry) {
  const common = (name: string, help: string) => ({ name: `headwater_link_${name}`, help, registers: [registry] });
  const counter = (name: string, help: string) => new Counter({ ...common(name, help), labelNames: LABELS });
  const gauge = (name: string, help: string, ...more: string[]) =>
    new Gauge({ ...common(name, help), labelNames: [...LABELS, ...more] });
  return {
    strangers: new Counter(common('unknown_datagrams_total', 'Datagrams that belong to no link.')),
    packets: counter('packets_total', 'Media packets: sent, or that should have come.'),
    bytes: counter('bytes_total', 'Media by UDP in bytes.'),
    overhead: counter('overhead_bytes_total', 'What this node sent for repair, parity and control, in bytes.'),
    lost: counter('lost_packets_total', 'Packets that were found missing.'),
    requests: counter('repair_requests_total', 'Requests for what was missing.'),
    repaired: counter('repaired_packets_total', 'Packets that came, or were sent, again.'),
    restored: counter('restored_packets_total', 'Packets that were restored from parity.'),
    parity: counter('parity_packets_total', 'Packets of parity that came, or were sent.'),
    late: counter('late_packets_total', 'Packets that came after their time.'),
    residual: counter('residual_packets_total', 'Packets that were missing when their time came.'),
    refused: counter('refused_datagrams_total', 'Datagrams of nobody known, not authentic or repeated.'),
    rtt: gauge('rtt_seconds', 'Round trip.'),
    jitter: gauge('jitter_seconds', 'Mean deviation of the round trip.'),
    udp: gauge('udp', 'Whether media goes by UDP.'),
    pushed: gauge(
      'pushed',
      'Whether media comes to the edge from where it is pushed: a multicast group, or an address of its own.',
    ),
    pushedPackets: new Counter({
      ...common('pushed_packets_total', 'Packets pushed, once for all edges.'),
      labelNames: ['to'],
    }),
    pushedRepairs: new Counter({
      ...common('pushed_repairs_total', 'Packets pushed again, since several edges lacked them.'),
      labelNames: ['to'],
    }),
    pushedParity: new Counter({
      ...common('pushed_parity_packets_total', 'Packets of parity pushed.'),
      labelNames: ['to'],
    }),
    pushedBytes: new Counter({ ...common('pushed_bytes_total', 'The same in bytes.'), labelNames: ['to'] }),
    pushedEdges: new Gauge({
      ...common('pushed_edges', 'Edges that hear what is pushed, once for each stream.'),
      labelNames: ['to'],
    }),
    latency: gauge('latency_seconds', 'From way in to way out as it is to be.', 'stream'),
    delay: gauge('delay_seconds', 'From way in to way out as it was of late.', 'stream', 'quantile'),
  };
}
