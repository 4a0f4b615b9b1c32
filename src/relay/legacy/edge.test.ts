import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clip } from '../../../test/support/clips.ts';
import { httpFlvViewer } from '../../../test/support/flv-client.ts';
import { content, framesOf } from '../../../test/support/frames.ts';
import { publisher } from '../../../test/support/publish.ts';
import { startTestServer } from '../../../test/support/server.ts';
import { needs } from '../../../test/support/tools.ts';
import type { Owner } from '../../../test/support/until.ts';
import { isMulticast, receiveAt } from './udp.ts';

const GROUP = '239.255.77.77';
const LOOPBACK = '127.0.0.1';

function startEdge(owner: Owner, port: number) {
  const edge = { listen: `${GROUP}:${port}`, multicastInterface: LOOPBACK, flvListen: `${LOOPBACK}:0` };
  return startTestServer(owner, { rtmp: { listen: 'off' }, play: { wait: '30s' }, legacy: { edge } });
}

test('all members of a multicast group get a stream', needs('ffmpeg'), async (t) => {
  const { tags } = await clip('movie');
  const first = await startEdge(t, 0);
  const port = first.ports['legacy-rtp']!;
  const edges = [first, await startEdge(t, port)];
  const listens = { repairListen: `${LOOPBACK}:0`, apiListen: `${LOOPBACK}:0`, multicastInterface: LOOPBACK };
  const cloud = await startTestServer(t, { legacy: { cloud: { destinations: [`${GROUP}:${port}`], ...listens } } });
  const viewers = edges.map(({ ports }) =>
    httpFlvViewer(t, `http://${LOOPBACK}:${ports['legacy-flv']}/live/movie.flv`),
  );
  const client = await publisher(t, cloud, 'movie');
  client.send(...tags.slice(0, 12));
  for (const viewer of viewers) await viewer.gets(5);
  client.send(...tags.slice(12));
  for (const viewer of viewers) await viewer.gets(40, (tag) => framesOf([tag], 'video').length > 0);
  const [one, other] = viewers.map((viewer) => framesOf(viewer.tags, 'video').slice(0, 40).map(content));
  assert.deepEqual(one, other);
});

test('an edge that cannot have its port says so in one sentence', async (t) => {
  const taken = await receiveAt({ host: LOOPBACK, port: 0 }, '');
  t.after(() => void taken.close());
  const { port } = taken.address();
  await assert.rejects(
    startTestServer(t, { legacy: { edge: { listen: `${LOOPBACK}:${port}` } } }),
    new RegExp(`^Error: cannot receive at ${LOOPBACK}:${port} \\(UDP\\): another program listens there already$`),
  );
});

test('groups are told from ordinary addresses', () => {
  const addresses = ['224.0.0.1', '239.0.0.1', '223.255.255.255', '240.0.0.1', '127.0.0.1', '0.0.0.0', 'localhost'];
  assert.deepEqual(addresses.filter(isMulticast), ['224.0.0.1', '239.0.0.1']);
});
