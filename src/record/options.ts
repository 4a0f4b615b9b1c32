import type { z } from 'zod';
import {
  duration,
  list,
  oneOf,
  option,
  section,
  size,
  streamPattern,
  text,
  type Value,
  value,
  WRONG,
} from '../config/values.ts';
import { checkTemplate } from './name.ts';

/** The section `record` of the configuration. */
export const recordOptions = section('Which streams are recorded, and how: see docs/record.md.', {
  paths: option(
    list(streamPattern()),
    [],
    'The streams that are recorded whenever they are published, such as [live/*]; * is any name, ** any path.',
  ),
  folder: option(text(), './recordings', 'The folder that recordings are written to.'),
  format: option(oneOf('fmp4', 'flv', 'ts'), 'fmp4', 'Their format: fmp4, flv or ts.'),
  name: option(
    template(),
    '[app]/[stream]/[2006]-[01]-[02]-[15]-[04]-[05].[999]',
    'Their names in the folder, of [vhost] [app] [stream] [2006] [01] [02] [15] [04] [05] [999] [timestamp].',
  ),
  split: section('When a recording goes on in a new file, at the next key frame.', {
    every: option(duration(), '1h', 'After so much time of the stream; 0 for never.'),
    size: option(size(), '0B', 'When the file is so large; 0 for never.'),
    at: option(oneOf('off', 'hour', 'day'), 'off', 'Whenever a new hour or day begins on the clock: hour, day or off.'),
  }),
  fsync: option(
    duration('0s', '1m'),
    '500ms',
    'How long what was written may take to be safe from a power cut; 0 makes it safe at once.',
  ),
  queue: option(
    size('64KiB', '1GiB'),
    '32MiB',
    'How much of a stream may wait for a slow disk before whole GOPs are left out.',
  ),
  keep: section('When finished recordings are removed, the oldest first.', {
    age: option(duration(), '0s', 'When they are so old; 0 for never.'),
    size: option(size(), '0B', 'When all together are larger; 0 for never.'),
    free: option(
      size(),
      '0B',
      'When less is free on the disk, which also stops recording when nothing is left to remove.',
    ),
  }),
  access: option(
    oneOf('admin', 'play'),
    'admin',
    'Who may download recordings: admin (with the admin token) or play (whoever may play the stream).',
  ),
});

/** {@link recordOptions} as the program reads them. */
export type RecordOptions = z.output<typeof recordOptions>;

function template(): Value<string> {
  const allowed = 'a relative file name of letters, digits, . _ ~ - and / with no other variables than those listed';
  return value(allowed, (raw) => (typeof raw === 'string' && checkTemplate(raw) ? raw : WRONG));
}
