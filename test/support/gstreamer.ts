import { Program } from './program.ts';
import type { Owner } from './until.ts';

/** Publishes an FLV file of H.264 and AAC by GStreamer's rtmp2sink, at the speed of life. */
export function publishByGStreamer(owner: Owner, file: string, url: string): Program {
  const branches = 'd.video ! queue ! h264parse ! m. d.audio ! queue ! aacparse ! m.';
  const pipeline = `filesrc location=${file} ! flvdemux name=d flvmux name=m streamable=true ! rtmp2sink sync=true location=${url} ${branches}`;
  return new Program(owner, 'gst-launch-1.0', ['-q', '-e', ...pipeline.split(' ')]);
}

/** Plays a URL by GStreamer's rtmp2src into an FLV file, until the stream ends. */
export function playByGStreamer(owner: Owner, url: string, file: string): Program {
  return new Program(owner, 'gst-launch-1.0', ['-q', '-e', 'rtmp2src', `location=${url}`, '!', 'filesink', 'buffer-mode=unbuffered', `location=${file}`]);
}
