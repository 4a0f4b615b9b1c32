import { EVENTS, type EventName } from '../config/callback-events.ts';
import type { StreamPath } from '../hub/path.ts';
import { matcher } from '../hub/patterns.ts';
import type { CallbackRule } from './options.ts';

interface Matched {
  readonly rule: CallbackRule;
  readonly fits: (path: StreamPath) => boolean;
  readonly fitsApp: (path: StreamPath) => boolean;
}

/** Tells who is called, and for which streams. */
export class Rules {
  readonly #all: readonly Matched[];

  constructor(rules: readonly CallbackRule[]) {
    this.#all = rules.map((rule) => ({
      rule,
      fits: matcher(rule.streams),
      fitsApp: matcher(rule.streams.map(anyOfItsApp)),
    }));
  }

  /** The events for which anybody is called. */
  get events(): ReadonlySet<EventName> {
    return new Set(EVENTS.filter((event) => this.#all.some(({ rule }) => rule[event].length > 0)));
  }

  /** Who is called when something happens to a stream, in the order of the configuration. */
  urls(event: EventName, path: StreamPath): readonly string[] {
    return this.#all.flatMap(({ rule, fits }) => (rule[event].length > 0 && fits(path) ? rule[event] : []));
  }

  /** Who is called when something happens that is about no stream yet: those who are called for any of `vhost/app`. */
  urlsOfApp(event: EventName, app: string): readonly string[] {
    return this.#all.flatMap(({ rule, fitsApp }) =>
      rule[event].length > 0 && fitsApp(`${app}/any`) ? rule[event] : [],
    );
  }
}

/** The pattern of all streams of the apps that a pattern has streams of. */
function anyOfItsApp(pattern: string): string {
  const at = pattern.lastIndexOf('/') + 1;
  return pattern.slice(0, at) + (pattern.includes('**', at) ? '**' : '*');
}
