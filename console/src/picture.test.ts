import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterNode } from '../test/console-samples.ts';
import { edgeLink, originLink } from '../test/link-samples.ts';
import type { LinkList } from './links.ts';
import { ALONE, drawUp, measure, type Own, type Picture, PUBLISHERS, VIEWERS } from './picture.ts';
import { layOut } from './picture-layout.ts';

const OWN: Own = { cpu: 0.1, streams: 2, viewers: 5, recvKbps: 2000, sendKbps: 5000 };
const NO_LINKS: LinkList = { links: [], pushes: [] };
const none = new Map<string, never>();
const draw = (nodes: Parameters<typeof drawUp>[0]['nodes'], streams: Parameters<typeof drawUp>[0]['streams'] = []) =>
  drawUp({ nodes, streams }, NO_LINKS, OWN, none);

test('a node that is alone stands between those who publish and those who watch', () => {
  const { nodes, flows } = draw([]);
  assert.deepEqual(nodes, [{ id: ALONE, role: 'origin', self: true, cpu: 0.1, streams: 2, viewers: 5, kbps: 5000 }]);
  assert.deepEqual(flows, [
    { from: PUBLISHERS, to: ALONE, streams: 2, kbps: 2000 },
    { from: ALONE, to: VIEWERS, kbps: 5000 },
  ]);
});

test('a node to which nobody publishes and at which nobody watches has no flows', () => {
  const { nodes, flows } = drawUp({ nodes: [], streams: [] }, NO_LINKS, { ...OWN, streams: 0, viewers: 0 }, none);
  assert.deepEqual([nodes.length, flows], [1, []]);
});

test('where a stream is says what flows between nodes, and this node’s links say how much', () => {
  const nodes = [clusterNode('o', { self: true, viewers: 0 }), clusterNode('e', { role: 'edge' }), clusterNode('p')];
  const streams = [
    { stream: 'live/a', owner: 'o', nodes: ['o', 'e'], viewers: 1 },
    { stream: 'live/b', owner: 'o', nodes: ['e', 'o'], viewers: 1 },
    { stream: 'live/c', owner: 'p', nodes: ['p', 'e'], viewers: 1 },
    { stream: 'live/d', owner: '', nodes: ['e'], viewers: 1 },
  ];
  const links = { links: [originLink({ node: 'e' })], pushes: [] };
  const measured = new Map([['origin e 198.51.100.7', { kbps: 4000, loss: 0.01 }]]);
  const { flows } = drawUp({ nodes, streams }, links, OWN, measured);
  assert.deepEqual(flows, [
    { from: PUBLISHERS, to: 'o', streams: 2 },
    { from: PUBLISHERS, to: 'p', streams: 1 },
    { from: 'o', to: 'e', streams: 2, media: 'udp', kbps: 4000, loss: 0.01 },
    { from: 'p', to: 'e', streams: 1 },
    { from: 'e', to: VIEWERS, kbps: 240_000 },
  ]);
});

test('a node outside of a cluster knows those at the other ends of its links', () => {
  const links = { links: [edgeLink({ node: 'above' }), originLink({ node: 'below' })], pushes: [] };
  const { nodes, flows } = drawUp({ nodes: [], streams: [] }, links, OWN, none);
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
  const before = {
    links: [originLink({ bytes: 1000, reported: { packets: 100, lost: 50, repaired: 0, residual: 0 } })],
    pushes: [],
  };
  const now = {
    links: [originLink({ bytes: 501_000, reported: { packets: 200, lost: 60, repaired: 0, residual: 0 } })],
    pushes: [],
  };
  assert.deepEqual([...measure(before, now, 2).values()], [{ kbps: 2000, loss: 0.1 }]);
  assert.deepEqual([...measure(NO_LINKS, now, 2).values()], []);
  // The link was made anew.
  assert.deepEqual([...measure(now, before, 2).values()], []);
});

const crowded: Picture = draw(
  [
    ...Array.from({ length: 3 }, (_, i) => clusterNode(`o${i}`, { self: i === 0 })),
    ...Array.from({ length: 9 }, (_, i) => clusterNode(`e${i}`, { role: 'edge' })),
  ],
  Array.from({ length: 9 }, (_, i) => ({ stream: `${i}`, owner: `o${i % 3}`, nodes: [`e${i}`, 'o1'], viewers: 1 })),
);

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
