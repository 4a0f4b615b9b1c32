import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clip } from '../support/clips.ts';
import { edgeOf, startOrigin } from '../support/nodes.ts';
import { allGet, publisher } from '../support/publish.ts';
import { PUBLISH_KEY, startTestServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { PLAIN_OUTPUTS, watch } from '../support/watch.ts';

const QUICK = { window: { duration: '10m', bytes: '256MiB' }, play: { wait: '5s' } };
const NAME = `movie?key=${PUBLISH_KEY}`;

test('who may not publish from his address is refused, though he has the key', async (t) => {
  const server = await startTestServer(t, { access: { addresses: ['deny publish 127.0.0.0/8'] } });
  await assert.rejects(publisher(t, server, NAME), /this address may not publish/);
  await server.logged('publish ends', { code: 'forbidden', remote: '127.0.0.1' });
});

test('where addresses are allowed the key is needed all the same', async (t) => {
  const addresses = ['allow publish 127.0.0.1', 'allow play all'];
  const server = await startTestServer(t, { access: { addresses, loopback: 'like-others' } });
  await publisher(t, server, NAME);
  await assert.rejects(publisher(t, server, 'other'), /a publish key is needed/);
});

test('nothing is played to an address that may not, by whatever protocol', needs('ffmpeg'), async (t) => {
  const { tags } = await clip('movie');
  const addresses = [
    'deny play 127.0.0.1',
    'allow play all vhost=open.example.com',
    'allow publish all vhost=open.example.com',
  ];
  const server = await startTestServer(t, { ...QUICK, access: { addresses } });
  for (const name of [NAME, `${NAME}&vhost=open.example.com`]) (await publisher(t, server, name)).send(...tags);
  for (const output of PLAIN_OUTPUTS) {
    const refused = watch(t, server, output, 'movie').then(({ ended }) => ended);
    assert.match(await refused.catch((error: Error) => error.message), /this address may not play/, `by ${output}`);
    await allGet([await watch(t, server, output, 'movie', '?vhost=open.example.com')], 1);
  }
  const hls = await fetch(server.http('/live/movie.m3u8'));
  assert.equal(hls.status, 403);
});

test('an edge goes by its own rules, and its origin by those for the publisher', needs('ffmpeg'), async (t) => {
  const { tags } = await clip('movie');
  const origin = await startOrigin(t, { ...QUICK, access: { addresses: ['deny play all', 'deny publish 192.0.2.7'] } });
  const edge = await startTestServer(t, await edgeOf(t, [origin.url], QUICK));
  await edge.logged('connected to an origin');
  (await publisher(t, edge, NAME)).send(...tags);
  await allGet([await watch(t, edge, 'http-flv', 'movie')], 1);
  const closed = await startTestServer(
    t,
    await edgeOf(t, [origin.url], { ...QUICK, access: { addresses: ['deny publish all'] } }),
  );
  await closed.logged('connected to an origin');
  await assert.rejects(publisher(t, closed, 'second?key=x'), /this address may not publish/);
});
