import { z } from 'zod';
import type { LinkReport, LinkStream, PushReport } from '../net/links.ts';
import { inMs } from './delay.ts';
import { type Operation, operation } from './operation.ts';
import type { Services } from './services.ts';
import { count } from './shapes.ts';

const milliseconds = z.number().nonnegative();

const crossing = {
  packets: count.describe(
    'Media packets: at the origin sent to this edge alone, at the edge those that should have come.',
  ),
  lost: count.describe('Found missing.'),
  requests: count.describe('Requests for what was missing.'),
  repaired: count.describe('At the edge what came again in time, at the origin what was sent again.'),
  restored: count.describe('At the edge what was restored from parity.'),
  parity: count.describe('Packets of parity.'),
  late: count.describe('Came after their time.'),
  duplicates: count,
  forged: count.describe('Not authentic.'),
  residual: count.describe('Missing when their time came.'),
};
/** Of these, what an origin counts. */
const ownOfOrigin = { packets: true, requests: true, repaired: true, parity: true } as const;

const { packets, lost, repaired, residual } = crossing;
const reported = z.object({ packets, lost, repaired, residual }).describe('At the origin: what the edge has told.');
const share = z.number().nonnegative();

const outcome = z.object({
  loss: share,
  residual: share.describe('While nothing was lost for good, what is to be expected.'),
  overhead: share.describe('Repairs and parity.'),
  better: z.object({ latency_ms: milliseconds, residual: share }).optional().describe('What more latency would give.'),
});

const MEDIA = ['udp', 'multicast', 'push'] as const;

/** What only an edge knows of a stream. */
const received = z.object({
  latency_ms: milliseconds.describe('From the way into the origin to the way out of the edge, as it is to be.'),
  delay_p50_ms: milliseconds.describe('The same as it was of late.'),
  delay_p99_ms: milliseconds,
  ...crossing,
  outcome: outcome.describe('What this comes to, in shares of the packets.'),
  summary: z.string().describe('The same in one line.'),
});

const stream = z.object({
  path: z.string(),
  media: z.enum(MEDIA).describe('How it comes: to the edge alone, from a multicast group, or pushed to its address.'),
  reported: reported.optional(),
  ...received.partial().shape,
});

const link = z.object({
  role: z.enum(['origin', 'edge']).describe('What this node is on it.'),
  node: z.string().describe('The id of the other node.'),
  remote: z.string(),
  media: z.enum([...MEDIA, 'reliable']).describe('How media goes.'),
  rtt_ms: milliseconds.optional().describe('By UDP; absent as long as it is not known.'),
  jitter_ms: milliseconds.optional(),
  reported: reported.optional(),
  ...z.object(crossing).partial().required(ownOfOrigin).shape,
  bytes: count.describe('Media by UDP.'),
  overhead_bytes: count.describe('What this node sent for repair, parity and control.'),
  refused: count.describe('Datagrams of nobody known, not authentic or repeated.'),
  streams: z.array(stream).describe('Those that come by UDP; the origin knows of them what is reported.'),
});

const push = z.object({
  to: z.string().describe('A multicast group, or the address of an edge.'),
  paths: z.array(z.string()).readonly().describe('The streams that go there at present.'),
  edges: count.describe('How many edges hear them there, or try to; an edge counts once for each stream.'),
  packets: count.describe('Media packets sent there.'),
  repaired: count.describe('Packets sent there again, since several edges lacked them.'),
  parity: count.describe('Packets of parity sent there.'),
  bytes: count.describe('All of them.'),
});

const crossed = { packets: 25_311, lost: 2530, requests: 9120, repaired: 2530, restored: 0, parity: 0, late: 12 };
const uncrossed = { duplicates: 31, forged: 0, residual: 0 };

const example: z.output<typeof link> = {
  role: 'edge',
  node: '5f0c1d6e9ab24c7f8e31',
  remote: '192.0.2.4',
  media: 'udp',
  rtt_ms: 101.2,
  jitter_ms: 1.4,
  ...crossed,
  ...uncrossed,
  bytes: 30_373_200,
  overhead_bytes: 401_280,
  refused: 0,
  streams: [
    {
      path: '__defaultVhost__/live/movie',
      media: 'udp',
      latency_ms: 500,
      delay_p50_ms: 500.9,
      delay_p99_ms: 502.3,
      ...crossed,
      ...uncrossed,
      outcome: { loss: 0.1, residual: 9e-7, overhead: 0.114, better: { latency_ms: 620, residual: 1e-7 } },
      summary: 'loss 10.0 %, residual 9e-7 at 500 ms, overhead 11.4 %; 620 ms would give 1e-7',
    },
  ],
};

const pushed: PushReport = {
  to: '239.255.0.1:5222',
  paths: ['__defaultVhost__/live/movie'],
  edges: 3,
  packets: 25_311,
  repaired: 31,
  parity: 0,
  bytes: 30_410_400,
};

/** `/api/v1/links` */
export function links({ survey }: Services): Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/api/v1/links',
      group: 'Server',
      summary: 'The links to other nodes: what is lost on them, and what becomes of it.',
      envelope: 'node',
      answer: z.object({
        links: z.array(link),
        pushes: z.array(push).describe('What this node pushes, once for all edges.'),
      }),
      example: { links: [example], pushes: [pushed] },
      async handle() {
        const all = await survey.links();
        return { links: all.links.map(describe), pushes: [...all.pushes] };
      },
    }),
  ];
}

function describe({ rtt, jitter, overheadBytes, streams, ...rest }: LinkReport): z.output<typeof link> {
  return {
    ...rest,
    ...(rtt !== undefined && { rtt_ms: inMs(rtt) }),
    ...(jitter !== undefined && { jitter_ms: inMs(jitter) }),
    overhead_bytes: overheadBytes,
    streams: streams.map((each) => ('latency' in each ? describeReceived(each) : each)),
  };
}

function describeReceived({ latency, delay, outcome: { better, ...achieved }, ...rest }: LinkStream) {
  return {
    ...rest,
    latency_ms: inMs(latency),
    delay_p50_ms: inMs(Math.max(0, delay.p50)),
    delay_p99_ms: inMs(Math.max(0, delay.p99)),
    outcome: {
      ...achieved,
      ...(better && { better: { latency_ms: inMs(better.latency), residual: better.residual } }),
    },
  };
}
