import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterNode } from '../test/console-samples.ts';
import type { NodeFlow } from './operator.ts';
import { ALONE, drawUp, type Followed, follow, type Own, type Picture, PUBLISHERS, VIEWERS } from './picture.ts';
import { layOut } from './picture-layout.ts';

const OWN: Own = { cpu: 0.1, cores: 2, streams: 2, viewers: 5, recvKbps: 2000, sendKbps: 5000 };
const NOTHING: Followed = new Map();
const flow = (from: string, to: string, more: Partial<NodeFlow> = {}): NodeFlow => {
  return { from, to, by: to, at_ms: 1000, media: 'udp', streams: 1, bytes: 1000, packets: 100, lost: 50, ...more };
};
const draw = (nodes: Parameters<typeof drawUp>[0]['nodes'], streams: Parameters<typeof drawUp>[0]['streams'] = []) =>
  drawUp({ nodes, streams }, NOTHING, OWN);

test('a node that is alone stands between those who publish and those who watch', () => {
  const { nodes, flows } = draw([]);
  assert.deepEqual(nodes, [
    { id: ALONE, role: 'origin', self: true, cpu: 0.1, cores: 2, streams: 2, viewers: 5, kbps: 5000 },
  ]);
  assert.deepEqual(flows, [
    { from: PUBLISHERS, to: ALONE, streams: 2, kbps: 2000 },
    { from: ALONE, to: VIEWERS, kbps: 5000 },
  ]);
});

test('a node to which nobody publishes and at which nobody watches has no flows', () => {
  const { nodes, flows } = drawUp({ nodes: [], streams: [] }, NOTHING, { ...OWN, streams: 0, viewers: 0 });
  assert.deepEqual([nodes.length, flows], [1, []]);
});

test('where a stream is says what flows between nodes, and what they count says how much', () => {
  const nodes = [clusterNode('o', { self: true, viewers: 0 }), clusterNode('e', { role: 'edge' }), clusterNode('p')];
  const streams = [
    { stream: 'live/a', owner: 'o', nodes: ['o', 'e'], viewers: 1 },
    { stream: 'live/b', owner: 'o', nodes: ['e', 'o'], viewers: 1 },
    { stream: 'live/c', owner: 'p', nodes: ['p', 'e'], viewers: 1 },
    { stream: 'live/d', owner: '', nodes: ['e'], viewers: 1 },
  ];
  const before = [flow('o', 'e'), flow('p', 'e', { by: 'p', media: 'reliable' }), flow('e', 'p', { streams: 3 })];
  const more = (each: NodeFlow, bytes: number, lost: number) => {
    return { ...each, at_ms: 3000, bytes: 1000 + bytes, packets: 200, lost: 50 + lost };
  };
  const now = [more(before[0]!, 1_000_000, 1), more(before[1]!, 500_000, 0), before[2]!];
  const { flows } = drawUp({ nodes, streams }, follow(follow(NOTHING, before), now), OWN);
  assert.deepEqual(flows, [
    { from: PUBLISHERS, to: 'o', streams: 2 },
    { from: PUBLISHERS, to: 'p', streams: 1 },
    { from: 'o', to: 'e', streams: 2, media: 'udp', kbps: 4000, loss: 0.01 },
    { from: 'p', to: 'e', streams: 1, media: 'reliable', kbps: 2000, loss: 0 },
    { from: 'e', to: 'p', streams: 3, media: 'udp' },
    { from: 'e', to: VIEWERS, kbps: 240_000 },
  ]);
});

test('a node outside of a cluster knows those at the other ends of its links', () => {
  const told = follow(NOTHING, [flow('above', ALONE), flow(ALONE, 'below')]);
  const { nodes, flows } = drawUp({ nodes: [], streams: [] }, told, OWN);
  assert.deepEqual(
    nodes.map(({ id, role, cpu }) => [id, role, cpu]),
    [
      [ALONE, 'edge', 0.1],
      ['above', 'origin', undefined],
      ['below', 'edge', undefined],
    ],
  );
  const between = flows.filter(({ to }) => to !== VIEWERS).map(({ from, to }) => `${from}>${to}`);
  assert.deepEqual(between, [`above>${ALONE}`, `${ALONE}>below`]);
});

test('of many nodes those that have most to do are drawn, and this one', () => {
  const nodes = Array.from({ length: 40 }, (_, i) => clusterNode(`n${i}`, { viewers: i, self: i === 0 }));
  const picture = draw(nodes);
  assert.equal(picture.nodes.length + picture.hidden, 40);
  assert.deepEqual(
    picture.nodes.slice(0, 2).map(({ id }) => id),
    ['n0', 'n39'],
  );
});

test('a rate is what has come since the look before, and so is what was lost', () => {
  const measured = (...looks: NodeFlow[]) => {
    const last = looks.reduce((before, each) => follow(before, [each]), NOTHING);
    return [...last.values()][0]!.measured;
  };
  const first = flow('o', 'e');
  const later = { ...first, at_ms: 3000, bytes: 501_000, packets: 200, lost: 60 };
  const result = { kbps: 2000, loss: 0.1 };
  assert.equal(measured(first), undefined);
  assert.deepEqual(measured(first, later), result);
  assert.deepEqual(measured(first, later, later), result, 'nobody has looked anew');
  assert.deepEqual(measured(first, later, { ...first, at_ms: 5000 }), result, 'a stream has ended');
  assert.deepEqual(measured(first, { ...later, packets: 100, lost: 50 }), { kbps: 2000 }, 'nothing has come by UDP');
  assert.equal(measured(first, { ...later, by: 'o' }), undefined, 'the other end counts now');
  assert.equal(measured(first, { ...later, media: 'reliable' }), undefined);
  const { bytes: _, ...pushed } = later;
  assert.equal(measured(first, later, { ...pushed, at_ms: 7000 }), undefined, 'how much it is cannot be known');
});

const crowded: Picture = draw(
  [
    ...Array.from({ length: 3 }, (_, i) => clusterNode(`o${i}`, { self: i === 0 })),
    ...Array.from({ length: 9 }, (_, i) => clusterNode(`e${i}`, { role: 'edge' })),
  ],
  Array.from({ length: 9 }, (_, i) => ({ stream: `${i}`, owner: `o${i % 3}`, nodes: [`e${i}`, 'o1'], viewers: 1 })),
);

test('what is published at an edge goes the other way, and says so', () => {
  const nodes = [clusterNode('o', { self: true }), clusterNode('e', { role: 'edge' })];
  const told = follow(NOTHING, [flow('o', 'e'), flow('e', 'o')]);
  const picture = drawUp({ nodes, streams: [] }, told, OWN);
  for (const width of [320, 1072]) {
    const { ways } = layOut(picture, width);
    const of = (from: string) => ways.find(({ flow: each }) => each.from === from && each.to !== VIEWERS)!;
    assert.deepEqual([of('o').back, of('e').back], [undefined, width < 960 ? '↑' : '←']);
    const ends = (path: string) => path.slice(1).split(/[ C]/).map(Number);
    const [there, back] = [ends(of('o').path), ends(of('e').path)];
    const along = width < 960 ? 1 : 0;
    assert.ok(there[along]! < there[6 + along]! && back[along]! > back[6 + along]!);
    assert.notDeepEqual(back.slice(6), there.slice(0, 2));
  }
});

for (const width of [280, 320, 600, 959, 960, 1072]) {
  test(`at ${width} px everything is in the picture and nothing upon another`, () => {
    const { boxes, ways, height, isUpright } = layOut(crowded, width);
    assert.equal(isUpright, width < 960);
    assert.equal(boxes.length, 14);
    assert.equal(ways.length, crowded.flows.length);
    for (const [i, box] of boxes.entries()) {
      assert.ok(box.x >= 0 && box.x + box.width <= width + 0.01 && box.y >= 0 && box.y + box.height <= height, box.id);
      for (const other of boxes.slice(i + 1)) {
        const apart =
          box.x + box.width <= other.x ||
          other.x + other.width <= box.x ||
          box.y + box.height <= other.y ||
          other.y + other.height <= box.y;
        assert.ok(apart, `${box.id} and ${other.id}`);
      }
    }
  });
}
