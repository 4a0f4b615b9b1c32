import { type AmfValue, amfObject, ecmaArray } from '../../src/container/flv/amf0.ts';
import { type Attack, attacks, type Outcome, type Script } from './support/attack.ts';
import { call, connectTo, oneByOne } from './support/bytes.ts';
import { CONTROL_STREAM } from './support/rtmp-peer.ts';

type Row = readonly [string, Uint8Array | (() => Script), Outcome];

const CONNECT = connectTo({ app: 'live', tcUrl: 'rtmp://127.0.0.1/live' });
const NOT_BEFORE_CONNECT = [
  'createStream',
  'releaseStream',
  'FCPublish',
  'publish',
  'FCUnpublish',
  'play',
  'pause',
  'closeStream',
  'deleteStream',
];

const TOO_EARLY: readonly Row[] = [
  ...NOT_BEFORE_CONNECT.map((name): Row => [`${name} before connect`, call(name, null, 'movie'), 'closed']),
  ['connect and then silence', CONNECT, 'expired'],
  ['connect without properties', call('connect'), 'harmless'],
  ['connect with a list in place of its properties', call('connect', ['live']), 'harmless'],
  ['connect byte by byte', () => oneByOne(CONNECT), 'harmless'],
  ['connect twice', () => [CONNECT, CONNECT], 'closed'],
  [
    'connect with properties of every wrong type',
    connectTo({ app: 1, tcUrl: ecmaArray(), flashVer: null, fourCcList: 'avc1', capsEx: 'x' }),
    'harmless',
  ],
  [
    'connect with 4000 properties',
    connectTo(Object.fromEntries([...Array(4000).keys()].map((i) => [`p${i}`, i]))),
    'harmless',
  ],
  ['connect with a page of 50,000 characters', connectTo({ app: 'live', pageUrl: 'x'.repeat(50_000) }), 'harmless'],
  ['connect with control characters', connectTo({ app: 'live', flashVer: '\u001b[2J\r\n\u0000' }), 'harmless'],
  ['play from a tcUrl that is no URL', () => playFrom('not a URL'), 'closed'],
  ['play from a tcUrl of 5000 characters', () => playFrom(`rtmp://x/${'a'.repeat(5000)}`), 'closed'],
  ['play from a tcUrl of nothing but slashes', () => playFrom(`rtmp://x${'/'.repeat(4000)}`), 'harmless'],
  ['play from a tcUrl of nothing but parameters', () => playFrom(`rtmp://x/live?${'a&'.repeat(2000)}`), 'harmless'],
  ['play from an app of nine parts', () => playFrom('rtmp://x/1/2/3/4/5/6/7/8/9'), 'closed'],
  ['play from a vhost with a slash', () => playFrom('rtmp://x/live?vhost=a/b'), 'closed'],
  ['play from a vhost that climbs', () => playFrom('rtmp://x/live?vhost=..'), 'closed'],
  ['play from malformed percent-encoding', () => playFrom('rtmp://x/live?a=%zz&%=%'), 'harmless'],
  ['play from a host of brackets', () => playFrom('rtmp://[[[[[[/live'), 'harmless'],
];

const publish = (name: string, ...values: AmfValue[]): Row => [
  `publish ${name}`,
  call('publish', null, ...values),
  'closed',
];

const NOT_ALLOWED: readonly Row[] = [
  publish('without a key', 'movie'),
  publish('with a wrong key', 'movie?key=wrong'),
  publish('with an empty key', 'movie?key='),
  publish('with two keys', 'movie?key=a&key=b'),
  publish('with a key of 4000 characters', `movie?key=${'k'.repeat(4000)}`),
  publish('over the control stream', CONTROL_STREAM),
  publish('without a name'),
  publish('of a number', 17),
  publish('of an object', amfObject({ toString: 'movie' })),
  ['play without a name', call('play', null), 'harmless'],
  ['play of an object', call('play', null, amfObject({})), 'harmless'],
  ['play of what cannot be chosen', call('play', null, `${CONTROL_STREAM}?only=smell`), 'closed'],
  ['play of a prototype', call('play', null, `${CONTROL_STREAM}?only=__proto__`), 'closed'],
  ['play twice', () => [call('play', null, CONTROL_STREAM), call('play', null, CONTROL_STREAM)], 'closed'],
  ['publish while playing', () => [call('play', null, CONTROL_STREAM), call('publish', null, 'movie')], 'closed'],
  ['play of what nobody publishes', call('play', null, 'nobody'), 'harmless'],
  ['100 createStreams', () => Array(100).fill(call('createStream', null)), 'harmless'],
  ['closeStream of nothing', () => Array(100).fill(call('closeStream', null)), 'harmless'],
  ['pause of nothing', () => Array(100).fill(call('pause', null, true)), 'harmless'],
  ['pause of nobody knows what', call('pause', null, amfObject({}), 'x'), 'harmless'],
  ['play, close and play, 100 times', () => playAndClose(100), 'harmless'],
  ['pause and go on, 100 times', () => [call('play', null, CONTROL_STREAM), ...pauses(100)], 'closed'],
  ['unknown commands, one after another, to stay connected', () => slowly(call('ping', null), 40), 'expired'],
  ['80,000 bytes of unknown commands', () => Array(1000).fill(call('x'.repeat(60), null)), 'closed'],
];

/** Attacks by commands out of order or beside the rules (RTMP 1.0, 7). */
export const COMMAND_ATTACKS: readonly Attack[] = [
  ...attacks('rtmp', 'handshake', TOO_EARLY),
  ...attacks('rtmp', 'connect', NOT_ALLOWED),
];

function playFrom(tcUrl: string): Script {
  return [connectTo({ app: 'live', tcUrl }), call('play', null, 'nobody')];
}

function* playAndClose(times: number): Script {
  for (let i = 0; i < times; i++) yield* [call('play', null, CONTROL_STREAM), call('closeStream', null)];
}

function* pauses(times: number): Script {
  for (let i = 0; i < times; i++) yield call('pause', null, i % 2 === 0, 0);
}

function* slowly(bytes: Uint8Array, times: number): Script {
  for (let i = 0; i < times; i++) yield* [bytes, 100];
}
