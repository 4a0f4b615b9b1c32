import { KEY_PARAMETER } from '../access/publish-key.ts';
import type { BoundAddress } from '../net/listen.ts';
import { baseUrl } from './url.ts';

/** What a user needs to know to publish and to watch. */
export interface Welcome {
  readonly version: string;
  readonly addresses: Readonly<Record<string, BoundAddress | undefined>>;
  readonly publishKey: string;
  readonly adminToken: string;
  /** What lets other nodes fetch streams from this one, where they can. */
  readonly joinToken: string | undefined;
  readonly file: string | undefined;
  readonly madeForThisRun: readonly string[];
  /** This machine's name for others. */
  readonly host: string;
}

/** The block that is printed when the server has started. It shows all secrets. */
export function welcomeBlock(welcome: Welcome): string {
  const { version, adminToken, file, madeForThisRun } = welcome;
  const lines = [
    `Headwater ${version} is running.`,
    '',
    ...publishLines(welcome),
    ...watchLines(welcome),
    ...joinLines(welcome),
  ];
  lines.push(row('Admin token', adminToken), row('Options', file ?? 'defaults and environment'));
  if (madeForThisRun.length > 0) lines.push('', `Made for this run only; set to keep: ${madeForThisRun.join(', ')}.`);
  return `\n${lines.join('\n')}\n\n`;
}

/** What is logged where nobody watches the terminal: the addresses, no secrets. */
export function welcomeFields({ version, addresses, host }: Welcome): Record<string, string> {
  const urls = Object.entries(addresses).map(([scheme, at]) => [scheme, at && baseUrl(scheme, at, host)]);
  return { version, ...Object.fromEntries(urls.filter(([, url]) => url !== undefined)) };
}

function publishLines({ addresses: { rtmp }, publishKey, host }: Welcome): string[] {
  if (!rtmp) return [];
  const server = `${baseUrl('rtmp', rtmp, host)}/live`;
  const streamKey = `movie?${KEY_PARAMETER}=${publishKey}`;
  return [
    row('Push RTMP to', `${server}/${streamKey}`),
    '',
    '  In OBS: Settings > Stream > Service "Custom…"',
    row('  Server', server),
    row('  Stream Key', streamKey),
    '',
  ];
}

function watchLines({ addresses: { http }, host }: Welcome): string[] {
  if (!http) return [];
  const page = baseUrl('http', http, host);
  const local = baseUrl('http', http, 'localhost');
  return [
    row('Open', page === local ? `${page}/` : `${page}/ (here: ${local}/)`),
    row('HTTP-FLV', `${page}/live/movie.flv`),
  ];
}

function joinLines({ addresses: { headwater }, joinToken, host }: Welcome): string[] {
  if (!headwater || joinToken === undefined) return [];
  return [row('Edges fetch at', `${baseUrl('headwater', headwater, host)}?join=${joinToken}`)];
}

function row(label: string, value: string): string {
  return `  ${label.padEnd(14)} ${value}`;
}
