import type { VideoTrack } from '../../../media/track.ts';
import type { Rule } from '../rule.ts';

/** Profiles of H.264 that browsers play, by profile_idc: Baseline, Main, Extended, High. */
const PLAYED = new Set(['42', '4d', '58', '64']);

/** No browser plays the picture. */
export const pictureUnplayable: Rule = {
  name: 'picture-unplayable',
  where: 'publisher',
  what: 'The picture is {codec}, which no browser plays from FLV or HLS.',
  remedy:
    'Send H.264 with 8 bits and 4:2:0. OBS: Settings > Advanced > Color Format NV12, and Output > Video Encoder x264 or H.264 of the hardware. ffmpeg: -c:v libx264 -pix_fmt yuv420p. GStreamer: video/x-raw,format=I420 before x264enc.',
  judge({ stream: { video } }) {
    const codec = video && unplayable(video);
    return codec === undefined ? [] : [{ severity: 'error', figures: { codec } }];
  },
};

function unplayable({ codec, profile, parameter }: Pick<VideoTrack, 'codec' | 'profile' | 'parameter'>) {
  if (codec === 'vp8') return 'VP8';
  const idc = codec === 'h264' ? /^avc[13]\.(..)/.exec(parameter)?.[1] : undefined;
  if (idc === undefined || PLAYED.has(idc.toLowerCase())) return undefined;
  return `H.264 ${profile || Number.parseInt(idc, 16)}`;
}
