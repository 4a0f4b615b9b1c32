import type { VideoCodec } from '../../../media/track.ts';
import type { Rule, Severity } from '../rule.ts';

const PARTLY: Partial<Record<VideoCodec, { readonly severity: Severity; readonly codec: string }>> = {
  h265: { severity: 'warning', codec: 'H.265' },
  av1: { severity: 'notice', codec: 'AV1' },
  vp9: { severity: 'notice', codec: 'VP9' },
};

/** Some browsers play the picture, and others do not. */
export const pictureNotEverywhere: Rule = {
  name: 'picture-not-everywhere',
  where: 'publisher',
  what: 'The picture is {codec}, which not all browsers play: H.265 Safari does, and others where the graphics hardware decodes it; AV1 and VP9 all but older Safari.',
  remedy:
    'Send H.264 where everybody must be able to watch. OBS: Settings > Output > Video Encoder x264 or H.264 of the hardware. ffmpeg: -c:v libx264 -pix_fmt yuv420p.',
  judge({ stream: { video } }) {
    const found = video && PARTLY[video.codec];
    return found ? [{ severity: found.severity, figures: { codec: found.codec } }] : [];
  },
};
