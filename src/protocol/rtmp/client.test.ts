import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import { mutate } from '../../../test/fuzz/mutate.ts';
import { Random } from '../../../test/fuzz/random.ts';
import { dialingContext, FETCHED, pullOnce } from '../../../test/support/dialing.ts';
import { type Answer, obliging, rtmpServer, startFar } from '../../../test/support/far-server.ts';
import { synthetic } from '../../../test/support/synthetic.ts';
import { needs } from '../../../test/support/tools.ts';
import { type Owner, until } from '../../../test/support/until.ts';
import { RefusedError } from '../../base/errors.ts';
import { type AmfValue, amfObject } from '../../container/flv/amf0.ts';
import { FlvDemuxer } from '../../container/flv/demuxer.ts';
import type { Stream } from '../../hub/stream.ts';
import type { Context } from '../../module.ts';
import { Departure, serve } from '../../net/serve.ts';
import { rtmpDialer } from './client.ts';
import { encodeMessage } from './wire/chunk-writer.ts';
import { command as payloadOf } from './wire/command.ts';
import { controlMessage } from './wire/control.ts';
import { MessageType } from './wire/message.ts';
import { connectResult, createStreamResult, onStatus, type Status } from './wire/reply.ts';

const TYPES = { audio: MessageType.audio, video: MessageType.video, script: MessageType.dataAmf0 };
const refused = (ex?: Record<string, AmfValue>): AmfValue =>
  amfObject({ level: 'error', code: 'NetConnection.Connect.Rejected', description: 'no', ex: ex && amfObject(ex) });
const tell = (socket: Socket, type: number, payload: Uint8Array, timestamp = 0) =>
  void socket.write(encodeMessage({ chunkStreamId: 6, type, streamId: 1, timestamp, payload }, 128));
const says = (code: string, level: Status['level'] = 'status') => onStatus({ level, code, description: 'so it is' });
const clip = () => synthetic({ frames: 10, size: 100, gop: 5 });

async function pull(owner: Owner, far: (socket: Socket) => void, context = dialingContext()): Promise<Error> {
  const port = await startFar(owner, far);
  return pullOnce(context, rtmpDialer(context), `rtmp://127.0.0.1:${port}/live/movie`);
}

/** Answers `connect` alone. */
function opening(then: Answer): (socket: Socket) => void {
  return rtmpServer((command, say, socket) => {
    if (command.name === 'connect') say(connectResult(command.transactionId, command.object));
    else then(command, say, socket);
  });
}

describe('a server that misbehaves ends the session, and nothing else', () => {
  const cases: [name: string, far: (socket: Socket) => void, reason: RegExp][] = [
    ['that says nothing', () => {}, /took too long to answer/],
    ['that speaks HTTP', (socket) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'), /handshake of version/],
    ['that hangs up', (socket) => void socket.end(), /closed the connection/],
    ['that does not answer connect', rtmpServer(() => {}), /took too long to answer/],
    [
      'that refuses connect',
      rtmpServer(({ transactionId }, say) => say(payloadOf('_error', transactionId, null, refused()))),
      /refuses: NetConnection.Connect.Rejected: no$/,
    ],
    [
      'that gives no message stream',
      opening(({ transactionId }, say) => say(createStreamResult(transactionId, Number.NaN))),
      /no message stream/,
    ],
    [
      'that gives message stream 0',
      opening(({ transactionId }, say) => say(createStreamResult(transactionId, 0))),
      /no message stream/,
    ],
    [
      'that has no such stream',
      obliging((command, socket) => {
        if (command.name === 'play')
          tell(socket, MessageType.commandAmf0, says('NetStream.Play.StreamNotFound', 'error'));
      }),
      /NetStream.Play.StreamNotFound: so it is/,
    ],
    [
      'that says that the stream is over',
      obliging((_, socket) => tell(socket, MessageType.commandAmf0, says('NetStream.Play.UnpublishNotify'))),
      /UnpublishNotify/,
    ],
    [
      'that plays nothing',
      obliging((_, socket) => tell(socket, MessageType.commandAmf0, says('NetStream.Play.Start'))),
      /no frame came in time/,
    ],
    [
      'that announces a message of 16 MB',
      obliging((_, socket) => void socket.write(Uint8Array.of(6, 0, 0, 0, 0xff, 0xff, 0xff, 9, 1, 0, 0, 0))),
      /message of 16777215 bytes/,
    ],
    [
      'that announces a command of 1 MB',
      opening((_, __, socket) => void socket.write(Uint8Array.of(3, 0, 0, 0, 0x10, 0, 0, 20, 0, 0, 0, 0))),
      /message of 1048576 bytes/,
    ],
    [
      'that sends what is no video',
      obliging((_, socket) => tell(socket, MessageType.video, Uint8Array.of(0x17, 0, 0, 0, 0, 9, 9))),
      /./,
    ],
    [
      'that floods before anything is asked of it',
      rtmpServer((_, __, socket) => {
        for (let i = 0; i < 100; i++)
          socket.write(encodeMessage(controlMessage({ kind: 'acknowledgement', received: i }), 128));
        socket.write(
          Buffer.alloc(100 * 1024, encodeMessage(controlMessage({ kind: 'acknowledgement', received: 0 }), 128)),
        );
      }),
      /bytes from one who does not publish/,
    ],
  ];
  for (const [name, far, reason] of cases) {
    test(name, async (t) => {
      const context = dialingContext();
      const cause = await pull(t, far, context);
      assert.match(cause.message, reason);
      assert.notEqual(cause.name, 'Error');
      assert.equal(context.sessions.size, 0);
      assert.equal(context.hub.find(FETCHED)?.publisher, undefined);
    });
  }
});

test('nobody there is an ordinary end', async () => {
  const context = dialingContext();
  const cause = await pullOnce(context, rtmpDialer(context), 'rtmp://127.0.0.1:1/live/movie');
  assert.ok(cause instanceof Departure);
  assert.match(cause.message, /ECONNREFUSED/);
});

test('a redirect is followed, with _error and with onStatus, but not for ever', needs('ffmpeg'), async (t) => {
  const context = dialingContext();
  const tags = await clip();
  const asked: AmfValue[] = [];
  const last = await startFar(
    t,
    obliging(({ name, args }, socket) => {
      if (name !== 'play') return;
      asked.push(args[0]);
      for (const { type, timestamp, body } of tags) tell(socket, TYPES[type], body, timestamp);
      socket.end();
    }),
  );
  const second = await startFar(
    t,
    obliging((_, socket) => {
      const ex = {
        code: 302,
        redirect: `rtmp://127.0.0.1:${last}/live`,
        redirect2: `rtmp://127.0.0.1:${last}/live/other`,
      };
      tell(socket, MessageType.commandAmf0, payloadOf('onStatus', 0, null, refused(ex)));
    }),
  );
  const ex = { code: 302, redirect: `rtmp://127.0.0.1:${second}/live` };
  await pull(
    t,
    rtmpServer(({ transactionId }, say) => say(payloadOf('_error', transactionId, null, refused(ex)))),
    context,
  );
  assert.deepEqual(asked, ['other']);
  assert.equal(context.hub.find(FETCHED)!.counters.videoFrames, 10);

  let visits = 0;
  const circle: number = await startFar(
    t,
    rtmpServer(({ transactionId }, say) => {
      visits++;
      say(payloadOf('_error', transactionId, null, refused({ redirect: `rtmp://127.0.0.1:${circle}/live` })));
    }),
  );
  const cause = await pullOnce(context, rtmpDialer(context), `rtmp://127.0.0.1:${circle}/live/movie`);
  assert.match(cause.message, /more than 3 times/);
  assert.equal(visits, 4);
});

test('pings are answered, and metadata that comes before the frames is not lost', needs('ffmpeg'), async (t) => {
  const context = dialingContext();
  const tags = await clip();
  const pongs: string[] = [];
  const ended = pull(
    t,
    obliging((command, socket) => {
      if (command.name !== 'play') return;
      socket.on('data', (bytes: Buffer) => pongs.push(bytes.toString('hex')));
      socket.write(encodeMessage(controlMessage({ kind: 'ping-request', timestamp: 0xabcdef }), 128));
      for (const { type, timestamp, body } of tags) tell(socket, TYPES[type], body, timestamp);
    }),
    context,
  );
  const stream = await until('the stream is there', () => context.hub.find(FETCHED));
  // It announces video alone, so that nothing waits for sound.
  await until('it has frames', () => stream.counters.videoFrames === 10);
  await until('the ping is answered', () => pongs.join('').includes('000700abcdef'));
  for (const session of context.sessions) session.close(new RefusedError('kicked', 'enough'));
  assert.equal((await ended).message, 'enough');
});

test('whatever a server sends instead of a stream, the session ends as it should', needs('ffmpeg'), async (t) => {
  const random = new Random(4);
  const tags = await clip();
  const seeds = [
    ...tags
      .slice(0, 4)
      .map(({ type, timestamp, body }) =>
        encodeMessage({ chunkStreamId: 6, type: TYPES[type], streamId: 1, timestamp, payload: body }, 128),
      ),
    ...[says('NetStream.Play.Start'), payloadOf('_error', 1, null, refused({ redirect: 'rtmp://h/a' }))].map(
      (payload) =>
        encodeMessage({ chunkStreamId: 3, type: MessageType.commandAmf0, streamId: 0, timestamp: 0, payload }, 128),
    ),
  ];
  const context = dialingContext();
  const port = await startFar(
    t,
    obliging((_, socket) => {
      for (let i = 0; i < 4; i++) socket.write(mutate(random.pick(seeds), random, seeds));
      socket.end();
    }),
  );
  const url = `rtmp://127.0.0.1:${port}/live/movie`;
  for (let i = 0; i < 300; i++) {
    const cause = await pullOnce(context, rtmpDialer(context), url);
    assert.match(cause.name, /^(ProtocolError|RefusedError|Departure)$/, cause.message);
  }
  assert.equal(context.sessions.size, 0);
});

describe('a push', () => {
  /** A stream that is published here, and what writes it. */
  async function publish(context: Context): Promise<{ stream: Stream; write: () => Promise<void> }> {
    const session = context.sessions.open({ protocol: 'test', remote: '', close: () => {} });
    const publisher = await context.hub.publish(FETCHED, session, new AbortController().signal);
    const demuxer = new FlvDemuxer(() => {});
    publisher.announce(new Set(['video']));
    const write = async () => {
      for (const { type, timestamp, body } of await synthetic({ frames: 300, size: 50_000, gop: 10 })) {
        const sample = type === 'video' ? demuxer.video(timestamp, body) : undefined;
        if (sample) publisher.write(sample);
      }
    };
    await write();
    return { stream: publisher.stream, write };
  }

  async function push(owner: Owner, far: (socket: Socket) => void, overrides = {}, rounds = 0): Promise<Error> {
    const context = dialingContext(overrides);
    const { stream, write } = await publish(context);
    context.hub.observe(async ({ type }) => {
      for (let round = 0; type === 'read' && round < rounds; round++) await write();
    });
    const port = await startFar(owner, far);
    const url = `rtmp://127.0.0.1:${port}/live/movie`;
    return (await serve(context, { protocol: 'rtmp', remote: '' }, (serving) =>
      rtmpDialer(context).push!(url, stream, serving),
    )) as Error;
  }

  test('that is refused says why', needs('ffmpeg'), async (t) => {
    const far = obliging((command, socket) => {
      if (command.name === 'publish') tell(socket, MessageType.commandAmf0, says('NetStream.Publish.BadName', 'error'));
    });
    assert.match((await push(t, far)).message, /NetStream.Publish.BadName/);
  });

  test('that is never answered is given up', needs('ffmpeg'), async (t) => {
    assert.match(
      (
        await push(
          t,
          obliging(() => {}),
        )
      ).message,
      /took too long/,
    );
  });

  test('to a server that does not read is given up', needs('ffmpeg'), async (t) => {
    const far = obliging((command, socket) => {
      if (command.name !== 'publish') return;
      tell(socket, MessageType.commandAmf0, says('NetStream.Publish.Start'));
      socket.pause();
    });
    const overrides = { play: { stallTimeout: '1s' }, window: { duration: '10m', bytes: '64MiB' } };
    // More than kernels hold: up to 36 MB.
    assert.match((await push(t, far, overrides, 4)).message, /does not take what it is sent/);
  });

  test('to a server that floods is ended', needs('ffmpeg'), async (t) => {
    const far = obliging((command, socket) => {
      if (command.name !== 'publish') return;
      tell(socket, MessageType.commandAmf0, says('NetStream.Publish.Start'));
      socket.write(
        Buffer.alloc(200 * 1024, encodeMessage(controlMessage({ kind: 'acknowledgement', received: 0 }), 128)),
      );
    });
    assert.match((await push(t, far)).message, /bytes from one who does not publish/);
  });

  test('ten of one stream share what is encoded', needs('ffmpeg'), async (t) => {
    const context = dialingContext();
    const { stream } = await publish(context);
    const port = await startFar(
      t,
      obliging((command, socket) => {
        if (command.name === 'publish') tell(socket, MessageType.commandAmf0, says('NetStream.Publish.Start'));
      }),
    );
    const shared: string[] = [];
    const share = stream.share.bind(stream);
    stream.share = (key, make) => share(key, () => (shared.push(key), make()));
    const dialer = rtmpDialer(context);
    const url = `rtmp://127.0.0.1:${port}/live/movie`;
    const pushes = Array.from({ length: 10 }, () =>
      serve(context, { protocol: 'rtmp', remote: '' }, (serving) => dialer.push!(url, stream, serving)),
    );
    await until('all are at work', () => stream.readers.size === 10);
    assert.equal(shared.length, 1);
    for (const session of context.sessions) session.close(new RefusedError('kicked', 'enough'));
    await Promise.all(pushes);
    assert.equal(stream.readers.size, 0);
  });
});
