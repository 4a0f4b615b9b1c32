import { Program } from './program.ts';
import type { Owner } from './until.ts';

/** Publishes an FLV file of H.264 and AAC by GStreamer's rtmp2sink, at the speed of life; `sent` is written as what it sends. */
export function publishByGStreamer(owner: Owner, file: string, url: string, sent: string): Program {
  const pipeline = [
    `filesrc location=${file} ! flvdemux name=d`,
    'flvmux name=m streamable=true ! tee name=t',
    `t. ! queue ! rtmp2sink sync=true location=${url}`,
    `t. ! queue ! filesink location=${sent}`,
    'd.video ! queue ! h264parse ! m.',
    'd.audio ! queue ! aacparse ! m.',
  ];
  return new Program(owner, 'gst-launch-1.0', ['-q', '-e', ...pipeline.join(' ').split(' ')]);
}

/** Plays a URL by GStreamer's rtmp2src into an FLV file, until the stream ends. */
export function playByGStreamer(owner: Owner, url: string, file: string): Program {
  const sink = ['filesink', 'buffer-mode=unbuffered', `location=${file}`];
  return new Program(owner, 'gst-launch-1.0', ['-q', '-e', 'rtmp2src', `location=${url}`, '!', ...sink]);
}
