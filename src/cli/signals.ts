/** Where signals come from: `process`, or a stand-in. */
export interface SignalSource {
  on(name: StopSignal, listener: (name: StopSignal) => void): unknown;
  exit(code: number): void;
}

/** The signals that ask the server to stop. */
export type StopSignal = 'SIGINT' | 'SIGTERM';

/** Ctrl-C reaches the server twice under `npm start`: from the terminal, and handed on by the programs between. */
const SAME_KEYSTROKE_MS = 500;

/** Resolves at the first signal to stop; a later second one exits at once. */
export function untilSignal(source: SignalSource): Promise<StopSignal> {
  const { promise, resolve } = Promise.withResolvers<StopSignal>();
  let first: number | undefined;
  const receive = (name: StopSignal) => {
    if (first !== undefined && performance.now() - first > SAME_KEYSTROKE_MS)
      source.exit(name === 'SIGINT' ? 130 : 143);
    first ??= performance.now();
    resolve(name);
  };
  source.on('SIGINT', receive);
  source.on('SIGTERM', receive);
  return promise;
}
