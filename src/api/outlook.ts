import { SECOND } from '../base/clock.ts';
import type { Context } from '../module.ts';
import type { NodeReport, Surveyed, SurveyQuestion } from '../net/cluster.ts';
import { surveyNode } from '../net/survey.ts';

/** What this node answers to a question, and what all nodes of its cluster do, this one among them; none where it is in no cluster. */
export interface Outlook {
  readonly own: Surveyed;
  readonly nodes: readonly NodeReport[];
}

/** How long an answer is good enough, in microseconds. */
const FRESH = 1 * SECOND;
/** Of so many questions answers are kept. */
const MOST_KEPT = 64;

/** Asks all nodes of the cluster, each question once a second at most, however many want to know. */
export class Outlooks {
  readonly #context: Context;
  readonly #kept = new Map<string, { readonly answer: Promise<Outlook>; at: number }>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** Rejects when the workers of this node cannot be asked. */
  ask(question: SurveyQuestion = {}): Promise<Outlook> {
    const { clock } = this.#context;
    const key = JSON.stringify(question);
    const kept = this.#kept.get(key);
    if (kept && clock.now() - kept.at < FRESH) return kept.answer;
    // Until it is there, all who ask wait for the same answer.
    const asked = { answer: this.#ask(question), at: Number.POSITIVE_INFINITY };
    this.#kept.delete(key);
    this.#kept.set(key, asked);
    if (this.#kept.size > MOST_KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    asked.answer.then(
      () => {
        asked.at = clock.now();
      },
      () => {
        if (this.#kept.get(key) === asked) this.#kept.delete(key);
      },
    );
    return asked.answer;
  }

  async #ask(question: SurveyQuestion): Promise<Outlook> {
    const own = await surveyNode(this.#context, question);
    return { own, nodes: (await this.#context.cluster?.survey(own, question)) ?? [] };
  }
}
