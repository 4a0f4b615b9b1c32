import { createPublicKey, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { readConfigFile, writeConfigFile } from '../config/file.ts';

/** What an origin gave to a node that it let in: PEM texts. */
const membership = z.strictObject({
  /** The node's certificate. */
  certificate: z.string(),
  /** Of the authority that signed it, and the origin's own. */
  authority: z.string(),
});

/** All that a node keeps of itself and of others. Keys and certificates are PEM texts. */
const state = z.strictObject({
  version: z.literal(1),
  key: z.string(),
  /** Ours as a server, signed by our own authority. */
  certificate: z.string(),
  authorityKey: z.string(),
  authority: z.string(),
  joinSecret: z.string().min(16),
  /** Ids of nodes that are refused. */
  revoked: z.array(z.string()),
  /** By `host:port`. */
  origins: z.record(z.string(), membership),
});

/** What an origin gave to a node that it let in. */
export type Membership = z.infer<typeof membership>;
/** What the file of an identity holds. */
export type State = z.infer<typeof state>;

/** The state in a file; `undefined` when there is none. Throws one clear sentence when it is damaged. */
export function readState(file: string): State | undefined {
  const text = readConfigFile(file);
  if (text === undefined) return undefined;
  try {
    const read = state.parse(JSON.parse(text));
    expectPair(read.key, read.certificate);
    expectPair(read.authorityKey, read.authority);
    return read;
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    const advice =
      'Bring it back from a copy, or delete it: this node is then a new one, and has to join and be joined again';
    throw new Error(`${file} is damaged: ${reason}. ${advice}`, { cause: error });
  }
}

/** Writes the state, all of it or nothing, for the owner's eyes alone. */
export function writeState(file: string, content: State): void {
  writeConfigFile(file, `${JSON.stringify(content, undefined, 2)}\n`);
}

function expectPair(key: string, certificate: string): void {
  const isPair = new X509Certificate(certificate).publicKey.equals(createPublicKey(key));
  if (!isPair) throw new Error('a key and its certificate do not belong together');
}
