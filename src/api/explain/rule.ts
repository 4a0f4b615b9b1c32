import type { Facts } from './facts.ts';

/** How bad something is: viewers suffer from it, they may, or it is good to know. */
export type Severity = 'error' | 'warning' | 'notice';

/** Where something is wrong. */
type Place = 'publisher' | 'link' | 'node' | 'viewers';

/** What a finding stands on, rounded for people, by names that end with the unit. */
type Figures = Readonly<Record<string, number | string>>;

/** What a rule has found. */
interface Verdict {
  readonly severity: Severity;
  readonly figures: Figures;
}

/** Something that can be wrong with a stream. `{x}` in its sentences is the figure of that name. */
export interface Rule {
  /** Such as `gop-too-long`. */
  readonly name: string;
  readonly where: Place;
  readonly what: string;
  /** What helps, with the encoder's own words for it. */
  readonly remedy: string;
  /** Whether it is so, as often as it is so. Pure. */
  judge(facts: Facts): readonly Verdict[];
}

/** Something that is wrong with a stream. */
export interface Finding extends Verdict {
  readonly rule: string;
  readonly where: Place;
  readonly what: string;
  readonly remedy: string;
}

const GRAVITY: readonly Severity[] = ['error', 'warning', 'notice'];

/** What these rules find, the worst first. */
export function findings(rules: readonly Rule[], facts: Facts): Finding[] {
  const all = rules.flatMap(({ name: rule, where, what, remedy, judge }) =>
    judge(facts).map(({ severity, figures }) => {
      return { rule, severity, where, what: fill(what, figures), remedy: fill(remedy, figures), figures };
    }),
  );
  return all.sort((a, b) => GRAVITY.indexOf(a.severity) - GRAVITY.indexOf(b.severity));
}

function fill(sentence: string, figures: Figures): string {
  return sentence.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(figures[name]));
}
