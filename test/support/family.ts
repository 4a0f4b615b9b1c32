import { noSiblings, type Siblings } from '../../src/net/siblings.ts';

/** Workers that ask one another; each answer takes as long as `delay` says. */
export class Family {
  readonly #answers = new Map<number, Map<string, (question: unknown) => unknown>>();
  readonly #losses: ((worker: number) => void)[] = [];
  delay: Promise<void> = Promise.resolve();

  join(worker: number): Siblings {
    const answers = new Map<string, (question: unknown) => unknown>();
    this.#answers.set(worker, answers);
    const siblings: Siblings = {
      ...noSiblings(),
      worker,
      count: 2,
      answer: (topic, answer) => void answers.set(topic, answer),
      onLost: (listener) => void this.#losses.push(listener),
      ask: async (topic, question) => {
        const others = [...this.#answers].filter(([other]) => other !== worker);
        const all = others.map(([, theirs]) => theirs.get(topic)?.(question));
        await this.delay;
        return all.filter((each) => each !== undefined);
      },
    };
    return siblings;
  }

  /** A worker answers no more. */
  silence(worker: number): void {
    this.#answers.get(worker)!.clear();
  }

  lose(worker: number): void {
    for (const listener of this.#losses) listener(worker);
  }
}
