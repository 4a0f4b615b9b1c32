import type { z } from 'zod';
import { duration, integer, option, section, text } from '../../config/values.ts';

/** The section `hls` of the configuration. */
export const hlsOptions = section('HLS and low-latency HLS.', {
  segment: option(
    duration('1s', '30s'),
    '2s',
    'How long segments are aimed at: each begins with a key frame, so those of a stream with fewer key frames are longer.',
  ),
  part: option(duration('100ms', '2s'), '200ms', 'How long the parts of segments are aimed at, for low latency.'),
  window: option(integer(3, 1000), 6, 'How many whole segments a playlist has; window.bytes limits them as well.'),
  disk: section('Segments as files, for a web server or a CDN in front.', {
    folder: option(text(), '', 'The folder that segments and playlists of all streams are written to; empty for none.'),
    keep: option(duration(), '1m', 'How long the files of a stream stay when it has ended.'),
  }),
  idle: option(duration(), '30s', 'How long segments of a stream are made after its last viewer has left.'),
});

/** {@link hlsOptions} as the program reads them. */
export type HlsOptions = z.output<typeof hlsOptions>;
