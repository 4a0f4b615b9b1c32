/**
 * An hour of a stream, recorded on a clock and a disk of its own: `node bench/simulate-record.ts [MINUTES]` tells how many of the frames
 * that were sent are in the files, and how far their times are off.
 */
import { SECOND } from '../src/base/clock.ts';
import { samplesIn } from '../test/support/boxes.ts';
import { PICTURE, SOUND, Studio } from '../test/support/recording.ts';

const minutes = Number(process.argv[2] ?? 60);
const studio = new Studio();
const { done } = await studio.record({ split: { every: '1m' } });
await studio.send(minutes * 60);
await studio.end(done);

const names = studio.disk.names.filter((name) => name.endsWith('.mp4')).map((name) => name.slice('/rec/'.length));
const files = names.map((name) => ({ name, number: Number(/-(\d+)\.mp4$/.exec(name)?.[1] ?? 1) }));
/** Of the next picture and of the next sound; in microseconds. */
const next = [0, 0];
const steps = [PICTURE, SOUND];
let [frames, worst, gaps] = [0, 0, 0];
for (const { name } of files.sort((a, b) => a.number - b.number)) {
  const { fragments, gaps: listed } = studio.manifest(name);
  const bytes = studio.disk.files.get(`/rec/${name}`)!;
  gaps += listed.length;
  for (const { at, size } of fragments) {
    for (const { track, dts } of samplesIn(bytes.slice(at, at + size)).samples) {
      worst = Math.max(worst, Math.abs(dts - next[track - 1]!));
      next[track - 1]! += steps[track - 1]!;
      frames++;
    }
  }
}
const sent = studio.sent.video + studio.sent.audio;
console.log(
  JSON.stringify({ minutes, files: files.length, sent, recorded: frames, gaps, worstMs: worst / (SECOND / 1000) }),
);
if (frames !== sent || worst > SECOND / 1000) process.exitCode = 1;
