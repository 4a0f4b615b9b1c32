import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { ByteReader } from '../../src/base/byte-reader.ts';
import { concat, fromHex } from '../../src/base/bytes.ts';
import { Decoder, type Parser } from '../../src/base/decoder.ts';
import { ProtocolError, RefusedError } from '../../src/base/errors.ts';
import { decodeUtf8, encodeUtf8 } from '../../src/base/utf8.ts';
import { writeDocument } from '../../src/config/document.ts';
import { ConfigError, loadConfig } from '../../src/config/load.ts';
import { translateSrs } from '../../src/config/srs/read.ts';
import { amf0, amfObject, ecmaArray, readAllAmf0 } from '../../src/container/flv/amf0.ts';
import { readAmf3 } from '../../src/container/flv/amf3.ts';
import { FlvDemuxer } from '../../src/container/flv/demuxer.ts';
import { flvHeader, flvTag, readFlv } from '../../src/container/flv/tag.ts';
import { mediaPlaylist, type Segment } from '../../src/container/hls/media-playlist.ts';
import { readMediaPlaylist } from '../../src/container/hls/read-media-playlist.ts';
import { streamPath } from '../../src/hub/path.ts';
import { readPlainHead } from '../../src/net/http-head.ts';
import { maskSecrets } from '../../src/ops/log.ts';
import { FLV_PATH } from '../../src/protocol/http-flv/viewing.ts';
import { splitAggregate } from '../../src/protocol/rtmp/wire/aggregate.ts';
import { readChunks, STRANGER_LIMITS } from '../../src/protocol/rtmp/wire/chunk-reader.ts';
import { dataBody, readCommand } from '../../src/protocol/rtmp/wire/command.ts';
import { readControl } from '../../src/protocol/rtmp/wire/control.ts';
import { clientHandshake, serverHandshake } from '../../src/protocol/rtmp/wire/handshake.ts';
import { MessageType } from '../../src/protocol/rtmp/wire/message.ts';
import { parseTarget } from '../../src/protocol/rtmp/wire/url.ts';
import { parityOf } from '../../src/relay/link/erasure.ts';
import { parityPayload, readParity, symbolOf } from '../../src/relay/link/parity-packet.ts';
import { ParityReceiver } from '../../src/relay/link/parity-receiver.ts';
import { configSchema } from '../../src/server.ts';
import { call, chunk, chunkSize, message } from '../attack/support/bytes.ts';
import { AVC_CONFIG, avcPacket } from '../attack/support/control.ts';

/** Something that takes any bytes: it may refuse them in the ways that are agreed upon, and in no other. */
export interface FuzzTarget {
  /** Well-formed inputs to begin with. */
  readonly seeds: readonly Uint8Array[];
  /** Throws only where there is a fault; refusals are caught within. */
  readonly run: (bytes: Uint8Array) => void;
}

const HANDSHAKE_BYTES = 1536;
const crypto = {
  hmacSha256: (key: Uint8Array, data: Uint8Array) => createHmac('sha256', key).update(data).digest(),
  random: (length: number) => new Uint8Array(length).fill(7),
};

const SEGMENT: Segment = {
  number: 5,
  discontinuity: 2,
  uri: '5.m4s',
  duration: 1_960_000,
  parts: [],
  init: 'init-0123456789abcdef.mp4',
  time: 1_800_000_000_040_000,
  gap: false,
};
const PLAYLIST = { targetDuration: 2_000_000, lowLatency: undefined, ended: false };

/** Lets the two errors by which parsers refuse pass for an answer. */
function refusable(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof ProtocolError || error instanceof RefusedError || error instanceof ConfigError)) throw error;
  }
}

/** All messages, or the error that ends them, of bytes that come in pieces of so many. */
function outcome<T extends object>(
  parser: Parser<T>,
  bytes: Uint8Array,
  pieceLength: number,
): { messages: T[]; error: string } {
  const decoder = new Decoder(parser);
  const messages: T[] = [];
  try {
    for (let at = 0; at < bytes.length; at += pieceLength) {
      decoder.push(bytes.subarray(at, at + pieceLength));
      for (let next = decoder.next(); next; next = decoder.next()) messages.push(next);
    }
    return { messages, error: '' };
  } catch (error) {
    if (!(error instanceof ProtocolError || error instanceof RefusedError)) throw error;
    return { messages, error: error.message };
  }
}

/** However the bytes are cut, the same must come of them. */
function sameInPieces<T extends object>(parser: () => Parser<T>, bytes: Uint8Array): T[] {
  const whole = outcome(parser(), bytes, Math.max(1, bytes.length));
  assert.deepEqual(outcome(parser(), bytes, 1 + (bytes.length % 7)), whole);
  return whole.messages;
}

function* handshakes(): Parser<{ sent: Uint8Array }> {
  const sent: Uint8Array[] = [];
  yield* serverHandshake(crypto, (bytes) => sent.push(bytes));
  yield { sent: concat(sent) };
  yield* clientHandshake(crypto, () => undefined, true);
}

const SEED_OBJECT = amfObject({
  app: 'live',
  tcUrl: 'rtmp://x/live',
  list: [1, null, true],
  inner: ecmaArray({ a: new Date(0) }),
});
const COMMAND = amf0('connect', 1, SEED_OBJECT);
const AMF3 = fromHex('0a 0b 01 07 61 62 63 04 7f 09 05 01 06 03 78 02 01 0c 03 ff 08 01 0000000000000000');
const CHUNKS = concat([
  chunkSize(4096),
  call('connect', SEED_OBJECT),
  message(MessageType.video, new Uint8Array(300), 6, 0x1000000),
  chunk({ format: 1, id: 6, length: 4, type: 8 }, new Uint8Array(4)),
]);
const AVC = [
  avcPacket(true, 0, AVC_CONFIG),
  avcPacket(true, 1, fromHex('00000003 658801')),
  avcPacket(false, 1, fromHex('00000001 419a02')),
];
const ENHANCED = [
  '90 68766331 01 01600000009000000000005d f000fcfdf8f800000f03 20 0001 0018 40010c01ffff016000000300900000030000030078959809',
  '91 61763031 12000a0b0000',
  '97 02 00000f 01 68766331 000000',
  '96 01 61766331 00 00',
  '90 76703039 00 0a 80 01 01 01 0000',
].map(fromHex);
const SOUND = [
  'af00 1210',
  'af01 2112',
  '2f fffb9064 00000000',
  '90 4f707573 4f707573486561640102000080bb0000000000',
  '91 4f707573 fc',
  '90 664c6143 664c6143 80000022 10001000000000000000 0ac442f0 00000000 00000000000000000000000000000000',
].map(fromHex);
const SCRIPT = amf0(
  '@setDataFrame',
  'onMetaData',
  ecmaArray({ width: 640, height: 360, videocodecid: 7, encoder: 'x' }),
);
const AGGREGATE = fromHex('08 000004 000001 00 000000 af012112 0000000f 09 000002 000002 00 000000 1702 0000000d');
const text = (...lines: string[]) => lines.map((line) => encodeUtf8(line));

/** One frame-wise input per record: a kind, a length of two bytes, a body. */
function demux(bytes: Uint8Array): void {
  const demuxer = new FlvDemuxer(() => undefined);
  const reader = new ByteReader(bytes);
  for (let time = 0; reader.remaining >= 3; time += 40) {
    const kind = reader.u8() % 3;
    const body = reader.take(Math.min(reader.u16(), reader.remaining));
    if (kind === 2) demuxer.script(body);
    else refusable(() => checkSample(kind === 0 ? demuxer.video(time, body) : demuxer.audio(time, body)));
  }
}

function checkSample(sample: ReturnType<FlvDemuxer['video']>): void {
  if (!sample) return;
  assert.ok(sample.data.length > 0 && Number.isFinite(sample.dts) && Number.isFinite(sample.pts));
}

function records(kind: number, bodies: readonly Uint8Array[]): Uint8Array {
  return concat(bodies.flatMap((body) => [Uint8Array.of(kind, body.length >> 8, body.length), body]));
}

function readMessage(bytes: Uint8Array): void {
  const type = bytes[0] ?? 0;
  const rtmp = { chunkStreamId: 3, type, streamId: 1, timestamp: 0, payload: bytes.subarray(1) };
  refusable(() => void readCommand(rtmp));
  refusable(() => void readControl(rtmp));
  refusable(() => void dataBody(rtmp));
  refusable(() => void [...splitAggregate(rtmp)]);
}

function readHttpPath(bytes: Uint8Array): void {
  const url = URL.parse(decodeUtf8(bytes), 'http://localhost');
  const groups = url && FLV_PATH.exec(url.pathname)?.groups;
  if (!groups) return;
  refusable(() => {
    const [app, name] = [decoded(groups['app']!), decoded(groups['name']!)];
    checkPath(streamPath(url.searchParams.get('vhost') || 'x', app, name));
  });
}

/** What is taken for a plain head must be one, whoever reads it. */
function readHead(bytes: Uint8Array): void {
  const head = readPlainHead(Buffer.from(bytes));
  if (!head) return;
  const { method = '', url = '', headers } = head;
  assert.match(`${method} ${url}`, /^(?:GET|HEAD) \/[\x21-\x7e]*$/);
  assert.ok(URL.canParse(`http://localhost${url}`));
  for (const [name, value] of Object.entries(headers)) {
    assert.match(name, /^[^\s:A-Z\x80-\xff]+$/);
    assert.match(String(value), /^(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?$/);
  }
  assert.ok('host' in headers && !('content-length' in headers) && !('transfer-encoding' in headers));
  assert.match(decodeUtf8(bytes), /^[^\0]+[^\n]\r\n\r\n$/);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new ProtocolError('malformed percent-encoding');
  }
}

function checkPath(path: string): void {
  assert.match(path, /^[A-Za-z0-9._~/-]+$/);
  assert.ok(!path.includes('..') && !path.includes('//'));
}

function readTarget(bytes: Uint8Array): void {
  const [url = '', name = ''] = decodeUtf8(bytes).split('\n');
  refusable(() => {
    const { vhost, app, name: stream } = parseTarget(url, name);
    checkPath(streamPath(vhost, app, stream));
  });
}

/** A file that is read may still be wrong, as our own: then one line says so. */
function readSrs(bytes: Uint8Array): void {
  refusable(() => {
    const sources = { folder: '/', env: {}, read: () => undefined };
    const translated = translateSrs('fuzz', decodeUtf8(bytes), sources);
    void loadConfig(configSchema, { translated });
  });
}

/** Packets of a stream, of which every third is missing. */
const PACKETS = Array.from({ length: 12 }, (_, i) => ({
  sequence: 1000 + i,
  plain: Uint8Array.from({ length: 8 + (i % 4) }, (_, at) => 16 * i + at),
  ticks: 3600 * i,
}));
const PARITY = parityOf(PACKETS.map(symbolOf), 0, 4).map((bytes, row) =>
  parityPayload({ first: 1000, count: PACKETS.length, row, bytes }),
);

/** Takes rows of parity, each behind its length: what they restore must lie in the group that they name. */
function restoreFrom(bytes: Uint8Array): void {
  const receiver = new ParityReceiver();
  for (const [i, packet] of PACKETS.entries()) if (i % 3 > 0) receiver.keep(packet, 0);
  for (let at = 0; at < bytes.length; at += 1 + bytes[at]!) {
    const parity = readParity(bytes.subarray(at + 1, at + 1 + bytes[at]!));
    if (!parity) continue;
    const { first, count } = parity;
    for (const { sequence } of receiver.take(parity, 0) ?? []) assert.ok(sequence >= first && sequence < first + count);
  }
}

/** Whatever a playlist tells of segments, numbers go up and times are times. */
function readPlaylist(bytes: Uint8Array): void {
  refusable(() => {
    const { segments } = readMediaPlaylist(decodeUtf8(bytes));
    for (const [i, { number, discontinuity, duration, time = 0 }] of segments.entries()) {
      assert.ok(number > (segments[i - 1]?.number ?? -1));
      assert.ok(discontinuity >= 0 && duration >= 0 && Number.isFinite(time));
    }
  });
}

function readConfiguration(bytes: Uint8Array): void {
  refusable(() => void loadConfig(configSchema, { file: { name: 'fuzz', text: decodeUtf8(bytes) } }));
}

/** What is fuzzed, by name. */
export const TARGETS: Readonly<Record<string, FuzzTarget>> = {
  handshake: {
    seeds: [
      concat([
        Uint8Array.of(3),
        new Uint8Array(2 * HANDSHAKE_BYTES),
        Uint8Array.of(3),
        new Uint8Array(2 * HANDSHAKE_BYTES),
      ]),
    ],
    run: (bytes) => void sameInPieces(handshakes, bytes),
  },
  chunks: { seeds: [CHUNKS], run: (bytes) => void sameInPieces(() => readChunks(STRANGER_LIMITS), bytes) },
  amf0: {
    seeds: [COMMAND, SCRIPT, concat([COMMAND, fromHex('11'), AMF3])],
    run: (bytes) => refusable(() => void readAllAmf0(bytes)),
  },
  amf3: { seeds: [AMF3], run: (bytes) => refusable(() => void readAmf3(new ByteReader(bytes))) },
  messages: {
    seeds: [
      concat([Uint8Array.of(20), COMMAND]),
      concat([Uint8Array.of(22), AGGREGATE]),
      fromHex('04 0003 00000001 00000bb8'),
      concat([Uint8Array.of(18), SCRIPT]),
    ],
    run: readMessage,
  },
  flv: { seeds: [records(0, AVC), records(0, ENHANCED), records(1, SOUND), records(2, [SCRIPT])], run: demux },
  tags: {
    seeds: [
      concat([
        flvHeader(true, true),
        flvTag('video', 0, new Uint8Array(0), AVC[0]!),
        flvTag('script', 40, new Uint8Array(0), SCRIPT),
      ]),
    ],
    run: (bytes) => void sameInPieces(readFlv, bytes),
  },
  urls: {
    seeds: text(
      'rtmp://host/live\nmovie?key=a',
      'rtmp://[::1]:1935/app/_definst_?vhost=x\n',
      'rtmp://h/live...vhost...x.com\na/b',
    ),
    run: readTarget,
  },
  heads: {
    seeds: text(
      'GET /live/movie.flv?only=audio HTTP/1.1\r\nHost: x:8080\r\nUser-Agent: VLC/3.0\r\nAccept: */*\r\n\r\n',
      'HEAD / HTTP/1.0\r\nHost:\t x \r\nA:\r\nConnection: close\r\nContent-Type: a\r\n\r\n',
    ),
    run: readHead,
  },
  playlists: {
    seeds: text(
      mediaPlaylist({ segments: [SEGMENT, { ...SEGMENT, number: 6, gap: true, discontinuity: 3 }], ...PLAYLIST }),
      mediaPlaylist({ segments: [], ...PLAYLIST, ended: true }),
    ),
    run: readPlaylist,
  },
  paths: { seeds: text('/live/movie.flv?only=audio', '/a/b/c.flv?vhost=x', '/live/%2e%2e%2fx.flv'), run: readHttpPath },
  config: {
    seeds: [
      encodeUtf8(writeDocument(configSchema)),
      ...text('rtmp: {listen: ":1"}\nlimits: {memory: 1GiB}', '&a [*a, !!set {}, <<: *a]'),
    ],
    run: readConfiguration,
  },
  srs: {
    seeds: text(
      'listen 1935 1936; # a\nhttp_api { enabled on; listen "1985"; }\nvhost a { dvr { enabled on; dvr_path /[app]/[stream].flv; } }',
      'vhost __defaultVhost__ { hls { enabled on; hls_fragment 2; hls_window 10; } forward { enabled on; destination a:1; } }',
    ),
    run: readSrs,
  },
  parity: {
    seeds: [concat(PARITY.flatMap((row) => [Uint8Array.of(row.length), row])), concat([Uint8Array.of(29), PARITY[1]!])],
    run: restoreFrom,
  },
  log: {
    seeds: text('{"url":"/live/x.flv?key=abc&b=c","h":"Bearer abc","u":"rtmp://a:b@c/d"}'),
    run: (bytes) => void maskSecrets(decodeUtf8(bytes)),
  },
};
