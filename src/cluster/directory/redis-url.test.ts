import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRedisUrl, redisOptions } from './redis-url.ts';

test('the URL of a Redis says how to connect to it', () => {
  const cases: [url: string, options: object][] = [
    ['redis://10.0.0.7', { host: '10.0.0.7', port: 6379, db: 0 }],
    ['redis://:p%40ss@redis.example:6380/2', { host: 'redis.example', port: 6380, db: 2, password: 'p@ss' }],
    ['redis://live:secret@[::1]', { host: '::1', port: 6379, db: 0, username: 'live', password: 'secret' }],
    ['rediss://redis.example', { host: 'redis.example', port: 6379, db: 0, tls: { servername: 'redis.example' } }],
  ];
  for (const [url, options] of cases) assert.deepEqual(redisOptions(url), options, url);
});

test('sentinels are asked for the master by its name', () => {
  assert.deepEqual(redisOptions('redis+sentinel://:secret@10.0.0.1,10.0.0.2:26380/mymaster/1'), {
    sentinels: [
      { host: '10.0.0.1', port: 26_379 },
      { host: '10.0.0.2', port: 26_380 },
    ],
    name: 'mymaster',
    db: 1,
    password: 'secret',
  });
});

test('what is no URL of a Redis is none', () => {
  for (const text of [
    '',
    'redis',
    'redis://',
    'http://host',
    'redis://host/name',
    'redis+sentinel://host',
    'redis://host?x=1',
  ])
    assert.equal(isRedisUrl(text), false, text);
});
