import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../base/clock.ts';
import { type Session, Sessions } from '../hub/session.ts';
import { type FlowReport, flowsHere, MOST_FLOWS, mergeFlows } from './flows.ts';
import { type LinkReport, Links, NOTHING_CROSSED } from './links.ts';

const END = { remote: '', rtt: undefined, jitter: undefined, overheadBytes: 0, refused: 0, streams: [] };

function ground(links: readonly Partial<LinkReport>[], sessions: readonly (Partial<Session> & { node?: string })[]) {
  const [allLinks, allSessions] = [new Links(), new Sessions(new VirtualClock())];
  for (const link of links) allLinks.add(() => ({ ...END, ...NOTHING_CROSSED, bytes: 0, ...link }) as LinkReport);
  for (const { node, protocol = 'relay', isInner, ...more } of sessions) {
    const session = allSessions.open({ protocol, remote: '', isInner, close() {} });
    Object.assign(session, more);
    if (node !== undefined) session.detail['node'] = node;
  }
  return { links: allLinks, sessions: allSessions };
}

test('what goes by UDP is told by its link, and what does not by its sessions', () => {
  const reported = { packets: 1000, lost: 10, repaired: 10, residual: 0 };
  const flows = flowsHere(
    ground(
      [
        { role: 'origin', node: 'edge', media: 'udp', bytes: 5000, reported },
        { role: 'origin', node: 'far', media: 'reliable', bytes: 7 },
        { role: 'edge', node: 'origin', media: 'udp', bytes: 3000, packets: 30, lost: 3 } as Partial<LinkReport>,
      ],
      [
        { role: 'play', node: 'edge', bytesOut: 100 },
        { role: 'play', node: 'edge', bytesOut: 100 },
        { role: 'play', node: 'far', bytesOut: 400 },
        { role: 'play', node: 'far', bytesOut: 300 },
        { role: 'publish', node: 'far', bytesIn: 50 },
        { role: 'publish', bytesIn: 3000 },
        { role: 'play', node: 'self', bytesOut: 9, isInner: true },
        { role: 'play', node: 'x', bytesOut: 9, protocol: 'http-flv' },
      ],
    ),
    'self',
  );
  assert.deepEqual(
    flows.map(({ from, to, media, streams, bytes, packets, lost }) => [
      `${from} ${to}`,
      media,
      streams,
      bytes,
      packets,
      lost,
    ]),
    [
      ['self far', 'reliable', 2, 700, undefined, undefined],
      ['self edge', 'udp', 2, 5000, 1000, 10],
      ['far self', 'reliable', 1, 50, undefined, undefined],
      ['origin self', 'udp', 0, 3000, 30, 3],
    ],
  );
});

test('an origin does not know what it sends to one edge of what is pushed to many', () => {
  const [flow] = flowsHere(ground([{ role: 'origin', node: 'edge', media: 'multicast', bytes: 12 }], []), 'self');
  assert.deepEqual([flow!.media, flow!.bytes], ['multicast', undefined]);
});

test('what several tell is added up, and of too many those are left that carry most', () => {
  const flow = (to: number, more: Partial<FlowReport> = {}): FlowReport => {
    return { from: 'self', to: `${to}`, media: 'reliable', streams: 1, bytes: to, ...more };
  };
  const [sum] = mergeFlows([flow(1), flow(1, { media: 'udp', packets: 3, lost: 1 })]);
  assert.deepEqual(sum, { from: 'self', to: '1', media: 'udp', streams: 2, bytes: 2, packets: 3, lost: 1 });
  const many = mergeFlows(Array.from({ length: MOST_FLOWS + 20 }, (_, i) => flow(i)));
  assert.deepEqual([many.length, many[0]!.bytes, many.at(-1)!.bytes], [MOST_FLOWS, MOST_FLOWS + 19, 20]);
});
