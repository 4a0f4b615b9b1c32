import { X509Certificate } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  createSecureContext,
  type SecureContext,
  type SecureContextOptions,
  type Server,
  type TlsOptions,
} from 'node:tls';
import type { Logger } from '../ops/log.ts';

/** The PEM files of a certificate (with its chain) and of its private key. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

interface Certificate {
  readonly pem: { readonly cert: string; readonly key: string };
  readonly names: X509Certificate;
  readonly context: SecureContext;
}

const MINIMUM = { minVersion: 'TLSv1.2' } as const;
/** Renewal writes several files, one after another. */
const SETTLE_MS = 200;
/** For file systems that do not tell of changes. */
const POLL_MS = 60_000;

/** The certificates of all TLS servers: chosen by the name that the client asks for, read again when their files change. */
export class TlsStore {
  readonly #files: readonly CertificateFiles[];
  readonly #log: Logger;
  readonly #servers = new Set<Server>();
  readonly #watchers: FSWatcher[] = [];
  #certificates: readonly Certificate[];
  #settling: NodeJS.Timeout | undefined;
  #polling: NodeJS.Timeout | undefined;
  #complaint = '';

  private constructor(files: readonly CertificateFiles[], certificates: readonly Certificate[], log: Logger) {
    this.#files = files;
    this.#certificates = certificates;
    this.#log = log;
  }

  /** Reads at least one pair of files and watches them until `close()`. Throws when one cannot be read or does not fit. */
  static async open(files: readonly CertificateFiles[], log: Logger): Promise<TlsStore> {
    const store = new TlsStore(files, await Promise.all(files.map(load)), log);
    store.#watch();
    return store;
  }

  /** Options for `tls.createServer` or `http2.createSecureServer`; give the server that you make of them to {@link keepCurrent}. */
  serverOptions(protocols: readonly string[] = []): TlsOptions {
    const SNICallback: TlsOptions['SNICallback'] = (name, done) => done(null, this.contextFor(name));
    return { ...this.#fallback(), SNICallback, ...(protocols.length > 0 && { ALPNProtocols: [...protocols] }) };
  }

  /** Has the server follow changes of the first certificate, which clients get that ask for no name, until it closes. */
  keepCurrent(server: Server): void {
    this.#servers.add(server);
    server.once('close', () => this.#servers.delete(server));
  }

  /** The first certificate that is valid for the name, else the first of all. */
  contextFor(name: string): SecureContext {
    const match = this.#certificates.find(
      ({ names }) => names.checkHost(name, { partialWildcards: false }) !== undefined,
    );
    return (match ?? this.#certificates[0]!).context;
  }

  /** Stops watching; servers keep the certificates that they have. */
  close(): void {
    clearTimeout(this.#settling);
    clearInterval(this.#polling);
    for (const watcher of this.#watchers.splice(0)) watcher.close();
  }

  #fallback(): SecureContextOptions {
    return { ...this.#certificates[0]!.pem, ...MINIMUM };
  }

  /** Watches folders, not files: renewal replaces files and the links that lead to them. */
  #watch(): void {
    const folders = new Set(this.#files.flatMap(({ cert, key }) => [dirname(cert), dirname(key)]));
    for (const folder of folders) this.#watchFolder(folder);
    this.#polling = setInterval(() => void this.#reload(), POLL_MS).unref();
  }

  #watchFolder(folder: string): void {
    const warn = (error: unknown) =>
      this.#log.warn({ error, folder }, 'cannot watch certificates; they are read every minute');
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#settle());
      this.#watchers.push(watcher.on('error', warn));
    } catch (error) {
      warn(error);
    }
  }

  #settle(): void {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => void this.#reload(), SETTLE_MS).unref();
  }

  async #reload(): Promise<void> {
    try {
      this.#replace(await Promise.all(this.#files.map(load)));
      this.#complaint = '';
    } catch (error) {
      this.#complain(error as Error);
    }
  }

  #replace(certificates: readonly Certificate[]): void {
    if (certificates.every(({ pem }, i) => isSamePem(pem, this.#certificates[i]!.pem))) return;
    this.#certificates = certificates;
    for (const server of this.#servers) server.setSecureContext(this.#fallback());
    this.#log.info({ certificates: certificates.length }, 'certificates reloaded');
  }

  #complain(error: Error): void {
    if (error.message === this.#complaint) return;
    this.#complaint = error.message;
    this.#log.warn({ error }, 'new certificates cannot be used; the old ones stay');
  }
}

function isSamePem(a: Certificate['pem'], b: Certificate['pem']): boolean {
  return a.cert === b.cert && a.key === b.key;
}

async function load({ cert, key }: CertificateFiles): Promise<Certificate> {
  const pem = { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') };
  try {
    return { pem, names: new X509Certificate(pem.cert), context: createSecureContext({ ...pem, ...MINIMUM }) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw Object.assign(new Error(`${cert} with ${key} cannot be used: ${message}`, { cause: error }), { code });
  }
}
