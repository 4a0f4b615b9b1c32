import { createHash, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { makeSecret, sameSecret } from '../access/secret.ts';
import { type Clock, MILLISECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import { systemClock } from '../ops/system-clock.ts';
import { certify, makeKey, nodeIdOf, publicPem, serverNameOf } from './certificate.ts';
import { writeJoinToken } from './join-token.ts';
import { type Membership, readState, type State, writeState } from './state.ts';

/** What to show of oneself, and whom to trust, in TLS and QUIC: PEM texts. */
export interface Credentials {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** What to dial an origin with. */
export interface OriginCredentials extends Credentials {
  /** The name that the origin's certificate is for. */
  readonly serverName: string;
}

const FILE = 'identity.json';
const DAY_MS = 24 * 3600 * 1000;
/** How long the certificates live: a node's own, and those that it gives to others. */
const [OWN_LIFE_MS, GIVEN_LIFE_MS] = [20 * 365 * DAY_MS, 90 * DAY_MS];
/** Clocks of nodes may differ by so much. */
const SKEW_MS = DAY_MS;

/**
 * Who a node is, and whom it knows, kept in one file of its state folder.
 *
 * To those who come to it, it is a small authority: it signs the certificates that they show from then on. To those that
 * it goes to, it shows the certificate that they signed, and trusts the authority that its join token named.
 */
export class Identity {
  readonly #file: string;
  readonly #clock: Clock;
  readonly #authority: X509Certificate;
  #state: State;
  /** 20 hexadecimal digits: the beginning of the fingerprint of its key. */
  readonly nodeId: string;
  /** As PEM. */
  readonly publicKey: string;

  private constructor(file: string, clock: Clock, state: State) {
    this.#file = file;
    this.#clock = clock;
    this.#state = state;
    this.#authority = new X509Certificate(state.authority);
    this.publicKey = publicPem(state.key);
    this.nodeId = nodeIdOf(createPublicKey(this.publicKey));
  }

  /** Reads the identity in a folder; makes the folder, and a new identity, where there is none. Throws when its file is damaged. */
  static open(folder: string, clock: Clock = systemClock): Identity {
    const file = join(folder, FILE);
    const known = readState(file);
    if (known) return new Identity(file, clock, known);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const made = makeState(new Date(clock.wall() / MILLISECOND));
    writeState(file, made);
    return new Identity(file, clock, made);
  }

  /** What an operator gives to a node that shall be let in. */
  get joinToken(): string {
    const fingerprint = createHash('sha256').update(this.#authority.raw).digest();
    return writeJoinToken({ fingerprint, secret: this.#state.joinSecret });
  }

  /** Makes a new join token; the one before lets nobody in any more, and whoever is in stays in. */
  replaceJoinToken(): string {
    this.#change({ joinSecret: makeSecret() });
    return this.joinToken;
  }

  /**
   * What to listen with. Have the peer's certificate checked by {@link nodeOf} before anything else. Who asks to be let in has to be shown
   * the authority behind the certificate as well; all others have it.
   */
  credentials(): Credentials {
    const { key, certificate, authority } = this.#state;
    return { key, cert: certificate, ca: authority };
  }

  /** What to dial an origin with, by its `host:port`; `undefined` before it was joined, and after the certificate has expired. */
  credentialsFor(origin: string): OriginCredentials | undefined {
    const membership = this.#state.origins[origin];
    if (!membership || this.#age(membership) >= 1) return undefined;
    const { certificate, authority } = membership;
    return { key: this.#state.key, cert: certificate, ca: authority, serverName: serverNameOf(commonName(authority)) };
  }

  /** Whether half of the life of the certificate that an origin gave us is over. */
  isRenewalDue(origin: string): boolean {
    const membership = this.#state.origins[origin];
    return membership !== undefined && this.#age(membership) >= 0.5;
  }

  /** Keeps what an origin gave us. Throws when it is not for our key, or not signed by the authority that comes with it. */
  keep(origin: string, membership: Membership): void {
    const [certificate, authority] = [membership.certificate, membership.authority].map(
      (pem) => new X509Certificate(pem),
    );
    const isOurs = nodeIdOf(certificate!.publicKey) === this.nodeId && certificate!.verify(authority!.publicKey);
    if (!isOurs) throw new RefusedError('forbidden', `${origin} gave a certificate that is not for this node`);
    this.#change({ origins: { ...this.#state.origins, [origin]: membership } });
  }

  /** Gives up what an origin gave us. */
  forget(origin: string): void {
    const { [origin]: _, ...origins } = this.#state.origins;
    this.#change({ origins });
  }

  /**
   * The id of the peer that showed a certificate in TLS or QUIC, whatever these made of it.
   * Throws a {@link RefusedError} unless we signed it, it is valid now, and its node is not revoked.
   */
  nodeOf(certificate: X509Certificate | undefined): string {
    if (!certificate) throw new RefusedError('forbidden', 'a certificate is needed');
    const isOurs = certificate.checkIssued(this.#authority) && certificate.verify(this.#authority.publicKey);
    if (!isOurs) throw new RefusedError('forbidden', 'the certificate is not from this node');
    if (this.#lived(certificate) >= 1) throw new RefusedError('forbidden', 'the certificate has expired');
    const id = nodeIdOf(certificate.publicKey);
    if (this.#state.revoked.includes(id)) throw new RefusedError('forbidden', `node ${id} was revoked`);
    return id;
  }

  /** Refuses a node from now on, whatever certificate it shows; close its connections as well. */
  revoke(nodeId: string): void {
    if (!this.#state.revoked.includes(nodeId)) this.#change({ revoked: [...this.#state.revoked, nodeId] });
  }

  /** Whether this is the secret of the join token. */
  isJoinSecret(given: string): boolean {
    return sameSecret(given, this.#state.joinSecret);
  }

  /** A certificate for a peer's key. Ask first whether it may have one. Throws a {@link RefusedError} for a revoked node. */
  admit(publicKey: KeyObject): string {
    const id = nodeIdOf(publicKey);
    if (this.#state.revoked.includes(id)) throw new RefusedError('forbidden', `node ${id} was revoked`);
    const life = lifeFrom(this.#now(), GIVEN_LIFE_MS);
    return certify({ id, publicKey, usage: 'client', ...life }, { name: this.nodeId, key: this.#state.authorityKey });
  }

  #age({ certificate }: Membership): number {
    return this.#lived(new X509Certificate(certificate));
  }

  /** How much of its life a certificate has behind it: from 0 to 1, and more when it has expired. */
  #lived({ validFromDate, validToDate }: X509Certificate): number {
    const from = validFromDate.getTime();
    return (this.#now().getTime() - from) / (validToDate.getTime() - from);
  }

  #now(): Date {
    return new Date(this.#clock.wall() / MILLISECOND);
  }

  #change(change: Partial<State>): void {
    const state = { ...this.#state, ...change };
    writeState(this.#file, state);
    this.#state = state;
  }
}

function makeState(now: Date): State {
  const [key, authorityKey] = [makeKey(), makeKey()];
  const publicKey = createPublicKey(key);
  const id = nodeIdOf(publicKey);
  const signer = { name: id, key: authorityKey };
  const life = lifeFrom(now, OWN_LIFE_MS);
  return {
    version: 1,
    key,
    certificate: certify({ id, publicKey, usage: 'server', ...life }, signer),
    authorityKey,
    authority: certify({ id, publicKey: createPublicKey(authorityKey), usage: 'authority', ...life }, signer),
    joinSecret: makeSecret(),
    revoked: [],
    origins: {},
  };
}

function lifeFrom(now: Date, life: number): { from: Date; until: Date } {
  return { from: new Date(now.getTime() - SKEW_MS), until: new Date(now.getTime() + life) };
}

function commonName(pem: string): string {
  return /^CN=(.+)$/m.exec(new X509Certificate(pem).subject)?.[1] ?? '';
}
