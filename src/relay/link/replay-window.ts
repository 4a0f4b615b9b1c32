/** So many counters behind the newest are still told apart: datagrams may overtake one another by that much. */
const REACH = 1024;

/** Which counters of authentic datagrams were seen, so that none is taken twice. */
export class ReplayWindow {
  /** One bit per counter, by counter modulo {@link REACH}. */
  readonly #seen = new Uint32Array(REACH / 32);
  #next = 0;

  /** Whether `counter` is new; from then on it is not. Ask only once the datagram has proved authentic. */
  accept(counter: number): boolean {
    if (counter < this.#next - REACH) return false;
    for (let passed = Math.max(this.#next, counter - REACH + 1); passed <= counter; passed++) this.#mark(passed, false);
    this.#next = Math.max(this.#next, counter + 1);
    const bit = 1 << (counter % 32);
    if (this.#seen[wordOf(counter)]! & bit) return false;
    this.#mark(counter, true);
    return true;
  }

  #mark(counter: number, seen: boolean): void {
    const bit = 1 << (counter % 32);
    if (seen) this.#seen[wordOf(counter)]! |= bit;
    else this.#seen[wordOf(counter)]! &= ~bit;
  }
}

function wordOf(counter: number): number {
  return Math.floor((counter % REACH) / 32);
}
