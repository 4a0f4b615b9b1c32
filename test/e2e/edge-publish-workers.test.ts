import { test } from 'node:test';
import { clip } from '../support/clips.ts';
import { Crowd } from '../support/crowd.ts';
import { edgeOf, spawnOrigin } from '../support/nodes.ts';
import { PacedPublisher } from '../support/paced.ts';
import { needs } from '../support/tools.ts';
import { publishAt, spawnWorkers } from '../support/workers.ts';

const CLIP_LENGTH = 4000;
const SOME = 25;
const { tags } = await clip('movie');

test(
  'whichever worker of an edge a publisher comes to, the origin has it, and has it again after a restart',
  needs('ffmpeg'),
  async (t) => {
    const first = await spawnOrigin(t);
    const edge = await spawnWorkers(t, await edgeOf(t, [first.url]));
    await edge.logged('connected to an origin');
    for (const worker of [1, 2]) {
      const { client } = await publishAt(t, edge, `from-${worker}`, (came) => came === worker);
      new PacedPublisher(t, client, tags, CLIP_LENGTH);
    }
    const crowds = [];
    for (const worker of [1, 2]) crowds.push(await Crowd.gather(t, edge, `from-${worker}`, 3));
    for (const crowd of crowds) await crowd.gets(SOME);
    first.server.program.kill('SIGTERM');
    await first.server.program.ended();
    const seen = crowds.map(({ fewest }) => fewest);
    await spawnOrigin(t, {}, first);
    for (const [i, crowd] of crowds.entries()) {
      await crowd.gets(seen[i]! + 2 * SOME);
      crowd.assertUndisturbed();
    }
  },
);
