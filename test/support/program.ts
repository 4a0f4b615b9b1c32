import { type ChildProcess, spawn } from 'node:child_process';
import { programPath } from './tools.ts';
import { type Owner, within } from './until.ts';

/** How a program ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const children = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/** A program beside the server. It is killed when its test is over, and its output is kept to be shown. */
export class Program {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #ended = Promise.withResolvers<Ending>();
  #stdout = '';
  #stderr = '';

  constructor(owner: Owner, name: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.name = name;
    this.#child = spawn(programPath(name), args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    children.add(this.#child);
    this.#child.stdout!.on('data', (bytes: Buffer) => (this.#stdout += bytes.toString()));
    this.#child.stderr!.on('data', (bytes: Buffer) => (this.#stderr += bytes.toString()));
    this.#child.once('error', (error) => this.#ended.reject(error));
    this.#child.once('close', (code, signal) => this.#ended.resolve({ code, signal }));
    this.#ended.promise.catch(() => undefined).finally(() => children.delete(this.#child));
    owner.after(() => this.stop());
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Resolves when it has ended and all its output is there. */
  ended(patience?: number): Promise<Ending> {
    return within(`${this.name} ends; it said ${this.#stderr.slice(-2000)}`, this.#ended.promise, patience);
  }

  /** Waits for an end without complaint; rejects with what it said otherwise. */
  async succeeded(patience?: number): Promise<this> {
    const { code, signal } = await this.ended(patience);
    if (code !== 0) throw new Error(`${this.name} ended with ${signal ?? code}: ${this.#stderr.slice(-2000)}`);
    return this;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ends it if it still runs, stopped or not. */
  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended.promise.catch(() => undefined);
  }
}
