import assert from 'node:assert/strict';
import { type Duplex, duplexPair } from 'node:stream';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { until } from '../../test/support/until.ts';
import { AccessGate, type AccessRequest, type Verdict } from '../access/gate.ts';
import { concat } from '../base/bytes.ts';
import { ProtocolError, RefusedError } from '../base/errors.ts';
import { loadConfig } from '../config/load.ts';
import { coreOptions } from '../config/options.ts';
import { Files, type ReadFileOf } from '../hub/files.ts';
import { Hub } from '../hub/hub.ts';
import { Sessions } from '../hub/session.ts';
import type { Context } from '../module.ts';
import { silentLogger } from '../ops/log.ts';
import { systemClock } from '../ops/system-clock.ts';
import { Channel } from './channel.ts';
import { filesAt } from './files.ts';
import type { RelayMessage } from './messages.ts';
import { serveNode } from './origin.ts';
import type { Source } from './subscription.ts';
import { blankMessage, MessageType } from './wire/message.ts';

const PATH = '__defaultVhost__/live/movie';
const never = new AbortController().signal;
const reading = { most: 10_000_000, signal: never };

function sourceOf(serve: (stream: Duplex) => void): Source {
  const open = async () => {
    const [near, far] = duplexPair();
    serve(far);
    return near;
  };
  return { name: 'origin:4242', host: '192.0.2.2', node: 'origin', open };
}

/** A node that makes files in this way, as the source of another one. */
function origin(read: ReadFileOf, verdict: Verdict = 'allow') {
  const config = loadConfig(z.strictObject(coreOptions), { file: { name: 'test', text: '' } });
  const asked: AccessRequest[] = [];
  const context: Partial<Context> = {
    config,
    clock: systemClock,
    log: silentLogger,
    hub: new Hub({ ...config.publish, window: config.window, segment: 1 }, systemClock),
    sessions: new Sessions(systemClock),
    access: new AccessGate([
      async (request) => {
        asked.push(request);
        return verdict;
      },
    ]),
    files: Object.assign(new Files(), { read }),
  };
  const ground = { context: context as Context, nodeId: 'origin', isAsking: () => false };
  const peer = { node: 'edge', remote: '192.0.2.1' };
  return { asked, sessions: context.sessions!, source: sourceOf((stream) => void serveNode(ground, stream, peer)) };
}

/** An origin in the hands of the test: it answers with these messages and then leaves, or stays silent. */
function scripted(...answers: readonly (RelayMessage | Uint8Array)[]): Source {
  return sourceOf(async (stream) => {
    const channel = new Channel(stream);
    await channel.hear(never, 1000);
    for (const answer of answers) {
      if (answer instanceof Uint8Array) stream.write(answer);
      else channel.send(answer);
    }
    if (answers.length > 0) stream.end();
  });
}

function piece(length: number): Uint8Array {
  return blankMessage(MessageType.piece, length);
}

describe('a file crosses from node to node', () => {
  for (const sizes of [[], [0], [1], [1000, 0, 2000], [256 * 1024], [256 * 1024 + 1, 3_000_000]]) {
    test(`of pieces of ${sizes.join(', ') || 'nothing'} bytes`, async () => {
      const pieces = sizes.map((size, i) => new Uint8Array(size).fill(i + 1));
      const { source, sessions } = origin(async (path, name) => {
        assert.deepEqual([path, name], [PATH, '5.m4s']);
        return pieces;
      });
      const got = await filesAt(source, PATH)('5.m4s', reading);
      assert.ok(Buffer.from(concat(got)).equals(concat(pieces)));
      await until('the origin has nothing more to do', () => sessions.size === 0);
    });
  }

  test('if the gate lets it, as it would a stream', async () => {
    const { source, asked } = origin(async () => [], { refuse: 'not for you' });
    await assert.rejects(filesAt(source, PATH)('5.m4s', reading), { code: 'limit', message: /not for you/ });
    assert.deepEqual([asked[0]!.action, asked[0]!.path, asked[0]!.protocol], ['play', PATH, 'relay']);
  });
});

describe('there is no file', () => {
  const cases: [name: string, read: ReadFileOf, code: string][] = [
    ['that nobody makes', new Files().read, 'not-found'],
    ['of that name', () => Promise.reject(new RefusedError('not-found', 'none')), 'not-found'],
    ['as making it fails', () => Promise.reject(new Error('a bug')), 'limit'],
    ['as it is larger than it may be', async () => [new Uint8Array(10_000_001)], 'too-large'],
  ];
  for (const [name, read, code] of cases) {
    test(name, async () => {
      await assert.rejects(filesAt(origin(read).source, PATH)('5.m4s', reading), { name: 'RefusedError', code });
    });
  }

  test('where the path is none', async () => {
    await assert.rejects(filesAt(origin(async () => []).source, 'v/live/..')('5.m4s', reading), RefusedError);
  });

  test('when the origin cannot be reached', async () => {
    const source = { ...scripted(), open: () => Promise.reject(new Error('nobody is there')) };
    await assert.rejects(filesAt(source, PATH)('5.m4s', reading), /nobody is there/);
  });
});

describe('an origin is not believed', () => {
  const cases: [name: string, answers: (RelayMessage | Uint8Array)[], error: RegExp][] = [
    ['that breaks off', [{ op: 'file', size: 10 }, piece(9)], /broke off/],
    ['that sends more', [{ op: 'file', size: 10 }, piece(11)], /more or other/],
    ['that sends a frame', [{ op: 'file', size: 10 }, blankMessage(MessageType.record, 10)], /more or other/],
    ['that says something else', [{ op: 'alive' }], /"alive" instead of a file/],
    [
      'that sends a piece of a gigabyte',
      [{ op: 'file', size: 10 }, Uint8Array.of(64, 0, 0, 0, 3)],
      /message of type 3/,
    ],
  ];
  for (const [name, answers, error] of cases) {
    test(name, async () => {
      await assert.rejects(filesAt(scripted(...answers), PATH)('5.m4s', reading), (reason: Error) => {
        assert.ok(reason instanceof ProtocolError || reason instanceof RefusedError);
        assert.match(reason.message, error);
        return true;
      });
    });
  }

  test('that falls silent: one who waits can stop', async () => {
    for (const answers of [[], [{ op: 'file', size: 10 } as const]]) {
      const [stopping, opened] = [new AbortController(), Promise.withResolvers<Duplex>()];
      const source = sourceOf(async (stream) => {
        const channel = new Channel(stream);
        await channel.hear(never, 1000);
        for (const answer of answers) channel.send(answer);
        opened.resolve(stream);
      });
      const read = filesAt(source, PATH)('5.m4s', { most: 100, signal: stopping.signal });
      const stream = await opened.promise;
      stopping.abort(new RefusedError('timeout', 'it takes too long'));
      await assert.rejects(read, { code: 'timeout' });
      await until('the origin is told', () => stream.destroyed || stream.readableEnded);
    }
  });
});
