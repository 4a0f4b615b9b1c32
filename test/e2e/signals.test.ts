import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clip } from '../support/clips.ts';
import { framesOf } from '../support/frames.ts';
import { allGet, publisher, sendFromStart } from '../support/publish.ts';
import { spawnServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { PLAIN_OUTPUTS, watchAll } from '../support/watch.ts';

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(
    `${signal} ends the server cleanly: publisher and viewers are told, and the exit code is 0`,
    needs('ffmpeg'),
    async (t) => {
      const { tags } = await clip('movie');
      const server = await spawnServer(t, { play: { wait: '30s' } });
      const viewers = await watchAll(t, server, PLAIN_OUTPUTS, 'ending');
      const client = await publisher(t, server, 'ending');
      await sendFromStart(client, tags, viewers.values());
      await allGet(viewers.values(), framesOf(tags).length);
      server.program.kill(signal);
      assert.deepEqual(await server.program.ended(), { code: 0, signal: null });
      assert.match(await client.viewer.ended, /the server is stopping/);
      assert.match(await viewers.get('rtmp')!.ended, /the server is stopping/);
      assert.match(await viewers.get('ws-flv')!.ended, /the server is stopping/);
      assert.equal(await viewers.get('http-flv')!.ended, 'closed');
      assert.equal(server.program.stderr, '');
      assert.deepEqual(
        server.lines().filter(({ level }) => level === 'error'),
        [],
      );
    },
  );
}
