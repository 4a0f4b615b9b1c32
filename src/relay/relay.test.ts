import assert from 'node:assert/strict';
import { type Duplex, duplexPair } from 'node:stream';
import { afterEach, beforeEach, describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { AUDIO, VIDEO } from '../../test/support/tracks.ts';
import { until } from '../../test/support/until.ts';
import { AccessGate, type Verdict } from '../access/gate.ts';
import { MILLISECOND, SECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import { loadConfig } from '../config/load.ts';
import { coreOptions } from '../config/options.ts';
import { Hub } from '../hub/hub.ts';
import type { Relayed } from '../hub/mirror.ts';
import type { Publisher } from '../hub/publisher.ts';
import { Reader } from '../hub/reader.ts';
import { type Session, Sessions } from '../hub/session.ts';
import type { Stream } from '../hub/stream.ts';
import { Frame } from '../media/frame.ts';
import type { Track } from '../media/track.ts';
import type { Context } from '../module.ts';
import { Pacer } from '../net/pacer.ts';
import { noSiblings } from '../net/siblings.ts';
import { loggerTo } from '../ops/log.ts';
import { systemClock } from '../ops/system-clock.ts';
import { UnknownAsides } from './asides.ts';
import { Audiences } from './audiences.ts';
import { Channel, expectJson, orAbort } from './channel.ts';
import { keepAlive } from './control.ts';
import { Follower } from './follower.ts';
import type { MediaServer } from './media/media-server.ts';
import type { Announcement, RelayMessage } from './messages.ts';
import { News } from './news.ts';
import { serveNode } from './origin.ts';
import { Pull, type PullGround } from './pull.ts';
import type { Source } from './subscription.ts';
import { blankMessage, MESSAGE_HEAD, MessageType } from './wire/message.ts';
import { RecordWriter } from './wire/record.ts';

const PATH = '__defaultVhost__/live/movie';
const ANNOUNCED: Announcement = {
  op: 'announce',
  token: 5,
  anchor: 1_000_000_000,
  epoch: 1,
  lineup: { video: 'h264', audio: 'aac' },
  tracks: [],
};
const never = new AbortController().signal;

/** All that a node is made of, but for its network. */
class Node {
  readonly lines: Record<string, unknown>[] = [];
  readonly context: Context;
  verdict: Verdict = 'allow';
  isAsking = false;
  readonly #news: News;
  readonly #unknown: UnknownAsides;

  constructor() {
    const clock = systemClock;
    const config = loadConfig(z.strictObject(coreOptions), { file: { name: 'test', text: '' } });
    const { publish, window, play, fanout } = config;
    const context: Partial<Context> = {
      config,
      clock,
      nodeId: 'origin',
      siblings: noSiblings(),
      log: loggerTo({ write: (line) => void this.lines.push(JSON.parse(line) as Record<string, unknown>) }, 'debug'),
      hub: new Hub({ ...publish, window, segment: SECOND }, clock),
      sessions: new Sessions(clock),
      access: new AccessGate([async () => this.verdict]),
      pacer: new Pacer(fanout, clock, (error) => assert.fail(String(error))),
      outlets: { window, stallTimeout: play.stallTimeout },
    };
    this.context = context as Context;
    this.#news = new News(this.context);
    this.#unknown = new UnknownAsides(this.context.log);
  }

  get hub(): Hub {
    return this.context.hub;
  }

  /** The sessions of the relay. */
  get relays(): Session[] {
    return [...this.context.sessions].filter(({ protocol }) => protocol === 'relay');
  }

  session(): Session {
    return this.context.sessions.open({ protocol: 'test', remote: 'here', close: () => {} });
  }

  /** Publishes a key frame and sound. */
  async publish(): Promise<Publisher> {
    const publisher = await this.hub.publish(PATH, this.session(), never);
    publisher.write(frame(0, VIDEO));
    publisher.write(frame(0, AUDIO));
    return publisher;
  }

  /** Answers what another node has opened. */
  serve(stream: Duplex): void {
    const { context } = this;
    const ground = {
      ...{ context, nodeId: 'origin', process: 'now', isAsking: () => this.isAsking },
      ...{ news: this.#news, unknown: this.#unknown },
    };
    void serveNode(ground, stream, { node: 'edge', remote: '192.0.2.1' });
  }

  /** This node as the source of another one. */
  source(): Source {
    return sourceOf((stream) => this.serve(stream));
  }

  ground(sources: PullGround['sources'], idle = 60_000 * MILLISECOND): PullGround {
    return { context: this.context, audiences: new Audiences(this.context), unknown: this.#unknown, sources, idle };
  }

  pull(sources: Source[], idle = 60_000 * MILLISECOND): Pull {
    return new Pull(
      this.ground(() => sources, idle),
      PATH,
      () => {},
    );
  }
}

let [origin, edge] = [new Node(), new Node()];
beforeEach(() => {
  [origin, edge] = [new Node(), new Node()];
});
afterEach(() => {
  for (const { hub } of [origin, edge]) hub.close();
});

function sourceOf(serve: (stream: Duplex) => void): Source {
  const open = async () => {
    const [near, far] = duplexPair();
    serve(far);
    return near;
  };
  return { name: 'origin:4242', host: '192.0.2.2', node: 'origin', open };
}

/** An origin in the hands of the test: every subscription is answered with these messages, and left open. */
function scripted(...answers: readonly (readonly (RelayMessage | Uint8Array)[])[]): Source & { asked: number } {
  const source = sourceOf(async (stream) => {
    const channel = new Channel(stream);
    await channel.hear(never, 1000);
    for (const answer of answers[Math.min(source.asked++, answers.length - 1)]!) {
      if (answer instanceof Uint8Array) stream.write(answer);
      else channel.send(answer);
    }
  }) as Source & { asked: number };
  source.asked = 0;
  return source;
}

function frame(ms: number, track: Track, keyframe = true): Relayed {
  const time = ms * MILLISECOND;
  const place = { token: 5, seq: 0, epoch: 1, ingest: 1e15 + time };
  return { track, ...place, dts: time, pts: time, keyframe, data: new Uint8Array(20) };
}

/** Records of frames as `[token, seq, ms, track]`; pictures are key frames unless told. */
function records(
  ...frames: [token: number, seq: number, ms: number, track: Track, keyframe?: boolean][]
): Uint8Array[] {
  const writer = new RecordWriter();
  return frames.map(([token, seq, ms, track, keyframe]) => {
    const sample = frame(ms, track, keyframe);
    const isKey = track.kind === 'video' && sample.keyframe;
    const place = { seq, tenure: { token, epoch: 1 } };
    return writer.write(new Frame(sample, place, sample.dts, track, isKey, sample.ingest)).message;
  });
}

/** Where the frames of a stream stand: `video 0`, `audio 40`. */
function shown({ log }: Stream): string[] {
  const positions = Array.from({ length: log.head - log.tail }, (_, i) => log.tail + i);
  return positions.map((at) => `${log.at(at).track.kind} ${log.at(at).dts / MILLISECOND}`);
}

/** An aside of a kind that is known to none. */
function newer(kind: string): Uint8Array {
  return asideOf(`{"op":"${kind}","of":"tomorrow"}`);
}

function asideOf(json: string): Uint8Array {
  const message = blankMessage(MessageType.aside, json.length);
  message.set(Buffer.from(json), MESSAGE_HEAD);
  return message;
}

async function heard(t: TestContext, ...messages: (RelayMessage | Uint8Array)[]): Promise<RelayMessage> {
  const [near, far] = duplexPair();
  t.after(() => near.destroy());
  origin.serve(far);
  const channel = new Channel(near);
  for (const message of messages) {
    if (message instanceof Uint8Array) near.write(message);
    else channel.send(message);
  }
  return channel.hear(never, 5000);
}

describe('a stream crosses from node to node', () => {
  test('with all that its owner says of its frames', async () => {
    const publisher = await origin.publish();
    await edge.pull([origin.source()]).found;
    const mirrored = edge.hub.find(PATH)!;
    publisher.write(frame(40, VIDEO, false));
    await until('all frames are there', () => mirrored.log.head === 3);
    const { stream } = publisher;
    for (const at of [0, 1, 2]) assert.deepEqual(mirrored.log.at(at), stream.log.at(at));
    const { token, anchor } = stream.lease;
    assert.deepEqual(mirrored.lease, { token, anchor });
    assert.deepEqual([...mirrored.tracks.values()], [VIDEO, AUDIO]);
    assert.deepEqual(
      [origin, edge].map(({ relays }) => relays.map(({ role, path, detail }) => [role, path, detail])),
      [[['play', PATH, { node: 'edge' }]], [['publish', PATH, { origin: 'origin:4242' }]]],
    );
  });

  test('once, from the first who has it; the others are let go', async () => {
    const second = new Node();
    for (const each of [origin, second]) await each.publish();
    const silent = sourceOf(() => {});
    await edge.pull([silent, origin.source(), second.source()]).found;
    await until('one is left', () => origin.relays.length + second.relays.length === 1);
    assert.equal(edge.relays.length, 1);
    second.hub.close();
  });

  test('and goes on without a picture missing where a key frame has come while the way was lost', async () => {
    const publisher = await origin.publish();
    const write = (ms: number, keyframe: boolean) => publisher.write(frame(ms, VIDEO, keyframe));
    let streams: Duplex[] = [];
    const source = sourceOf((stream) => {
      streams.push(stream);
      origin.serve(stream);
    });
    write(40, false);
    await edge.pull([source]).found;
    const stream = edge.hub.find(PATH)!;
    await until('it is there', () => stream.log.head === 3);
    const lost = streams;
    streams = [];
    for (const each of lost) each.destroy();
    write(80, false);
    write(120, true);
    write(160, false);
    await until('it goes on', () => stream.log.head === 6);
    assert.deepEqual(shown(stream).slice(3), ['video 80', 'video 120', 'video 160']);
  });

  test('until nobody has watched it for a while', async () => {
    await origin.publish();
    edge.pull([origin.source()], 20 * MILLISECOND);
    const stream = await edge.hub.read(PATH, 5_000 * MILLISECOND, never);
    const leave = edge.hub.join(stream, edge.session());
    await new Promise((resolve) => setTimeout(resolve, 60));
    leave();
    await until('the stream is over', () => stream.ended);
    assert.equal(edge.hub.find(PATH), undefined);
    await until('the origin knows', () => origin.relays.length === 0);
  });

  test('and ends with it', async () => {
    const publisher = await origin.publish();
    await edge.pull([origin.source()]).found;
    const stream = edge.hub.find(PATH)!;
    publisher.stream.end('gone', 'that was all');
    await until('the stream is over', () => stream.ended);
    assert.equal(stream.ended!.message, 'that was all');
  });
});

describe('a node that wants streams whether or not anybody watches', () => {
  /** The edge as it follows an origin, with what finds streams there. */
  function follow(t: TestContext, source: Source, isWanted = true): void {
    edge.hub.want(() => isWanted);
    edge.hub.resolveWith((path) => (path === PATH ? edge.pull([source], 1).found : undefined));
    const follower = new Follower(edge.context, source);
    t.after(() => follower.close());
  }
  const isHere = () => edge.hub.find(PATH)?.publisher !== undefined;

  test('has what is published at its origin, before and after it came, and keeps it', async (t) => {
    follow(t, origin.source());
    await until('it follows', () => origin.relays.length > 0);
    const publisher = await origin.publish();
    await until('it is here', isHere);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.ok(isHere(), 'though nobody reads it');
    publisher.stream.end('gone', 'that was all');
    await until('it is over', () => edge.hub.find(PATH) === undefined);
  });

  test('has what was there before it', async (t) => {
    await origin.publish();
    follow(t, origin.source());
    await until('it is here', isHere);
  });

  const kept: [name: string, isWanted: boolean, prepare: () => void][] = [
    ['that it does not want', false, () => {}],
    ['that the gate keeps back', true, () => (origin.verdict = { refuse: 'not for you' })],
    ['that its origin has from it', true, () => (origin.isAsking = true)],
  ];
  for (const [name, isWanted, prepare] of kept)
    test(`leaves alone what is there ${name}`, async (t) => {
      await origin.publish();
      prepare();
      follow(t, origin.source(), isWanted);
      await until('it follows', () => origin.relays.length > 0);
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal(edge.hub.find(PATH), undefined);
    });

  test('says once that its origin does not know the question', async (t) => {
    const source = scripted([{ op: 'ended', code: 'protocol', message: 'a stream that begins with "follow"' }]);
    follow(t, source);
    await until('it was asked again', () => source.asked > 1);
    assert.equal(edge.lines.filter(({ msg }) => /does not tell/.test(String(msg))).length, 1);
  });
});

describe('nobody has a stream', () => {
  const absent: [name: string, prepare: () => Promise<unknown>][] = [
    ['that nobody publishes', async () => {}],
    [
      'that the gate keeps back',
      async () => {
        await origin.publish();
        origin.verdict = { refuse: 'not for you' };
      },
    ],
    [
      'that is asked for by whom we ask for it',
      async () => {
        await origin.publish();
        origin.isAsking = true;
      },
    ],
  ];
  for (const [name, prepare] of absent) {
    test(name, async () => {
      await prepare();
      await edge.pull([origin.source(), origin.source()]).found;
      assert.equal(edge.hub.find(PATH), undefined);
      await until('nobody is left', () => origin.relays.length === 0);
    });
  }
});

describe('an edge', () => {
  test('asks again when the connection is lost, and goes on without a frame twice', async () => {
    const before = records([5, 0, 0, VIDEO], [5, 1, 0, AUDIO]);
    const source = scripted(
      [ANNOUNCED, ...before, { op: 'ended', code: 'shutdown', message: 'stopping' }],
      [{ op: 'ended', code: 'not-found', message: 'not yet' }],
      [{ ...ANNOUNCED, token: 6 }, ...records([6, 0, 0, VIDEO], [6, 1, 40, VIDEO], [6, 2, 40, AUDIO])],
    );
    await edge.pull([source]).found;
    const stream = edge.hub.find(PATH)!;
    await until('it goes on', () => stream.log.head === 4);
    assert.deepEqual(shown(stream), ['video 0', 'audio 0', 'video 40', 'audio 40']);
    assert.equal(stream.ended, undefined);
  });

  test('follows a change of the owner behind its origin', async () => {
    const frames = records([5, 7, 0, VIDEO], [6, 0, 0, VIDEO], [6, 1, 40, VIDEO]);
    await edge.pull([scripted([ANNOUNCED, ...frames])]).found;
    const stream = edge.hub.find(PATH)!;
    await until('both are there', () => stream.log.head === 2);
    assert.deepEqual([shown(stream), stream.lease.token], [['video 0', 'video 40'], 6]);
  });

  test('goes on at once where a successor begins with what it has of its predecessor', async () => {
    const before = records([5, 7, 0, VIDEO], [5, 8, 20, AUDIO]);
    const rest = records([5, 7, 0, VIDEO], [5, 8, 20, AUDIO], [5, 9, 40, VIDEO, false], [6, 3, 80, VIDEO, false]);
    const source = scripted(
      [ANNOUNCED, ...before, { op: 'ended', code: 'shutdown', message: 'stopping' }],
      [{ ...ANNOUNCED, token: 6 }, ...rest],
    );
    await edge.pull([source]).found;
    const stream = edge.hub.find(PATH)!;
    await until('it goes on', () => stream.log.head === 4);
    assert.deepEqual([shown(stream), source.asked], [['video 0', 'audio 20', 'video 40', 'video 80'], 2]);
  });

  test('that comes anew has what a successor has of its predecessor', async () => {
    const frames = records([5, 7, 0, VIDEO], [5, 9, 40, VIDEO, false], [6, 3, 80, VIDEO, false]);
    await edge.pull([scripted([{ ...ANNOUNCED, token: 6 }, ...frames])]).found;
    const stream = edge.hub.find(PATH)!;
    await until('it is there', () => stream.log.head === 3);
    assert.deepEqual([shown(stream), stream.lease.token], [['video 0', 'video 40', 'video 80'], 6]);
  });

  test('goes at once to where the stream is now, from a source that has it no more or while it looks for one', async () => {
    const first = scripted([ANNOUNCED, ...records([5, 0, 0, VIDEO])]);
    const second = scripted([{ ...ANNOUNCED, token: 6 }, ...records([6, 0, 40, VIDEO])]);
    const third = scripted([{ ...ANNOUNCED, token: 7 }, ...records([7, 0, 80, VIDEO])]);
    for (const [node, source] of Object.entries({ first, second, third })) Object.assign(source, { node });
    let sources: Source[] = [first];
    const ground = edge.ground(() => sources);
    const pull = new Pull(ground, PATH, () => {});
    await pull.found;
    const stream = edge.hub.find(PATH)!;
    await until('it is there', () => stream.log.head === 1);
    sources = [second];
    pull.move('second');
    await until('it has moved', () => stream.log.head === 2);
    pull.move('second');
    assert.deepEqual([first.asked, second.asked], [1, 1], 'where it is already it stays');
    sources = [];
    pull.move('elsewhere');
    await until('it is nowhere', () => !stream.publisher);
    sources = [third];
    pull.move('third');
    await until('it is there again', () => stream.log.head === 3);
    assert.deepEqual([shown(stream), stream.lease.token], [['video 0', 'video 40', 'video 80'], 7]);
  });

  test('does not wait for a node that is gone once another one has the stream', async () => {
    const isAsked = Promise.withResolvers<void>();
    const open = (signal: AbortSignal) => {
      isAsked.resolve();
      return orAbort(new Promise<Duplex>(() => {}), signal);
    };
    const end: RelayMessage = { op: 'ended', code: 'shutdown', message: 'stopping' };
    const before = scripted([ANNOUNCED, ...records([5, 0, 0, VIDEO]), end]);
    const after = scripted([{ ...ANNOUNCED, token: 6 }, ...records([6, 0, 40, VIDEO])]);
    const order: Source[] = [before, { ...before, node: 'gone', open }];
    const sources = () => [order.shift() ?? after];
    const pull = new Pull(edge.ground(sources), PATH, () => {});
    await isAsked.promise;
    pull.move('gone');
    assert.equal(after.asked, 0, 'who is asked already stays so');
    pull.move('origin');
    const stream = edge.hub.find(PATH)!;
    await until('it goes on', () => stream.log.head === 2);
  });

  test('keeps what a module wants though nobody watches', async () => {
    edge.hub.want((path) => path === PATH);
    const pull = edge.pull([scripted([ANNOUNCED, ...records([5, 0, 0, VIDEO])])], 1);
    await pull.found;
    await until('it is there', () => edge.hub.find(PATH)?.log.head === 1);
    await sleep(50);
    assert.ok(edge.hub.find(PATH));
    pull.end();
  });

  test('does not listen to an owner that was replaced', async () => {
    const lost: RelayMessage = { op: 'ended', code: 'kicked', message: '' };
    const source = scripted([ANNOUNCED, ...records([5, 0, 0, VIDEO]), lost], [{ ...ANNOUNCED, token: 4 }]);
    await edge.pull([source]).found;
    await until('it was asked again', () => source.asked > 2);
    assert.equal(edge.hub.find(PATH)!.lease.token, 5);
    assert.deepEqual(shown(edge.hub.find(PATH)!), ['video 0']);
  });

  test('tells its viewers when another stream has taken the name', async () => {
    const lost: RelayMessage = { op: 'ended', code: 'kicked', message: '' };
    const anew = { ...ANNOUNCED, token: 6, anchor: ANNOUNCED.anchor! + 10_000_000 };
    await edge.pull([scripted([ANNOUNCED, ...records([5, 0, 9000, VIDEO]), lost], [anew])]).found;
    const stream = edge.hub.find(PATH)!;
    await until('it is over', () => stream.ended);
    assert.match(stream.ended!.message, /begun anew/);
  });

  test('leaves out what an origin says beside the frames that it does not know, and the log has a line of each kind', async () => {
    const frames = records([5, 0, 0, VIDEO], [5, 1, 40, VIDEO, false], [5, 2, 80, VIDEO, false]);
    const asides = [newer('weather'), newer('mood'), newer('weather')];
    const source = scripted([ANNOUNCED, ...frames.flatMap((record, i) => [asides[i]!, record])]);
    await edge.pull([source]).found;
    const stream = edge.hub.find(PATH)!;
    await until('all frames are there', () => stream.log.head === 3);
    assert.deepEqual([shown(stream), source.asked], [['video 0', 'video 40', 'video 80'], 1]);
    assert.deepEqual(
      edge.lines.flatMap(({ aside }) => aside ?? []),
      ['weather', 'mood'],
    );
  });

  const malformed: [name: string, bytes: Uint8Array][] = [
    ['of a codec that was not announced', records([5, 1, 40, { ...VIDEO, codec: 'h265' }])[0]!],
    ['whose track was never told', records([5, 0, 0, VIDEO], [5, 1, 40, AUDIO], [5, 2, 60, AUDIO])[2]!],
    ['that is no frame', Uint8Array.of(0, 0, 0, 1, 2, 0x80)],
    ['beside its frames that is malformed', asideOf('{"op":"last"}')],
    ['that is a question', Uint8Array.of(0, 0, 0, 2, 1, 0x7b, 0x7d)],
    ['of four gigabytes', Uint8Array.of(255, 255, 255, 255, 2)],
  ];
  for (const [name, bytes] of malformed) {
    test(`leaves an origin that sends something ${name}, and its viewers stay`, async () => {
      const source = scripted([ANNOUNCED, ...records([5, 0, 0, VIDEO]), bytes], [ANNOUNCED]);
      await edge.pull([source]).found;
      await until('it asks again', () => source.asked === 2);
      assert.equal(edge.lines.find(({ msg }) => msg === 'publish ends')!['code'], 'protocol');
      assert.equal(edge.hub.find(PATH)!.ended, undefined);
    });
  }

  test('makes room for one who publishes the stream here', async () => {
    const source = scripted([ANNOUNCED, ...records([5, 0, 0, VIDEO])]);
    const pull = edge.pull([source]);
    await pull.found;
    const { publisher } = edge.hub.find(PATH)!;
    publisher!.close(false);
    const reader = new Reader(edge.hub.find(PATH)!);
    const local = await edge.hub.publish(PATH, edge.session(), never);
    publisher!.session.close(new RefusedError('busy', 'another one took it'));
    local.write(frame(0, VIDEO));
    local.write(frame(0, AUDIO));
    assert.ok(reader.next());
    await until('the pull is over', () => edge.relays.length === 0);
    assert.equal(source.asked, 1);
  });
});

describe('between workers of a node', () => {
  test('the gate is not asked again, nothing is listed or counted, and the log is silent', async () => {
    await origin.publish();
    origin.verdict = { refuse: 'not for you' };
    const open = async () => {
      const [near, far] = duplexPair();
      const ground = { context: origin.context, nodeId: '', isAsking: () => origin.isAsking };
      void serveNode(ground, far, { node: 'a worker', remote: '', isInner: true });
      return near;
    };
    const source: Source = { name: 'worker 1', host: '', node: 'worker 1', isInner: true, open };
    await edge.pull([source]).found;
    const [own, mirrored] = [origin.hub.find(PATH)!, edge.hub.find(PATH)!];
    await until('it is there', () => mirrored.log.head === 2);
    assert.deepEqual([own.counters.bytesOut, mirrored.counters.bytesIn, mirrored.counters.videoFrames], [0, 0, 0]);
    assert.ok([...origin.relays, ...edge.relays].every(({ isInner }) => isInner));
    assert.deepEqual(
      [...origin.lines, ...edge.lines].filter(({ level }) => level !== 'debug'),
      [],
    );
  });
});

describe('an origin', () => {
  test('says who it is on a control channel, and that it is still there', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    const [near, far] = duplexPair();
    t.after(() => near.destroy());
    origin.serve(far);
    const channel = new Channel(near);
    channel.send({ op: 'control', node: 'edge' });
    const answer = await channel.hear(never, 5000);
    assert.ok(answer.op === 'control' && answer.node === 'origin' && answer.clock, JSON.stringify(answer));
    assert.equal(answer.process, 'now');
    // It listens from the next turn on.
    await new Promise(setImmediate);
    t.mock.timers.tick(1000);
    assert.equal((await channel.hear(never, 5000)).op, 'alive');
  });

  test('takes a node for whom its certificate names, whatever it calls itself', async (t) => {
    const [near, far] = duplexPair();
    t.after(() => near.destroy());
    const welcomed: unknown[] = [];
    const media = { welcome: (peer: unknown) => void welcomed.push(peer) } as unknown as MediaServer;
    const ground = { context: origin.context, nodeId: 'origin', isAsking: () => false, media };
    void serveNode(ground, far, { node: 'edge', remote: '192.0.2.1' });
    const channel = new Channel(near);
    channel.send({ op: 'control', node: 'another' });
    assert.equal((await channel.hear(never, 5000)).op, 'control');
    assert.deepEqual(welcomed, [{ node: 'edge', remote: '192.0.2.1' }]);
  });

  test('ends with one who follows and does not read what he is told', async (t) => {
    const [near, far] = duplexPair();
    t.after(() => near.destroy());
    let tell = (_path: string) => {};
    const news = {
      listen(listener: typeof tell) {
        tell = listener;
        return () => (tell = () => assert.fail('he is told more'));
      },
    } as unknown as News;
    void serveNode({ context: origin.context, nodeId: 'origin', isAsking: () => false, news }, far, {
      node: 'edge',
      remote: '192.0.2.1',
    });
    new Channel(near).send({ op: 'follow' });
    const path = `v/live/${'m'.repeat(900)}`;
    await until('he is cut off', () => {
      if (origin.relays.length === 0) return true;
      for (let i = 0; i < 1000; i++) tell(path);
      return false;
    });
    assert.ok(far.writableLength < 20e6, `${far.writableLength} bytes`);
  });

  test('tells one who watches another process, before a restart, that it is gone', async (t) => {
    const answer = await heard(t, { op: 'watch', process: 'before' });
    assert.ok(answer.op === 'ended' && answer.code === 'gone', JSON.stringify(answer));
  });

  test('tells a node the way of what it sends to that one, and of nothing else', async (t) => {
    await origin.publish();
    const other = Object.assign(origin.session(), { role: 'play' as const, path: PATH });
    const refused = await heard(t, { op: 'trace', session: other.id, most: 3 });
    assert.ok(refused.op === 'ended' && refused.code === 'forbidden', JSON.stringify(refused));
    other.detail['node'] = 'edge';
    const told = await heard(t, { op: 'trace', session: other.id, most: 3 });
    assert.ok(told.op === 'traced', JSON.stringify(told));
    assert.deepEqual([told.hops.length, told.hops[0]!.sends?.id, told.gap], [1, other.id, undefined]);
  });

  test('refuses paths that are none, and says why', async (t) => {
    const answer = await heard(t, { op: 'subscribe', path: '__defaultVhost__/../movie' });
    assert.ok(answer.op === 'ended' && answer.code === 'forbidden', JSON.stringify(answer));
  });

  const nonsense: [name: string, message: RelayMessage | Uint8Array][] = [
    ['an announcement', ANNOUNCED],
    ['a frame', records([1, 1, 1, VIDEO])[0]!],
    ['JSON that is none', Uint8Array.of(0, 0, 0, 1, 1, 0x7b)],
    ['a message that is too long', Uint8Array.of(0, 1, 0, 1, 1)],
  ];
  for (const [name, message] of nonsense) {
    test(`ends a connection that begins with ${name}`, async (t) => {
      const answer = await heard(t, message);
      assert.ok(answer.op === 'ended' && answer.code === 'protocol', JSON.stringify(answer));
      await until('the session is over', () => origin.relays.length === 0);
    });
  }

  test('ends a subscription over which anything more is said', async (t) => {
    await origin.publish();
    const [near, far] = duplexPair();
    t.after(() => near.destroy());
    origin.serve(far);
    const channel = new Channel(near);
    channel.send({ op: 'subscribe', path: PATH });
    assert.equal((await channel.hear(never, 5000)).op, 'announce');
    channel.send({ op: 'alive' });
    await until('the session is over', () => origin.relays.length === 0);
  });

  test('leaves out what a subscriber says beside that it does not know, and hears what it does', async (t) => {
    await origin.publish();
    const [near, far] = duplexPair();
    t.after(() => near.destroy());
    origin.serve(far);
    const channel = new Channel(near);
    near.write(newer('before'));
    channel.send({ op: 'subscribe', path: PATH });
    assert.equal((await channel.hear(never, 5000)).op, 'announce');
    for (const kind of ['weather', 'weather']) near.write(newer(kind));
    channel.say({ op: 'audience', viewers: 7 });
    await until('it is heard', () => origin.relays[0]!.audience === 7);
    assert.deepEqual(
      origin.lines.flatMap(({ aside }) => aside ?? []),
      ['weather'],
    );
  });
});

describe('a control channel', () => {
  test('is broken when the other node is silent for two seconds', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    const [near, far] = duplexPair();
    const kept = keepAlive(new Channel(near));
    t.mock.timers.tick(1900);
    assert.equal(near.destroyed, false);
    t.mock.timers.tick(100);
    await assert.rejects(kept, (error: RefusedError) => error.code === 'timeout');
    far.destroy();
  });

  test('is kept by every sign of life, and ends with the other node', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    const [near, far] = duplexPair();
    const kept = keepAlive(new Channel(near));
    const other = new Channel(far);
    for (let i = 0; i < 8; i++) {
      t.mock.timers.tick(1000);
      far.write(newer('weather'));
      other.say({ op: 'audience', viewers: 1 });
      other.send({ op: 'alive' });
      await new Promise(setImmediate);
    }
    far.end();
    await kept;
    for await (const message of other.messages()) {
      assert.equal(expectJson(message).op, 'alive');
      break;
    }
  });

  test('one who says nothing is not waited for longer than told', async () => {
    const [near] = duplexPair();
    await assert.rejects(new Channel(near).hear(never, 10), (error: RefusedError) => error.code === 'timeout');
  });
});
