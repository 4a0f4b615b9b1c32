import assert from 'node:assert/strict';
import { test } from 'node:test';
import { amfObject } from '../../src/container/flv/amf0.ts';
import { command } from '../../src/protocol/rtmp/wire/command.ts';
import { connectResult } from '../../src/protocol/rtmp/wire/reply.ts';
import { clip } from '../support/clips.ts';
import { rtmpServer, startFar } from '../support/far-server.ts';
import { edgeOf, startOrigin } from '../support/nodes.ts';
import { allGet, publisher } from '../support/publish.ts';
import { PUBLISH_KEY, startTestServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import type { Owner } from '../support/until.ts';
import { PLAIN_OUTPUTS, watch } from '../support/watch.ts';

const CONNECTED = 'connected to an origin';
const QUICK = { window: { duration: '10m', bytes: '256MiB' }, play: { wait: '5s' } };
const { tags } = await clip('movie');
const refusal = amfObject({ level: 'error', code: 'NetConnection.Connect.Rejected', description: 'a token is needed' });

/** A server of another kind, which lets nobody connect without the right token; resolves to its URL. */
async function startStrict(t: Owner): Promise<string> {
  const strict = rtmpServer(({ name, transactionId, object }, say) => {
    if (name !== 'connect') return;
    const isGood = String(object.tcUrl).endsWith('/live?token=good');
    say(isGood ? connectResult(transactionId, object) : command('_error', transactionId, null, refusal));
  });
  return `rtmp://127.0.0.1:${await startFar(t, strict)}`;
}

test(
  'a viewer plays at an edge of an edge if the server at the end of the chain lets him',
  needs('ffmpeg'),
  async (t) => {
    const relay = { origins: [await startStrict(t)], traverse: true };
    const middle = await startOrigin(t, { ...QUICK, relay });
    const edge = await startTestServer(t, await edgeOf(t, [middle.url], { ...QUICK, relay: { traverse: true } }));
    await edge.logged(CONNECTED);
    const client = await publisher(t, middle.server, `movie?key=${PUBLISH_KEY}`);
    client.send(...tags);
    for (const output of PLAIN_OUTPUTS) {
      await allGet([await watch(t, edge, output, 'movie', '?token=good')], 1);
      // Our RTMP client rejects where the others show how it ended.
      const refused = watch(t, edge, output, 'movie', '?token=bad').then(({ ended }) => ended);
      assert.match(await refused.catch((error: Error) => error.message), /a token is needed/, `by ${output}`);
    }
  },
);

test('where no origin can be asked nobody plays', async (t) => {
  const relay = { origins: ['rtmp://127.0.0.1:1'], traverse: true };
  const edge = await startTestServer(t, { relay });
  assert.match(await (await watch(t, edge, 'http-flv', 'movie')).ended, /^403 .*no origin could be asked/);
});

test('publishers at an edge of such a server need what that wants of them, and no key of the edge', async (t) => {
  const far = await startStrict(t);
  const access = { loopback: 'like-others' };
  const open = await startTestServer(t, { access, relay: { origins: [far], traverse: true } });
  await assert.rejects(publisher(t, open, 'movie'), /a token is needed/);
  const closed = await startTestServer(t, { access, relay: { origins: [far] } });
  await assert.rejects(publisher(t, closed, 'movie'), /a publish key is needed/);
});
