import type { Socket } from 'node:net';
import { type RefusalCode, RefusedError } from '../../base/errors.ts';

/** Carries messages between two processes, in order. What cannot be sent any more is lost. */
export interface Line {
  /** A connection that goes with the message is the other process's from then on. */
  send(message: object, socket?: Socket): void;
  onMessage(hear: (message: unknown, socket?: Socket) => void): void;
}

/** Functions that another process can call; arguments and results go as JSON. */
export type Calls = { readonly [name: string]: (...args: never[]) => unknown };

interface Call {
  readonly call: string;
  readonly args: readonly unknown[];
  /** Absent where no answer is wanted. */
  readonly id?: number;
}

interface Answer {
  readonly answer: number;
  readonly result?: unknown;
  readonly error?: Failure;
}

interface Failure {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
}

type Result<F> = F extends (...args: never[]) => infer R ? Awaited<R> : never;
type Arguments<F> = F extends (...args: infer A) => unknown ? A : never;

/** Calls functions of the process at the other end of a line, and has ours called from there. */
export class Rpc<Theirs extends object> {
  readonly #line: Line;
  readonly #ours: Calls;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #last = 0;
  #closed: Error | undefined;

  constructor(line: Line, ours: object) {
    this.#line = line;
    this.#ours = ours as Calls;
    line.onMessage((message, socket) => this.#hear(message as Call | Answer, socket));
  }

  /** The function's result. Rejects with what it throws, and with the reason of {@link close}. */
  call<Name extends keyof Theirs & string>(
    name: Name,
    ...args: Arguments<Theirs[Name]>
  ): Promise<Result<Theirs[Name]>> {
    const waiting = Promise.withResolvers<unknown>();
    if (this.#closed) waiting.reject(this.#closed);
    else {
      const id = ++this.#last;
      this.#waiting.set(id, waiting);
      this.#line.send({ call: name, args, id } satisfies Call);
    }
    return waiting.promise as Promise<Result<Theirs[Name]>>;
  }

  /** Has the function called, whatever comes of it. */
  tell<Name extends keyof Theirs & string>(name: Name, ...args: Arguments<Theirs[Name]>): void {
    if (!this.#closed) this.#line.send({ call: name, args } satisfies Call);
  }

  /** Has the function called with a connection, which is the other process's from then on, before its arguments. */
  give<Name extends keyof Theirs & string>(
    name: Name,
    ...[socket, ...args]: Arguments<Theirs[Name]> extends [Socket, ...infer More] ? [Socket, ...More] : never
  ): void {
    if (this.#closed) socket.destroy();
    else this.#line.send({ call: name, args } satisfies Call, socket);
  }

  /** The other process is gone: whoever waits for it is told. Idempotent. */
  close(reason: Error): void {
    this.#closed ??= reason;
    for (const { reject } of this.#waiting.values()) reject(this.#closed);
    this.#waiting.clear();
  }

  #hear(message: Call | Answer, socket: Socket | undefined): void {
    if (!('call' in message)) this.#take(message);
    else void this.#serve(socket ? { ...message, args: [socket, ...message.args] } : message);
  }

  async #serve({ call, args, id }: Call): Promise<void> {
    try {
      const result = await this.#ours[call]!(...(args as never[]));
      if (id !== undefined) this.#line.send({ answer: id, result } satisfies Answer);
    } catch (error) {
      if (id === undefined) throw error;
      this.#line.send({ answer: id, error: describe(error as Error) } satisfies Answer);
    }
  }

  #take({ answer, result, error }: Answer): void {
    const waiting = this.#waiting.get(answer);
    this.#waiting.delete(answer);
    if (error) waiting?.reject(revive(error));
    else waiting?.resolve(result);
  }
}

function describe({ name, message, stack, code }: Error & { code?: string }): Failure {
  return { name, message, ...(stack !== undefined && { stack }), ...(code !== undefined && { code }) };
}

function revive({ name, message, code, stack }: Failure): Error {
  if (name === 'RefusedError') return new RefusedError(code as RefusalCode, message);
  return Object.assign(new Error(message), {
    ...(code !== undefined && { code }),
    ...(stack !== undefined && { stack }),
  });
}
