import { clip } from '../../test/support/clips.ts';
import { spawnMember } from '../../test/support/cluster.ts';
import { publishFile } from '../../test/support/ffmpeg.ts';
import { nodesKnownTo } from '../../test/support/lines.ts';
import { startRedis } from '../../test/support/redis.ts';
import type { Owner } from '../../test/support/until.ts';
import type { Figures } from '../report.ts';
import { spread } from '../statistics.ts';
import { LinePlayer } from './player.ts';

const STREAM = 'live/killed';

/** An edge is killed under its viewers, half by HTTP-FLV and half by WebSocket: how long it takes until each plays by another line. */
export async function kill(owner: Owner, viewers: number): Promise<Figures> {
  const redis = await startRedis(owner);
  const node = (role: 'origin' | 'edge', name: string) => {
    return spawnMember(owner, redis, role, { dispatch: { name, takes: role === 'edge' ? 'viewers' : 'publishers' } });
  };
  const origin = await node('origin', 'Origin');
  const [doomed] = await Promise.all(['Doomed', 'North', 'South'].map((name) => node('edge', name)));
  const { Doomed: id } = await nodesKnownTo(origin, 'Doomed', 'North', 'South');
  publishFile(owner, (await clip('movie')).file, origin.rtmp('killed'), '-stream_loop', '-1');
  await origin.logged('publish begins');
  const players = Array.from({ length: viewers }, (_, i) => {
    return new LinePlayer(owner, origin.http(''), STREAM, `viewer-${i}`);
  });
  await Promise.all(players.map((player, i) => player.begin(id!, i % 2 === 0 ? 'http-flv' : 'ws-flv')));
  const began = performance.now();
  doomed!.program.kill('SIGKILL');
  const took = await Promise.all(players.map((player) => player.again().then(() => performance.now() - began)));
  const { p50, p95, max } = spread(took);
  return { viewers, 'again p50 ms': p50, 'again p95 ms': p95, 'again max ms': max };
}
