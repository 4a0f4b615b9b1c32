import type { RecordOptions } from './options.ts';

/** Behind the name of a recording that is not finished. */
export const PART = '.part';
/** Behind the name of a recording: its manifest. */
export const MANIFEST = '.manifest';

/** What the files of a format end in, and their type for HTTP. */
export const FORMATS: Readonly<Record<RecordOptions['format'], { extension: string; type: string }>> = {
  fmp4: { extension: '.mp4', type: 'video/mp4' },
  flv: { extension: '.flv', type: 'video/x-flv' },
  ts: { extension: '.ts', type: 'video/mp2t' },
};
