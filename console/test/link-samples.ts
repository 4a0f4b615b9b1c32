import type { EdgeLink, OriginLink, Push, ReceivedStream } from '../src/links.ts';

const tally = { packets: 25_311, lost: 2530, repaired: 2527, residual: 3 };
const costs = { bytes: 30_373_200, overhead_bytes: 401_280, refused: 4 };

/** `live/{name}` as it comes from an origin, with `change` made to it. */
export function receivedStream(name: string, change: Partial<ReceivedStream> = {}): ReceivedStream {
  return {
    path: `__defaultVhost__/live/${name}`,
    media: 'udp',
    ...tally,
    ...{ requests: 9120, restored: 0, late: 12, latency_ms: 500, delay_p50_ms: 500.9, delay_p99_ms: 502.3 },
    outcome: { loss: 0.1, residual: 1.2e-4, overhead: 0.114, better: { latency_ms: 620, residual: 1e-5 } },
    ...change,
  };
}

/** The link to an origin, as the API of an edge tells of it, with `change` made to it. */
export function edgeLink(change: Partial<EdgeLink> = {}): EdgeLink {
  return {
    role: 'edge',
    node: '5f0c1d6e9ab24c7f8e31',
    remote: '192.0.2.4',
    media: 'udp',
    ...{ rtt_ms: 101.2, jitter_ms: 1.4, requests: 9120, restored: 0, late: 12 },
    ...tally,
    ...costs,
    streams: [receivedStream('movie')],
    ...change,
  };
}

/** The link to an edge, as the API of an origin tells of it, with `change` made to it. */
export function originLink(change: Partial<OriginLink> = {}): OriginLink {
  return {
    role: 'origin',
    node: 'c0ffee5e9ab24c7f8e31',
    remote: '198.51.100.7',
    media: 'udp',
    ...{ rtt_ms: 38.4, jitter_ms: 0.6, requests: 310, repaired: 307 },
    ...costs,
    reported: { packets: 25_311, lost: 253, repaired: 253, residual: 0 },
    streams: [
      {
        path: '__defaultVhost__/live/movie',
        media: 'udp',
        reported: { packets: 25_311, lost: 253, repaired: 253, residual: 0 },
      },
    ],
    ...change,
  };
}

/** What goes to a multicast group. */
export function push(change: Partial<Push> = {}): Push {
  return {
    to: '239.255.0.1:5222',
    paths: ['__defaultVhost__/live/movie'],
    edges: 3,
    packets: 25_311,
    repaired: 31,
    bytes: 30_410_400,
    ...change,
  };
}
