import { type Clip, LOOP, lengthened, prepareClip } from '../clip.ts';

/** Of what the frames are made that are then made longer. */
const BASE_KILOBITS = 200;
/** As encoders make them of lively pictures. */
const KEY_FRAME_RATIO = 10;

/** A clip of so many kbit/s whose key frames are about ten times as large as the frames between them. */
export function linkClip(kilobits: number): Clip {
  const { headers, frames } = prepareClip(BASE_KILOBITS);
  const [video, audio] = [frames.filter(({ kind }) => kind === 'video'), frames.filter(({ kind }) => kind === 'audio')];
  const sound = audio.reduce((sum, { body }) => sum + body.length, 0);
  const keys = video.filter(({ keyframe }) => keyframe).length;
  const size = ((kilobits * LOOP) / 8 - sound) / (video.length + (KEY_FRAME_RATIO - 1) * keys);
  const sized = frames.map((frame) => {
    const length = Math.round(frame.keyframe ? KEY_FRAME_RATIO * size : size);
    return frame.kind === 'audio' ? frame : { ...frame, body: lengthened(frame.body, length) };
  });
  return { headers, frames: sized };
}
