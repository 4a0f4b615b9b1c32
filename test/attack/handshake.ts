import { type Attack, attacks, type Script } from './support/attack.ts';
import { noise, oneByOne, repeat } from './support/bytes.ts';

const HANDSHAKE = 1536;
const C0 = Uint8Array.of(3);
const hello = (fill: number) => new Uint8Array(HANDSHAKE).fill(fill);
const withC1 = (c1: Uint8Array): Script => [C0, c1, noise(HANDSHAKE)];

/** The sum of the four bytes that tell where a digest lies is as large as it can be. */
function farDigest(at: number): Uint8Array {
  const c1 = noise(HANDSHAKE);
  c1.set([9, 0, 124, 2], 4);
  c1.fill(0xff, at, at + 4);
  return c1;
}

const VERSIONS = [0, 1, 2, 4, 5, 6, 8, 9, 31, 32, 127, 128, 255];

const OTHER_PROTOCOLS: Readonly<Record<string, string | Uint8Array>> = {
  'an HTTP request': 'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
  'an RTSP request': 'OPTIONS rtsp://x/ RTSP/1.0\r\nCSeq: 1\r\n\r\n',
  'the greeting of SSH': 'SSH-2.0-OpenSSH_9.2\r\n',
  'a TLS hello': Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3),
  'a SOCKS5 greeting': Uint8Array.of(5, 1, 0),
  'a PROXY header': 'PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n',
};

/** Attacks on the handshake (RTMP 1.0, 5.2). */
export const HANDSHAKE_ATTACKS: readonly Attack[] = [
  ...attacks('rtmp', 'tcp', [
    ...VERSIONS.map((version) => [`version ${version}`, Uint8Array.of(version), 'closed'] as const),
    ...Object.entries(OTHER_PROTOCOLS).map(([name, bytes]) => [name, bytes, 'closed'] as const),
    ['nothing at all', () => [], 'expired'],
    ['C0 alone', C0, 'expired'],
    ['C0 and the first byte of C1', () => [C0, hello(0).subarray(1535)], 'expired'],
    ['C1 without its last byte', () => [C0, hello(0).subarray(1)], 'expired'],
    ['no C2', () => [C0, hello(7)], 'expired'],
    ['C2 without its last byte', () => [C0, hello(7), hello(7).subarray(1)], 'expired'],
    ['no command after the handshake', () => withC1(hello(7)), 'expired'],
    ['C1 byte by byte, ever more slowly', () => [C0, ...oneByOne(hello(1).subarray(0, 60), 100)], 'expired'],
    ['noise behind the handshake', () => [...withC1(noise(HANDSHAKE)), repeat(Uint8Array.of(0xff), 80_000)], 'closed'],
    ['a chunk in place of C2', () => [C0, hello(7), repeat(Uint8Array.of(0x03), HANDSHAKE), hello(0xc3)], 'closed'],
    ['a digest as far back as the first scheme has it', () => withC1(farDigest(772)), 'expired'],
    ['a digest as far back as the second scheme has it', () => withC1(farDigest(8)), 'expired'],
    ['C1 of ones', () => withC1(hello(0xff)), 'expired'],
    ['C1 of zeros', () => withC1(hello(0)), 'expired'],
    ['the whole handshake byte by byte', () => [C0, ...oneByOne(noise(2 * HANDSHAKE))], 'expired'],
  ]),
];
