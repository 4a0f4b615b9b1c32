import { after, describe, test } from 'node:test';
import { clip, splitAt } from '../support/clips.ts';
import { Crowd } from '../support/crowd.ts';
import { publishFile } from '../support/ffmpeg.ts';
import { publisher } from '../support/publish.ts';
import { startTestServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';

const CROWD = 100;
/** Video frames of which it is seen that a publisher is under way. */
const SOME = 15;
/** In milliseconds: longer than it takes to count as stale. */
const PAUSE = 800;
const ONCE = { video: 1, audio: 1 };

const server = await startTestServer({ after }, { play: { wait: '30s' }, publish: { staleAfter: '400ms' } });
const { file, tags } = await clip('movie');

describe(`${CROWD} viewers stay when their publisher`, () => {
  test('is killed and started again', needs('ffmpeg'), async (t) => {
    const crowd = await Crowd.gather(t, server, 'killed', CROWD);
    const ffmpeg = publishFile(t, file, server.rtmp('killed'));
    await crowd.gets(SOME);
    ffmpeg.kill('SIGKILL');
    await server.logged('publish ends', { path: '__defaultVhost__/live/killed' });
    await returns(t, crowd, 'killed');
  });

  test('is stopped by SIGSTOP and another one takes its place', needs('ffmpeg'), async (t) => {
    const crowd = await Crowd.gather(t, server, 'stopped', CROWD);
    const ffmpeg = publishFile(t, file, server.rtmp('stopped'));
    await crowd.gets(SOME);
    ffmpeg.kill('SIGSTOP');
    await returns(t, crowd, 'stopped');
    await server.logged('publish ends', { path: '__defaultVhost__/live/stopped', code: 'busy' });
  });

  test('is stopped by SIGSTOP for a while and goes on', needs('ffmpeg'), async (t) => {
    const crowd = await Crowd.gather(t, server, 'paused', CROWD);
    const ffmpeg = publishFile(t, file, server.rtmp('paused'));
    await crowd.gets(SOME);
    ffmpeg.kill('SIGSTOP');
    await crowd.fallsSilent(PAUSE);
    const before = crowd.fewest;
    ffmpeg.kill('SIGCONT');
    await crowd.gets(before + SOME);
    crowd.assertUndisturbed();
    ffmpeg.kill('SIGKILL');
  });

  test('is gone behind a connection that nobody closed', needs('ffmpeg'), async (t) => {
    const crowd = await Crowd.gather(t, server, 'half-open', CROWD);
    const client = await publisher(t, server, 'half-open');
    client.send(...splitAt(tags, 1000)[0]);
    await crowd.gets(SOME);
    client.socket.pause();
    await returns(t, crowd, 'half-open');
    await server.logged('publish ends', { path: '__defaultVhost__/live/half-open', code: 'busy' });
  });

  /** A new publisher of the same clip: everybody sees it from its first key frame on, and needs no new headers. */
  async function returns(owner: Parameters<typeof publisher>[0], crowd: Crowd, name: string): Promise<void> {
    const before = crowd.fewest;
    const ffmpeg = publishFile(owner, file, server.rtmp(name));
    await crowd.gets(before + 2 * SOME);
    ffmpeg.kill('SIGKILL');
    crowd.assertUndisturbed();
    crowd.assertFollowed(tags, tags, ONCE);
  }
});
