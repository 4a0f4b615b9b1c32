import { concat } from '../../src/base/bytes.ts';
import { encodeUtf8 } from '../../src/base/utf8.ts';
import { type Attack, attacks, type Outcome, type Script } from './support/attack.ts';
import { noise, oneByOne } from './support/bytes.ts';
import { CONTROL_STREAM } from './support/rtmp-peer.ts';

type Row = readonly [string, Uint8Array | string | (() => Script), Outcome];

const LIVE = `/live/${CONTROL_STREAM}.flv`;
const KIB = 1024;

/** A request with a Host line and others. */
const request = (line: string, ...headers: string[]) =>
  `${[`${line} HTTP/1.1`, 'Host: x', ...headers].join('\r\n')}\r\n\r\n`;
const get = (path: string, ...headers: string[]) => request(`GET ${path}`, ...headers);

const PATHS: readonly Row[] = [
  ['a path that climbs', get('/../../etc/passwd'), 404],
  ['a path that climbs to a stream file', get('/live/../../etc/passwd.flv'), 404],
  ['a path that climbs in disguise', get('/live/%2e%2e%2f%2e%2e%2fetc/passwd.flv'), 403],
  ['a path that climbs in a double disguise', get('/live/%252e%252e%252fpasswd.flv'), 403],
  ['a path with backslashes', get('/live\\..\\..\\x.flv'), 404],
  ['a path with a NUL in disguise', get('/live/a%00.flv'), 403],
  ['a path with a line break in disguise', get('/live/a%0d%0aSet-Cookie:x.flv'), 403],
  ['a path that cannot be decoded', get('/live/%zz.flv'), 400],
  ['a path with half a percent sign', get('/live/%.flv'), 400],
  ['a path of malformed UTF-8', get('/live/%ff%fe.flv'), 400],
  ['a path of 8000 slashes', get(`/live${'/'.repeat(8000)}x.flv`), 403],
  ['a path of 8000 slashes and names', get(`${'/a'.repeat(4000)}.flv`), 403],
  ['a path that nearly is a stream file, again and again', get('/a.flv'.repeat(2000)), 403],
  ['an app of nine parts', get('/1/2/3/4/5/6/7/8/9/a.flv'), 403],
  ['an address of another host', get('http://169.254.169.254/live/nobody.flv'), 404],
  ['an address of another protocol', get('file:///etc/passwd'), 404],
  ['an address that is none', get('http://[::::]/'), 400],
  ['an address of two slashes', get('//live/nobody.flv'), 403],
  ['a vhost that climbs', get(`${LIVE}?vhost=..`), 403],
  ['a vhost of 5000 characters', get(`${LIVE}?vhost=${'a'.repeat(5000)}`), 403],
  ['a choice that cannot be made', get(`${LIVE}?only=smell`), 415],
  ['a choice of a prototype', get(`${LIVE}?hevc=__proto__`), 415],
  ['5000 parameters', get(`/live/nobody.flv?${'a&'.repeat(5000)}`), 404],
  ['a star', request('OPTIONS *'), 400],
];

/** What is told apart from a plain request for a stream, which no HTTP parser sees. */
const STREAMS: readonly Row[] = [
  ['a plain request for a stream', get(LIVE, 'User-Agent: x'), 200],
  ['a stream whose name is in disguise', get(LIVE.replace('c', '%63')), 200],
  ['a stream of another host', get(`http://169.254.169.254${LIVE}`), 200],
  ['a stream in HTTP/1.0', get(LIVE).replace('1.1', '1.0'), 200],
  ['a stream in HTTP/9.9', get(LIVE).replace('1.1', '9.9'), 400],
  ['a stream asked for in two pieces', () => [get(LIVE).slice(0, 30), 50, get(LIVE).slice(30)], 200],
  ['a stream asked for byte by byte', () => oneByOne(encodeUtf8(get(LIVE)), 20), 200],
  ['a stream behind an empty line', `\r\n${get(LIVE)}`, 200],
  ['a stream of two hosts', get(LIVE, 'Host: y'), 200],
  ['a stream of no host', get(LIVE).replace('Host: x\r\n', 'Accept: */*\r\n'), 400],
  ['a stream with a header of 8 bits', Buffer.from(get(LIVE, 'X: \xe9'), 'latin1'), 200],
  ['a stream with a path of 8 bits', Buffer.from(get('/live/\xe9.flv'), 'latin1'), 400],
  ['a stream with a body', `${get(LIVE, 'Content-Length: 5')}hello`, 200],
  ['a stream with a length and chunks', get(LIVE, 'Content-Length: 6', 'Transfer-Encoding: chunked'), 400],
  ['a stream with a NUL in its name', get(LIVE.replace('c', '\0')), 400],
  ['a stream with a NUL in a header', get(LIVE, 'X: a\0b'), 400],
  ['a stream with a folded header', get(LIVE, 'X: a', ' b'), 400],
  ['a stream with a space before a colon', get(LIVE, 'X : a'), 400],
  ['a stream with a header without a name', get(LIVE, ': a'), 400],
  ['a stream with line feeds alone', get(LIVE).replaceAll('\r', ''), 400],
  ['a stream with one line feed alone', get(LIVE, 'A: b').replace('x\r\n', 'x\n'), 400],
  ['a stream with carriage returns alone', get(LIVE, 'A: b').replaceAll('\n', ''), 400],
  ['a stream with a header of 15 KiB', get(LIVE, `X: ${'a'.repeat(15 * KIB)}`), 200],
  ['a stream with a header of 17 KiB', get(LIVE, `X: ${'a'.repeat(17 * KIB)}`), 431],
  ['a stream with 2000 headers', get(LIVE, ...[...Array(2000).keys()].map((i) => `X${i}: 1`)), 431],
  ['a stream with 5000 empty headers', get(LIVE, ...Array<string>(5000).fill('a:')), 431],
  ['a request for a stream, and noise at once', concat([encodeUtf8(get(LIVE)), noise(4096)]), 'closed'],
  ['a viewer that asks for another stream', () => [get(LIVE), 50, get(LIVE)], 'closed'],
];

const METHODS: readonly Row[] = [
  ['POST to a stream', request(`POST ${LIVE}`, 'Content-Length: 0'), 404],
  ['PUT to a stream', request(`PUT ${LIVE}`, 'Content-Length: 0'), 404],
  ['DELETE of a stream', request(`DELETE ${LIVE}`), 404],
  ['TRACE', request('TRACE /', 'Cookie: a=b'), 404],
  ['CONNECT', request('CONNECT 127.0.0.1:22'), 'closed'],
  ['a method that is none', request('FETCH /'), 400],
  ['a method of 10,000 characters', request(`${'G'.repeat(10_000)} /`), 400],
  ['a method with a NUL', request('GE\u0000T /'), 400],
  ['lower-case get', request('get /'), 400],
];

const HEADS: readonly Row[] = [
  ['a request line of 20 KiB', get(`/${'a'.repeat(20 * KIB)}`), 431],
  ['a header of 20 KiB', get('/', `X: ${'a'.repeat(20 * KIB)}`), 431],
  ['a header name of 20 KiB', get('/', `${'x'.repeat(20 * KIB)}: 1`), 431],
  ['2000 headers', get('/', ...[...Array(2000).keys()].map((i) => `X${i}: 1`)), 431],
  ['300 headers', get(LIVE, ...[...Array(300).keys()].map((i) => `X${i}: 1`)), 431],
  ['a request without Host', `GET ${LIVE} HTTP/1.1\r\n\r\n`, 400],
  ['two different hosts', get('/nowhere', 'Host: y'), 404],
  ['a header without a colon', get('/', 'nonsense'), 400],
  ['a header with a NUL', get('/', 'X: a\u0000b'), 400],
  ['a header folded over two lines', get('/', 'X: a\r\n b'), 400],
  ['a space before a colon', get('/', 'Content-Length : 5'), 400],
  ['line feeds alone', 'GET / HTTP/1.1\nHost: x\n\n', 400],
  ['HTTP/0.9', 'GET /nowhere\r\n\r\n', 404],
  ['HTTP/9.9', 'GET / HTTP/9.9\r\nHost: x\r\n\r\n', 400],
  ['HTTP/2 without TLS', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
  ['a TLS hello', Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3), 400],
  ['an RTMP handshake', () => [Uint8Array.of(3), noise(1536)], 400],
  ['noise', noise(4096), 400],
  ['empty lines for ever', () => Array(50).fill('\r\n'.repeat(1000)), 'expired'],
];

const BODIES: readonly Row[] = [
  [
    'a length and chunks at once',
    request('POST /x', 'Content-Length: 6', 'Transfer-Encoding: chunked') + '0\r\n\r\nGET',
    400,
  ],
  ['two lengths', request('POST /x', 'Content-Length: 5', 'Content-Length: 6') + 'aaaaa', 400],
  ['a negative length', request('POST /x', 'Content-Length: -1'), 400],
  ['a length with a sign', request('POST /x', 'Content-Length: +5') + 'aaaaa', 400],
  ['a length in hexadecimal', request('POST /x', 'Content-Length: 0x5') + 'aaaaa', 400],
  ['a length of 30 digits', request('POST /x', `Content-Length: ${'9'.repeat(30)}`), 400],
  [
    'chunks that are not last in the list',
    request('POST /x', 'Transfer-Encoding: chunked, identity') + '0\r\n\r\n',
    400,
  ],
  ['chunks with a bad size', request('POST /x', 'Transfer-Encoding: chunked') + 'zz\r\n', 404],
  [
    'chunks of a size beyond all numbers',
    request('POST /x', 'Transfer-Encoding: chunked') + 'fffffffffffffffff\r\n',
    404,
  ],
  [
    'a chunk extension of 100 KiB',
    () => [request('POST /x', 'Transfer-Encoding: chunked') + '1;', 'a'.repeat(100 * KIB)],
    404,
  ],
  [
    'a trailer of 100 KiB',
    () => [request('POST /x', 'Transfer-Encoding: chunked') + '0\r\n', `X: ${'a'.repeat(100 * KIB)}`],
    404,
  ],
  [
    'a body of 4 MiB',
    () => [request('POST /x', `Content-Length: ${4 * KIB * KIB}`), ...Array(64).fill(noise(64 * KIB))],
    404,
  ],
  ['a body that never comes', request('POST /x', 'Content-Length: 1000'), 'expired'],
  ['a promise to continue', request('POST /x', 'Content-Length: 1000', 'Expect: 100-continue'), 100],
  ['an expectation that nobody has', request('POST /x', 'Expect: the-unexpected'), 417],
  ['a request behind another', () => [get('/x') + get('/y') + get('/z')], 404],
  ['5000 requests at once, whose answers are not awaited', () => [get('/x').repeat(5000)], 404],
  ['a second stream behind the first', () => [get(LIVE).repeat(3)], 200],
  ['noise behind a request for a stream', () => [get(LIVE), 50, noise(4096)], 'closed'],
];

const SLOW: readonly Row[] = [
  ['nothing at all', () => [], 'expired'],
  ['a head byte by byte', () => oneByOne(encodeUtf8(get('/'.repeat(50))), 100), 'expired'],
  ['a head without its end', `GET / HTTP/1.1\r\nHost: x\r\n`, 'expired'],
  ['a header line every 100 ms', () => dripped(60), 'expired'],
  ['a body byte by byte', () => [request('POST /x', 'Content-Length: 1000'), ...oneByOne(noise(60), 100)], 'expired'],
  ['silence after a request', get('/x'), 'expired'],
];

/** Attacks by HTTP/1.1. */
export const HTTP_ATTACKS: readonly Attack[] = attacks('http', 'tcp', [
  ...PATHS,
  ...STREAMS,
  ...METHODS,
  ...HEADS,
  ...BODIES,
  ...SLOW,
]);

function* dripped(lines: number): Script {
  yield 'GET / HTTP/1.1\r\n';
  for (let i = 0; i < lines; i++) yield* [`X${i}: 1\r\n`, 100];
}
