import { call } from './api.ts';

/** Something that is wrong with a stream, in English; `figures` are what its sentences stand on. */
export interface Finding {
  readonly rule: string;
  readonly severity: 'error' | 'warning' | 'notice';
  readonly where: 'publisher' | 'link' | 'node' | 'viewers';
  readonly what: string;
  readonly remedy: string;
  readonly figures: Readonly<Record<string, number | string>>;
}

/** What is wrong with a stream, and how it was in its last seconds. */
export interface Explanation {
  readonly stream: string;
  readonly source: { readonly type: 'publisher' | 'node' | 'none'; readonly client: string; readonly remote: string };
  readonly measures: {
    readonly seconds: number;
    readonly kbps: number;
    readonly fps: number;
    readonly gop_s: number;
    readonly late_ms: number;
    readonly skew_ms?: number;
    readonly drift_ms?: number;
    readonly viewers: number;
  };
  readonly findings: readonly Finding[];
}

/** What is wrong with the stream of that `id`. */
export function getExplanation(id: string): Promise<Explanation> {
  return call<Explanation>('GET', `/streams/${encodeURIComponent(id)}/explain`);
}
