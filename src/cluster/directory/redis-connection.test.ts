import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startRedis, tellRedis } from '../../../test/support/redis.ts';
import { needs } from '../../../test/support/tools.ts';
import { until } from '../../../test/support/until.ts';
import { loggerTo } from '../../ops/log.ts';
import { RedisDirectory } from './redis.ts';

/** What a user may do: all commands on all keys, and nothing on channels until that is added. */
const USER = ['ACL', 'SETUSER', 'node', 'on', '>secret', '~*', '+@all', 'resetchannels'];

test('what Redis refuses is said once, and heard as soon as it does not', needs('redis'), async (t) => {
  const redis = await startRedis(t);
  await tellRedis(redis.port, ...USER);
  const lines: { msg: string; reason?: string }[] = [];
  const log = loggerTo({ write: (line) => void lines.push(JSON.parse(line)) }, 'debug');
  const open = async (url: string) => {
    const directory = await RedisDirectory.open(url, 'c', log);
    t.after(() => directory.close());
    return directory;
  };
  const refused = await open(`redis://node:secret@127.0.0.1:${redis.port}`);
  const heard: string[] = [];
  refused.watch((event) => heard.push(event.type === 'told' ? event.news : event.type));
  for (let i = 0; i < 3; i++) await assert.rejects(refused.tell('{"a":1}'), /NOPERM|permission/);
  const complaints = lines.filter(({ msg }) => msg.startsWith('the directory cannot be reached'));
  assert.equal(complaints.length, 1);
  assert.match(complaints[0]!.reason!, /NOPERM|permission/);
  await until('the other is said as well', () => lines.some(({ msg }) => msg.startsWith('changes of the directory')));
  await tellRedis(redis.port, ...USER.slice(0, 3), '&*');
  await until('it has subscribed', () => heard.includes('missed'));
  await refused.tell('{"a":2}');
  await until('it hears what is told', () => heard.includes('{"a":2}'));
  assert.ok(lines.some(({ msg }) => msg === 'the directory answers again'));
});
