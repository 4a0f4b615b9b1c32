import { FlvDemuxer } from '../../src/container/flv/demuxer.ts';
import type { FlvTag } from '../../src/container/flv/tag.ts';
import type { Sample } from '../../src/media/frame.ts';
import type { Track } from '../../src/media/track.ts';

/** The frames in these tags, as an ingest makes them. */
export function samplesOf(tags: readonly FlvTag[]): Sample[] {
  const demuxer = new FlvDemuxer((message) => {
    throw new Error(message);
  });
  const samples = tags.map(({ type, timestamp, body }) => {
    if (type === 'script') return undefined;
    return type === 'video' ? demuxer.video(timestamp, body) : demuxer.audio(timestamp, body);
  });
  return samples.filter((sample) => sample !== undefined);
}

/** The tracks of these frames, which do not change. */
export function tracksOf(samples: readonly Sample[]): Track[] {
  return [...new Set(samples.map(({ track }) => track))];
}

/** The frames at other times, in microseconds: stretched, then so much later. */
export function retimed(samples: readonly Sample[], { stretch = 1, later = 0 }): Sample[] {
  const move = (time: number) => Math.round(time * stretch) + later;
  return samples.map((sample) => ({ ...sample, dts: move(sample.dts), pts: move(sample.pts) }));
}

/** The frames in pieces that begin where decoding can: at key frames, or about once a second where there is no video. */
export function segmented(samples: readonly Sample[]): Sample[][] {
  const hasVideo = samples.some(({ track }) => track.kind === 'video');
  const segments: Sample[][] = [];
  for (const sample of samples) {
    const start = segments.at(-1)?.[0]!.dts ?? Number.NEGATIVE_INFINITY;
    const begins = hasVideo ? sample.track.kind === 'video' && sample.keyframe : sample.dts - start >= 1_000_000;
    if (begins || segments.length === 0) segments.push([]);
    segments.at(-1)!.push(sample);
  }
  return segments;
}
