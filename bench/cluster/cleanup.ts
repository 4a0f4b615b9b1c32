/** What is to be ended when a measurement is over; the last that was begun first. */
export class Cleanup {
  readonly #ends: (() => Promise<void> | void)[] = [];

  after(end: () => Promise<void> | void): void {
    this.#ends.unshift(end);
  }

  async run(): Promise<void> {
    for (const end of this.#ends.splice(0)) await end();
  }
}
