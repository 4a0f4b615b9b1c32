/** One way to get a stream, as `POST /api/v1/lines` tells of it. */
export interface Line {
  /** Node and protocol: `5f0c1d6e/http-flv`. */
  readonly id: string;
  readonly node: string;
  /** The node's name for people. */
  readonly name: string;
  readonly region: string;
  readonly protocol: string;
  readonly url: string;
  /** How late what comes by it is expected to be, in milliseconds; undefined where nobody knows. */
  readonly delay_ms?: number | undefined;
  /** How much of what the node can do is in use (0–1); undefined where nobody knows. */
  readonly load?: number | undefined;
  readonly has_stream?: boolean | undefined;
}

/** The lines of a stream, best first, and where one hears of changes; that is empty where nobody tells. */
export interface Lines {
  readonly lines: readonly Line[];
  readonly events: string;
}

/** What an operator wishes of those who play: another line, if they are at one of some nodes, or any but those of these nodes. */
export interface Move {
  readonly to?: Line;
  readonly from?: readonly string[];
  readonly exclude?: readonly string[];
}

const MOST_LINES = 100;

/** Reads the answer to `POST /api/v1/lines`; entries that are no lines are left out. URLs may be relative to `base`. */
export function readLines(answer: unknown, base: string): Lines {
  const { lines, events } = fieldsOf(answer);
  const list = Array.isArray(lines) ? lines.slice(0, MOST_LINES) : [];
  const found = list.map((each) => readLine(each, base)).filter((line) => line !== undefined);
  return { lines: found, events: typeof events === 'string' && events !== '' ? resolved(events, base, 'http') : '' };
}

/** Reads the data of an event `move`; undefined where it is none. */
export function readMove(data: string, base: string): Move | undefined {
  const { to, from, exclude } = fieldsOf(parsed(data));
  const line = readLine(to, base);
  if (line) return { to: line, ...(Array.isArray(from) && { from: from.filter(isText) }) };
  return Array.isArray(exclude) ? { exclude: exclude.filter(isText) } : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function readLine(value: unknown, base: string): Line | undefined {
  const { id, node, name, region, protocol, url, delay_ms, load, has_stream } = fieldsOf(value);
  if (typeof id !== 'string' || typeof protocol !== 'string' || typeof url !== 'string') return undefined;
  const address = resolved(url, base, protocol.startsWith('ws') ? 'ws' : 'http');
  if (address === '') return undefined;
  return {
    id,
    protocol,
    url: address,
    node: text(node, id),
    name: text(name, text(node, id)),
    region: text(region, ''),
    delay_ms: number(delay_ms),
    load: number(load),
    has_stream: typeof has_stream === 'boolean' ? has_stream : undefined,
  };
}

/** An absolute URL, `scheme` being that of those that have none; empty where it is no URL. */
function resolved(url: string, base: string, scheme: 'http' | 'ws'): string {
  const isAbsolute = URL.canParse(url);
  const found = URL.parse(url, base);
  if (!found) return '';
  if (!isAbsolute) found.protocol = found.protocol.replace(/^(http|ws)/, scheme);
  return found.href;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function text(value: unknown, otherwise: string): string {
  return typeof value === 'string' && value !== '' ? value : otherwise;
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
