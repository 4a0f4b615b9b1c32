import type { Context, Module } from '../module.ts';
import type { LocalRecordings } from './recordings.ts';

/** Records streams into files. */
export function record(recordings: LocalRecordings): Module {
  return {
    name: 'record',
    async start({ pasts }: Context) {
      pasts.find = (stream) => recordings.past(stream);
      recordings.begin();
      return {};
    },
    stop: () => recordings.end(),
  };
}
