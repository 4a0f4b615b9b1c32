import { hash } from 'node:crypto';
import { hostname } from 'node:os';

/** How many ids are remembered; they are cheap to make again. */
const MOST_REMEMBERED = 10_000;
const remembered = new Map<string, string>();

/** What every answer carries, as in SRS: `server` stays the same on one machine, `service` is new with every start. */
export interface Identity {
  readonly server: string;
  readonly service: string;
  readonly pid: string;
}

/** That of this start of the node, which has an id of its own. */
export function makeIdentity(run: string): Identity {
  return { server: makeId(`server ${hostname()}`), service: run, pid: String(process.pid) };
}

/** The id of a virtual host, made of its name. */
export function vhostId(vhost: string): string {
  return idOf(`vhost ${vhost}`);
}

/** The id of a stream, made of its path. */
export function streamId(path: string): string {
  return idOf(`stream ${path}`);
}

function idOf(text: string): string {
  const known = remembered.get(text);
  if (known !== undefined) return known;
  if (remembered.size >= MOST_REMEMBERED) remembered.clear();
  const id = makeId(text);
  remembered.set(text, id);
  return id;
}

/** 52 bits in the form of SRS's ids: `vid-` and digits of base 36. */
function makeId(text: string): string {
  return `vid-${Number.parseInt(hash('sha256', text, 'hex').slice(0, 13), 16).toString(36)}`;
}
