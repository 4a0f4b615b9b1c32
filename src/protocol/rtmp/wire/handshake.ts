import { concat } from '../../../base/bytes.ts';
import type { Need } from '../../../base/decoder.ts';
import { exactly } from '../../../base/decoder.ts';
import { ProtocolError } from '../../../base/errors.ts';
import type { HandshakeCrypto } from './digest.ts';
import { answerDigest, CLIENT_KEY, findDigest, SERVER_KEY, signDigest } from './digest.ts';

export type { HandshakeCrypto } from './digest.ts';

/** A part of a parser (to be delegated to by `yield*`) that needs bytes and has no messages. */
export type Handshake = Generator<Need, void, Uint8Array>;

/** The length of C1, S1, C2 and S2 (RTMP 1.0, 5.2.3). */
const HANDSHAKE_BYTES = 1536;

const VERSION = 3;
/** What we call ourselves where a digest is spoken: FMS 3.5.3, a Flash player 10. */
const SERVER_VERSION = [3, 5, 3, 1] as const;
const CLIENT_VERSION = [10, 0, 32, 18] as const;

/** The server's side: simple (RTMP 1.0, 5.2) or with digests, as the client begins it. C2 is not looked at: FFmpeg sends junk. */
export function* serverHandshake(crypto: HandshakeCrypto, send: (bytes: Uint8Array) => void): Handshake {
  checkVersion((yield exactly(1))[0]);
  const c1 = (yield exactly(HANDSHAKE_BYTES)).slice();
  const found = findDigest(crypto, CLIENT_KEY, c1);
  if (found === undefined) {
    send(concat([Uint8Array.of(VERSION), plainHello(crypto), c1]));
  } else {
    const s1 = hello(crypto, SERVER_VERSION);
    signDigest(crypto, SERVER_KEY, s1, found.schema);
    send(concat([Uint8Array.of(VERSION), s1, answerDigest(crypto, SERVER_KEY, found.digest)]));
  }
  yield exactly(HANDSHAKE_BYTES);
}

/** The client's side, with digests if `digest` is set and the server takes part in it. */
export function* clientHandshake(
  crypto: HandshakeCrypto,
  send: (bytes: Uint8Array) => void,
  digest = false,
): Handshake {
  const c1 = digest ? hello(crypto, CLIENT_VERSION) : plainHello(crypto);
  if (digest) signDigest(crypto, CLIENT_KEY, c1, 0);
  send(concat([Uint8Array.of(VERSION), c1]));
  checkVersion((yield exactly(1))[0]);
  const s1 = (yield exactly(HANDSHAKE_BYTES)).slice();
  const found = digest ? findDigest(crypto, SERVER_KEY, s1) : undefined;
  send(found === undefined ? s1 : answerDigest(crypto, CLIENT_KEY, found.digest));
  yield exactly(HANDSHAKE_BYTES);
}

/** RTMP 1.0, 5.2.2: RTMPE (6, 8, 9) is not spoken. */
function checkVersion(version: number): void {
  if (version !== VERSION) throw new ProtocolError(`handshake of version ${version}, only ${VERSION} is spoken`);
}

/** RTMP 1.0, 5.2.3: time 0, zero, random bytes. */
function plainHello(crypto: HandshakeCrypto): Uint8Array {
  return hello(crypto, [0, 0, 0, 0]);
}

function hello(crypto: HandshakeCrypto, version: readonly number[]): Uint8Array {
  const bytes = crypto.random(HANDSHAKE_BYTES);
  bytes.fill(0, 0, 4);
  bytes.set(version, 4);
  return bytes;
}
