import { createHash } from 'node:crypto';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  AVERROR_EIO,
  AVERROR_EOF,
  avGetCodecName,
  avGetMediaTypeString,
  Dictionary,
  FFmpegError,
  FormatContext,
  Packet,
} from 'node-av';

/** What this peer says in `connect` that it can do: all that it would let anybody say, but VVC. */
const FOUR_CCS = 'avc1,hvc1,av01,vp09,mp4a,.mp3,Opus,fLaC,ac-3,ec-3';

const COMMANDS = { publish, packets };
const [command, ...urls] = process.argv.slice(2);
await COMMANDS[command](...urls);

/** Puts a file, as it is, into FLV: at the speed of life to a URL, at once into another file. */
async function publish(file, target) {
  const input = await open(file);
  const output = flvTo(target);
  const streams = input.streams.map((stream) => addCopy(output, stream));
  must(await output.writeHeader(flvOptions(target)), `the header for ${target}`);
  const begin = performance.now();
  for await (const packet of packetsOf(input)) {
    const { timeBase } = input.streams[packet.streamIndex];
    if (isRtmp(target)) await sleep(Math.max(0, begin + milliseconds(packet.dts, timeBase) - performance.now()));
    packet.rescaleTs(timeBase, streams[packet.streamIndex].timeBase);
    must(await output.interleavedWriteFrame(packet), `a packet for ${target}`);
  }
  must(await output.writeTrailer(), `the end of ${target}`);
}

/** Prints what a file or URL holds, a line of JSON for each packet. */
async function packets(source) {
  const input = await open(source);
  for await (const packet of packetsOf(input)) {
    const { codecpar, timeBase } = input.streams[packet.streamIndex];
    const line = {
      kind: avGetMediaTypeString(codecpar.codecType),
      codec: avGetCodecName(codecpar.codecId),
      config: hash(codecpar.extradata),
      dts: milliseconds(packet.dts, timeBase),
      pts: milliseconds(packet.pts, timeBase),
      keyframe: packet.isKeyframe,
      data: hash(packet.data),
    };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }
}

async function open(source) {
  const input = new FormatContext();
  const options = isRtmp(source) ? Dictionary.fromObject({ rtmp_enhanced_codecs: FOUR_CCS }) : null;
  must(await input.openInput(source, null, options), source);
  must(await input.findStreamInfo(), `the streams of ${source}`);
  return input;
}

/** By the fifo muxer around that of FLV: it alone hands options on to the protocol. */
function flvTo(target) {
  const output = new FormatContext();
  must(output.allocOutputContext2(null, 'fifo', target), target);
  return output;
}

function flvOptions(target) {
  const options = ['flvflags=no_duration_filesize'];
  if (isRtmp(target)) options.push(`rtmp_enhanced_codecs=${FOUR_CCS}`);
  return Dictionary.fromObject({ fifo_format: 'flv', format_opts: options.join(':') });
}

function addCopy(output, stream) {
  const copy = output.newStream(null);
  must(stream.codecpar.copy(copy.codecpar), 'the copy of a stream');
  copy.codecpar.codecTag = 0;
  copy.timeBase = stream.timeBase;
  return copy;
}

/** To the end, which FFmpeg calls an error where an HTTP answer did not tell its length before. */
async function* packetsOf(input) {
  const packet = new Packet();
  packet.alloc();
  for (let code = 0; ; packet.unref()) {
    code = await input.readFrame(packet);
    if (code === AVERROR_EOF || (isHttp(input.url) && code === AVERROR_EIO)) return;
    must(code, `a packet of ${input.url}`);
    // FFmpeg's demuxer makes an empty packet of a channel configuration.
    if (packet.size > 0) yield packet;
  }
}

function isRtmp(url) {
  return url.startsWith('rtmp:');
}

function isHttp(url) {
  return url.startsWith('http:');
}

function milliseconds(time, { num, den }) {
  return (Number(time) * num * 1000) / den;
}

function hash(bytes) {
  return bytes ? createHash('sha1').update(bytes).digest('hex').slice(0, 16) : '';
}

function must(code, what) {
  if (code < 0) throw new Error(`${what}: ${new FFmpegError(code).message}`);
}
