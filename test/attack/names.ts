import { type Attack, attacks } from './support/attack.ts';
import { call } from './support/bytes.ts';

/** Names that no stream may have: they would be dangerous in a path, a URL, a page or a shell. */
const NAMES: Readonly<Record<string, string>> = {
  'that climbs': '..',
  'that climbs far': '../../../../etc/passwd',
  'that climbs in the middle': 'a..b',
  'of one dot': '.',
  'with a NUL': 'a\u0000b',
  'with a line break': 'a\r\nb: c',
  'with a space': 'a b',
  'with a backslash': 'a\\b',
  'with markup': '<script>alert(1)</script>',
  'with a quote': 'a"b',
  'with an apostrophe': "a'b",
  'for a shell': '$(id)',
  'for a pipe': 'a|b',
  'for a format': '%s%n',
  'with an escape': '\u001b[2J',
  'beyond ASCII': '直播',
  'of an emoji': '😀',
  'that overrides its direction': '\u202emp4',
  'of half a pair': '\ud800',
  'of 129 characters': 'a'.repeat(129),
  'of 3000 characters': 'a'.repeat(3000),
};

const FORBIDDEN = 403;

const url = (name: string) =>
  `GET /live/${encodeURIComponent(name.toWellFormed())}.flv HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;

/** Attacks by names, through each door that takes one. */
export const NAME_ATTACKS: readonly Attack[] = [
  ...attacks('rtmp', 'connect', [
    ...Object.entries(NAMES).map(
      ([what, name]) => [`play of a name ${what}`, call('play', null, name), 'closed'] as const,
    ),
    ...Object.entries(NAMES).map(
      ([what, name]) => [`publish of a name ${what}`, call('publish', null, `${name}?key=x`), 'closed'] as const,
    ),
    ['play of a name of 60,000 characters', call('play', null, 'a'.repeat(60_000)), 'closed'],
  ]),
  ...attacks('http', 'tcp', [
    ...Object.entries(NAMES).map(([what, name]) => [`GET of a name ${what}`, url(name), FORBIDDEN] as const),
  ]),
];
