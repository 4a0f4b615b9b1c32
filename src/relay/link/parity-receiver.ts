import { type ParityRow, restore } from './erasure.ts';
import { type Kept, type Parity, packetOf, symbolOf } from './parity-packet.ts';

/** So many of the newest packets are kept to restore others with: several of the largest groups. */
const KEPT = 512;
/** How long parity takes is what it took at the longest, forgotten by this part with each packet of it. */
const FORGET = 1 / 256;
/** So many groups with something missing are kept at most. */
const MOST_GROUPS = 64;

/** A group of which packets are missing. */
interface Group {
  readonly first: number;
  readonly count: number;
  readonly rows: ParityRow[];
}

/** A packet and its sequence. */
export interface Numbered extends Kept {
  readonly sequence: number;
}

/** One that is here since a moment. */
interface Here extends Numbered {
  readonly at: number;
}

/** Restores packets of one generation of a stream from those that came and from parity. */
export class ParityReceiver {
  readonly #kept = new Array<Here | undefined>(KEPT);
  readonly #groups = new Map<number, Group>();
  /** How many packets have come since the newest parity. */
  #since = 0;
  #lag = 0;

  /** Whether parity has ceased to come, and what is kept is of no use any more. */
  get isIdle(): boolean {
    return this.#since > KEPT;
  }

  /** How long after a packet its parity comes, at the longest of late: microseconds. */
  get lag(): number {
    return this.#lag;
  }

  /** A packet is here. Returns those that this allows to restore. */
  keep(packet: Numbered, now: number): readonly Numbered[] | undefined {
    this.#since++;
    this.#put(packet, now);
    for (const group of this.#groups.values()) {
      if (packet.sequence >= group.first && packet.sequence < group.first + group.count)
        return this.#restore(group, now);
    }
    return [];
  }

  /** Takes parity. Returns what can be restored now; undefined when it does not go with what came before. */
  take({ first, count, row, bytes }: Parity, now: number): readonly Numbered[] | undefined {
    this.#since = 0;
    const lag = now - (this.#keptOf(first)?.at ?? now);
    this.#lag = Math.max(lag, this.#lag * (1 - FORGET));
    const group = this.#groups.get(first) ?? { first, count, rows: [] };
    if (group.count !== count || (group.rows[0]?.bytes ?? bytes).length !== bytes.length) return undefined;
    if (group.rows.some((each) => each.row === row)) return [];
    group.rows.push({ row, bytes });
    this.#groups.set(first, group);
    if (this.#groups.size > MOST_GROUPS) this.#groups.delete(this.#groups.keys().next().value!);
    return this.#restore(group, now);
  }

  #restore(group: Group, now: number): readonly Numbered[] | undefined {
    const { first, count, rows } = group;
    const packets = Array.from({ length: count }, (_, column) => this.#keptOf(first + column));
    const missing = count - packets.filter(Boolean).length;
    if (missing > rows.length) return [];
    this.#groups.delete(first);
    if (missing === 0) return [];
    const symbols = packets.map((packet) => packet && symbolOf(packet));
    if (symbols.some((symbol) => symbol && symbol.length > rows[0]!.bytes.length)) return undefined;
    return this.#numbered(first, restore(symbols, rows)!, now);
  }

  #numbered(first: number, symbols: ReadonlyMap<number, Uint8Array>, now: number): readonly Numbered[] | undefined {
    const restored: Numbered[] = [];
    for (const [column, symbol] of symbols) {
      const packet = packetOf(symbol);
      if (!packet) return undefined;
      restored.push({ ...packet, sequence: first + column });
    }
    for (const packet of restored) this.#put(packet, now);
    return restored;
  }

  #put(packet: Numbered, at: number): void {
    this.#kept[packet.sequence % KEPT] = { ...packet, at };
  }

  #keptOf(sequence: number): Here | undefined {
    const packet = this.#kept[sequence % KEPT];
    return packet?.sequence === sequence ? packet : undefined;
  }
}
