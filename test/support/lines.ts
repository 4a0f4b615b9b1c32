import type { ToldLine } from './director.ts';
import { ADMIN_TOKEN, type TestServer } from './server.ts';
import { type Owner, until } from './until.ts';

/** What a server answers who is asked for lines, or does what an administrator wishes. */
export interface Answer {
  readonly status: number;
  readonly lines: readonly (ToldLine & { readonly has_stream: boolean; readonly region: string })[];
  readonly events: string;
  readonly error?: string;
}

/** Asks a server for lines of `live/NAME`. */
export async function askForLines(
  server: TestServer,
  name: string,
  more: object = {},
  query = '',
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const body = JSON.stringify({ stream: `live/${name}`, protocols: ['http-flv'], ...more });
  const response = await fetch(server.http(`/api/v1/lines${query}`), { method: 'POST', body, headers });
  const told = (await response.json()) as Partial<Answer>;
  return { lines: [], events: '', ...told, status: response.status };
}

/** Asks a server, as its administrator; resolves to its answer, and the status among it. */
export async function administer(
  server: TestServer,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: object,
): Promise<Readonly<Record<string, any>>> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const response = await fetch(server.http(path), { method, headers, ...(body && { body: JSON.stringify(body) }) });
  return { status: response.status, ...((await response.json()) as object) };
}

/** Resolves to the ids of nodes by the names of their lines, as soon as a server knows of these. */
export function nodesKnownTo(
  server: TestServer,
  ...names: readonly string[]
): Promise<Readonly<Record<string, string>>> {
  return until(`${names.join(', ')} are known`, async () => {
    const { lines } = await askForLines(server, 'nothing', { reserve: false });
    const ids = Object.fromEntries(lines.map(({ name, node }) => [name, node]));
    return names.every((name) => name in ids) ? ids : undefined;
  });
}

/** What a player is told that listens to its dispatcher, of where it is to go. */
export async function listenToMoves(
  t: Owner,
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ next: () => Promise<Record<string, any>> }> {
  const ending = new AbortController();
  t.after(() => ending.abort());
  const { body } = await fetch(url, { signal: ending.signal, headers });
  const moves: Record<string, any>[] = [];
  void (async () => {
    let text = '';
    for await (const bytes of body!) {
      text += Buffer.from(bytes).toString();
      const events = text.split('\n\n');
      text = events.pop()!;
      for (const event of events) {
        const [, data] = /^event: move\ndata: (.*)$/.exec(event) ?? [];
        if (data !== undefined) moves.push(JSON.parse(data) as Record<string, any>);
      }
    }
  })().catch(() => {});
  return { next: () => until('somebody is told to move', () => moves.shift()) };
}
