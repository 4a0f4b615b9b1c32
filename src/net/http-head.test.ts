import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import { duplexPair } from 'node:stream';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { LARGEST_HEAD, MOST_HEADERS, type RequestHead, readPlainHead } from './http-head.ts';

const read = (head: string) => readPlainHead(Buffer.from(head, 'latin1'));
const lines = (...all: string[]) => `${all.join('\r\n')}\r\n\r\n`;
const get = (...headers: string[]) => lines('GET /live/a.flv HTTP/1.1', 'Host: x', ...headers);
const many = (count: number) => Array.from({ length: count }, (_, i) => `X${i}: 1`);

const PLAIN: readonly string[] = [
  get(),
  lines('HEAD / HTTP/1.1', 'Host: x'),
  lines('GET /live/a.flv?only=audio&b=%zz#c HTTP/1.0', 'host:x'),
  get('User-Agent: VLC/3.0.20 LibVLC/3.0.20', 'Range: bytes=0-', 'Connection: close', 'Icy-MetaData: 1'),
  get('Accept:\t */* \t', 'Empty:', 'Empty2: \t ', '!#$%&\'*+.^_`|~-9: ("[\\]")'),
  get(...many(MOST_HEADERS - 1)),
  get(`X: ${'a'.repeat(LARGEST_HEAD - get('X: ').length)}`),
];

/** What a real parser shall decide: most of it is wrong, some only rare. */
const OTHERS: Readonly<Record<string, string>> = {
  nothing: '',
  'half a head': get().slice(0, -2),
  'something behind the head': `${get()}G`,
  'a request behind another': get() + get(),
  'an empty line before it': `\r\n${get()}`,
  'another method': get().replace('GET', 'POST'),
  'a method in lower case': get().replace('GET', 'get'),
  'an absolute target': get().replace('/live', 'http://x/live'),
  'no target': get().replace('/live/a.flv ', ''),
  'a star': get().replace('/live/a.flv', '*'),
  'two spaces': get().replace(' /', '  /'),
  'a tab in the request line': get().replace(' /', '\t/'),
  'another version': get().replace('1.1', '2.0'),
  'no version': get().replace(' HTTP/1.1', ''),
  'line feeds alone': get().replaceAll('\r', ''),
  'one line feed alone': get('A: b').replace('x\r\n', 'x\n'),
  'carriage returns alone': get().replaceAll('\n', ''),
  'a NUL in the target': get().replace('a.flv', 'a\0.flv'),
  '8 bits in the target': get().replace('a.flv', '\xe9.flv'),
  'a NUL in a value': get('A: b\0c'),
  '8 bits in a value': get('A: \xe9'),
  'a folded line': get('A: b', ' c'),
  'a line without a colon': get('A'),
  'a line without a name': get(': a'),
  'a space before a colon': get('A : b'),
  'a space in a name': get('A b: c'),
  'no Host': lines('GET / HTTP/1.1', 'Accept: */*'),
  'no headers': lines('GET / HTTP/1.1'),
  'two hosts': get('host: y'),
  'a header twice': get('Accept: a', 'ACCEPT: b'),
  'a body': get('Content-Length: 0'),
  'a body in chunks': get('Transfer-Encoding: chunked'),
  'an upgrade': get('Upgrade: websocket', 'Connection: Upgrade'),
  'an expectation': get('Expect: 100-continue'),
  'too many headers': get(...many(MOST_HEADERS)),
  'too much': get(`X: ${'a'.repeat(LARGEST_HEAD - get('X: ').length + 1)}`),
};

const server = createServer({ maxHeaderSize: 2 * LARGEST_HEAD });
after(() => server.close());

/** What node:http makes of a head, or undefined when it refuses it. */
function readByNode(head: string): Promise<RequestHead | undefined> {
  const [client, connection] = duplexPair();
  return new Promise<RequestHead | undefined>((resolve) => {
    server.removeAllListeners('request').once('request', ({ method, url, httpVersion, headers }: IncomingMessage) => {
      resolve({ method, url, httpVersion, headers });
    });
    client.once('data', () => resolve(undefined));
    server.emit('connection', connection);
    client.write(head, 'latin1');
  }).finally(() => client.destroy());
}

async function assertLikeNode(head: string): Promise<void> {
  const mine = read(head);
  assert.ok(mine);
  const theirs = await readByNode(head);
  assert.deepEqual(
    { ...mine, headers: Object.entries(mine.headers) },
    { ...theirs, headers: Object.entries(theirs!.headers) },
  );
}

test('a plain head is read as node:http reads it', async () => {
  for (const head of PLAIN) await assertLikeNode(head);
});

for (const [name, head] of Object.entries(OTHERS)) {
  test(`${name} is not for the plain`, () => assert.equal(read(head), undefined));
}

test('whatever is taken for plain, node:http reads in the same way', async () => {
  const printable = fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)) });
  const name = fc.stringMatching(/^[\w!#$%&'*+.^`|~-]{1,12}$/);
  const line = fc.tuple(name, printable).map(([name, value]) => `${name}:${value}`);
  const target = printable.map((text) => `/${text.replaceAll(' ', '')}`);
  const heads = fc.record({
    target,
    headers: fc.uniqueArray(line, { selector: (each) => each.split(':')[0]!.toLowerCase() }),
  });
  await fc.assert(
    fc.asyncProperty(heads, async ({ target, headers }) => {
      const head = lines(`GET ${target} HTTP/1.1`, 'Host: x', ...headers);
      if (read(head)) await assertLikeNode(head);
    }),
    { seed: 1, numRuns: 300 },
  );
});

test('a header may have the name of a prototype', () => {
  assert.equal(read(get('__proto__: y'))?.headers.host, 'x');
  assert.equal(read(get('constructor: y'))?.headers['constructor'], 'y');
});

test('a head is plain only when it is whole', () => {
  const head = PLAIN[3]!;
  for (let end = 0; end < head.length; end++) assert.equal(read(head.slice(0, end)), undefined);
});
