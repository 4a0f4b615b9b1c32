import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SECOND, VirtualClock } from '../base/clock.ts';
import { type Session, Sessions } from '../hub/session.ts';
import { reportStreams, unasked } from '../net/cluster.ts';
import { Audiences } from './audiences.ts';

const PATH = '__defaultVhost__/live/movie';

function rig() {
  const clock = new VirtualClock();
  const sessions = new Sessions(clock);
  const join = (protocol: string, more: Partial<Session> & { detail?: Record<string, string> } = {}) => {
    const { detail = {}, isInner, ...rest } = more;
    const session = sessions.open({ protocol, remote: '', isInner, close: () => {} });
    Object.assign(session.detail, detail);
    return Object.assign(session, { role: 'play', path: PATH, ...rest });
  };
  return { clock, sessions, join };
}

test('an origin is told how many watch here and behind here, soon after that has changed', () => {
  const { clock, sessions, join } = rig();
  const told: number[] = [];
  const rows: string[] = [];
  const leave = new Audiences({ clock, sessions }).tell(PATH, (viewers, watching) => {
    told.push(viewers);
    rows.push(watching.map((row) => `${row.node} ${row.protocol} ${row.viewers}`).join());
  });
  clock.advance(2 * SECOND);
  const viewer = join('http-flv');
  join('hls');
  const watching = [
    { node: '', protocol: 'hls', viewers: 30 },
    { node: 'far', protocol: 'rtmp', viewers: 9 },
  ];
  join('relay', { audience: 40, watching, detail: { node: 'near' } });
  join('relay', { audience: 7, watching: [{ node: '', protocol: 'hls', viewers: 7 }], isInner: true });
  for (const [protocol, detail] of [['record'], ['rtmp', { target: 'elsewhere:1935' }]] as const)
    join(protocol, { detail: detail ?? {} });
  clock.advance(4 * SECOND);
  sessions.remove(viewer);
  clock.advance(2 * SECOND);
  leave();
  join('rtmp');
  clock.advance(4 * SECOND);
  assert.deepEqual(told, [49, 48]);
  const elsewhere = 'near hls 30,far rtmp 9';
  assert.deepEqual(rows, [`${elsewhere}, hls 8, http-flv 1,near  1`, `${elsewhere}, hls 8,near  1`]);
});

test('a node that can be asked itself is not counted where it fetches, nor is another worker', async () => {
  const { sessions, join } = rig();
  join('http-flv');
  join('relay', { audience: 10, detail: { node: 'asked' } });
  join('relay', { audience: 100, detail: { node: 'unasked' } });
  join('relay', { audience: 1000, detail: { node: 'a stranger' } });
  join('relay', { audience: 10_000, isInner: true });
  const record = {
    role: 'edge',
    version: '1',
    since: 0,
    load: { cpu: 0, cores: 1, streams: 0, viewers: 0, bitrate: 0 },
  } as const;
  const nodes = async () => [
    { ...record, id: 'asked', url: 'headwater://a' },
    { ...record, id: 'unasked' },
  ];
  const hub = { streams: [{ path: PATH, mirrored: undefined }] } as unknown as Parameters<
    typeof reportStreams
  >[0]['hub'];
  const viewers = async (cluster?: { nodes: typeof nodes }) =>
    reportStreams({ hub, sessions }, await unasked(cluster))[0]!.viewers;
  assert.equal(await viewers({ nodes }), 1101);
  assert.equal(await viewers(), 1111);
});
