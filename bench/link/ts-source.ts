/**
 * Writes a stream as MPEG-TS, in real time, to a command: `ts-source.ts KILOBITS COMMAND …`. Prints a line of JSON at once, and one
 * with the bytes sent so far for every line that it reads; it ends with its input.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { aacTrack } from '../../src/codec/aac/config.ts';
import { h264Track } from '../../src/codec/h264/config.ts';
import { TsMuxer } from '../../src/container/mpegts/muxer.ts';
import { AUDIO, type ClipFrame, LOOP, stamp, VIDEO } from '../clip.ts';
import { linkClip } from './clip.ts';

const ROUND_MILLISECONDS = 1;
/** What stands before the data in the body of an FLV tag (Adobe FLV 10.1, E.4.2, E.4.3). */
const BEFORE_DATA = { video: 5, audio: 2 };
const MICROSECONDS = 1000;

const [kilobits, program, ...args] = process.argv.slice(2) as [string, string, ...string[]];
const { headers, frames } = linkClip(Number(kilobits));
const tracks = {
  video: h264Track(header(VIDEO).subarray(BEFORE_DATA.video)),
  audio: aacTrack(header(AUDIO).subarray(BEFORE_DATA.audio)),
};
const muxer = new TsMuxer({ tracks: Object.values(tracks) });
const receiver = spawn(program, args, { stdio: ['pipe', 'ignore', 'inherit'] });
const startedAt = performance.now();
let [position, number, bytes] = [0, 0, 0];

function header(type: number): Uint8Array {
  return headers.find((each) => each.type === type)!.body;
}

function pump(): void {
  for (let due = next(); due.time <= performance.now() - startedAt; due = next()) {
    write(due.frame, due.time * MICROSECONDS);
    position++;
  }
}

function next(): { frame: ClipFrame; time: number } {
  const frame = frames[position % frames.length]!;
  return { frame, time: Math.floor(position / frames.length) * LOOP + frame.time };
}

function write({ kind, keyframe, body }: ClipFrame, dts: number): void {
  if (kind === 'video') stamp(body, 0, number++);
  if (kind === 'video' && keyframe) muxer.tables();
  const data = body.subarray(BEFORE_DATA[kind]);
  muxer.write({ track: tracks[kind], dts, pts: dts, keyframe, data });
  bytes += data.length;
  receiver.stdin.write(muxer.take());
}

receiver.on('exit', () => process.exit(1));
receiver.stdin.on('error', () => {}); // it has ended
process.on('SIGTERM', () => receiver.kill());
setInterval(pump, ROUND_MILLISECONDS);
const tell = (): void => console.log(JSON.stringify({ bytes }));
tell();
createInterface(process.stdin)
  .on('line', tell)
  .on('close', () => receiver.kill());
