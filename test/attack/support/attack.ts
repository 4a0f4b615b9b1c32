/** How far the attacker keeps the rules of RTMP (or of WebSocket) before it sends what it came to send. */
export type Stage = 'tcp' | 'handshake' | 'connect' | 'play' | 'publish' | 'websocket';

/**
 * What must come of an attack: `closed` at once; `expired`, closed by a deadline; `harmless`, still served;
 * `either` of closed and harmless, where a cut decides; or a number, the status of the first HTTP answer.
 */
export type Outcome = 'closed' | 'expired' | 'harmless' | 'either' | number;

/** What is sent: pieces, each by a write of its own, and pauses in milliseconds. */
export type Script = Iterable<Uint8Array | string | number>;

/** Where the server under attack is. */
export interface Target {
  readonly rtmp: number;
  readonly http: number;
  /** Lets publish. */
  readonly key: string;
}

/** One attack by a single connection. */
export interface Attack {
  readonly name: string;
  readonly on: 'rtmp' | 'http';
  readonly from: Stage;
  readonly send: () => Script;
  readonly expect: Outcome;
}

/** An attack that needs more than one connection, or to look at what comes back. It rejects when the server does not do as it must. */
export interface Scene {
  readonly name: string;
  readonly play: (target: Target) => Promise<void>;
}

/** Makes attacks of a table: name, what is sent, what must come of it. */
export function attacks(
  on: Attack['on'],
  from: Stage,
  rows: readonly (readonly [name: string, send: Uint8Array | string | (() => Script), expect: Outcome])[],
): Attack[] {
  return rows.map(([name, send, expect]) => ({
    name,
    on,
    from,
    send: typeof send === 'function' ? send : () => [send],
    expect,
  }));
}
