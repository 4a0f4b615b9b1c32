import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeReport } from '../net/cluster.ts';
import type { FlowReport } from '../net/flows.ts';
import { bestFlows } from './flows.ts';

const flow = (from: string, to: string, more: Partial<FlowReport> = {}): FlowReport => {
  return { from, to, media: 'udp', streams: 1, bytes: 1000, packets: 10, lost: 1, ...more };
};
const told = (...flows: FlowReport[]) => ({ streams: [], flows: { at: 5_000_500, flows } });
const report = (id: string, answer: NodeReport['answer']) => ({ node: { id }, answer }) as NodeReport;

test('every flow is told once, by the end that knows more of it', () => {
  const own = told(flow('self', 'edge', { lost: undefined }), flow('self', 'group', { bytes: undefined }));
  const nodes = [
    report('self', own),
    report('edge', told(flow('self', 'edge', { bytes: 900 }), flow('edge', 'behind', { media: 'reliable' }))),
    report('group', told(flow('self', 'group', { media: 'multicast' }), flow('x', 'y'))),
    report('old', { streams: [] }),
    report('silent', undefined),
  ];
  const found = bestFlows({ own, nodes }, 'self').map(({ from, to, by, bytes }) => `${from} ${to} ${by} ${bytes}`);
  assert.deepEqual(new Set(found), new Set(['edge behind edge 1000', 'self edge edge 900', 'self group group 1000']));
  assert.equal(found.length, 3);
});

test('a node that is in no cluster tells its own, and when that was', () => {
  const own = told(flow('far', '', { packets: undefined, lost: undefined }));
  assert.deepEqual(bestFlows({ own, nodes: [] }, ''), [
    { from: 'far', to: '', by: '', at_ms: 5000.5, media: 'udp', streams: 1, bytes: 1000 },
  ]);
});
