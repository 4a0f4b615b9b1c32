import { MILLISECOND } from '../../base/clock.ts';

/** Whoever asks for a packet so soon after another lost it where that one did: before the branching of their ways. */
const SOON = 50 * MILLISECOND;

/** How an edge is answered: by itself, together with all that hear the stream, or not at all since they just were. */
export type AnswerWay = 'own' | 'all' | 'none';

interface Answered {
  readonly edges: Set<object>;
  readonly at: number;
  isShared: boolean;
}

/**
 * Repairs of a stream that is pushed to many. A packet that a second edge asks for soon after the first is sent to all again,
 * which answers those that ask next; one that asks twice has lost that, too, and is answered by itself.
 */
export class SharedAnswers {
  /** By sequence, those that were answered first in front. */
  readonly #answered = new Map<number, Answered>();

  /** How an edge that asks for a packet now is answered. */
  route(sequence: number, edge: object, now: number): AnswerWay {
    this.#forget(now - SOON);
    const answered = this.#answered.get(sequence);
    if (!answered) {
      this.#answered.set(sequence, { edges: new Set([edge]), at: now, isShared: false });
      return 'own';
    }
    if (answered.edges.has(edge)) return 'own';
    answered.edges.add(edge);
    if (answered.isShared) return 'none';
    answered.isShared = true;
    return 'all';
  }

  #forget(until: number): void {
    for (const [sequence, { at }] of this.#answered) {
      if (at > until) return;
      this.#answered.delete(sequence);
    }
  }
}
