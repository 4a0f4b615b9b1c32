import type { z } from 'zod';
import { duration, integer, oneOf, option, section, text, type Value, value, WRONG } from '../config/values.ts';

const RATE = /^(\d{1,9}(?:\.\d{1,3})?) ?(kbit|Mbit|Gbit)$/;
const UNITS: Readonly<Record<string, number>> = { kbit: 1e3, Mbit: 1e6, Gbit: 1e9 };

/** A bit rate with its unit (`800Mbit`, `1Gbit`), in bits per second; 0 for none. */
function rate(): Value<number, string | 0> {
  return value('a bit rate with its unit, such as 800Mbit or 1Gbit, or 0', (raw) => {
    if (raw === 0 || raw === '0') return 0;
    const [, number, unit] = RATE.exec(typeof raw === 'string' ? raw : '') ?? [];
    return number === undefined ? WRONG : Number(number) * UNITS[unit!]!;
  });
}

const ADDRESS = /^https?:\/\/(?:\[[0-9a-fA-F:.]+\]|[\w.-]+)(?::[1-9]\d{0,4})?\/?$/;

/** Where viewers reach a node: undefined stands for auto. */
function address(): Value<string | undefined, string> {
  return value<string | undefined, string>('auto, or http://HOST:PORT or https://HOST:PORT', (raw) => {
    if (raw === 'auto') return undefined;
    return typeof raw === 'string' && ADDRESS.test(raw) && URL.canParse(raw) ? raw.replace(/\/$/, '') : WRONG;
  });
}

/** The section `dispatch` of the configuration. */
export const dispatchOptions = section('Lines: which node a viewer or publisher is sent to (see docs/lines.md).', {
  name: option(text(), '', 'What this node is called in the list of lines; empty: its host.'),
  region: option(text(), '', 'Where it is: viewers who name the same region come here first.'),
  url: option(
    address(),
    'auto',
    'Where viewers reach this node, such as https://edge-1.example.com; auto: by HTTP where the other nodes reach it.',
  ),
  bandwidth: option(rate(), 0, 'What it may send, such as 1Gbit: so many viewers are sent here; 0 for no limit.'),
  viewers: option(integer(0, 1_000_000), 0, 'How many viewers are sent here; 0 for no limit.'),
  pace: option(
    integer(1, 100_000),
    200,
    'How many of those who are here are sent elsewhere a second, when this node is drained or an operator says so who gives no other pace.',
  ),
  grace: option(
    duration('0s', '1h'),
    '10s',
    'How long players have to leave a node that is drained by themselves, before those who are still there are closed.',
  ),
  takes: option(
    oneOf('all', 'viewers', 'publishers', 'none'),
    'all',
    'Who is sent here: all, viewers, publishers or none.',
  ),
});

/** {@link dispatchOptions} as the program reads them. */
export type DispatchOptions = z.output<typeof dispatchOptions>;
