import { type ParityRow, restore } from './erasure.ts';
import { type Kept, type Parity, packetOf, symbolOf } from './parity-packet.ts';

/** So many of the newest packets are kept to restore others with: several of the largest groups. */
const KEPT = 512;
/** So many groups with something missing are kept at most. */
const MOST_GROUPS = 64;

/** A group of which packets are missing. */
interface Group {
  readonly first: number;
  readonly count: number;
  readonly rows: ParityRow[];
}

/** A packet and what it is. */
export interface Numbered extends Kept {
  readonly sequence: number;
}

/** Restores packets of one generation of a stream from those that came and from parity. */
export class ParityReceiver {
  readonly #kept = new Array<Numbered | undefined>(KEPT);
  readonly #groups = new Map<number, Group>();
  /** How many packets have come since the newest parity. */
  #since = 0;

  /** Whether parity has ceased to come, and what is kept is of no use any more. */
  get isIdle(): boolean {
    return this.#since > KEPT;
  }

  /** A packet is here. Returns those that this allows to restore. */
  keep(packet: Numbered): readonly Numbered[] | undefined {
    this.#since++;
    this.#kept[packet.sequence % KEPT] = packet;
    for (const group of this.#groups.values()) {
      if (packet.sequence >= group.first && packet.sequence < group.first + group.count) return this.#restore(group);
    }
    return [];
  }

  /** Takes parity. Returns what can be restored now; undefined when it does not go with what came before. */
  take({ first, count, row, bytes }: Parity): readonly Numbered[] | undefined {
    this.#since = 0;
    const group = this.#groups.get(first) ?? { first, count, rows: [] };
    if (group.count !== count || (group.rows[0]?.bytes ?? bytes).length !== bytes.length) return undefined;
    if (group.rows.some((each) => each.row === row)) return [];
    group.rows.push({ row, bytes });
    this.#groups.set(first, group);
    if (this.#groups.size > MOST_GROUPS) this.#groups.delete(this.#groups.keys().next().value!);
    return this.#restore(group);
  }

  #restore(group: Group): readonly Numbered[] | undefined {
    const { first, count, rows } = group;
    const packets = Array.from({ length: count }, (_, column) => this.#keptOf(first + column));
    const missing = count - packets.filter(Boolean).length;
    if (missing > rows.length) return [];
    this.#groups.delete(first);
    if (missing === 0) return [];
    const symbols = packets.map((packet) => packet && symbolOf(packet));
    if (symbols.some((symbol) => symbol && symbol.length > rows[0]!.bytes.length)) return undefined;
    return this.#numbered(first, restore(symbols, rows)!);
  }

  #numbered(first: number, symbols: ReadonlyMap<number, Uint8Array>): readonly Numbered[] | undefined {
    const restored: Numbered[] = [];
    for (const [column, symbol] of symbols) {
      const packet = packetOf(symbol);
      if (!packet) return undefined;
      restored.push({ ...packet, sequence: first + column });
    }
    for (const packet of restored) this.#kept[packet.sequence % KEPT] = packet;
    return restored;
  }

  #keptOf(sequence: number): Numbered | undefined {
    const packet = this.#kept[sequence % KEPT];
    return packet?.sequence === sequence ? packet : undefined;
  }
}
