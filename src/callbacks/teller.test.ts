import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Stream } from '../hub/stream.ts';
import { noSiblings } from '../net/siblings.ts';
import type { Client } from './body.ts';
import type { KnownPublisher } from './doorkeeper.ts';
import { callbacksOptions } from './options.ts';
import type { Outbox } from './outbox.ts';
import { Rules } from './rules.ts';
import { Teller } from './teller.ts';

const PATH = '__defaultVhost__/live/movie';

function known(id: string, since: number): KnownPublisher {
  const client: Client = {
    ...{ id, ip: '192.0.2.7', vhost: '__defaultVhost__', app: 'live', path: PATH },
    ...{ tcUrl: 'rtmp://h/live', param: `?of=${id}`, pageUrl: '' },
  };
  return { client, since };
}

/** Who is told to have published what was recorded, and what was written as a segment. */
async function told(stream: Pick<Stream, 'feeder' | 'trace'>, here?: KnownPublisher, elsewhere?: KnownPublisher) {
  const bodies: { action: string; client_id: string; ip: string; param: string }[] = [];
  const outbox = { post: ({ json }: { json: string }) => void bodies.push(JSON.parse(json) as (typeof bodies)[0]) };
  const urls = ['http://10.0.0.7/'];
  const teller = new Teller({
    rules: new Rules(callbacksOptions.parse({ rules: [{ on_dvr: urls, on_hls: urls }] } as never).rules),
    identity: { server: 'vid-1', service: 'a', pid: '1' },
    outbox: outbox as unknown as Outbox,
    door: { publisherOf: () => here },
    siblings: { ...noSiblings(), count: 2, ask: async () => [elsewhere] },
  });
  const about = { stream: { path: PATH, ...stream } as Stream, file: 'a' };
  teller.observe({ type: 'recorded', ...about, size: 1, began: 0, ended: 0 });
  teller.observe({ type: 'segment', ...about, number: 1, duration: 0, folder: '.', playlist: 'b' });
  while (!teller.isIdle) await new Promise(setImmediate);
  await new Promise(setImmediate);
  const of = (event: string) => {
    const { client_id, ip, param } = bodies.find(({ action }) => action === event)!;
    return [client_id, ip, param];
  };
  return { recorded: of('on_dvr'), segment: of('on_hls') };
}

function feeder(id: string, isInner = false): Pick<Stream, 'feeder' | 'trace'> {
  return { feeder: { id, isInner, remote: '192.0.2.8', detail: {} } as Stream['feeder'], trace: id };
}

test('who brings a stream has published what is made of it', async () => {
  const { recorded, segment } = await told(feeder('a'), known('a', 1));
  assert.deepEqual(recorded, ['a', '192.0.2.7', '?of=a']);
  assert.deepEqual(segment, recorded);
});

test('one who was let in after him, and stands by or was refused, has not', async () => {
  const { recorded, segment } = await told(feeder('a'), known('b', 2));
  assert.deepEqual(recorded, ['a', '192.0.2.8', '']);
  assert.deepEqual(segment, recorded);
});

test('of those whom another worker has it is the one who brings it, or the newest where that is not known', async () => {
  const { recorded: bringer } = await told(feeder('a', true), known('b', 2), known('a', 1));
  assert.deepEqual(bringer, ['a', '192.0.2.7', '?of=a']);
  const unknown = { ...feeder('', true), trace: undefined };
  const { recorded: newest } = await told(unknown, known('b', 1), known('a', 2));
  assert.deepEqual(newest, ['a', '192.0.2.7', '?of=a']);
});
