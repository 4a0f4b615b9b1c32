import { readAttributes } from './attributes.ts';
import { checkMedia } from './check-media.ts';
import { type PlaylistLine, playlistLines } from './lines.ts';

const FORBIDDEN = /[\p{Cc}\ufeff]/u;
const RESOLUTION = /^[1-9]\d*x[1-9]\d*$/;
const INTEGER = /^\d+$/;
const DECIMAL = /^\d+(\.\d+)?$/;
const CODECS = /^[A-Za-z0-9.,-]+$/;

/** What breaks the rules of HLS (draft-pantos-hls-rfc8216bis) or ours in a playlist, in words; empty where nothing does. */
export function checkPlaylist(text: string): string[] {
  const lines = playlistLines(text);
  const problems = checkText(text, lines);
  const isMaster = lines.some(({ tag }) => tag === 'EXT-X-STREAM-INF');
  return [...problems, ...(isMaster ? checkMaster(lines) : checkMedia(lines))];
}

function checkText(text: string, lines: readonly PlaylistLine[]): string[] {
  const problems: string[] = [];
  if (!text.startsWith('#EXTM3U\n')) problems.push('the first line is not #EXTM3U');
  if (!text.endsWith('\n')) problems.push('the last line does not end');
  if (FORBIDDEN.test(text.replaceAll(/\r?\n/g, ''))) problems.push('there is a control character or a byte order mark');
  for (const { number, value } of lines) {
    if (value !== value.trim()) problems.push(`line ${number}: blanks at an end`);
  }
  return problems;
}

/** HLS, 4.4.6.2. */
function checkMaster(lines: readonly PlaylistLine[]): string[] {
  const problems: string[] = [];
  for (const [i, { number, tag, value }] of lines.entries()) {
    const problem = (text: string) => problems.push(`line ${number}: ${text}`);
    if (tag === undefined && lines[i - 1]?.tag !== 'EXT-X-STREAM-INF')
      problem('a URI that no EXT-X-STREAM-INF tells of');
    if (tag?.startsWith('EXTINF') || tag === 'EXT-X-TARGETDURATION') problem(`${tag} in a master playlist`);
    if (tag !== 'EXT-X-STREAM-INF') continue;
    if (lines[i + 1]?.tag !== undefined || i + 1 === lines.length) problem('EXT-X-STREAM-INF without a URI');
    for (const text of checkVariant(readAttributes(value))) problem(text);
  }
  return problems;
}

function checkVariant(attributes: ReadonlyMap<string, string> | undefined): string[] {
  if (!attributes) return ['a malformed attribute list'];
  const forms: [name: string, form: RegExp, isNeeded: boolean][] = [
    ['BANDWIDTH', INTEGER, true],
    ['AVERAGE-BANDWIDTH', INTEGER, false],
    ['CODECS', CODECS, true],
    ['RESOLUTION', RESOLUTION, false],
    ['FRAME-RATE', DECIMAL, false],
  ];
  return forms.flatMap(([name, form, isNeeded]) => {
    const value = attributes.get(name);
    if (value === undefined) return isNeeded ? [`no ${name}`] : [];
    return form.test(value) ? [] : [`${name} is ${value}`];
  });
}
