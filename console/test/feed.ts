import { execFileSync, spawn } from 'node:child_process';

/** What a fake stream carries; `silent` sends nothing, `hevc` only its decoder configuration, `ac3` one tag of sound. */
export type Content = 'picture' | 'sound' | 'hevc' | 'ac3' | 'silent';

/** A stream on its way to one viewer. */
export interface Feed {
  /** Lets its publisher fall silent, or go on. */
  hold(held: boolean): void;
  stop(): void;
}

/** Sends an FLV stream at the speed of life to `write` until it is stopped, then calls `end`. */
export function startFeed(content: Content, write: (bytes: Uint8Array) => void, end: () => void): Feed {
  if (content === 'hevc') write(hevcHeader());
  if (content === 'ac3') write(flvTag(8, Buffer.from('\x91ac-3\x0b\x77\0\0\x14\x40\x43\0\0\0', 'latin1')));
  if (content === 'hevc' || content === 'ac3' || content === 'silent') return { hold: () => {}, stop: end };
  const encoder = spawn('ffmpeg', words(content === 'picture' ? picture : sound), {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  encoder.stdout.on('data', write);
  encoder.on('exit', end);
  return {
    hold: (held) => void encoder.kill(held ? 'SIGSTOP' : 'SIGCONT'),
    stop: () => void encoder.kill('SIGKILL'),
  };
}

const tone = '-re -f lavfi -i sine=frequency=440';
const toPipe = '-c:a aac -flvflags no_duration_filesize -flush_packets 1 -f flv -';
const h264 = '-c:v libx264 -preset ultrafast -tune zerolatency -g 25 -pix_fmt yuv420p';
const sound = `-v error ${tone} ${toPipe}`;
const picture = `-v error -re -f lavfi -i testsrc2=size=320x180:rate=25 ${tone} ${h264} ${toPipe}`;
const hevcFile =
  '-v error -f lavfi -i testsrc2=size=320x180:rate=25 -frames:v 1 -c:v libx265 -x265-params log-level=none ' +
  '-tag:v hvc1 -movflags frag_keyframe+empty_moov -f mp4 -';

function words(line: string): string[] {
  return line.split(' ');
}

/** Enhanced RTMP v1, "Defining Additional Video Codecs": a sequence start of FourCC hvc1, taken from an MP4's hvcC box. */
function hevcHeader(): Buffer {
  const file = execFileSync('ffmpeg', words(hevcFile));
  const type = file.indexOf('hvcC');
  const config = file.subarray(type + 4, type - 4 + file.readUInt32BE(type - 4));
  return flvTag(9, Buffer.concat([Buffer.from([0x90]), Buffer.from('hvc1'), config]));
}

/** A whole FLV stream of one tag. */
function flvTag(type: number, data: Uint8Array): Buffer {
  const [tag, size] = [Buffer.alloc(11), Buffer.alloc(4)];
  tag[0] = type;
  tag.writeUIntBE(data.length, 1, 3);
  size.writeUInt32BE(tag.length + data.length);
  return Buffer.concat([Buffer.from('FLV\x01\x01\0\0\0\x09\0\0\0\0', 'latin1'), tag, data, size]);
}
